"""A recorded series of writes that is played again: by another machine, or word for word by the same one.

Control answers to a process that is never quite the same: what a controller writes to its drive over some minutes does
not come again to the last digit. Where it does, somebody recorded it. Machines that repeat themselves by nature
(recipes, sequencers) show that in their own habit, and are left alone.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import spoken
from interlock.detect.gate import Deed
from interlock.detect.safety.changes import LENGTH, Changes, Marks
from interlock.detect.techniques import named
from interlock.detect.walks import hash_rows, views
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["ReplayedWrites"]

MAX_PAIRS: Final = 64
"""Clients and machines whose changes are remembered; the one that wrote least lately goes first."""
MAX_LENT: Final = 4_096
_APART_S: Final = 30
"""What comes again sooner is a mirror, a standby that writes along, or a copy of the frame."""
_RUN: Final = 3
"""Marks in a row (eight changes) that another machine must share."""
_OWN_RUN: Final = 10
_OWN_HISTORY: Final = 1_000
"""Of a machine's own series: fifteen changes in a row, after so many marks without one that came again."""
_HABIT: Final = 0.01
"""Share of its marks that a machine may have repeated and still count as one that does not repeat itself."""
_ALIVE_S: Final = 600
"""A machine that wrote so lately has not failed over to the one that writes now."""
_PAIR: Final = ("source", "realm", "client", "server", "protocol")
_OTHER, _SAME = "another", "itself"


