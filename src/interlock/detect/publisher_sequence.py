"""GOOSE or sampled values whose numbers go back: two publishers speak in one name, or messages are played again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pyarrow as pa

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.arrays import cast
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["PublisherSequence"]

MAX_PUBLISHERS: Final = 4_096
_COLUMNS: Final = {
    "goose": ("source", "realm", "gocb_ref"),
    "operations": ("source", "realm", "object"),
}
_SAMPLED: Final = "sampled-values"
_LONGEST: Final = 1_500
"""Octets of a GOOSE message that an Ethernet frame can carry."""


class PublisherSequence(CauseDetector):
    """One finding per control block and source. Keys: realm, control block or svID, table.

    IEC 61850-8-1, 18.1.2.5: stNum rises by one with each change of the data, sqNum begins anew then and rises by one
    with each repetition; both begin at their least after a restart. IEC 61850-9-2: smpCnt rises with each sample until
    it begins anew. So both rise together, and what falls back without a restart comes from somebody else.
    """

    name: ClassVar[str] = "publisher-sequence"
    table: ClassVar[str] = "goose"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "goose": (
            *("source", "realm", "time", "frame", "client", "server", "gocb_ref", "st_num", "sq_num"),
            *("length", "num_dat_set_entries", "entries"),
        ),
        "operations": (
            *("source", "realm", "time", "frame", "client", "server"),
            *("protocol", "object", "transaction", "item", "outcome"),
        ),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "duplicated": "the capture point copied frames, and a copy looks like a message that is played again",
    }

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[Key, list[int]] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Compare each message with the one before it of the same name.

        Sampled values: by the first svID of a message, whose smpCnt is its operation's transaction.
        """
        if batch.table == "operations":
            sampled = batch.among("protocol", (_SAMPLED,))
            if not sampled.any():
                return
            batch = batch.take(sampled & (batch.integers("item") == 0) & batch.known("transaction"))
        elif not (heeded := _heeded(batch)).all():
            batch = batch.take(heeded)
        kind = "goose" if batch.table == "goose" else "sampled_values"
        groups = batch.groups(*_COLUMNS[batch.table])
        for group, (source, realm, block) in groups:
            if not block:
                continue
            where, rows = (source or "", realm or "", block, kind), groups.rows(group)
            before = self._last.get(where)
            fell = self._fallen(where, _numbers(batch, rows), before)
            # The one that was ahead may be the false one: it belongs to the evidence as much as the one that fell back.
            shown = fell.copy()
            shown[:-1] |= fell[1:]
            if where in self._last:
                last = int(rows[-1])
                seen = [int(batch.times_ns()[last]), int(batch.frames()[last]), int(shown[-1])]
                self._last[where][3:] = seen
            if not fell.any():
                continue
            key = (realm or "", block, kind)
            tally = self.tallies[key]
            tally.add_rows(source or "", batch, rows[shown])
            if fell[0] and before is not None and not before[5]:
                time, frame = before[3:5]
                tally.add(source or "", time, time, np.array([frame], np.int64), 1)
            tally.note("fell", "back", int(fell.sum()))
            tally.note_rows("client", batch, rows[fell])
            yield key

    def _fallen(self, where: Key, numbers: NDArray[np.int64], before: list[int] | None) -> NDArray[np.bool_]:
        if before is None and len(self._last) >= MAX_PUBLISHERS:
            return np.zeros(len(numbers), np.bool_)
        if before is None:
            before = [*numbers[0].tolist(), -1, 0, 0, 0]
            fell = np.concatenate(([False], _falls(where[3], numbers[1:], numbers[:-1])))
        else:
            fell = _falls(where[3], numbers, np.vstack((np.array([before[:2]]), numbers[:-1])))
        self._last[where] = [*numbers[-1].tolist(), self._restarts(where, numbers, before, fell), 0, 0, 0]
        return fell

    def _restarts(
        self, where: Key, numbers: NDArray[np.int64], before: list[int], fell: NDArray[np.bool_]
    ) -> int:
        """Mark who takes up the state of before a restart: the restart was somebody else's. Give that state, or -1."""
        held = before[2]
        if where[3] != "goose":
            return held
        previous = np.concatenate(([before[0]], numbers[:-1, 0]))
        for at in np.flatnonzero(numbers[:, 0] != previous).tolist():
            state = int(numbers[at, 0])
            if state < previous[at] and not fell[at]:
                held = int(previous[at])
            elif held > 1 and state == held:
                fell[at], held = True, -1
        return held

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:  # noqa: ARG002 - interface
        """Say whose numbers fell back, and how often."""
        realm, block, table = key
        goose = table == "goose"
        times = tally.noted("fell").get("back", 0)
        senders = list(tally.noted("client"))
        what = "GOOSE messages" if goose else "sampled values"
        number = "state or sequence numbers" if goose else "sample counts"
        return Verdict(
            realm=realm,
            machines=(),
            others=tuple(senders),
            cause=f"{table} {block}",
            kind="alert",
            severity="high",
            confidence=0.85,
            title=f"The {what} of {block} fall back in number {counted(times, 'time')}: somebody else "
            "speaks in their name",
            seen=f"Seen {counted(tally.count, 'message')} from {', '.join(senders[:4])} whose {number} fall back, or "
            "from which they do, without a restart of their publisher.",
            matters="Protection relays open and close breakers by such messages: whoever speaks in a publisher's name "
            "trips feeders or keeps a fault burning."
            if goose
            else "Protection relays measure by them: false samples trip a feeder or hide a short circuit.",
            silent="Silent where numbers only rise, begin anew after a restart or skip what was lost; withheld where "
            "the capture point copied frames.",
            actions=_ACTIONS,
            techniques=named("false-goose" if goose else "false-samples"),
            requirements=(
                "IEC 62443-3-3 SR 3.1",
                "IEC 62443-3-3 SR 1.2",
                "IEC 62443-3-3 SR 6.2",
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("block", block), ("senders", ", ".join(senders)[:500])),
        )

    def own_state(self) -> Any:
        """Give the last numbers of each publisher."""
        return [[list(where), numbers] for where, numbers in self._last.items()]

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self._last = {tuple(str(w) for w in where): [int(n) for n in numbers] for where, numbers in state}


