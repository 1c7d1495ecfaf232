"""What differs between two versions of a program: fields of the header, parts, lines of text, else octets by offset."""

from __future__ import annotations

import difflib
import hashlib
from typing import Any, Final, NamedTuple

import numpy as np

from interlock.decode.contents import describe, kind_of
from interlock.decode.protocols.s7comm.block_parts import parts_of

__all__ = ["MAX_LINES", "MAX_RANGES", "Range", "compare_octets", "ranges_of"]

MAX_RANGES: Final = 64
"""Ranges of octets that are told of one part."""
MAX_LINES: Final = 2000
"""Lines of a difference of texts that are told."""
_MAX_TEXT: Final = 4 << 20
_MAX_COMPARED: Final = 20_000
"""Lines between the first and the last that differ, of both together; more are told as octets."""
_AROUND: Final = 3
"""Lines that are told before and after those that differ."""
_NEAR: Final = 4
"""Octets between two differences that are told as one."""


class Range(NamedTuple):
    """Octets that differ: where and how many in the one and in the other."""

    at_a: int
    size_a: int
    at_b: int
    size_b: int


def compare_octets(a: bytes, b: bytes, *, names: tuple[str, str] = ("a", "b")) -> dict[str, Any]:
    """Both described, the outcome (same, restamped, changed), and what differs. names: of both, for lines of text.

    differences: fields that the formats show. parts: of S7 blocks, or of the whole (`octets`), each with its ranges.
    text: lines of a unified difference where both are text.
    """
    one, other = _described(a), _described(b)
    same_code = one["code_sha256"] is not None and one["code_sha256"] == other["code_sha256"]
    outcome = "same" if a == b else "restamped" if same_code else "changed"
    compared: dict[str, Any] = {"outcome": outcome, "a": one, "b": other, "differences": _fields(one, other)}
    lines = [] if outcome == "same" else _unified(a, b, names)
    if lines is not None:
        compared["text"], compared["more_lines"] = lines[:MAX_LINES], max(0, len(lines) - MAX_LINES)
    compared["parts"] = [] if outcome == "same" or lines is not None else _parts(a, b)
    return compared


def ranges_of(a: bytes, b: bytes) -> list[Range]:
    """Ranges that differ, ascending; where lengths differ all between what both begin and end with is one."""
    if len(a) != len(b):
        begin = _alike(a, b)
        end = _alike(a[begin:][::-1], b[begin:][::-1])
        return [Range(begin, len(a) - begin - end, begin, len(b) - begin - end)]
    at = np.flatnonzero(np.frombuffer(a, np.uint8) != np.frombuffer(b, np.uint8))
    if not at.size:
        return []
    cuts = np.flatnonzero(np.diff(at) > _NEAR)
    begins, ends = at[np.append(0, cuts + 1)], at[np.append(cuts, at.size - 1)] + 1
    return [Range(p, q - p, p, q - p) for p, q in zip(begins.tolist(), ends.tolist(), strict=True)]


def _described(octets: bytes) -> dict[str, Any]:
    kind = kind_of(octets)
    code, fields = describe(kind, octets)
    told = {"kind": kind, "size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}
    return {**told, "code_sha256": code, "fields": fields}


def _fields(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    names = sorted(a["fields"].keys() | b["fields"].keys())
    pairs = ((name, a["fields"].get(name), b["fields"].get(name)) for name in names)
    return [{"field": name, "a": one, "b": other} for name, one, other in pairs if one != other]


def _parts(a: bytes, b: bytes) -> list[dict[str, Any]]:
    blocks = kind_of(a) == kind_of(b) == "s7-block"
    mine, theirs = (parts_of(o) if blocks else {"octets": o} for o in (a, b))
    told = []
    for name in dict.fromkeys((*mine, *theirs)):
        one, other = mine.get(name, b""), theirs.get(name, b"")
        if ranges := ranges_of(one, other) if one != other else []:
            shown = [r._asdict() for r in ranges[:MAX_RANGES]]
            more = len(ranges) - len(shown)
            told.append({"part": name, "a": len(one), "b": len(other), "ranges": shown, "more_ranges": more})
    return told


def _unified(a: bytes, b: bytes, names: tuple[str, str]) -> list[str] | None:
    """Lines of a unified difference; None where one is no text, or they are too much to compare."""
    one, other = _lines(a), _lines(b)
    if one is None or other is None or one == other:
        return None
    begin = _alike_lines(one, other)
    end = _alike_lines(one[begin:][::-1], other[begin:][::-1])
    if len(one) + len(other) - 2 * (begin + end) > _MAX_COMPARED:
        return None
    first, after = max(0, begin - _AROUND), max(0, end - _AROUND)
    cut = one[first : len(one) - after], other[first : len(other) - after]
    lines = difflib.unified_diff(cut[0], cut[1], names[0], names[1], n=_AROUND, lineterm="")
    return [_moved(line, first) for line in lines]


def _alike_lines(one: list[str], other: list[str]) -> int:
    """How many lines both begin with."""
    differ = (at for at, (p, q) in enumerate(zip(one, other, strict=False)) if p != q)
    return next(differ, min(len(one), len(other)))


def _moved(line: str, by: int) -> str:
    """A line of a difference whose lines were counted from another one on."""
    if not line.startswith("@@ ") or not by:
        return line
    _, one, other, _ = line.split(" ", 3)
    return f"@@ {_hunk(one, by)} {_hunk(other, by)} @@"


def _hunk(told: str, by: int) -> str:
    at, comma, count = told[1:].partition(",")
    return f"{told[0]}{int(at) + by}{comma}{count}"


def _lines(octets: bytes) -> list[str] | None:
    """The lines of a text; None where it is none."""
    if len(octets) > _MAX_TEXT or b"\x00" in octets:
        return None
    try:
        return octets.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return None


def _alike(a: bytes, b: bytes) -> int:
    """How many octets both begin with."""
    n = min(len(a), len(b))
    differs = np.flatnonzero(np.frombuffer(a, np.uint8, n) != np.frombuffer(b, np.uint8, n))
    return int(differs[0]) if differs.size else n
