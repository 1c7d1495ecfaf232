"""One row of the table of keywords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.signatures.language.draft import Draft

__all__ = ["Keyword", "comma_separated", "unquoted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """read: takes the option's value into the draft; raises RuleError. says: what it asks, in our words.

    clause: section of Suricata's user guide that says so. value: whether it takes one; None where it may.
    """

    name: str
    clause: str
    says: str
    read: Callable[[Draft, str | None], None]
    value: bool | None = True

    def take(self, draft: Draft, value: str | None) -> None:
        """Read one option. Raises RuleError."""
        if self.value is True and not value:
            raise RuleError(self.name, "needs a value behind a colon")
        if self.value is False and value:
            raise RuleError(self.name, "takes no value")
        self.read(draft, value)


def unquoted(value: str, keyword: str) -> tuple[bool, str]:
    """Whether a value is negated, and what stands between its quotation marks. Raises RuleError."""
    negated = value.startswith("!")
    text = value[negated:].strip()
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise RuleError(keyword, "its value stands between quotation marks")
    return negated, text[1:-1]


def comma_separated(value: str | None) -> list[str]:
    """The parts between commas, without blanks around them."""
    return [part.strip() for part in (value or "").split(",")]
