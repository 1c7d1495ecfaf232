"""Work orders that are exceeded, come too early or too late, or are never used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import backwards
from interlock.detect.gate import order_covers
from interlock.detect.techniques import named as names_of
from interlock.detect.wording import counted
from interlock.records.finding import Action
from interlock.records.site import covers, utc_ns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.site import Site, WorkOrder

__all__ = ["WorkOrderBreach"]

CHANGES: Final = frozenset({
    "program-write", "program-read", "firmware-write", "file-write", "stop", "start", "mode-set", "reset", "force",
    "alarm-suppress", "time-set",
})  # fmt: skip
"""Verbs that somebody orders: what a running plant does by itself all day is not among them."""
AFTER_NS: Final = 24 * 3600 * 10**9
"""So long before and after an order the same work is taken for its own, at the wrong time."""


class WorkOrderBreach(CauseDetector):
    """One finding per order, kind of breach, machine and verb."""

    name: ClassVar[str] = "work-order"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "operation", "time", "frame", "response_frame", "client", "server"),
            *("verb", "function_name", "object", "outcome", "item", "client_port", "server_port"),
        )
    }

    def __init__(self) -> None:
        super().__init__()
        self._begun: int | None = None
        self._used: set[str] = set()

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:
        """Look at what stations of orders do, near their times."""
        orders = context.site.work_orders
        if not orders:
            return
        messages = batch.messages()
        if not len(messages):
            return
        times = messages.times_ns()
        self._begun = int(times.min()) if self._begun is None else min(self._begun, int(times.min()))
        near = [o for o in orders if _near(o, int(times.min()), int(times.max()))]
        for order in near:
            self._use(order, messages, times)
            yield from self._breaches(order, messages, times, context.site)
            yield from self._unused(order, messages, times)

    def _use(self, order: WorkOrder, messages: Batch, times: NDArray[np.int64]) -> None:
        if order.id not in self._used:
            theirs = _theirs(messages, "client", order.stations) & _theirs(messages, "server", order.machines)
            if not order.stations:
                theirs &= messages.among("verb", CHANGES)
            if (theirs & _during(order, times)).any():
                self._used.add(order.id)

    def _breaches(
        self, order: WorkOrder, messages: Batch, times: NDArray[np.int64], site: Site
    ) -> Iterator[Key]:
        if not order.stations:
            return
        verbs = CHANGES | set(order.verbs) - {"read"}
        mask = _theirs(messages, "client", order.stations) & messages.among("realm", (order.realm,))
        mask &= messages.among("verb", verbs) & (np.abs(_away(order, times)) < AFTER_NS)
        mask &= backwards(messages) == 0  # what a controller fetches of a download, its client began
        if not mask.any():
            return
        hits = messages.take(mask)
        when = np.sign(_away(order, hits.times_ns()))
        groups = hits.groups(
            "source", "client", "server", "verb", "object", bins=when, named=f"order {order.id}"
        )
        for group, (source, client, server, verb, thing, sign) in groups:
            rows = groups.rows(group)
            its = _allows(order, client or "", server or "", verb or "", thing)
            if its == (sign == 0):
                continue
            rows = rows[
                [not _other(site, order, (client, server, verb, thing), at) for at in _instants(hits, rows)]
            ]
            what = "exceeded" if sign == 0 else "late" if sign > 0 else "early"
            if not len(rows):
                continue
            key = (order.realm, what, order.id, client or "", server or "", verb or "")
            self.tallies[key].add_rows(source or "", hits, rows)
            self.tallies[key].note_rows("object", hits, rows)
            self.tallies[key].note_rows("function_name", hits, rows)
            yield key

    def _unused(self, order: WorkOrder, messages: Batch, times: NDArray[np.int64]) -> Iterator[Key]:
        """Tell by the first message after the end of an order whose whole time was watched."""
        key = (order.realm, "unused", order.id, "", "", "")
        start, end = utc_ns(order.start), utc_ns(order.end)
        if order.id in self._used or key in self.tallies or self._begun is None or self._begun > start:
            return
        after = np.flatnonzero(times >= end)[:1]
        if len(after):
            words, codes = messages.words("source")
            self.tallies[key].add_rows(words[codes[after[0]]] or "", messages, after)
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say what was not as ordered."""
        # Over 40 lines: most of it is the text of one verdict.
        realm, what, identifier, client, server, verb = key
        order = next((o for o in context.site.work_orders if o.id == identifier), None)
        if order is None:
            return None
        who, at = context.name(realm, client), context.name(realm, server)
        named = f"{identifier} ({order.title})" if order.title else identifier
        span = f"{order.start:%Y-%m-%d %H:%M} to {order.end:%Y-%m-%d %H:%M}"
        title = {
            "exceeded": f"{who} does more than {identifier} orders: {verb} at {at}",
            "late": f"{who} goes on after the end of {identifier}: {verb} at {at}",
            "early": f"{who} begins before {identifier} does: {verb} at {at}",
            "unused": f"Nobody used the work order {identifier}",
        }[what]
        unused = what == "unused"
        return Verdict(
            realm=realm,
            machines=() if unused else (client, server),
            cause=f"{what} {identifier} {verb}",
            kind="change" if unused else "alert",
            severity="info" if unused else "high" if what == "exceeded" else "medium",
            confidence=0.9,
            title=title,
            seen="Seen no message of its stations to its machines in its time."
            if unused
            else f"Seen {counted(tally.count, 'time')}: {verb} by {who} at {at}"
            f"{_things(tally)}. The order {named} runs from {span} UTC.",
            matters="An order that nobody used is still an open door: what comes through it is taken for its work."
            if unused
            else "An order says who may do what to which machine and when. What goes beyond it was agreed with nobody, "
            "and is what an intruder at a maintenance laptop would do.",
            silent="Silent for what an order names: its stations, machines, verbs and objects, from start to end.",
            actions=_ACTIONS,
            techniques=names_of(
                "order-unused"
                if unused
                else "order-exceeded-by-program"
                if verb == "program-write"
                else "order-exceeded"
            ),
            requirements=(
                *("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 2.8", "IEC 62443-3-3 SR 6.1"),
                *("NIS2 Art. 21(2)(e)", "NIS2 Art. 21(2)(i)"),
            ),
            data=(
                ("order", identifier),
                *((k, ", ".join(tally.noted(k))[:500]) for k in sorted(tally.words)),
            ),
        )

    def own_state(self) -> Any:
        """When watching began, and the orders that were used."""
        return [self._begun, sorted(self._used)]

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self._begun = None if state[0] is None else int(state[0])
        self._used = {str(name) for name in state[1]}


