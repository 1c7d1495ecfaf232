"""Literals looked for in many stretches of octets at once, by Hyperscan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import hyperscan
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.prefilter import Literal

    Compile = Callable[[Sequence[tuple[bytes, bool]]], hyperscan.Database]

__all__ = ["Scanner", "compile_database"]

_LONGEST: Final = 128
"""Octets of a literal that are looked for: longer ones are told by their beginning."""


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


class Scanner:
    """literals: what is looked for; answers are indexes into it. Two that are the same are looked for once.

    compiled: gives the database of such literals; who has some kept gives one that it need not make.
    """

    def __init__(self, literals: Sequence[Literal], compiled: Compile | None = None) -> None:
        self._same: dict[tuple[bytes, bool], list[int]] = {}
        for index, literal in enumerate(literals):
            octets = literal.octets[:_LONGEST]
            key = (octets.lower(), True) if literal.nocase else (octets, False)
            self._same.setdefault(key, []).append(index)
        self._owners = list(self._same.values())
        self._lengths = [len(octets) for octets, _ in self._same]
        self._database = (compiled or compile_database)(tuple(self._same)) if self._same else None

    def found(
        self,
        octets: bytes,
        starts: NDArray[np.int64],
        floors: NDArray[np.int64] | None = None,
        joined: NDArray[np.bool_] | None = None,
    ) -> list[tuple[int, int]]:
        """(stretch, literal) of every stretch that holds one, each once.

        starts: where each stretch begins in the octets, and behind the last one where that ends. floors: from where on
        each is looked at, which may be before its start; joined: whether it goes on from the one before it.
        """
        if self._database is None or not len(octets):
            return []
        ids: list[int] = []
        ends: list[int] = []

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ids.append(number)
            ends.append(end)

        self._database.scan(octets, match_event_handler=note)
        if not ids:
            return []
        floors = starts[:-1] if floors is None else floors
        stops, numbers = np.array(ends, np.int64), np.array(ids, np.int64)
        rows = np.searchsorted(starts, stops - 1, side="right") - 1
        begins = stops - np.array(self._lengths, np.int64)[numbers]
        # Of several places in one stretch the last counts: it is within what is looked at of most stretches.
        keys = rows * len(self._lengths) + numbers
        order = np.lexsort((begins, keys))
        last = np.append(np.flatnonzero(np.diff(keys[order])), len(order) - 1)
        rows, begins, numbers = (values[order[last]] for values in (rows, begins, numbers))
        seen = set(
            zip(rows[(whole := begins >= floors[rows])].tolist(), numbers[whole].tolist(), strict=True)
        )
        if joined is not None and joined.any():
            for row, begin, number in zip(rows.tolist(), begins.tolist(), numbers.tolist(), strict=True):
                later = row + 1
                while later < len(floors) and joined[later] and floors[later] <= begin:
                    seen.add((later, number))
                    later += 1
        return [(row, index) for row, number in sorted(seen) for index in self._owners[number]]
