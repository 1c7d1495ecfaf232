"""The same conversation, cut elsewhere: what every decoder of a stream must not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from decode.feed import Rows, tcp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["bare", "cut_anywhere", "mutated"]

Piece = tuple[int, bytes]
_WHEN = frozenset({"frame", "response_frame", "time", "latency", "flow", "operation"})
_TABLES = ("operations", "credentials", "oddities", "tls")


def bare(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    """Rows without what depends on where segments end."""
    found = {t: [{k: v for k, v in r.items() if k not in _WHEN} for r in rows[t]] for t in _TABLES}
    clues = {(r["who"], r["field"], r["value"]) for r in rows["clues"] if r["field"] not in ("mac", "ttl")}
    return {**found, "clues": [{"clue": c} for c in sorted(clues)]}


def cut_anywhere(pieces: Sequence[Piece], *, port: int, step: int = 1) -> Iterator[tuple[int, Any]]:
    """Decode the conversation with one segment cut in two, at every `step`th octet of it."""
    for number, (side, octets) in enumerate(pieces):
        for at in range(1, len(octets), step):
            halves = [(side, octets[:at]), (side, octets[at:])]
            yield at, bare(tcp([*pieces[:number], *halves, *pieces[number + 1 :]], port=port))


def mutated(pieces: Sequence[Piece], changes: Sequence[tuple[int, int, int]]) -> list[Piece]:
    """The conversation with some octets replaced: (segment, position, octet), taken modulo what is there."""
    made = [(side, bytearray(octets)) for side, octets in pieces]
    for segment, position, octet in changes:
        target = made[segment % len(made)][1]
        target[position % len(target)] = octet
    return [(side, bytes(octets)) for side, octets in made]
