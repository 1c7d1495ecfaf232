"""Rules made smaller, one part at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beside.drawn.rules import Rule

__all__ = ["smaller"]

_EXPRESSION: Final = re.compile(r'pcre:(!?)"/(.*)/(\w*)"', re.DOTALL)
_WHOLE: Final = ("content", "pcre:")
_PARTS: Final = 7


def smaller(rule: Rule) -> Iterator[Rule]:
    """Every rule with one option less, one word of an option less, or a head that asks less."""
    for at, option in enumerate(rule.options):
        for less in ("", *_less(option)):
            options = (*rule.options[:at], *([less] if less else []), *rule.options[at + 1 :])
            yield rule._replace(options=options)
    words = rule.head.split()
    if len(words) == _PARTS:
        asked = {2: "any", 3: "any", 4: "->", 5: "any", 6: "any"}
        for at, any_one in asked.items():
            if words[at] != any_one:
                yield rule._replace(head=" ".join((*words[:at], any_one, *words[at + 1 :])))


def _less(option: str) -> Iterator[str]:
    found = _EXPRESSION.fullmatch(option)
    if found:
        sign, pattern, letters = found.groups()
        for at in range(len(letters)):
            yield f'pcre:{sign}"/{pattern}/{letters[:at]}{letters[at + 1 :]}"'
    elif "," in option and not option.startswith(_WHOLE):
        name, _, value = option.partition(":")
        words = value.split(",")
        for at in range(len(words)):
            yield f"{name}:{','.join((*words[:at], *words[at + 1 :]))}"
