"""A protocol's rule broken where it was always kept, or a stream of packets that is no longer whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import CONTROL_PROTOCOLS, spoken
from interlock.detect.learned.deeds import is_group
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["NewOddity"]

MAX_HABITS: Final = 20_000
SIGMAS: Final = 6.0
"""So many standard deviations above what was usual."""
LEAST: Final = 6
"""Packets of a stream: a connection that is cut sends a few again before it gives up."""
MUCH: Final = 40
MUCH_SHARE: Final = 0.05
"""Packets of a stream, and their part of all: no cable that still works loses or doubles so many."""
_ORDER: Final = (
    "number",
    "sequence",
    "unexpected",
    "duplicate",
    "counter",
    "replay",
    "retransmissions",
    "gaps",
    "segment-re",
    "reset-by-another",
    "answer-differs",
)
"""Words in the names of oddities that say that packets came twice, late, not at all or from somebody else."""
_STREAM: Final = ("retransmissions", "gaps")
_OURS: Final = frozenset({"oddities-suppressed"})
"""What says how we write oddities down, beside those that it is about."""


class NewOddity(Learner):
    """One finding per client, server, protocol and oddity.

    Keys: realm, client, server, protocol, oddity. A habit: how many there were, of streams among how many packets.
    """

    name: ClassVar[str] = "new-oddity"
    table: ClassVar[str] = "oddities"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "oddities": ("source", "realm", "time", "frame", "client", "server", "protocol", "oddity"),
        "flows": (
            *("source", "realm", "client", "server", "protocol", "transport", "first", "last", "first_frame"),
            *("last_frame", "client_packets", "server_packets", *_STREAM),
        ),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "duplicated": "the capture point copied frames, and copies look like packets that were sent again",
        "one-way": "the other direction is missing, so nothing can be whole",
    }

    def __init__(self) -> None:
        super().__init__()
        self.habits: dict[Key, list[int]] = {}
        self._packets: dict[Key, int] = {}

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Count oddities, and packets beside them."""
        for key, count, among, rows in _counted(batch):
            habit = self.habits.get(key)
            if habit is None:
                if len(self.habits) >= MAX_HABITS or not (count or among):
                    continue
                habit = self.habits[key] = [0, 0]
            habit[0] += count
            habit[1] += among
            if count and habit[0] == count and not among:
                self.surprise(key, int(batch.times_ns()[rows].min()) // MINUTE_NS)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count oddities; what is usual is taken off in `judge`."""
        for key, count, among, rows in _counted(batch):
            if among:
                if key not in self._packets and len(self._packets) >= MAX_HABITS:
                    continue
                self._packets[key] = self._packets.get(key, 0) + among
            if count:
                tally = self.tallies[key]
                for source, some in _by_source(batch, rows):
                    tally.add_rows(source, batch, some)
                tally.note("occurred", "times", count)
                yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what is broken, where it never was or far less."""
        realm, client, server, protocol, oddity = key
        stream = oddity in _STREAM
        usual, among = self.habits.get(key, [0, 0])
        found = tally.noted("occurred").get("times", 0)
        if not self._unusual(key, found, usual, among, stream=stream):
            return None
        ends = standing(context, (realm, client, server), tally, stranger=False)
        much = stream and found >= MUCH and found >= MUCH_SHARE * self._packets.get(key, 0)
        order = any(word in oddity for word in _ORDER)
        name = context.name
        what = _STREAMS.get(oddity, f"the oddity '{oddity}'")
        had = "where there was none" if not usual else f"where there were {usual} in {among:,} packets"
        return Verdict(
            realm=realm,
            machines=tuple(end for end in (client, server) if end),
            cause=f"{protocol} {oddity}",
            kind="change" if ends.ordered or (stream and not much) else "alert",
            severity=ends.severity("low" if stream and not much else "medium"),
            confidence=0.5 if stream else 0.7,
            title=f"{spoken(protocol)}{f' between {name(realm, client)} and {name(realm, server)}' if client else ''} "
            f"shows {what} {counted(found, 'time')}, {had} while learning",
            seen=f"Seen {counted(found, 'time')}: {what}, {had}. {ends.told()}".strip(),
            matters=_ORDER_MATTERS if order else _SHAPE_MATTERS,
            silent="Silent at the rate that was usual while learning, below a few packets of a stream, and once "
            "accepted (`interlock baseline accept`); withheld where the capture itself copied or lost frames.",
            actions=_ACTIONS,
            deed=deed_at(realm, client, (server,)),
            techniques=named(_called(server, order=order)),
            requirements=(
                "IEC 62443-3-3 SR 3.1",
                "IEC 62443-3-3 SR 3.5",
                "IEC 62443-3-3 SR 6.2",
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("oddity", oddity), ("usual", str(usual)), ("now", str(found))),
        )

    def _unusual(self, key: Key, found: int, usual: int, among: int, *, stream: bool) -> bool:
        if not stream:
            return not usual or found > 10 * usual + 10
        packets = self._packets.get(key, 0)
        if not among or not packets:
            return False
        mean = packets * (usual + 1) / (among + 2)  # rule of succession, as for refusals
        return found >= max(LEAST, mean + SIGMAS * math.sqrt(mean))

    def knowledge(self) -> Any:
        """Give all habits."""
        return [[list(key), habit] for key, habit in self.habits.items()]

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.habits)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.habits = {tuple(str(w) for w in key): [int(n) for n in habit] for key, habit in known}

    def besides(self) -> Any:
        """Give the packets of this run."""
        return [[list(key), count] for key, count in sorted(self._packets.items())]

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        self._packets = {tuple(str(w) for w in key): int(count) for key, count in state}


def _counted(batch: Batch) -> Iterator[tuple[Key, int, int, NDArray[np.int64]]]:
    """Give key, how often, among how many packets, and the rows that show it."""
    if batch.table == "oddities":
        groups = batch.groups("realm", "client", "server", "protocol", "oddity")
        for group, words in groups:
            if words[4] in _OURS:
                continue
            rows = groups.rows(group)
            yield tuple(word or "" for word in words), len(rows), 0, rows
        return
    packets = batch.integers("client_packets") + batch.integers("server_packets")
    groups = batch.groups("realm", "client", "server", "protocol", "transport")
    for group, words in groups:
        if words[4] != "tcp" or words[3] not in CONTROL_PROTOCOLS:
            continue
        rows = groups.rows(group)
        for kind in _STREAM:
            times = batch.integers(kind)[rows]
            key = (*(word or "" for word in words[:4]), kind)
            yield key, int(times.sum()), int(packets[rows].sum()), rows[times > 0]


def _called(server: str, *, order: bool) -> str:
    """Its name in techniques.SEEN. Of link addresses groups are whom a publisher tells; of IP ones who is searched."""
    if order:
        return "swapped-stream"
    return "malformed-to-all" if is_group(server) and "." in server else "malformed"


def _by_source(batch: Batch, rows: NDArray[np.int64]) -> Iterable[tuple[str, NDArray[np.int64]]]:
    words, codes = batch.words("source")
    return [(word or "", some) for code, word in enumerate(words) if len(some := rows[codes[rows] == code])]


_STREAMS: Final = {
    "retransmissions": "packets that came twice",
    "gaps": "packets that never came",
}
_ORDER_MATTERS: Final = (
    "Messages that come twice, in another order, not at all or not as they were sent are what somebody in the middle "
    "makes who plays commands again, holds values back or slips in his own; a broken cable or switch does it, too."
)
_SHAPE_MATTERS: Final = "Devices are tested with what is well formed: what breaks the rules may stop them."
_ACTIONS: Final = (
    Action(
        text="Look at the counters of the switch ports of both ends: errors there say cable, none say somebody.",
        risk="None while only reading counters.",
    ),
    Action(
        text="Compare what the server took with what the client sent, at both, for the frames named here.",
        risk="None while only looking.",
    ),
)
