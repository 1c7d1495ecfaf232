"""One IP address spoken for by two link addresses."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import is_station
from interlock.detect.facts import Facts
from interlock.detect.gate import Deed, expected
from interlock.detect.learned.ways import Ways
from interlock.detect.tally import Key, Tallies, Tally
from interlock.detect.techniques import named
from interlock.records.finding import Action
from interlock.records.ipv4 import BROADCAST, ipv4_number, is_multicast_ipv4

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Span
    from interlock.records.vocabulary import Severity

__all__ = ["MOST_MACS", "DuplicateAddress"]

FORWARDS: Final = 3
"""A link address that carries packets of this many IPv4 addresses forwards for others."""
MINUTES_NS: Final = 600 * 10**9
"""A machine with another address that claims one within ten minutes contends for it; later, it took over."""
MOST_CROWDED: Final = 1_000
MOST_MACS: Final = 64
"""Of one address, each held against each other; beyond them those go that were silent for longest, half at once."""
VIRTUAL_MACS: Final = (
    "00:00:5e:00:01:",
    "00:00:5e:00:02:",
    "00:00:0c:07:ac:",
    "00:00:0c:9f:f",
    "00:05:73:a0:0",
    "00:07:b4:00:",
)
"""Addresses that redundant routers share: VRRP and CARP (RFC 9568), HSRP 1, 2 and IPv6, GLBP."""

_NO_FRAMES: Final = np.zeros(0, np.int64)
_AT_ONCE: Final = "both in use at the same time"
_CROWDED: Final = f"and more than {MOST_MACS} in all within ten minutes"


class DuplicateAddress(CauseDetector):
    """One finding per IP address. ARP claims count most: packets alone also come through routers."""

    name: ClassVar[str] = "duplicate-address"
    composed: ClassVar[bool] = True
    version: ClassVar[int] = 2
    table: ClassVar[str] = "clues"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "clues": ("source", "realm", "time", "frame", "who", "field", "value", "protocol"),
        "flows": (
            *("source", "realm", "client", "server", "client_mac", "server_mac"),
            *("client_first", "client_last", "server_first", "server_last"),
            *("first", "last", "first_frame", "client_packets", "server_packets"),
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.tallies = Tallies(20_000)
        self._speaks_for, self._hops, self._routers = Facts(), Facts(), Facts()
        self.facts = {"speaks-for": self._speaks_for, "hops": self._hops, "routers": self._routers}
        self._macs: dict[Key, set[str]] = {}
        self._contests: set[Key] = set()
        self._crowded: set[Key] = set()
        self._ways = Ways()

    def learn(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """By which link addresses machines speak."""
        if batch.table == "clues":
            for _, (realm, who, field, mac) in batch.groups("realm", "who", "field", "value"):
                address = (who or "").split("/", 1)[0]
                if field == "mac" and self._single(address, mac):
                    self._ways.meet((realm or "", address), mac.lower())
            return
        for end in ("client", "server"):
            sent = (batch.integers(f"{end}_packets") > 0).astype("int64")
            for _, (realm, address, mac, spoke) in batch.groups(
                "realm", end, f"{end}_mac", bins=sent, named="sent"
            ):
                if spoke and self._single(address, mac):
                    self._ways.meet((realm or "", address), mac.lower())

    def learned(self) -> bytes:
        """See Learning."""
        return self._ways.dump(self.name, self.version)

    def know(self, learned: bytes, /) -> None:
        """See Learning."""
        self._ways = Ways.load(learned, self.name, self.version)

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Learn which link address speaks for which IP address, when, and on what it rests."""
        touched = set(self._clues(batch) if batch.table == "clues" else self._flows(batch))
        shared = [key for key in touched if len(self._macs.get(key, ())) > 1]
        for key in shared:
            contended = self._contended(key)
            if contended and key not in self._contests:
                self._said.pop(key, None)  # who was told of a machine that moved must hear of this at once
                self._contests.add(key)
        return shared

    def _contended(self, key: Key) -> bool:
        contest = self._contest(key, sorted(self._rivals(key)), None)
        return contest is not None and contest[0] == "high"

    def _clues(self, batch: Batch) -> Iterator[Key]:
        wanted = batch.take(batch.among("field", ("mac", "ttl", "routes", "proxy-arp")))
        groups = wanted.groups("source", "realm", "who", "field", "value", "protocol")
        for group, (source, realm, who, field, value, protocol) in groups:
            subject = (realm or "", (who or "").split("/", 1)[0])
            if field == "ttl":
                self._hops.add(subject, value or "")
            elif field != "mac":
                self._routers.add(subject, field)
            elif self._single(subject[1], value):
                _, first, last, _ = groups.summary(group)
                frames = wanted.frames()[groups.rows(group)]
                basis = "arp" if protocol in ("arp", "ndp", "icmpv6") else "packets"
                yield self._meet(subject, value, basis, (source or "", first, last, frames))

    def _flows(self, batch: Batch) -> Iterator[Key]:
        for end in ("client", "server"):
            sent = batch.integers(f"{end}_packets") > 0
            begins, ends = _spoke(batch, end)
            groups = batch.groups(
                "source", "realm", end, f"{end}_mac", bins=sent.astype("int64"), named="sent"
            )
            for group, (source, realm, address, mac, spoke) in groups:
                if spoke and self._single(address, mac):
                    rows = groups.rows(group)
                    span = (
                        source or "",
                        int(begins[rows].min()),
                        int(ends[rows].max()),
                        batch.frames()[rows],
                    )
                    yield self._meet((realm or "", address), mac, "packets", span)

    @staticmethod
    def _single(address: str | None, mac: str | None) -> bool:
        virtual = mac is not None and mac.lower().startswith(VIRTUAL_MACS)
        return bool(address and mac and _one_machine(address) and is_station(mac) and not virtual)

    def _meet(self, subject: Key, mac: str, basis: str, span: tuple[str, int, int, NDArray[np.int64]]) -> Key:
        source, first, last, frames = span
        mac = mac.lower()
        self._speaks_for.add((subject[0], mac), subject[1])
        # One tally for each basis: an ARP claim and a packet that a router forwarded weigh differently.
        claim = (*subject, mac, basis)
        known = self._macs.get(subject, set())
        if len(known) >= MOST_MACS and mac not in known:
            self._make_room(subject, known)
        self.tallies[claim].add(source, first, last, frames, len(frames))
        if claim in self.tallies:
            self._macs.setdefault(subject, set()).add(mac)
        return subject

    def _make_room(self, subject: Key, macs: set[str]) -> None:
        last = {mac: max((span.last for _, span in self._spans(subject, mac)), default=0) for mac in macs}
        for mac in sorted(macs, key=lambda mac: (last[mac], mac))[: MOST_MACS // 2]:
            macs.discard(mac)
            for basis in ("arp", "packets"):
                self.tallies.pop((*subject, mac, basis))
        rushed = max(last.values()) - min(last.values()) < MINUTES_NS
        if rushed and len(self._crowded) < MOST_CROWDED:
            self._crowded.add(subject)

    def _spans(self, key: Key, mac: str) -> Iterator[tuple[str, Span]]:
        """From when to when each source shows a link address, whatever it rests on."""
        for basis in ("arp", "packets"):
            if (*key, mac, basis) in self.tallies:
                yield from self.tallies[*key, mac, basis].spans.items()

    def keys(self) -> Iterable[Key]:
        """Give the addresses with more than one link address."""
        return sorted(key for key, macs in self._macs.items() if len(macs) > 1)

    def tally(self, key: Key) -> Tally:
        """Sum up the link addresses that really speak for themselves."""
        whole = Tally()
        for mac in sorted(self._rivals(key)):
            part = self._claim(key, mac)
            whole.merge(part)
            whole.note("mac", mac, part.count)
        return whole

    def _claim(self, key: Key, mac: str) -> Tally:
        part = Tally()
        for basis in ("arp", "packets"):
            if (*key, mac, basis) in self.tallies:
                part.merge(self.tallies[*key, mac, basis])
                part.note("basis", basis)
        return part

    def _times(self, key: Key, mac: str, sources: set[str] | None) -> Tally:
        """As `_claim`, from when to when each of some sources (None: all) shows it; without frames, which cost most."""
        part = Tally()
        for source, span in self._spans(key, mac):
            if sources is None or source in sources:
                part.add(source, span.first, span.last, _NO_FRAMES, span.count)
        return part

    def _rivals(self, key: Key) -> set[str]:
        """Link addresses that claim the address by ARP, or send from it without being a router."""
        return {
            mac for mac in self._macs.get(key, ()) if self._claims(key, mac) or not self._forwards(key, mac)
        }

    def _claims(self, key: Key, mac: str) -> bool:
        return (*key, mac, "arp") in self.tallies

    def _forwards(self, key: Key, mac: str) -> bool:
        if self._ways.straight(key, mac):
            return False  # no router was there while learning: who passes packets on stands between
        many = len([a for a in self._speaks_for[key[0], mac] if ":" not in a]) >= FORWARDS
        # The same machine seen before and behind a router has packets with different hop counts.
        return many or (key[0], mac) in self._routers or len(self._hops[key]) > 1

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Grave where both speak at once; a takeover later or in another capture is a change."""
        # Over 40 lines: most of it is the text of one verdict.
        macs = sorted(self._rivals(key))
        contest = self._contest(key, macs, set(tally.spans))
        if contest is None:
            return None
        severity, confidence, how = contest
        realm, address = key
        replaced = Deed(realm=realm, machines=(address,), verbs=("configure",))
        # Whoever replaces a machine takes the old one away first; two that speak at once are no such work.
        if how not in (_AT_ONCE, _CROWDED) and expected(replaced, self._newest(key, macs), context):
            return None
        proxies = [mac for mac in macs if "proxy-arp" in self._routers[realm, mac]]
        at_once = severity == "high"
        return Verdict(
            realm=realm,
            machines=(address,),
            others=tuple(macs),
            cause="one address, several link addresses",
            kind="alert" if at_once else "change",
            severity="medium" if at_once and proxies else severity,
            confidence=confidence,
            title=f"{context.name(realm, address)} is claimed by {len(macs)} link addresses"
            if at_once
            else f"{context.name(realm, address)} moved to another link address",
            seen=f"Seen {address} at {', '.join(macs[:5])}: {how}."
            + (
                f" {', '.join(proxies)} also answers ARP for other addresses (proxy ARP, or a poisoner)."
                if proxies
                else ""
            ),
            matters="Frames for this address go to whoever was heard last: two machines set up alike "
            "disturb each other, and a machine that poses as another reads and changes what controllers "
            "are told.",
            silent="Silent for the shared addresses of redundant routers (VRRP, CARP, HSRP, GLBP), for "
            "packets that a router forwards, and for different realms; a change, not an alert, while the one that "
            "had the address before stays silent and the other has no second one, as in a failover or after a "
            "repair. A pair that swaps two addresses, and proxy ARP, look like this too: accept those by name.",
            actions=_ACTIONS,
            techniques=named("address-claimed"),
            requirements=(
                *("IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 1.2", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("macs", ", ".join(macs)),),
        )

    def _newest(self, key: Key, macs: list[str]) -> Tally:
        """Give the claim that came last: the one that was there before is no part of the work."""
        return max((self._claim(key, mac) for mac in macs), key=lambda claim: claim.first)

    def _contest(
        self, key: Key, macs: list[str], sources: set[str] | None
    ) -> tuple[Severity, float, str] | None:
        """Judge the closest pair: severity, confidence and how they met; None where there is no pair.

        sources: those that count; None: all.
        """
        if key in self._crowded:
            return "high", 0.9, _CROWDED
        claims = [(mac, self._times(key, mac, sources)) for mac in macs]
        met = (self._met(key, one, other) for one, other in combinations(claims, 2))
        return max(met, key=lambda m: ("low", "medium", "high").index(m[0]), default=None)

    def _met(self, key: Key, one: tuple[str, Tally], other: tuple[str, Tally]) -> tuple[Severity, float, str]:
        """How two link addresses met at an address."""
        by_arp = self._claims(key, one[0]) and self._claims(key, other[0])
        gap = _gap(one[1], other[1])
        if gap is None:
            return "low", 0.5, "in different captures; if they show different cells, give them realms"
        if gap <= 0:
            return "high", 0.9 if by_arp else 0.6, _AT_ONCE
        newcomer = max(one, other, key=lambda claim: claim[1].first)[0]
        others = [a for a in self._speaks_for[key[0], newcomer] if a != key[1] and ":" not in a]
        if by_arp and others and gap < MINUTES_NS:
            # A standby, or a machine from the shelf, has no other name; who poisons mostly needs one.
            return (
                "high",
                0.9,
                f"{newcomer}, which has other addresses ({', '.join(others[:3])}), took it over",
            )
        how = "one after the other: the first was silent when the second took over"
        return "medium", 0.8 if by_arp else 0.5, how

    def age_out(self, most: int) -> int:
        """Forget the claims that have not been made for longest; how many."""
        gone = super().age_out(most)
        if gone:
            self.restore_own(())
        return gone

    def own_state(self) -> Any:
        """Give what was learned; the link addresses follow from the tallies."""
        return self._ways.state()

    def restore_own(self, state: Any) -> None:
        """Take it back, and sort the restored claims by address again."""
        if state:
            self._ways.restore(state)
        self._macs = {}
        for realm, address, mac, _ in self.tallies:
            self._macs.setdefault((realm, address), set()).add(mac)
        self._contests = {key for key in self.keys() if self._contended(key)}


def _spoke(batch: Batch, end: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """From when to when each conversation's end sent from the link address it is told with, UTC ns.

    The conversation's own times would not do: it goes on with whoever has the address next, and the other end tries
    for some time whom it does not reach. Rows of a store older than these columns have only those.
    """
    begins, ends = batch.instants_ns(f"{end}_first"), batch.instants_ns(f"{end}_last")
    begins = np.where(begins == 0, batch.times_ns(), begins)
    return begins, np.maximum(begins, np.where(ends == 0, batch.instants_ns("last"), ends))


def _gap(one: Tally, other: Tally) -> int | None:
    """Nanoseconds between the uses in a common source, negative where they overlap; None without one."""
    gaps = [
        max(a.first, b.first) - min(a.last, b.last)
        for source, a in one.spans.items()
        if (b := other.spans.get(source)) is not None
    ]
    return min(gaps, default=None)


@lru_cache(maxsize=16_384)
def _one_machine(address: str) -> bool:
    number = ipv4_number(address)
    if number is not None:
        return not (is_multicast_ipv4(number) or number >> 24 == 127 or number in (0, BROADCAST))
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (ip.is_multicast or ip.is_unspecified or ip.is_loopback)


_ACTIONS: Final = (
    Action(
        text="Find both link addresses at the switches and see which machine is meant to have the address.",
        risk="None: the switches' tables are only read.",
    ),
    Action(
        text="Give the other machine another address, or take it off the network if nobody knows it.",
        risk="The wrong one of the two may be the one that controls: make sure before pulling a cable.",
    ),
)
