"""Values that come back as they were, in turn, or stand still: a recording is played, or nothing is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.places import roomy
from interlock.detect.learned.reading_blocks import BLOCK, MEMORY, Readers
from interlock.detect.learned.reading_runs import Runs
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
    from interlock.detect.learned.reading_blocks import Blocks, Follow
    from interlock.detect.learned.reading_runs import Run
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
LEAST_FINE: Final = 3
"""Blocks of it while learning, where it is read so seldom that many take hours."""
LEAST_NUMBERS: Final = 3
"""Of a block of numbers that stands still, or of all that is read of a machine: fewer may be at rest with it."""
LEAST_ALONE: Final = 30
"""Minutes of the lesson, where a machine tells fewer numbers that move: what was shorter has not seen it stop."""
_DIGITS: Final = 6
"""Of a measured number: one that rests at an end of its range, or that somebody set, has fewer."""


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
        """Per object, by its reader's place: blocks and fewest new while learning; bad blocks in a row."""
        self._readers, self._seats, self._runs = Readers(MAX_OBJECTS), Seats(), Runs()
        self._blocks, self._fewest, self._looped, self._still = (np.zeros(0, np.int64) for _ in range(4))

    def _make(self, key: Key) -> int:
        place = self._readers.make(key)
        self._blocks, self._fewest, self._looped, self._still = roomy(
            (self._blocks, self._fewest, self._looped, self._still), place + 1, (0, BLOCK, 0, 0)
        )
        self._runs.make_room(place + 1)
        return place

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Count blocks, and the fewest new readings of one."""
        batch, _ = batch.having("number")
        for ended in self._ended(self._read(batch, lambda key, _: self._make(key), None)):
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

    def _fine(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Objects that never told the same twice while learning, however seldom they were read."""
        fine: NDArray[np.bool_] = (self._blocks[places] >= LEAST_FINE) & (self._fewest[places] >= FINE)
        return fine

    def _judged(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        return self._moved(places) | self._fine(places)

    def _read(
        self,
        batch: Batch,
        place: Callable[[Key, int], int],
        judged: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None,
    ) -> _Read | None:
        """Line up the rows that count, object by object; None where there are none."""
        readings = Readings.of(batch)
        if readings is None:
            return None
        rows, places = readings.seated(batch, self._seats, place, judged=judged)
        return _Read(readings, rows, places) if len(rows) else None

    def _ended(self, read: _Read | None, follow: Follow | None = None) -> Iterator[Blocks]:
        if read is not None:
            yield from self._readers.read(read.rows, read.places, _hashes(read.readings, read.rows), follow)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count blocks, or runs, without a new reading of objects that always had some."""
        batch, _ = batch.having("number")
        read = self._read(batch, lambda key, _: self._readers.find(key), self._judged)
        if read is None:
            return
        long: list[tuple[int, int, Key]] = []

        def follow(rows: NDArray[np.int64], places: NDArray[np.int64], slots: NDArray[np.int64]) -> None:
            long.extend(self._long(rows, places, slots, batch.times_ns()[rows], read))

        for ended in self._ended(read, follow):
            yield from self._judge_blocks(batch, ended)
        for row, place, key in long:
            yield self._count(batch, row, place, key)

    def _judge_blocks(self, batch: Batch, ended: Blocks) -> Iterator[Key]:
        places = ended.places
        looped = (ended.new == 0) & (ended.back >= BLOCK // 2)
        still = (ended.same >= BLOCK - 1) & (ended.back == 0)
        self._looped[places] = np.where(looped, self._looped[places] + 1, 0)
        self._still[places] = np.where(still, self._still[places] + 1, 0)
        bad = (self._looped[places] >= LOOPED) | (self._still[places] >= STILL)
        for at in np.flatnonzero(bad & self._moved(places)).tolist():
            row = int(ended.rows[at])
            if key := self._cause(int(places[at]), int(batch.times_ns()[row])):
                yield self._count(batch, row, int(places[at]), key)

    def _long(
        self,
        rows: NDArray[np.int64],
        places: NDArray[np.int64],
        slots: NDArray[np.int64],
        times: NDArray[np.int64],
        read: _Read,
    ) -> Iterator[tuple[int, int, Key]]:
        """Follow runs; of those that are long give row, place and cause. What is read often has to be known well."""
        moved, fine = self._moved(places), self._fine(places)
        for run in self._runs.follow(self._readers, places, slots, times):
            place, row = int(places[run.at]), int(rows[run.at])
            if fine[run.at] and (run.seldom or moved[run.at]):
                key = self._cause_of_run(run, place, read.first(row), int(times[run.at]))
                if key is not None:
                    yield row, place, key

    def _cause_of_run(self, run: Run, place: int, number: float, now: int) -> Key | None:
        """Give the cause of readings that bring nothing new; None for what may be at rest with its machine."""
        key = self._readers.keys[place]
        if not run.still:
            return (*key, "looped") if run.ordered else None
        if int(key[5]) >= LEAST_NUMBERS:
            return (*key, "still")
        measured = f"{number:.{_DIGITS}g}" != repr(number).removesuffix(".0")
        least = 1 if measured and self.observed.minutes >= LEAST_ALONE else LEAST_NUMBERS
        return self._with_others(key, now, least)

    def _count(self, batch: Batch, row: int, place: int, key: Key) -> Key:
        source, codes = batch.words("source")
        self.tallies[key].add_rows(source[int(codes[row])] or "", batch, np.array([row]))
        self.tallies[key].note("object", self._readers.keys[place][4])
        return key

    def _cause(self, place: int, now: int) -> Key | None:
        """Give the cause; None for what stands still and may be at rest with its machine."""
        key = self._readers.keys[place]
        if self._looped[place] >= LOOPED:
            return (*key, "looped")
        return (*key, "still") if int(key[5]) >= LEAST_NUMBERS else self._with_others(key, now)

    def _with_others(self, key: Key, now: int, least: int = LEAST_NUMBERS) -> Key | None:
        """Give the cause of all that is read of a machine, so many numbers at least, where it all stands still."""
        beside = self._beside(key, now)
        return (*beside[0], "still") if sum(int(one[5]) for one in beside) >= least else None

    def _beside(self, key: Key, now: int) -> list[Key]:
        """Everything that this client reads of this server and that always moved, where all of it stands still now."""
        keys = sorted(one for one in self._readers.keys if one[:4] == key[:4])
        places = np.array([self._readers.find(one) for one in keys])
        moved = self._judged(places)
        # Those whose block ends next are a block behind.
        still = (self._still[places[moved]] >= STILL - 1) | self._runs.stands(places[moved], now)
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
            seen=f"Seen {counted(tally.count, 'time')} that the latest readings brought nothing new among {MEMORY}, "
            f"where {BLOCK} had always brought at least {self._least_new(key[:6])}. {ends.told()}".strip(),
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
                    *(int(of[at]) for of in (self._looped, self._still)),
                    *self._runs.state(at),
                ],
            ]
            for key, at in known
            if self._readers.begun(at)
        ]

    def restore_besides(self, state: Any) -> None:
        """Take it back."""
        for words, (last, held, looped, still, *run) in state:
            key = tuple(str(w) for w in words)
            if self._make(key) >= 0:
                place = self._readers.restore(key, last, held)
                self._looped[place], self._still[place] = int(looped), int(still)
                self._runs.restore(place, run)


@dataclass(frozen=True, slots=True)
class _Read:
    """Rows of a batch with readings, object by object, and their places."""

    readings: Readings
    rows: NDArray[np.int64]
    places: NDArray[np.int64]

    def first(self, row: int) -> float:
        """The first number of a row."""
        return float(self.readings.flat[self.readings.starts[row]])


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