def _things(tally: Tally) -> str:
    things = ", ".join(list(tally.noted("object"))[:5])
    return f" ({things})" if things else ""


def _instants(batch: Batch, rows: NDArray[np.int64]) -> list[int]:
    instants: list[int] = batch.times_ns()[rows].tolist()
    return instants


def _near(order: WorkOrder, first: int, last: int) -> bool:
    return utc_ns(order.start) - AFTER_NS < last and first < utc_ns(order.end) + AFTER_NS


def _during(order: WorkOrder, times: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = (times >= utc_ns(order.start)) & (times < utc_ns(order.end))
    return mask


def _away(order: WorkOrder, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Nanoseconds before its start (negative) or since its end (from 1 on), 0 within."""
    start, end = utc_ns(order.start), utc_ns(order.end)
    return np.where(times < start, times - start, np.where(times >= end, times - end + 1, 0))


def _theirs(batch: Batch, column: str, members: tuple[str, ...]) -> NDArray[np.bool_]:
    words, codes = batch.words(column)
    known = [word is not None and (not members or covers(members, word)) for word in words]
    mask: NDArray[np.bool_] = np.array(known, np.bool_)[codes]
    return mask


def _allows(order: WorkOrder, client: str, server: str, verb: str, thing: str | None) -> bool:
    return order_covers(
        order, order.realm, [(client,)], [(server,)], verbs=(verb,), objects=() if thing is None else (thing,)
    )


def _other(
    site: Site, order: WorkOrder, deed: tuple[str | None, str | None, str | None, str | None], at: int
) -> bool:
    """Whether another order makes it expected."""
    client, server, verb, thing = deed
    return any(
        other.id != order.id
        and other.realm == order.realm
        and utc_ns(other.start) <= at < utc_ns(other.end)
        and _allows(other, client or "", server or "", verb or "", thing)
        for other in site.work_orders
    )


_ACTIONS: Final = (
    Action(
        text="Ask the order's owner whether this was agreed; if it was, widen the order in the site file.",
        risk="None while only asking.",
    ),
    Action(
        text="If it was not, compare the machine's program and settings with the released ones before using it again.",
        risk="None: reading a program with the engineering tool only adds some load to the controller.",
    ),
)