class ReplayedWrites(CauseDetector):
    """One finding per client, machine, and whose series it was."""

    name: ClassVar[str] = "replayed-writes"
    table: ClassVar[str] = "values"
    leisurely: ClassVar[frozenset[str]] = frozenset({"values"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "values": (*_PAIR, "unit", "object", "direction", "number", "text", "time", "frame")
    }

    def __init__(self) -> None:
        super().__init__()
        self._pairs: dict[tuple[str, ...], Changes] = {}
        self._runs: dict[Key, int] = {}
        self._twins: dict[Key, None] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Take what was written, and compare it with what this machine and others wrote before."""
        return list(self._absorb(batch, counting=True))

    def learn(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Take what is written now for what is usual; who repeats whom by nature stays known."""
        for key in self._absorb(batch, counting=False):
            self._twins[key] = None

    def _absorb(self, batch: Batch, *, counting: bool) -> Iterator[Key]:
        mask = batch.among("direction", ("written",))
        if not mask.any():
            return
        hits = batch if mask.all() else batch.take(mask)
        objects, events = _events(hits)
        groups, times = hits.groups(*_PAIR), hits.times_ns()
        every: list[tuple[list[str], NDArray[np.int64], Marks, Changes]] = []
        for group, words in groups:
            rows = groups.rows(group)
            rows = rows[np.argsort(times[rows], kind="stable")]
            place = [word or "" for word in words]
            changes = self._pair(tuple(place[1:4]))
            marks = changes.take(objects[rows], events[rows], times[rows])
            changes.keep(marks)
            if len(marks.marks):
                every.append((place, rows, marks, changes))
        # Only now: what one repeats of another, or of itself, may stand in the same batch.
        owns = [changes.known(marks, _APART_S) for _, _, marks, changes in every]
        for own, (*_, changes) in zip(owns, every, strict=True):
            changes.again += int(own.sum())
        for own, (place, rows, marks, _) in zip(owns, every, strict=True):
            source, realm, client, server, protocol = place
            for key, ends in self._again((realm, client, server), marks, own):
                if counting and key not in self._twins:
                    self._count(key, source, protocol, hits, rows[ends])
                yield key

    def _count(self, key: Key, source: str, protocol: str, batch: Batch, rows: NDArray[np.int64]) -> None:
        tally = self.tallies[key]
        tally.add_rows(source, batch, rows)
        tally.note("protocol", protocol, len(rows))
        tally.note_rows("object", batch, rows)

    def _pair(self, place: tuple[str, ...]) -> Changes:
        changes = self._pairs.pop(place, None) or Changes()
        self._pairs[place] = changes
        if len(self._pairs) > MAX_PAIRS:
            self._pairs.pop(next(iter(self._pairs)))
        return changes

    def _again(
        self, place: tuple[str, ...], marks: Marks, own: NDArray[np.bool_]
    ) -> Iterator[tuple[Key, NDArray[np.int64]]]:
        """Causes, and the rows of the marks that came again once enough of them stood in a row."""
        realm, client, server = place
        for (other_realm, other, at), theirs in self._pairs.items():
            if (other_realm, at) != (realm, server) or other == client:
                continue
            if theirs.again > _HABIT * theirs.seen or marks.at[-1] - theirs.latest > _ALIVE_S:
                continue
            key: Key = (realm, client, server, _OTHER, other)
            runs = self._run(key, theirs.known(marks, _APART_S) & ~own)
            yield from _long(key, runs >= _RUN, marks)
        changes = self._pairs.get(place)
        if changes is None:
            return
        key = (realm, client, server, _SAME, client)
        runs = self._run(key, own)
        # What its habit was when the run began.
        seen = changes.seen - len(own) + np.arange(1, len(own) + 1) - runs
        again = changes.again - int(own.sum()) + np.cumsum(own) - runs
        yield from _long(key, (runs >= _OWN_RUN) & (seen >= _OWN_HISTORY) & (again <= _HABIT * seen), marks)

    def _run(self, key: Key, hits: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Per mark how many in a row came again, up to it."""
        before = self._runs.pop(key, 0)
        places = np.arange(1, len(hits) + 1)
        broken = np.maximum.accumulate(np.where(hits, -before, places))
        runs: NDArray[np.int64] = places - broken
        if runs[-1]:
            self._runs[key] = int(runs[-1])
        if len(self._runs) > MAX_LENT:
            self._runs.pop(next(iter(self._runs)))
        return runs

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """High by another machine, medium by the same one: a test that is run again looks the same."""
        realm, client, server, whose, other = key
        who, at, by = (context.name(realm, address) for address in (client, server, other))
        another = whose == _OTHER
        protocol = " and ".join(map(spoken, tally.noted("protocol")))
        return Verdict(
            realm=realm,
            machines=(client, server),
            others=(other,) if another else (),
            cause=f"replayed {whose} {other if another else ''}".strip(),
            kind="alert",
            severity="high" if another else "medium",
            confidence=0.85 if another else 0.7,
            title=f"{who} writes to {at} what {by} wrote there before, value for value"
            if another
            else f"{who} writes to {at} a series that it wrote before, value for value",
            seen=f"Seen {counted(tally.count, 'change')} over {protocol} in objects "
            f"{', '.join(list(tally.noted('object'))[:5])}, each the last of {LENGTH} or more in the order in which "
            f"they had been written {f'by {by}, which still writes,' if another else ''} at least {_APART_S} s before.",
            matters="Control answers to the process, which is never twice the same: commands that were right then are "
            "played to a machine that is somewhere else now.",
            silent="Silent for machines that repeat themselves by nature (recipes, sequencers), for fewer than eight "
            "changes in a row, for series of less than four different values, and where the one that wrote first has "
            f"fallen silent for {_ALIVE_S // 60} minutes: that is a standby taking over.",
            actions=_ACTIONS,
            techniques=named("replayed-writes"),
            requirements=(
                *("IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=tuple((kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words)),
            deed=Deed(
                realm=realm, stations=(client,), machines=(server,), verbs=("write", "operate"),
                objects=tuple(tally.noted("object")),
            ),
        )  # fmt: skip

    def learned(self) -> bytes:
        """What is written by nature, as JSON."""
        return self.dump()

    def know(self, learned: bytes, /) -> None:
        """Go on from `learned`. Raises SourceError where it is not its own."""
        fresh = self.anew()
        fresh.load(learned)
        self.restore_own(fresh.own_state())

    def own_state(self) -> Any:
        """Changes of every pair, runs under way, and who repeats whom by nature."""
        return [
            [[list(place), changes.state()] for place, changes in self._pairs.items()],
            [[list(key), n] for key, n in self._runs.items()],
            [list(key) for key in self._twins],
        ]

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self._pairs = {_key(place): Changes.of(changes) for place, changes in state[0]}
        self._runs = {_key(key): int(n) for key, n in state[1]}
        self._twins = dict.fromkeys(_key(key) for key in state[2])


def _long(key: Key, long: NDArray[np.bool_], marks: Marks) -> Iterator[tuple[Key, NDArray[np.int64]]]:
    if long.any():
        yield key, marks.rows[long]


def _key(parts: Any) -> tuple[str, ...]:
    return tuple(str(part) for part in parts)


def _events(batch: Batch) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Per row a number for its object, and one for what is written there."""
    things = _marked(batch, "unit") * np.uint64(31) + _marked(batch, "object")
    events = things * np.uint64(0xBF58476D1CE4E5B9) + _marked(batch, "text")
    if batch.has("number"):
        flat, begins, sizes = batch.lists("number")
        sums = np.empty(len(sizes), np.uint64)
        hash_rows(*views(flat.view(np.uint64), begins, sizes, sums))
        events = events + sums
    return things, events


def _marked(batch: Batch, column: str) -> NDArray[np.uint64]:
    words, codes = batch.words(column)
    return np.array([zlib.crc32((word or "").encode()) for word in words], np.uint64)[codes]


_ACTIONS: Final = (
    Action(
        text="Look at the process itself, not only at the screen: does it follow commands that do not fit it now?",
        risk="None while only looking.",
    ),
    Action(
        text="Find out what runs on the writing client (a test, a simulator, a recorder); if nobody knows, cut it off "
        "the machine at its switch or firewall.",
        risk="If it also shows or controls the process, operators lose it: agree with them first.",
    ),
)
