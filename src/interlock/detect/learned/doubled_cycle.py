"""A clockwork of the network that suddenly sends more: a second sender speaks in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import numpy as np

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["DoubledCycle"]

CYCLIC: Final = frozenset(
    {"profinet-rt", "profinet-io", "powerlink", "sercos", "ether-s-io", "cip-io", "enip-io", "egd"}
)
"""Protocols whose ends send at a rate that was agreed once and is kept to a part in a thousand."""
MAX_CYCLES: Final = 20_000
LEAST_S: Final = 60.0
BRIEF_S: Final = 20.0
"""Learned is from conversations of LEAST_S; judged are shorter ones, too, where SURPLUS messages are too many."""
SURPLUS: Final = 8
MORE: Final = 1.05
"""Devices send less when they start or fail; more than this part above their rate none of them does."""
FAR_MORE: Final = 1.5
"""A lesson with pauses in it makes a rate seem lower; but the other end pauses, too. Where both send more, so much."""


class DoubledCycle(Learner):
    """One finding per sender and receiver. Keys: realm, sender, receiver, protocol.

    Judged are conversations by packets a second in each direction, and by how many there are for each of the other
    direction; brief ones only where they are clearly too many.
    """

    name: ClassVar[str] = "doubled-cycle"
    table: ClassVar[str] = "flows"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "flows": (
            *("source", "realm", "client", "server", "protocol", "first", "last", "first_frame"),
            *("client_packets", "server_packets"),
        ),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "duplicated": "the capture point copied frames, and copies look like a second sender",
    }

    def __init__(self) -> None:
        super().__init__()
        self.rates: dict[Key, _Rate] = {}

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Keep the highest rate."""
        for key, sent in _sent(batch):
            long = sent.seconds >= LEAST_S
            if not long.any():
                continue
            most = _Rate(float(sent.rates[long].max()), float(sent.shares[long].max()))
            known = self.rates.get(key)
            if known is None:
                if len(self.rates) < MAX_CYCLES:
                    self.rates[key] = most
                continue
            if sent.more(known).any():
                self.surprise(key, int(batch.times_ns()[sent.rows].min()) // MINUTE_NS)
            self.rates[key] = _Rate(*map(max, zip(known, most, strict=True)))

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count conversations in which one end sent more than ever."""
        for key, sent in _sent(batch):
            known = self.rates.get(key)
            if known is None or not (more := sent.more(known)).any():
                continue
            tally, rows = self.tallies[key], sent.rows
            for source in {
                batch.words("source")[0][code] for code in batch.words("source")[1][rows[more]].tolist()
            }:
                mine = rows[more & batch.among("source", (source or "",))[rows]] if source else rows[more]
                tally.add_rows(source or "", batch, mine)
            tally.note("rate", f"{float(sent.rates[more].max()):.1f}")
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say how much it sent, and how much it had sent."""
        realm, sender, receiver, protocol = key
        now = max((float(rate) for rate in tally.noted("rate")), default=0.0)
        usual = self.rates[key].a_second if key in self.rates else 0.0
        ends = standing(context, (realm, sender, receiver), tally, stranger=False)
        name = context.name
        return Verdict(
            realm=realm,
            machines=(sender, receiver),
            cause=f"{protocol} cycle",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("high"),
            confidence=0.8,
            title=f"{name(realm, receiver)} gets {now:.1f} cyclic messages a second in the name of "
            f"{name(realm, sender)} ({spoken(protocol)}), where it had been {usual:.1f}",
            seen=f"Seen {now:.1f} messages a second, {now / usual - 1:.0%} more than their clockwork had ever made. "
            f"{ends.told()}".strip(),
            matters="The receiver takes the last message for true: with a second sender it acts on false values.",
            silent="Silent up to a twentieth above the highest rate while learning, up to half of it where the other "
            "end sends as much more, and once accepted (`interlock baseline accept`); withheld where the capture point "
            "copied frames.",
            actions=_ACTIONS,
            deed=deed_at(realm, sender, (receiver,)),
            techniques=named("second-sender"),
            requirements=(
                "IEC 62443-3-3 SR 3.1",
                "IEC 62443-3-3 SR 1.2",
                "IEC 62443-3-3 SR 6.2",
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("usual-per-s", f"{usual:.2f}"), ("now-per-s", f"{now:.2f}")),
        )

    def knowledge(self) -> Any:
        """Give the highest rates."""
        return [[list(key), *rate] for key, rate in sorted(self.rates.items())]

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.rates)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.rates = {}
        for key, a_second, *share in known:  # without a share where an older one learned
            rate = _Rate(float(a_second), float(share[0]) if share else 0.0)
            self.rates[tuple(str(word) for word in key)] = rate


class _Rate(NamedTuple):
    """What one end sends at most: messages a second, and for each of the other end's."""

    a_second: float
    for_one: float


@dataclass(frozen=True, slots=True)
class _Sent:
    """What one end sent, per conversation; rows: of the batch."""

    packets: NDArray[np.int64]
    others: NDArray[np.int64]
    seconds: NDArray[np.float64]
    rows: NDArray[np.int64]

    @property
    def rates(self) -> NDArray[np.float64]:
        """A second."""
        return self.packets / self.seconds

    @property
    def shares(self) -> NDArray[np.float64]:
        """For each of the other end's; what one end alone sends has none."""
        return np.where(self.others > 0, self.packets / np.maximum(self.others, 1), 0.0)

    def more(self, known: _Rate) -> NDArray[np.bool_]:
        """In which it sent more than it ever did."""
        more = self._beyond(known.a_second * self.seconds)
        alone = self._beyond(known.for_one * self.others) | (self.rates > FAR_MORE * known.a_second)
        return more & alone

    def _beyond(self, usual: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Whether so many are too many; of a brief conversation a message at each end is nothing."""
        sure = (self.seconds >= LEAST_S) | (self.packets - usual > SURPLUS)
        return sure & (self.packets > MORE * usual)


def _sent(batch: Batch) -> Iterator[tuple[Key, _Sent]]:
    """Give sender and receiver, and what was sent in conversations that are long enough."""
    seconds = (batch.instants_ns("last") - batch.instants_ns("first")) / 1e9
    wanted = batch.among("protocol", CYCLIC) & (seconds >= BRIEF_S)
    if not wanted.any():
        return
    groups = batch.groups("realm", "client", "server", "protocol")
    packets = [batch.integers(f"{end}_packets") for end in ("client", "server")]
    for group, (realm, client, server, protocol) in groups:
        rows = groups.rows(group)
        rows = rows[wanted[rows]]
        if not len(rows):
            continue
        one, other = (column[rows] for column in packets)
        for mine, others, ends in ((one, other, (client, server)), (other, one, (server, client))):
            key = (realm or "", ends[0] or "", ends[1] or "", protocol or "")
            yield key, _Sent(mine, others, seconds[rows], rows)


_ACTIONS: Final = (
    Action(
        text="Find at which switch port each sender of these messages comes in: one of them is false.",
        risk="None while only looking.",
    ),
    Action(
        text="Compare the values that the receiver works with to those at the sensor itself; take the false sender's "
        "port down.",
        risk="If the true sender is cut off, the receiver goes to its fallback values, which may stop the machine.",
    ),
)
