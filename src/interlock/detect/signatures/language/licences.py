"""Under which licence rules stand, as the files that came with them say; a guess is never made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NOT_STATED", "comments_of", "licence_by_sid"]

NOT_STATED: Final = "not stated"
_MOST_HEAD: Final = 64 * 1024
_NAMES: Final = (
    (re.compile(r"\bCC0\b|public domain", re.IGNORECASE), "CC0-1.0 or public domain"),
    (re.compile(r"\bMIT License\b", re.IGNORECASE), "MIT"),
    (re.compile(r"\bApache License\b|\bApache-2", re.IGNORECASE), "Apache-2.0"),
    (re.compile(r"\bGPLv?2\b|GNU GENERAL PUBLIC LICENSE", re.IGNORECASE), "GPL-2.0"),
    (re.compile(r"\bBSD\b|Redistribution and use in source and binary forms"), "BSD"),
    (re.compile(r"\bETPRO-License\b"), "ET Pro"),
)
_RANGES: Final = re.compile(
    r"sids?\s+((?:\d+\s+through\s+\d+[,\s]*(?:and\s+)?)+)(.*?)(?=sids?\s+\d|\Z)", re.DOTALL | re.IGNORECASE
)
_RANGE: Final = re.compile(r"(\d+)\s+through\s+(\d+)")


def comments_of(text: str, most: int = 200) -> str:
    """The comments that a rule file begins with, without their hashes; most: lines that are looked at."""
    lines = []
    for line in text.split("\n", most)[:most]:
        stripped = line.strip()
        if stripped and not (stripped.startswith("#") and not ("(" in stripped and ";" in stripped)):
            break
        lines.append(stripped.lstrip("# "))
    return "\n".join(lines)[:_MOST_HEAD]


def _name(text: str) -> str:
    found = [name for pattern, name in _NAMES if pattern.search(text)]
    return found[0] if len(found) == 1 else " and ".join(found) or NOT_STATED


def licence_by_sid(head: str, beside: str = "") -> Callable[[int | None], str]:
    """What says the licence of a rule by its id. head: the file's first comments; beside: the licence file there."""
    ranges = [
        (int(first), int(last), _name(what))
        for spans, what in _RANGES.findall(head)
        for first, last in _RANGE.findall(spans)
    ]
    rest = (
        _name(beside)
        if ranges
        else next((n for n in (_name(head), _name(beside)) if n != NOT_STATED), NOT_STATED)
    )

    def licence(sid: int | None) -> str:
        return next((name for first, last, name in ranges if sid is not None and first <= sid <= last), rest)

    return licence
