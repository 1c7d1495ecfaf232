"""Rules as JSON: read once when the package is made, so that a run needs neither YAML nor Sigma's parser for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from interlock.detect.rules.model import rule_of, values_of
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.detect.rules.model import Rule

__all__ = ["FORMAT", "read_plan", "write_plan"]

FORMAT: Final = "interlock/rules/1"


def write_plan(rules: Iterable[Rule]) -> str:
    """Give rules as text, in their order."""
    document = {"schema": FORMAT, "rules": [values_of(rule) for rule in rules]}
    return json.dumps(document, indent=0, ensure_ascii=False, sort_keys=True) + "\n"


def read_plan(text: str, *, file: str) -> tuple[Rule, ...]:
    """Give the rules of such a text. Raises ConfigError, naming the file, where it is none."""
    try:
        document = json.loads(text)
        found = {FORMAT: document["rules"]}[document["schema"]]
        return tuple(rule_of(values) for values in found)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConfigError(
            f"{file}: is no list of compiled rules ({error}); install the package again"
        ) from error
