"""A comparison of two programs, as sentences and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.export.escape import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["difference_lines"]

_RANGES: Final = 8


def difference_lines(compared: dict[str, Any]) -> Iterator[str]:
    """Lines for people. compared: see report.program_diff.compare_octets."""
    a, b = compared["a"], compared["b"]
    yield f"{compared['outcome']}: {a['size']:,} and {b['size']:,} octets, {a['kind']} and {b['kind']}"
    for row in compared["differences"]:
        yield f"  {escaped(row['field'])}: {escaped(row['a'] or 'none')} → {escaped(row['b'] or 'none')}"
    if compared["outcome"] == "restamped":
        yield "  the code is the same"
    for part in compared["parts"]:
        yield from _part(part)
    yield from map(escaped, compared.get("text", ()))
    if more := compared.get("more_lines"):
        yield f"… and {more:,} lines more (--json has no more of them either)"


def _part(part: dict[str, Any]) -> Iterator[str]:
    if not part["a"] or not part["b"]:
        yield f"  {part['part']}: {'new' if part['b'] else 'gone'}, {max(part['a'], part['b']):,} octets"
        return
    sizes = f"{part['a']:,} octets" if part["a"] == part["b"] else f"{part['a']:,} → {part['b']:,} octets"
    yield f"  {part['part']} ({sizes}) differs at:"
    for r in part["ranges"][:_RANGES]:
        here, there = (f"{r[f'at_{side}']:,}+{r[f'size_{side}']:,}" for side in "ab")
        yield f"    octets {here}" + ("" if here == there else f" → {there}")
    if (more := len(part["ranges"]) - _RANGES + part["more_ranges"]) > 0:
        yield f"    and {more:,} places more"
