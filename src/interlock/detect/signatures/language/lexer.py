"""Rule files into rules, and rules into their head and options; what they mean is not asked here.

    action protocol sources ports -> targets ports ( name ; name : value ; ... )

A line that ends with a backslash goes on in the next one. A rule behind a hash is a rule that is switched off;
any other line behind a hash is a comment.
Source: Suricata user guide, "Rules Format".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ACTIONS",
    "MOST_CHARACTERS",
    "Line",
    "Option",
    "has_empty_option",
    "head_and_options",
    "is_rule",
    "rule_lines",
]

ACTIONS: Final = (
    "alert",
    "drop",
    "pass",
    "reject",
    "rejectsrc",
    "rejectdst",
    "rejectboth",
    "log",
    "sdrop",
    "block",
)
"""Words that a rule begins with."""
MOST_CHARACTERS: Final = 64 * 1024
"""Of one rule; Suricata takes 8,192, and the longest of the public sets has 2,500."""

_RULE: Final = re.compile(rf"(?:{'|'.join(ACTIONS)})[ \t]")
_OFF: Final = re.compile(
    rf"[#\s]+((?:{'|'.join(ACTIONS)})[ \t]+[\w-]+[ \t]+[^(]*(?:->|<>)[^(]*\(.*)", re.DOTALL
)
_END: Final = re.compile(r"(?<!\\);")


@dataclass(frozen=True, slots=True)
class Line:
    """A rule's text. number: of its first line, from 1."""

    number: int
    text: str
    enabled: bool


class Option(NamedTuple):
    """One of a rule's options. value: None where there is no colon."""

    name: str
    value: str | None


def rule_lines(text: str) -> Iterator[Line]:
    """The rules of a file's text, and whatever else is no comment, in their order."""
    for number, line in _joined(text):
        stripped = line.strip()
        if not stripped:
            continue
        if not stripped.startswith("#"):
            yield Line(number, stripped, enabled=True)
        elif "(" in stripped and (
            off := _OFF.match(stripped)
        ):  # without it the expression would try every arrow
            yield Line(number, off.group(1), enabled=False)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines, with those that go on put together."""
    begun = 0
    parts: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun or number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        yield begun, "".join((*parts, line)) if parts else line
        begun = 0
        parts.clear()
    if parts:
        yield begun, "".join(parts)


def is_rule(text: str) -> bool:
    """Whether a line begins as rules do."""
    return _RULE.match(text) is not None


def head_and_options(text: str) -> tuple[str, list[Option]]:
    """The part before the bracket, and the options within it. Raises RuleError where there are no brackets."""
    if len(text) > MOST_CHARACTERS:
        raise RuleError("rule", f"has more than {MOST_CHARACTERS} characters")
    if not is_rule(text):
        raise RuleError("action", f"a rule begins with one of {', '.join(ACTIONS)}")
    head, bracket, rest = text.partition("(")
    body, closing, after = rest.rpartition(")")
    if not bracket or not closing:
        raise RuleError("options", "a rule's options stand in round brackets, and the last one ends with ;")
    if after.strip() and not after.lstrip().startswith("#"):
        raise RuleError("options", "something stands behind the closing bracket")
    return head, list(_options(body))


def has_empty_option(text: str) -> bool:
    """Whether nothing stands before one of a rule's semicolons; it is passed over here."""
    body = text.partition("(")[2].rpartition(")")[0]
    return any(not piece.strip() for piece in _END.split(body)[:-1])


def _options(body: str) -> Iterator[Option]:
    pieces = _END.split(body)
    if pieces[-1].strip():
        raise RuleError("options", "the last option has no ; at its end")
    for piece in pieces[:-1]:
        name, colon, value = piece.partition(":")
        name = name.strip()
        if name:
            yield Option(name.lower(), value.strip() if colon else None)
        elif colon:
            raise RuleError("options", "a value stands there without its keyword")
