"""The rules that one kind of conversation meets, ready to be held against many payloads at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from interlock.detect.signatures.engine.places import Places
from interlock.detect.signatures.engine.prefilter import LONG
from interlock.detect.signatures.engine.scanner import Scanner
from interlock.detect.signatures.engine.tested import may_hold
from interlock.records.buffers import PACKET, STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.prefilter import Literal
    from interlock.detect.signatures.engine.scanner import Compile
    from interlock.detect.signatures.engine.stretches import Stretches
    from interlock.detect.signatures.engine.traits import Traits

__all__ = ["Group", "Sought"]


class Sought:
    """Literals of all rules; long ones, which are hardly ever met by chance, in one scanner for all conversations."""

    def __init__(self, traits: Sequence[Traits], compiled: Compile | None = None) -> None:
        self.literals: list[Literal | None] = [one.literal if one.raw else None for one in traits]
        self.numbers = [n for n, one in enumerate(self.literals) if one and len(one.octets) >= LONG]
        self.scanner = Scanner([literal for n in self.numbers if (literal := self.literals[n])], compiled)
        self.places = {number: place for place, number in enumerate(self.numbers)}


class _Level(NamedTuple):
    """What packets, or streams, are held against. short, long: per literal of a scanner, whether its rule is for them.

    placed: rules with octets at fixed places; others: those with neither literals nor such octets.
    """

    short: NDArray[np.bool_]
    long: NDArray[np.bool_]
    placed: list[int]
    places: Places
    others: list[int]


class Group:
    """rules: their numbers for packets, and for streams.

    What a rule has at fixed places is compared for all payloads at once; of the others a literal is looked for.
    """

    def __init__(
        self, rules: tuple[Sequence[int], Sequence[int]], traits: Sequence[Traits], sought: Sought
    ) -> None:
        self._traits, self._sought = traits, sought
        literals = sought.literals
        searched = [
            n for n in dict.fromkeys((*rules[0], *rules[1])) if literals[n] and n not in sought.places
        ]
        self._searched = np.array(searched, np.int64)
        self.scanner = Scanner([literal for n in searched if (literal := literals[n])])
        self._long = np.array(sought.numbers, np.int64)
        self._levels = {
            level: self._level(numbers) for level, numbers in zip((PACKET, STREAM), rules, strict=True)
        }

    def _level(self, numbers: Sequence[int]) -> _Level:
        long = np.zeros(len(self._long), np.bool_)
        long[[place for n in numbers if (place := self._sought.places.get(n)) is not None]] = True
        free = [n for n in numbers if self._sought.literals[n] is None]
        placed = [n for n in free if self._traits[n].anchors]
        return _Level(
            np.isin(self._searched, numbers),
            long,
            placed,
            Places([self._traits[n].anchors for n in placed]),
            [n for n in free if not self._traits[n].anchors],
        )

    def candidates(self, made: Stretches) -> Iterator[tuple[int, int, str]]:
        """(stretch, rule's number, what the stretch is then: a packet, or a piece of a stream)."""
        yield from self._met(made)
        if len(rows := np.flatnonzero(made.packet)):
            yield from self._placed(PACKET, made, rows, made.starts[rows], None)
        if len(rows := np.flatnonzero(made.stream)):
            yield from self._placed(STREAM, made, rows, made.floors[rows], made.before[rows])

    def _met(self, made: Stretches) -> Iterator[tuple[int, int, str]]:
        """By literals."""
        for scanner, numbers, kind in (
            (self.scanner, self._searched, "short"),
            (self._sought.scanner, self._long, "long"),
        ):
            found = scanner.found(made.octets.data, made.starts, made.floors, made.joined)
            if not len(found.stretches):
                continue
            for level, there in ((PACKET, made.packet), (STREAM, made.stream)):
                allowed = getattr(self._levels[level], kind)[found.literals] & there[found.stretches]
                if level == PACKET:
                    allowed &= found.own
                where = np.flatnonzero(allowed)
                pairs = zip(
                    found.stretches[where].tolist(), numbers[found.literals[where]].tolist(), strict=True
                )
                yield from ((k, n, level) for k, n in pairs if self._may(made, k, n, level))

    def _may(self, made: Stretches, k: int, number: int, level: str) -> bool:
        """Whether a rule whose literal is there has its other octets at their places, too."""
        one = self._traits[number]
        if not one.anchors and not one.sizes:
            return True
        start, end = int(made.starts[k]), int(made.starts[k + 1])
        if not all(bound.holds(end - start) for bound in one.sizes):
            return False
        begin, before = (start, 0) if level == PACKET else (int(made.floors[k]), int(made.before[k]))
        return all(
            before <= anchor.place
            and (at := begin + anchor.place - before) + len(anchor.octets) <= end
            and made.cut(at, at + len(anchor.octets)) == anchor.octets
            for anchor in one.anchors
        )

    def _placed(
        self,
        level: str,
        made: Stretches,
        rows: NDArray[np.int64],
        begins: NDArray[np.int64],
        before: NDArray[np.int64] | None,
    ) -> Iterator[tuple[int, int, str]]:
        """By octets at places.

        rows: stretches; begins: from where on each is looked at; before: octets of its stream till there.
        """
        known, ends = self._levels[level], made.starts[rows + 1]
        own = ends - made.starts[rows]
        for index, where in known.places.found(made.octets, begins, ends - begins, before):
            number = known.placed[index]
            left = self._sized(number, made, rows, where, own)
            yield from ((k, number, level) for k in rows[left].tolist())
        for number in known.others:
            left = self._sized(number, made, rows, np.arange(len(rows)), own)
            tested = self._traits[number].tested
            if tested and before is None and len(left):
                left = left[may_hold(tested, made.octets, begins[left], own[left])]
            yield from ((k, number, level) for k in rows[left].tolist())

    def _sized(
        self,
        number: int,
        made: Stretches,
        rows: NDArray[np.int64],
        where: NDArray[np.int64],
        own: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Of some of the rows those that have the size, and the headers, that a rule asks for."""
        for bound in self._traits[number].sizes:
            where = where[bound.hold(own[where])]
        if made.headers is not None:
            for check in self._traits[number].heads:
                where = where[made.headers.may(check, rows[where])]
        return where
