"""The rules that one kind of conversation meets, ready to be held against many payloads at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.signatures.engine.scanner import Scanner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.prefilter import Anchor, Literal
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.engine.stretches import Stretches
    from interlock.detect.signatures.engine.traits import Traits

__all__ = ["Group", "Sought"]

_LONG: Final = 5
"""Octets from which on a literal is looked for once for all; shorter ones only where their rule can touch."""


class Sought:
    """Literals of all rules; long ones, which are hardly ever met by chance, in one scanner for all conversations."""

    def __init__(self, traits: Sequence[Traits], compiled: Compile | None = None) -> None:
        self.literals: list[Literal | None] = [one.literal if one.raw else None for one in traits]
        self.numbers = [n for n, one in enumerate(self.literals) if one and len(one.octets) >= _LONG]
        self.scanner = Scanner([literal for n in self.numbers if (literal := self.literals[n])], compiled)


class Group:
    """numbers: of the rules.

    What a rule has at fixed places is compared for all payloads at once; of the others a literal is looked for.
    """

    def __init__(self, numbers: Sequence[int], traits: Sequence[Traits], sought: Sought) -> None:
        self._sought = sought
        self._allowed = frozenset(numbers)
        self._searched: list[int] = []
        self._placed: list[tuple[int, Traits]] = []
        literals: list[Literal] = []
        self.sized = False
        for number in numbers:
            one = traits[number]
            self.sized = self.sized or one.sized
            literal = sought.literals[number]
            if literal is None:
                self._placed.append((number, one))
            elif len(literal.octets) < _LONG:
                self._searched.append(number)
                literals.append(literal)
        self._scanner = Scanner(literals)

    def candidates(self, made: Stretches) -> Iterator[tuple[int, int]]:
        """(stretch, rule's number), of stretches that have a row."""
        for k, index in self._scanner.found(made.octets, made.starts, made.floors, made.joined):
            if made.rows[k] >= 0:
                yield k, self._searched[index]
        sought = self._sought
        for k, index in sought.scanner.found(made.octets, made.starts, made.floors, made.joined):
            if made.rows[k] >= 0 and sought.numbers[index] in self._allowed:
                yield k, sought.numbers[index]
        if not self._placed:
            return
        cells = np.frombuffer(made.octets, np.uint8)
        own = np.diff(made.starts)
        seen = made.starts[1:] - made.floors
        headers = made.headers
        for number, one in self._placed:
            rows = np.flatnonzero(made.rows >= 0)
            for bound in one.sizes:
                rows = rows[bound.hold(own[rows])]
            if headers is not None:
                for check in one.heads:
                    rows = rows[headers.may(check, rows)]
            for anchor in one.anchors:
                if not len(rows):
                    break
                rows = rows[_at(anchor, cells, made.floors[rows], seen[rows], made.before[rows])]
            for k in rows.tolist():
                yield k, number


def _at(
    anchor: Anchor,
    cells: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    before: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Per payload whether the octets are at their place."""
    place = anchor.place - before
    fits = (place >= 0) & (place + len(anchor.octets) <= lengths)
    at = np.where(fits, starts + place, 0)
    for k, octet in enumerate(anchor.octets):
        if not fits.any():
            return fits
        fits &= cells[np.minimum(at + k, len(cells) - 1)] == octet
    return fits
