"""A clockwork of the network that suddenly sends more: a second sender speaks in its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.batch import MINUTE_NS
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
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


class DoubledCycle(Learner):
    """One finding per sender and receiver. Keys: realm, sender, receiver, protocol.

    Judged are conversations by packets a second in each direction; brief ones only where they are clearly too many.
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
        self.rates: dict[Key, float] = {}

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Keep the highest rate."""
        for key, rates, seconds, rows in _sent(batch):
            long = seconds >= LEAST_S
            if not long.any():
                continue
            most = float(rates[long].max())
            known = self.rates.get(key)
            if known is None and len(self.rates) >= MAX_CYCLES:
                continue
            if known is not None and most > MORE * known:
                self.surprise(key, int(batch.times_ns()[rows].min()) // MINUTE_NS)
            self.rates[key] = max(most, known or 0.0)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count conversations in which one end sent more than ever."""
        for key, rates, seconds, rows in _sent(batch):
            known = self.rates.get(key)
            if known is None:
                continue
            sure = (seconds >= LEAST_S) | (
                (rates - known) * seconds > SURPLUS
            )  # a message at each end is nothing
            if not (more := (rates > MORE * known) & sure).any():
                continue
            tally = self.tallies[key]
            for source in {
                batch.words("source")[0][code] for code in batch.words("source")[1][rows[more]].tolist()
            }:
                mine = rows[more & batch.among("source", (source or "",))[rows]] if source else rows[more]
                tally.add_rows(source or "", batch, mine)
            tally.note("rate", f"{float(rates[more].max()):.1f}")
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say how much it sent, and how much it had sent."""
        realm, sender, receiver, protocol = key
        now = max((float(rate) for rate in tally.noted("rate")), default=0.0)
        usual = self.rates.get(key, 0.0)
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
            silent="Silent up to a twentieth above the highest rate while learning, and once accepted "
            "(`interlock baseline accept`); withheld where the capture point copied frames.",
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
        return [[list(key), rate] for key, rate in sorted(self.rates.items())]

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.rates)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.rates = {tuple(str(w) for w in key): float(rate) for key, rate in known}


def _sent(batch: Batch) -> Iterator[tuple[Key, NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]]:
    """Give sender and receiver; per conversation that is long enough, packets a second, seconds, and its row."""
    seconds = (batch.instants_ns("last") - batch.instants_ns("first")) / 1e9
    wanted = batch.among("protocol", CYCLIC) & (seconds >= BRIEF_S)
    if not wanted.any():
        return
    groups = batch.groups("realm", "client", "server", "protocol")
    for group, (realm, client, server, protocol) in groups:
        rows = groups.rows(group)
        rows = rows[wanted[rows]]
        if not len(rows):
            continue
        for end, ends in (("client", (client, server)), ("server", (server, client))):
            key = (realm or "", ends[0] or "", ends[1] or "", protocol or "")
            yield key, batch.integers(f"{end}_packets")[rows] / seconds[rows], seconds[rows], rows


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
