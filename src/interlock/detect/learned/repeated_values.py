"""Values that come back as they were, in turn, or stand still: a recording is played, or nothing is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.places import roomy
from interlock.detect.learned.reading_blocks import BLOCK, MEMORY, Readers
from interlock.detect.learned.readings import READ, Readings, Seats
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.walks import hash_rows, views
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.learned.reading_blocks import Blocks
    from interlock.detect.tally import Key, Tally

__all__ = ["RepeatedValues"]

MAX_OBJECTS: Final = 5_000
LEAST_BLOCKS: Final = 10
LEAST_NEW: Final = 10
"""An object is judged where each of so many blocks or more had so many new readings while learning."""
LOOPED: Final = 2
STILL: Final = 6
"""Blocks in a row without anything new: of readings that come back, and of one that stays."""
FINE: Final = BLOCK - 1
"""New readings of every block while learning, of what never told the same twice: noise in the last digit tells it."""
STEADY_NS: Final = 120_000_000_000
"""So long such a thing stands still, or comes back, before it is said: machines stop for a moment, too."""
LEAST_NUMBERS: Final = 3
"""Of a block of numbers that stands still, or of all that is read of a machine: fewer may be at rest with it."""


class RepeatedValues(Learner):
    """One finding per block, client and kind, of whose readings the first of each second counts.

    Keys: realm, client, server, protocol, place, width, kind (looped, still).

    Learned: per object, how many blocks were read, and the fewest new readings that one of them had.
    """

    name: ClassVar[str] = "repeated-values"
    table: ClassVar[str] = "values"
    leisurely: ClassVar[frozenset[str]] = frozenset({"values"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "values": READ,
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "duplicated": "the capture point copied frames, and copies look like readings that come back",
    }

    def __init__(self) -> None:
        super().__init__()
        self._begin()

    def _begin(self) -> None:
        """Per object, by its reader's place: blocks and fewest new while learning; bad blocks in a row.

        And when the last block ended that was as it should be (UTC ns; 0: none yet).
        """
        self._readers, self._seats = Readers(MAX_OBJECTS), Seats()
        self._blocks, self._fewest, self._looped, self._still, self._alive = (
            np.zeros(0, np.int64) for _ in range(5)
        )

    def _make(self, key: Key) -> int:
        place = self._readers.make(key)
        self._blocks, self._fewest, self._looped, self._still, self._alive = roomy(
            (self._blocks, self._fewest, self._looped, self._still, self._alive),
            place + 1,
            (0, BLOCK, 0, 0, 0),
        )
        return place

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Count blocks, and the fewest new readings of one."""
        batch, _ = batch.having("number")
        for ended in self._ended(batch, lambda key, _: self._make(key), None):
            places = ended.places
            for at in np.flatnonzero(self._moved(places) & (ended.new == 0)).tolist():
                time = int(batch.times_ns()[ended.rows[at]])
                self.surprise((*self._readers.keys[int(places[at])], "looped"), time // MINUTE_NS)
            self._blocks[places] += 1
            self._fewest[places] = np.minimum(self._fewest[places], ended.new)

    def _moved(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Objects that always had something new while learning."""
        moved: NDArray[np.bool_] = (self._blocks[places] >= LEAST_BLOCKS) & (
            self._fewest[places] >= LEAST_NEW
        )
        return moved

    def _ended(
        self,
        batch: Batch,
        place: Callable[[Key, int], int],
        judged: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None,
    ) -> Iterator[Blocks]:
        readings = Readings.of(batch)
        if readings is None:
            return
        rows, places = readings.seated(batch, self._seats, place, judged=judged)
        if len(rows):
            yield from self._readers.read(rows, places, _hashes(readings, rows))

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count blocks without a new reading of objects that always had some."""
        batch, _ = batch.having("number")
        for ended in self._ended(batch, lambda key, _: self._readers.find(key), self._moved):
            places = ended.places
            looped = (ended.new == 0) & (ended.back >= BLOCK // 2)
            still = (ended.same >= BLOCK - 1) & (ended.back == 0)
            self._looped[places] = np.where(looped, self._looped[places] + 1, 0)
            self._still[places] = np.where(still, self._still[places] + 1, 0)
            now = batch.times_ns()[ended.rows]
            self._alive[places] = np.where(looped | still, self._alive[places], now)
            long = self._long(places, now)
            bad = self._loops(places, long) | self._stands(places, long, STILL)
            for at in np.flatnonzero(bad).tolist():
                if key := self._cause(int(places[at]), int(now[at])):
                    source, codes = batch.words("source")
                    row = ended.rows[at : at + 1]
                    self.tallies[key].add_rows(source[int(codes[row[0]])] or "", batch, row)
                    self.tallies[key].note("object", self._readers.keys[int(places[at])][4])
                    yield key

    def _long(self, places: NDArray[np.int64], now: NDArray[np.int64] | int) -> NDArray[np.bool_]:
        """Objects that never told the same twice while learning, and have told nothing new for long enough."""
        fine = (self._fewest[places] >= FINE) & (self._alive[places] > 0)
        long: NDArray[np.bool_] = fine & (now - self._alive[places] >= STEADY_NS)
        return long

    def _loops(self, places: NDArray[np.int64], long: NDArray[np.bool_]) -> NDArray[np.bool_]:
        looped: NDArray[np.bool_] = (self._looped[places] >= LOOPED) | (long & (self._looped[places] >= 1))
        return looped

    def _stands(self, places: NDArray[np.int64], long: NDArray[np.bool_], blocks: int) -> NDArray[np.bool_]:
        stands: NDArray[np.bool_] = (self._still[places] >= blocks) | (long & (self._still[places] >= 1))
        return stands

    def _cause(self, place: int, now: int) -> Key | None:
        """Give the cause; None for what stands still and may be at rest with its machine."""
        key, here = self._readers.keys[place], np.array([place])
        if self._loops(here, self._long(here, now)).all():
            return (*key, "looped")
        if int(key[5]) >= LEAST_NUMBERS:
            return (*key, "still")
        beside = self._beside(key, now)
        return (*beside[0], "still") if sum(int(one[5]) for one in beside) >= LEAST_NUMBERS else None

    def _beside(self, key: Key, now: int) -> list[Key]:
        """Everything that this client reads of this server and that always moved, where all of it stands still now."""
        keys = sorted(one for one in self._readers.keys if one[:4] == key[:4])
        places = np.array([self._readers.find(one) for one in keys])
        moved = self._moved(places)
        # Those whose block ends next are a block behind.
        still = self._stands(places[moved], self._long(places[moved], now), STILL - 1)
        return [one for one, moves in zip(keys, moved.tolist(), strict=True) if moves] if still.all() else []

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what comes back, or stays."""
        realm, client, server, protocol, place, width, kind = key
        ends = standing(context, (realm, client, server), tally, stranger=False)
        name, looped = context.name, kind == "looped"
        how = "come back as they were before, in turn" if looped else "have stood still, all at once"
        others = len(tally.noted("object")) - 1
        where = f"{place} and {counted(others, 'other place')}" if others > 0 else place
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} {place} {width} {kind}",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("high" if looped else "medium"),
            confidence=0.8 if looped else 0.6,
            title=f"Values that {name(realm, client)} reads of {name(realm, server)} at {where} {how}",
            seen=f"Seen {counted(tally.count, 'time')} that {BLOCK} readings brought nothing new among {MEMORY}, where "
            f"they had always brought at least {self._least_new(key[:6])}. {ends.told()}".strip(),
            matters="Whoever plays a recording of a quiet process to those who watch it can do in the meantime what he "
            "likes. A sensor or a gateway that hangs looks like it, too.",
            silent="Silent for objects that had stood still or come back while learning, and once accepted (`interlock "
            "baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, client, (server,)),
            techniques=named("repeated-values"),
            requirements=(
                *("IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 3.5", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("object", place), ("protocol", spoken(protocol))),
        )

    def _least_new(self, key: Key) -> int:
        place = self._readers.find(key)
        return int(self._fewest[place]) if place >= 0 else 0

    def knowledge(self) -> Any:
        """Give what was new at least."""
        known = [(key, self._readers.find(key)) for key in sorted(self._readers.keys)]
        return [
            [list(key), [int(self._blocks[at]), int(self._fewest[at])]]
            for key, at in known
            if self._blocks[at]
        ]

    def restore_knowledge(self, known: Any) -> None:
        """Take it back; readings of the lesson are no part of what is judged."""
        self._begin()
        for words, (blocks, fewest) in known:
            place = self._make(tuple(str(w) for w in words))
            if place >= 0:
                self._blocks[place], self._fewest[place] = int(blocks), int(fewest)

    def besides(self) -> Any:
        """Give what is being read."""
        known = [(key, self._readers.find(key)) for key in sorted(self._readers.keys)]
        return [
            [
                list(key),
                [
                    *self._readers.state(key),
                    *(int(of[at]) for of in (self._looped, self._still, self._alive)),
                ],
            ]
            for key, at in known
            if self._readers.begun(at)
        ]

    def restore_besides(self, state: Any) -> None:
        """Take it back."""
        for words, (last, held, looped, still, *alive) in state:
            key = tuple(str(w) for w in words)
            if self._make(key) >= 0:
                place = self._readers.restore(key, last, held)
                self._looped[place], self._still[place] = int(looped), int(still)
                self._alive[place] = int(alive[0]) if alive else 0  # early versions did not write it


def _hashes(readings: Readings, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number for each of these rows that is the same where all of its values are."""
    hashes = np.empty(len(rows), np.uint64)
    bits = readings.flat.view(np.uint64)
    hash_rows(*views(bits, readings.starts[rows], readings.lengths[rows], hashes))
    return hashes


_ACTIONS: Final = (
    Action(
        text="Compare what is shown with the process itself: gauge, level glass, local panel.",
        risk="None while only looking.",
    ),
    Action(
        text="Read the same values at the server's own switch port: where they move there, somebody stands between.",
        risk="None: it is one more reading, as the panel's own.",
    ),
)
