"""Values that come back as they were, in turn, or stand still: a recording is played, or nothing is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.readings import READ, Readings
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["RepeatedValues"]

MAX_OBJECTS: Final = 5_000
BLOCK: Final = 30
"""Readings of an object that are looked at together."""
MEMORY: Final = 256
"""Readings among which one is looked for that is the same."""
LEAST_BLOCKS: Final = 10
LEAST_NEW: Final = 10
"""An object is judged where each of so many blocks or more had so many new readings while learning."""
LOOPED: Final = 2
STILL: Final = 6
"""Blocks in a row without anything new: of readings that come back, and of one that stays."""
LEAST_NUMBERS: Final = 3
"""Of a block of numbers that stands still: fewer may be at rest with the machine."""


class _Reader:
    """Of one object: its last readings, those of the block that is not full, and what the last blocks were like."""

    __slots__ = ("held", "last", "run", "still")

    def __init__(self) -> None:
        self.last: NDArray[np.uint64] = np.zeros(0, np.uint64)
        self.held: list[int] = []
        self.run = self.still = 0

    def read(self, hashes: NDArray[np.uint64]) -> Iterator[tuple[int, int, int, int]]:
        """Take readings; for each block that ends: where it ends among them, new, back, and how many stayed."""
        before = len(self.held)
        self.held += hashes.tolist()
        for end in range(BLOCK, len(self.held) + 1, BLOCK):
            block = np.array(self.held[end - BLOCK : end], np.uint64)
            whole = np.concatenate((self.last, block))
            distance = _distances(whole)[len(self.last) :]
            self.last = whole[-MEMORY:]
            new = int((distance > MEMORY).sum())
            back = int((distance > 1).sum()) - new
            yield end - before, new, back, BLOCK - new - back
        del self.held[: len(self.held) // BLOCK * BLOCK]

    def state(self) -> list[Any]:
        """As JSON values."""
        return [self.last.tolist(), self.held, self.run, self.still]

    @classmethod
    def of(cls, state: list[Any]) -> _Reader:
        """From JSON values."""
        reader = cls()
        reader.last, reader.held = np.array(state[0], np.uint64), [int(hashed) for hashed in state[1]]
        reader.run, reader.still = (int(n) for n in state[2:])
        return reader


class RepeatedValues(Learner):
    """One finding per block, client and kind: realm, client, server, protocol, place, width, kind (looped, still).

    Learned: per object, how many blocks were read, and the fewest new readings that one of them had.
    """

    name: ClassVar[str] = "repeated-values"
    table: ClassVar[str] = "values"
    patient: ClassVar[frozenset[str]] = frozenset({"values"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "values": READ,
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "duplicated": "the capture point copied frames, and copies look like readings that come back",
    }

    def __init__(self) -> None:
        super().__init__()
        self.habits: dict[Key, list[int]] = {}
        self._readers: dict[Key, _Reader] = {}

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Count blocks, and the fewest new readings of one."""
        for key, _, rows, hashes, _ in _readings(batch):
            reader = self._reader(key)
            if reader is None:
                continue
            for end, new, *_ in reader.read(hashes):
                habit = self.habits.setdefault(key, [0, BLOCK])
                if habit[0] >= LEAST_BLOCKS and habit[1] >= LEAST_NEW and not new:
                    self.surprise((*key, "looped"), int(batch.times_ns()[rows[end - 1]]) // MINUTE_NS)
                habit[0] += 1
                habit[1] = min(habit[1], new)

    def _reader(self, key: Key) -> _Reader | None:
        if key not in self._readers and len(self._readers) >= MAX_OBJECTS:
            return None
        return self._readers.setdefault(key, _Reader())

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count blocks without a new reading of objects that always had some."""
        for key, source, rows, hashes, numbers in _readings(batch):
            habit = self.habits.get(key, [0, 0])
            if habit[0] < LEAST_BLOCKS or habit[1] < LEAST_NEW:
                continue
            reader = self._reader(key)
            if reader is None:
                continue
            for end, new, back, same in reader.read(hashes):
                reader.run = reader.run + 1 if not new and back >= BLOCK // 2 else 0
                reader.still = reader.still + 1 if same >= BLOCK - 1 and not back else 0
                many = numbers >= LEAST_NUMBERS and reader.still >= STILL
                kind = "looped" if reader.run >= LOOPED else "still" if many else ""
                if kind:
                    tally = self.tallies[*key, kind]
                    tally.add_rows(source, batch, rows[end - 1 : end])
                    yield (*key, kind)

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what comes back, or stays."""
        realm, client, server, protocol, place, width, kind = key
        ends = standing(context, (realm, client, server), tally, stranger=False)
        name, looped = context.name, kind == "looped"
        how = "come back as they were before, in turn" if looped else "have stood still, all at once"
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} {place} {width} {kind}",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("high" if looped else "medium"),
            confidence=0.8 if looped else 0.6,
            title=f"Values that {name(realm, client)} reads of {name(realm, server)} at {place} {how}",
            seen=f"Seen {counted(tally.count, 'time')} that {BLOCK} readings brought nothing new among {MEMORY}, where "
            f"they had always brought at least {self.habits.get(key[:6], [0, 0])[1]}. {ends.told()}".strip(),
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

    def knowledge(self) -> Any:
        """Give what was new at least."""
        return [[list(key), habit] for key, habit in sorted(self.habits.items())]

    def restore_knowledge(self, known: Any) -> None:
        """Take it back; readings of the lesson are no part of what is judged."""
        self._readers = {}
        self.habits = {tuple(str(w) for w in key): [int(n) for n in habit] for key, habit in known}

    def besides(self) -> Any:
        """Give what is being read."""
        return [[list(key), reader.state()] for key, reader in sorted(self._readers.items())]

    def restore_besides(self, state: Any) -> None:
        """Take it back."""
        self._readers = {tuple(str(w) for w in key): _Reader.of(reader) for key, reader in state}


def _readings(batch: Batch) -> Iterator[tuple[Key, str, NDArray[np.int64], NDArray[np.uint64], int]]:
    """Give object and client, source, rows in time, a number per row that stands for its values, how many these are."""
    readings = Readings.of(batch)
    if readings is None:
        return
    hashes: NDArray[np.uint64] | None = None
    for key, source, rows, width in readings.groups(batch):
        hashes = _hashes(readings) if hashes is None else hashes
        yield key, source, rows, hashes[rows], width


def _hashes(readings: Readings) -> NDArray[np.uint64]:
    """A number per row that is the same where all of its values are; 0 where it has none."""
    flat, lengths, starts = readings.flat, readings.lengths, readings.starts
    place = np.arange(len(flat)) - np.repeat(starts, lengths)
    bits = (flat + 0.0).view(np.uint64) ^ ((place + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    mixed = bits * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))
    whole: NDArray[np.uint64] = sums[starts + lengths] - sums[starts]
    return whole


def _distances(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How far before each the last equal one is; beyond MEMORY where there is none."""
    order = np.argsort(hashes, kind="stable")
    found = np.full(len(hashes), MEMORY + 1, np.int64)
    same = hashes[order[1:]] == hashes[order[:-1]]
    found[order[1:][same]] = (order[1:] - order[:-1])[same]
    return np.minimum(found, MEMORY + 1)


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
