"""Objects of requests, and the patterns by which a conduit names them.

    pattern = object                    that object alone: `holding:7` and not what follows it
            | table ":" low ".." high   `holding:0..99`: each object that is asked for lies within
            | name "[" low ".." high "]"
            | area low ".." high        of S7, in octets: `DB1.DBB0..31`, `MB0..9`
            | text with "*"             anything in place of each `*`, however many objects are asked for

A request for `count` objects from the first one on is allowed where all of them are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

__all__ = ["Span", "allows", "merged", "mistake_in", "span_of"]

_TABLE: Final = re.compile(r"(?P<head>[a-z][a-z0-9-]*:)(?P<low>\d{1,10})(?P<tail>)")
_ARRAY: Final = re.compile(r"(?P<head>[^\[\]]+\[)(?P<low>\d{1,10})(?P<tail>\])")
_S7: Final = re.compile(
    r"(?P<head>(?:D[BI]\d+\.D[BI])|[IQMLV])(?P<width>[XBWDR]?)(?P<low>\d{1,8})(?:\.(?P<bit>[0-7]))?"
)
_RANGE: Final = re.compile(r"(?P<head>.*\D)(?P<low>\d{1,10})\.\.(?P<high>\d{1,10})(?P<tail>\]?)")
_OCTETS: Final = {"": 1, "B": 1, "W": 2, "D": 4, "R": 8}


@dataclass(frozen=True, slots=True)
class Span:
    """Objects `low` to `high`, both included, of what `head` and `tail` name."""

    head: str
    low: int
    high: int
    tail: str = ""

    def holds(self, other: Span) -> bool:
        """Whether all of another lies within."""
        return (self.head, self.tail) == (
            other.head,
            other.tail,
        ) and self.low <= other.low <= other.high <= self.high

    def __str__(self) -> str:
        last = "" if self.low == self.high else f"..{self.high}"
        return f"{self.head}{self.low}{last}{self.tail}"


def span_of(name: str, count: int | None) -> Span | None:
    """What a request for so many objects from one on touches; None where objects of that kind are not numbered."""
    many = max(1, count or 1)
    found = _TABLE.fullmatch(name) or _ARRAY.fullmatch(name)
    if found is not None:
        low = int(found["low"])
        return Span(found["head"], low, low + many - 1, found["tail"])
    found = _S7.fullmatch(name)
    if found is None or (found["bit"] is None and found["width"] == "X"):
        return None
    low = int(found["low"])
    if found["bit"] is not None:  # bits, or octets counted from one: the octets that they touch
        bits = many if found["width"] in {"X", ""} else many * 8 * _OCTETS[found["width"]]
        return Span(f"{found['head']}B", low, low + (int(found["bit"]) + bits - 1) // 8)
    return Span(f"{found['head']}B", low, low + many * _OCTETS[found["width"]] - 1)


@lru_cache(maxsize=65_536)
def _compiled(pattern: str) -> Span | str:
    """A range, or a text that is compared (with `*` where it has one)."""
    if "*" in pattern:
        return pattern
    ranged = _RANGE.fullmatch(pattern)
    if ranged is not None and int(ranged["low"]) <= int(ranged["high"]):
        return Span(ranged["head"], int(ranged["low"]), int(ranged["high"]), ranged["tail"])
    return span_of(pattern, 1) or pattern


def mistake_in(text: str) -> str | None:
    """Why a pattern would never name an object, and how it is meant to be; None where it can."""
    ranged = None if "*" in text else _RANGE.fullmatch(text)
    if ranged is None:
        return None
    if int(ranged["low"]) > int(ranged["high"]):
        return f"expected a range that ends after it begins; found {text!r}"
    narrow = _S7.fullmatch(f"{ranged['head']}{ranged['low']}")
    if narrow is not None and narrow["width"] != "B":
        return f"expected a range in octets, `{narrow['head']}B{ranged['low']}..{ranged['high']}`; found {text!r}"
    return None


def allows(patterns: tuple[str, ...], name: str | None, count: int | None) -> bool:
    """Whether patterns cover a request; without patterns any object, with them none that the wire does not name."""
    if not patterns:
        return True
    if name is None:
        return False
    asked = span_of(name, count)
    return any(_covers(_compiled(pattern), name, asked) for pattern in patterns)


def _covers(pattern: Span | str, name: str, asked: Span | None) -> bool:
    if isinstance(pattern, Span):
        return asked is not None and pattern.holds(asked)
    return fnmatchcase(name, _plain(pattern)) if "*" in pattern else pattern == name


@lru_cache(maxsize=65_536)
def _plain(pattern: str) -> str:
    """In a pattern only `*` is special: `[` and `?` stand for themselves."""
    return re.sub(r"[\[?]", lambda found: f"[{found[0]}]", pattern)


def merged(spans: list[Span]) -> tuple[Span, ...]:
    """The same objects in as few spans as can be; what touches or overlaps is one."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.head, s.tail, s.low, s.high)):
        last = kept[-1] if kept else None
        if (
            last is not None
            and (last.head, last.tail) == (span.head, span.tail)
            and span.low <= last.high + 1
        ):
            kept[-1] = Span(last.head, last.low, max(last.high, span.high), last.tail)
        else:
            kept.append(span)
    return tuple(kept)
