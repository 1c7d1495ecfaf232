"""Literals looked for in many stretches of octets at once, by Hyperscan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import hyperscan
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.prefilter import Literal

    Compile = Callable[[Sequence[tuple[bytes, bool]]], hyperscan.Database]

__all__ = ["Found", "Scanner", "compile_database"]

_LONGEST: Final = 128
"""Octets of a literal that are looked for: longer ones are told by their beginning."""
_PLACE: Final = 32
"""Bits of a place in octets."""


def compile_database(literals: Sequence[tuple[bytes, bool]]) -> hyperscan.Database:
    """Compile literals, each with whether its case is ignored; in a scan each is known by its index."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        # Not as pure literals: the binding ends those at their first zero octet.
        expressions=[b"".join(b"\\x%02x" % octet for octet in octets) for octets, _ in literals],
        ids=list(range(len(literals))),
        flags=[hyperscan.HS_FLAG_CASELESS if nocase else 0 for _, nocase in literals],
    )
    return database


class Found(NamedTuple):
    """One number of each stretch and literal in it. own: whether it lies within what the stretch adds to its stream."""

    stretches: NDArray[np.int64]
    literals: NDArray[np.int64]
    own: NDArray[np.bool_]


_NONE: Final = np.zeros(0, np.int64)
_NOTHING: Final = Found(_NONE, _NONE, _NONE.astype(np.bool_))


class Scanner:
    """literals: what is looked for; answers are indexes into it. Two that are the same are looked for once.

    compiled: gives the database of such literals; who has some kept gives one that it need not make.
    scans, matches: how often octets were looked through, and how often something was told of them.
    """

    def __init__(self, literals: Sequence[Literal], compiled: Compile | None = None) -> None:
        self.scans = self.matches = 0
        same: dict[tuple[bytes, bool], list[int]] = {}
        for index, literal in enumerate(literals):
            octets = literal.octets[:_LONGEST]
            key = (octets.lower(), True) if literal.nocase else (octets, False)
            same.setdefault(key, []).append(index)
        self._owners = np.array([index for owners in same.values() for index in owners], np.int64)
        self._counts = np.array([len(owners) for owners in same.values()], np.int64)
        self._firsts = np.cumsum(self._counts) - self._counts
        self._lengths = np.array([len(octets) for octets, _ in same], np.int64)
        self._database = (compiled or compile_database)(tuple(same)) if same else None

    def found(
        self,
        octets: bytes | memoryview,
        starts: NDArray[np.int64],
        floors: NDArray[np.int64] | None = None,
        joined: NDArray[np.bool_] | None = None,
    ) -> Found:
        """Every stretch that holds a literal, once for each.

        starts: where each stretch begins in the octets, and behind the last one where that ends. floors: from where on
        each is looked at, which may be before its start; joined: whether it goes on from the one before it.
        """
        numbers, stops = self._scanned(octets)
        if not len(numbers):
            return _NOTHING
        floors = starts[:-1] if floors is None else floors
        rows = np.searchsorted(starts, stops - 1, side="right") - 1
        begins = stops - self._lengths[numbers]
        inside = rows < len(floors)
        rows, begins, numbers = rows[inside], begins[inside], numbers[inside]
        if not len(rows):
            return _NOTHING
        # Of several places in one stretch the last counts: it is within what is looked at of most stretches.
        keys = rows * len(self._lengths) + numbers
        order = np.lexsort((begins, keys))
        last = np.append(np.flatnonzero(np.diff(keys[order])), len(order) - 1)
        rows, begins, numbers = (values[order[last]] for values in (rows, begins, numbers))
        own = begins >= starts[rows]
        whole = begins >= floors[rows]
        parts = [(rows[whole], numbers[whole], own[whole])]
        while joined is not None and len(rows):
            later = rows + 1
            seen = later < len(floors)
            seen[seen] = joined[later[seen]] & (floors[later[seen]] <= begins[seen])
            rows, begins, numbers = later[seen], begins[seen], numbers[seen]
            parts.append((rows, numbers, np.zeros(len(rows), np.bool_)))
        rows, numbers, own = (np.concatenate(part) for part in zip(*parts, strict=True))
        return self._owned(rows, numbers, own, len(floors))

    def _scanned(self, octets: bytes | memoryview) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Literals, and where each ends."""
        if self._database is None or not len(octets):
            return _NONE, _NONE
        told: list[int] = []
        note = told.append
        self._database.scan(
            octets,  # type: ignore[type-var] # any buffer will do
            match_event_handler=lambda number, _start, end, _flags, _: note(number << _PLACE | end),
        )
        self.scans += 1
        self.matches += len(told)
        found = np.array(told, np.int64)
        return found >> _PLACE, found & ((1 << _PLACE) - 1)

    def _owned(
        self,
        rows: NDArray[np.int64],
        numbers: NDArray[np.int64],
        own: NDArray[np.bool_],
        size: int,
    ) -> Found:
        """The same for each literal that was given, however many are the same; each once. size: stretches."""
        keys = (numbers * size + rows) * 2 + ~own
        keys = np.sort(keys)
        keys = keys[np.append(True, np.diff(keys >> 1) != 0)] if len(keys) else keys
        own, rows, numbers = keys & 1 == 0, (keys >> 1) % size, (keys >> 1) // size
        counts = self._counts[numbers]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        owners = self._owners[np.repeat(self._firsts[numbers], counts) + within]
        return Found(np.repeat(rows, counts), owners, np.repeat(own, counts))
