"""Lines that keep to a terminal: segments packed into its width, sentences wrapped, the most important ones chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from rich.cells import cell_len, chop_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["chosen", "packed", "wrapped"]

_INDENT = "  "
_TOGETHER = re.compile(r"(?<=\d) (?=(?:ms|s|min|h|d|B|kB|MB|GB|TB|UTC|%)(?!\w))|(?<=\d-\d\d) (?=\d\d:\d\d:)")
"""Spaces at which no line is broken: between a number and its unit, a day and its time."""
_T = TypeVar("_T")


def packed(
    segments: Sequence[str], width: int, *, separator: str = ", ", most: int | None = None
) -> list[str]:
    """Segments side by side, as many in a line as have room; lines behind the first are indented.

    most: lines; where it takes more, the last segments are only counted. A segment wider than a line stays whole.
    """
    if most is None:
        return _packed(segments, width, separator)
    for shown in range(len(segments), 0, -1):
        left = [f"{len(segments) - shown:,} more"] if shown < len(segments) else []
        lines = _packed([*segments[:shown], *left], width, separator)
        if len(lines) <= most or shown == 1:
            return lines[:most]
    return []


def _packed(segments: Iterable[str], width: int, separator: str) -> list[str]:
    lines: list[str] = []
    for segment in segments:
        if lines and cell_len(lines[-1]) + cell_len(separator) + cell_len(segment) <= width:
            lines[-1] += separator + segment
        else:
            lines.append(_INDENT + segment if lines else segment)
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """A sentence in lines of at most that many columns, broken between words; a longer word goes on in the next."""
    lines = [""]
    for joined in _TOGETHER.sub("\u00a0", text).split(" "):
        word = joined.replace("\u00a0", " ")
        room = width - cell_len(lines[-1]) - bool(lines[-1])
        if cell_len(word) <= room:
            lines[-1] += f" {word}" if lines[-1] else word
            continue
        pieces = chop_cells(word, max(2, width))  # a letter may be two columns wide
        lines[-1:] = [*([lines[-1]] if lines[-1] else []), *pieces]
    return lines


def chosen(lines: Iterable[tuple[int, _T]], room: int) -> list[_T]:
    """As many as there is room for: of the lowest ranks, in their own order. lines: rank and line."""
    ranked = sorted(enumerate(lines), key=lambda pair: (pair[1][0], pair[0]))
    return [line for _, (_, line) in sorted(ranked[: max(0, room)], key=lambda pair: pair[0])]
