"""Far more connections or datagrams to one machine in a minute than ever: it has room for none that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import CALL, MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.learned.deeds import is_group
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.recent_counts import RecentCounts
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.crossing import distinct
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["ConnectionFlood"]

MAX_SERVERS: Final = 10_000
TIMES: Final = 3
FLOOR: Final = {"connections": 40, "datagrams": 600}
"""A minute beyond three times the highest one while learning, and so many more."""
_SHOWN: Final = 12


class ConnectionFlood(Learner):
    """One finding per server and kind. Keys: realm, server, kind (connections, datagrams).

    Whoever floods may pose as many, so it is the server's minutes that count, whoever calls. Learned: its highest.
    """

    name: ClassVar[str] = "connection-flood"
    table: ClassVar[str] = "flows"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "flows": (*CALL, "last"),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "duplicated": "the capture point copied frames, and copies look like a flood",
    }

    def __init__(self) -> None:
        super().__init__()
        self.peaks: dict[Key, int] = {}
        self._minutes = RecentCounts()

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Keep each server's highest minute."""
        for key, minute, weights, *_ in _calls(batch):
            if key not in self.peaks and len(self.peaks) >= MAX_SERVERS:
                continue
            count = self._minutes.add(key, minute, int(weights.sum()))
            if key in self.peaks and count > self._limit(key):
                self.surprise(key, minute)
            self.peaks[key] = max(count, self.peaks.get(key, 0))

    def _limit(self, key: Key) -> int:
        return TIMES * self.peaks.get(key, 0) + FLOOR[key[2]]

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count what is beyond the limit of its minute."""
        for key, minute, weights, rows, source in _calls(batch):
            if key not in self._minutes and len(self._minutes) >= 2 * MAX_SERVERS:
                continue
            count, limit = self._minutes.add(key, minute, int(weights.sum())), self._limit(key)
            before = count - int(weights.sum())
            beyond = np.cumsum(weights) > limit - before
            if not beyond.any():
                continue
            tally = self.tallies[key]
            tally.add_rows(source, batch, rows[beyond])
            tally.note_rows("client", batch, rows[beyond])
            tally.note("minute", str(minute), count - max(before, limit))
            for port in distinct(batch.integers("server_port")[rows[beyond]])[:_SHOWN].tolist():
                tally.note("port", str(port))
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say how many there were, and how many there ever had been."""
        realm, server, kind = key
        callers, ports = list(tally.noted("client")), list(tally.noted("port"))
        ends = standing(
            context, (realm, callers[0] if len(callers) == 1 else "", server), tally, stranger=False
        )
        name, most = context.name, max(tally.noted("minute").values(), default=0) + self._limit(key)
        who = name(realm, callers[0]) if len(callers) == 1 else f"{len(callers)} addresses"
        return Verdict(
            realm=realm,
            machines=(server,),
            others=tuple(callers),
            cause=kind,
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("high"),
            confidence=0.8,
            title=f"{name(realm, server)} gets about {most} {kind} within a minute, from {who}, where "
            f"{self.peaks.get(key, 0)} was the most",
            seen=f"Seen {counted(tally.count, 'conversation')} beyond what was the most while learning, at "
            f"{'ports' if len(ports) > 1 else 'port'} {', '.join(ports[:_SHOWN])}. {ends.told()}".strip(),
            matters="Controllers have room for eight, sixteen, thirty-two connections and answer between two rounds of "
            "their program: when they are taken, or drowned, panel and engineering tool stay outside.",
            silent=f"Silent up to {TIMES} times the highest minute while learning and {FLOOR[kind]} more, in a "
            "maintenance window, and once accepted (`interlock baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, callers[0] if len(callers) == 1 else "", (server,)),
            techniques=named("flood-of-connections" if kind == "connections" else "flood-of-packets"),
            requirements=(
                *("IEC 62443-3-3 SR 7.1", "IEC 62443-3-3 SR 7.2", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("limit", str(self._limit(key))), ("peak", str(self.peaks.get(key, 0)))),
        )

    def knowledge(self) -> Any:
        """Give the highest minutes."""
        return [[list(key), peak] for key, peak in sorted(self.peaks.items())]

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.peaks)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back; minutes of the lesson are no part of what is judged."""
        self._minutes = RecentCounts()
        self.peaks = {tuple(str(w) for w in key): int(peak) for key, peak in known}

    def besides(self) -> Any:
        """Give the counts of recent minutes."""
        return self._minutes.state()

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        self._minutes.restore(state)


def _calls(batch: Batch) -> Iterator[tuple[Key, int, NDArray[np.int64], NDArray[np.int64], str]]:
    """Give server and kind, minute, per row how much it counts in a minute, the rows, and the source.

    A connection counts once, a conversation without connections its packets of a minute, where a machine is meant.
    """
    tcp = batch.among("transport", ("tcp",))
    lasts = np.maximum(1, -(-(batch.instants_ns("last") - batch.times_ns()) // MINUTE_NS))
    packets = np.maximum(1, batch.integers("client_packets") // lasts)
    bins = (batch.times_ns() // MINUTE_NS << 1) | tcp
    groups = batch.groups("source", "realm", "server", bins=bins, named="minute and kind")
    plain = {word for word in batch.words("transport")[0] if word and not word.startswith("eth/")}
    usable = batch.among("transport", plain)
    for group, (source, realm, server, place) in groups:
        rows = groups.rows(group)
        rows = rows[usable[rows]]
        if not len(rows) or not server or is_group(server):
            continue
        kind = "connections" if place & 1 else "datagrams"
        weights = np.ones(len(rows), np.int64) if place & 1 else packets[rows]
        yield (realm or "", server, kind), int(place >> 1), weights, rows, source or ""


_ACTIONS: Final = (
    Action(
        text="See whether panel and controller still reach each other, and find who calls at the switch's ports.",
        risk="None while only looking.",
    ),
    Action(
        text="Cut the caller off at its switch port, or limit how many connections a minute it may open.",
        risk="If it also shows or records the process, its operators go blind: ask them first.",
    ),
)