def _heeded(batch: Batch) -> NDArray[np.bool_]:
    """Tell which GOOSE messages a subscriber takes: what contradicts itself is thrown away, and tells nobody anything.

    Source: IEC 61850-8-1, Annex C (length), 18.1.2.5 (numDatSetEntries).
    """
    announced = batch.known("num_dat_set_entries")
    mistaken = announced & (batch.integers("num_dat_set_entries") != batch.integers("entries"))
    heeded: NDArray[np.bool_] = ~mistaken & (batch.integers("length") <= _LONGEST)
    return heeded


def _numbers(batch: Batch, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give two numbers per row: stNum and sqNum; or smpCnt and nothing."""
    if batch.table == "goose":
        return np.column_stack((batch.integers("st_num")[rows], batch.integers("sq_num")[rows]))
    counts = cast(batch.column("transaction"), pa.int64()).to_numpy(zero_copy_only=False)[rows]
    return np.column_stack((counts, np.zeros(len(rows), np.int64)))


def _falls(table: str, now: NDArray[np.int64], before: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell per row whether its numbers fall back behind those of the row before it."""
    if table == "goose":
        restart = (now[:, 0] <= 1) & (now[:, 1] <= 1)
        same = (now[:, 0] == before[:, 0]) & (now[:, 1] <= before[:, 1]) & (before[:, 1] < 1 << 31)
        fell: NDArray[np.bool_] = ((now[:, 0] < before[:, 0]) & (before[:, 0] < 1 << 31) | same) & ~restart
        return fell
    # smpCnt begins anew once a second or period: a fall by more than half of what was reached is that.
    fall = before[:, 0] - now[:, 0]
    back: NDArray[np.bool_] = (fall >= 0) & (2 * fall < before[:, 0])
    return back


_ACTIONS: Final = (
    Action(
        text="Find at which switch port each sender of this name comes in: only one of them can be the publisher.",
        risk="None while only looking.",
    ),
    Action(
        text="Take the port of the false one down, after telling the control room.",
        risk="If the true publisher is cut off, its subscribers go to their fallback, which may trip.",
    ),
)
