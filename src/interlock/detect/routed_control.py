"""A control protocol without authentication crossing a router."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import UNAUTHENTICATED, is_station, spoken
from interlock.detect.facts import Facts
from interlock.detect.tally import Key, Tallies, Tally
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action
from interlock.records.ipv4 import BROADCAST, ipv4_number, is_multicast_ipv4

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.detect.batch import Batch, Groups
    from interlock.detect.interface import Context

__all__ = ["RoutedControl"]

ROUTER_ADDRESSES: Final = 3
"""A link address that speaks for this many IP addresses forwards for others; a machine with two is common."""
MAX_HOPS: Final = 5
_MOST_REASONS: Final = 20_000
"""Pairs of which it is remembered why they cross a router."""
_ODD_INITIAL_TTL: Final = frozenset({"32-2", "64-4", "255-5"})
"""Devices that begin at 30, 60 or 250 look as if they were that many hops away: no evidence."""
_HARMLESS: Final = frozenset({"read", "subscribe", "report", "discover", "identify", "open", "close"})
_PRIVATE: Final = tuple(ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


class RoutedControl(CauseDetector):
    """One finding per client and protocol, naming the servers that lie across a router."""

    name: ClassVar[str] = "routed-control"
    composed: ClassVar[bool] = True
    early: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "operation", "time", "frame", "response_frame", "flow", "client", "server"),
            *("protocol", "verb", "outcome", "item"),
        ),
        "opcua_sessions": ("source", "realm", "time", "frame", "client", "server", "policy", "token"),
        "flows": ("realm", "client", "server", "client_mac", "server_mac"),
        "clues": ("realm", "who", "field", "value"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.tallies = Tallies(20_000)
        self._macs, self._speaks_for, self._routers = Facts(), Facts(), Facts()
        self._hops, self._masks = Facts(), Facts()
        self.facts = {
            "macs": self._macs,
            "speaks-for": self._speaks_for,
            "routers": self._routers,
            "hops": self._hops,
            "masks": self._masks,
        }
        self._reasons: dict[Key, tuple[str, ...]] = {}
        self._reasons_at: tuple[int, ...] = ()
        self._pairs: dict[Key, set[Key]] = {}
        self._at: dict[Key, set[Key]] = {}
        self._touched: set[Key] = set()

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count requests by pair, and learn where machines stand."""
        if batch.table == "operations":
            return self._requests(batch)
        if batch.table == "opcua_sessions":
            return self._sessions(batch)
        self._touched.clear()
        self._learn_flows(batch) if batch.table == "flows" else self._learn_clues(batch)
        asked = {key for where in self._touched for key in self._at.get(where, ())}
        return sorted(key for key in asked if key not in self._said)

    def _requests(self, batch: Batch) -> Iterator[Key]:
        if not batch.waits:
            yield from self._ended(batch)
        if (pending := batch.pending()) is not None:
            yield from self._commands(pending)

    def _ended(self, batch: Batch) -> Iterator[Key]:
        groups = batch.relations()
        for group, (source, realm, client, server, protocol, verb, *_) in groups:
            if protocol in UNAUTHENTICATED and _routable(client) and _routable(server):
                pair = (realm or "", client, protocol, server)
                yield from self._count(pair, source or "", groups, group, verb or "unknown")

    def _commands(self, pending: Batch) -> Iterator[Key]:
        """Count requests that wait for their answers, of pairs that are new: more of the same changes nothing."""
        groups = pending.groups("source", "realm", "client", "server", "protocol", "verb")
        for group, (source, realm, client, server, protocol, verb) in groups:
            if protocol in UNAUTHENTICATED and _routable(client) and _routable(server):
                cause = (realm or "", client, protocol)
                if (*cause, server) not in self.tallies:
                    for tally, rows in self.asked.open(cause, pending, groups.rows(group)):
                        tally.add_rows(source or "", pending, rows)
                        tally.note("verb", verb or "unknown")
                        tally.note("server", server)
                    yield cause

    def _sessions(self, batch: Batch) -> Iterator[Key]:
        groups = batch.groups("source", "realm", "client", "server", "policy", "token")
        for group, (source, realm, client, server, policy, token) in groups:
            proven = policy != "None" and token not in ("anonymous", None)
            if not proven and token is not None and _routable(client) and _routable(server):
                yield from self._count(
                    (realm or "", client, "opcua", server), source or "", groups, group, "open"
                )

    def _count(self, pair: Key, source: str, groups: Groups, group: int, verb: str) -> Iterator[Key]:
        """Count a group; give the cause where the pair is new, since more of the same changes nothing."""
        new = pair not in self.tallies
        tally = self.tallies[pair]
        tally.add_group(source, groups, group)
        tally.note("verb", verb)
        if new and pair in self.tallies:
            self._sort_in(pair)
            yield pair[:3]

    def _sort_in(self, pair: Key) -> None:
        """Find a pair by its client, and its client by both ends."""
        realm, client, _, server = pair
        self._pairs.setdefault(pair[:3], set()).add(pair)
        for end in (client, server):
            self._at.setdefault((realm, end), set()).add(pair[:3])

    def _learn_flows(self, batch: Batch) -> None:
        for end in ("client", "server"):
            for _, (realm, address, mac) in batch.groups("realm", end, f"{end}_mac"):
                self._learn_mac(realm or "", address, mac)

    def _learn_clues(self, batch: Batch) -> None:
        wanted = batch.take(batch.among("field", ("mac", "ttl", "netmask", "routes")))
        for _, (realm, who, field, value) in wanted.groups("realm", "who", "field", "value"):
            subject = (realm or "", (who or "").split("/", 1)[0])
            if field == "mac":
                self._learn_mac(*subject, value)
            elif field == "routes":
                self._learn(self._routers, subject, "says so")
            elif value:
                self._learn(self._hops if field == "ttl" else self._masks, subject, value)

    def _learn_mac(self, realm: str, address: str | None, mac: str | None) -> None:
        if address and mac and _routable(address) and is_station(mac):
            self._learn(self._macs, (realm, address), mac)
            self._learn(self._speaks_for, (realm, mac), address)

    def _learn(self, facts: Facts, subject: Key, word: str) -> None:
        """A fact; where it is new, what it may have changed is everybody who speaks from there."""
        if facts.add(subject, word):
            realm = subject[0]
            self._touched.add(subject)
            self._touched.update((realm, address) for address in self._speaks_for[subject])

    def keys(self) -> Iterable[Key]:
        """Give the clients with their protocols."""
        return sorted({*self._pairs, *self.asked})

    def tally(self, key: Key) -> Tally:
        """Sum up the client's pairs that cross a router."""
        whole = Tally()
        self._forget_reasons()
        for pair in sorted(self._pairs.get(key, ())):
            self._add(whole, pair, self.tallies[pair])
        for part in self.asked.of(key):
            for server in part.noted("server"):
                self._add(whole, (*key, server), part)
        return whole

    def _add(self, whole: Tally, pair: Key, part: Tally) -> None:
        """Count a pair, where it crosses a router."""
        ends = (pair[0], pair[1], pair[3])
        crossing = self._reasons.get(ends)
        if crossing is None:
            crossing = self._reasons[ends] = self._crossing(*ends)
        if crossing and not self._answers_back(pair):
            whole.merge(part)
            whole.note("server", pair[3])
            for reason in crossing:
                whole.note("crossing", reason)

    def _forget_reasons(self) -> None:
        """Why a pair crosses a router follows from facts, which only grow: it is worked out anew when they have."""
        known = tuple(map(len, self.facts.values()))
        if known != self._reasons_at or len(self._reasons) > _MOST_REASONS:
            self._reasons, self._reasons_at = {}, known

    def _answers_back(self, pair: Key) -> bool:
        """Tell whether the other end asks more: what a server asks back is part of its client's work."""
        reverse = (pair[0], pair[3], pair[2], pair[1])
        if reverse not in self.tallies:
            return False
        own = self.tallies[pair].count if pair in self.tallies else 0
        return (self.tallies[reverse].count, reverse) > (own, pair)

    def _crossing(self, realm: str, client: str, server: str) -> tuple[str, ...]:
        """Say why a pair crosses a router; empty where nothing shows that it does."""
        if self._is_broadcast(realm, client) or self._is_broadcast(realm, server):
            return ()
        reasons = []
        same_mac = self._macs[realm, client] & self._macs[realm, server]
        for address, other in ((client, server), (server, client)):
            # Both ends behind one link address: a rewritten capture, or one taken where MACs tell nothing.
            if not same_mac and any(self._forwards(realm, mac) for mac in self._macs[realm, address]):
                reasons.append(f"frames of {address} come from the link address of a router")
            if any(_outside(address, mask, other) for mask in self._masks[realm, address]):
                reasons.append(f"{other} lies outside the network of {address}")
            hops = min((_hop_count(clue) for clue in self._hops[realm, address]), default=0)
            if hops and not _neighbours(client, server):
                reasons.append(f"packets of {address} have already passed {counted(hops, 'router')}")
        if _block(client) != _block(server):
            reasons.append("the two addresses belong to different address blocks")
        return tuple(reasons)

    def _is_broadcast(self, realm: str, address: str) -> bool:
        """Tell whether an address is a network's broadcast as it is mostly built, and nothing was sent from it."""
        return address.endswith(".255") and not self._macs[realm, address]

    def _forwards(self, realm: str, mac: str) -> bool:
        addresses = [a for a in self._speaks_for[realm, mac] if ":" not in a]
        return (realm, mac) in self._routers or len(addresses) >= ROUTER_ADDRESSES

    def restore_own(self, state: Any) -> None:  # noqa: ARG002 - the pairs follow from the tallies
        """Sort the restored pairs by client again."""
        self._pairs, self._at = {}, {}
        self._reasons = {}
        for pair in self.tallies:
            self._sort_in(pair)

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Grave where the client also writes; the more ways show the router, the surer."""
        realm, client, protocol = key
        reasons, servers = list(tally.noted("crossing")), list(tally.noted("server"))
        changes = sorted(set(tally.noted("verb")) - _HARMLESS)
        name, title = spoken(protocol), context.name(realm, client)
        shown = ", ".join(context.name(realm, s) for s in servers[:5]) + (
            " and others" if len(servers) > 5 else ""
        )
        return Verdict(
            realm=realm,
            machines=(client,),
            others=tuple(servers),
            cause=protocol,
            kind="weakness",
            severity="high" if changes else "medium",
            confidence=min(0.95, 0.6 + 0.1 * len(reasons)),
            title=f"{title} reaches {counted(len(servers), 'machine')} through a router with {name}, "
            "which asks for no proof",
            seen=f"Seen {counted(tally.count, f'{name} message')} from {client} to {shown}; "
            f"{'; '.join(reasons[:3])}.",
            matters=f"{name} carries out a request without asking who sent it. As long as it stays in one "
            "cell, one has to stand in the cell to misuse it; across a router every machine with a route can "
            + (
                "change the process as this client does." if changes else "read the process, and write to it."
            ),
            silent="Silent where both ends share a network, or the request runs inside a tunnel or a "
            "protocol that authenticates (then this one is not seen).",
            actions=_ACTIONS,
            techniques=named("routed-control"),
            requirements=(
                *("IEC 62443-3-3 SR 5.1", "IEC 62443-3-3 SR 5.2", "IEC 62443-3-3 SR 1.2"),
                *("IEC 62443-3-3 SR 3.1", "NIS2 Art. 21(2)(e)"),
            ),
            data=(
                ("servers", ", ".join(servers)[:2000]),
                ("verbs", ", ".join(tally.noted("verb"))),
                ("crossing", "; ".join(reasons)[:1000]),
            ),
        )


_ACTIONS: Final = (
    Action(
        text="Let the router or firewall pass this protocol only between the machines named here.",
        risk="A rule that forgets a client cuts it off: replay the rule against recorded traffic first.",
    ),
    Action(
        text="Where the path leaves the plant, put it into a tunnel with authentication at both ends.",
        risk="A tunnel adds delay and one more part that can fail: try it with a client that only reads.",
    ),
)


@lru_cache(maxsize=16_384)
def _routable(address: str | None) -> bool:
    """Whether an address is that of one machine and can be routed at all (a MAC cannot)."""
    number = ipv4_number(address or "")
    if number is not None:
        local = number >> 24 == 127 or number >> 16 == 0xA9FE
        return not (is_multicast_ipv4(number) or local or number in (0, BROADCAST))
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    return not (ip.is_multicast or ip.is_link_local or ip.is_unspecified or ip.is_loopback)


@lru_cache(maxsize=16_384)
def _neighbours(one: str, other: str) -> bool:
    """Tell whether two addresses are so alike (24 bits, IPv6 64) that hops alone prove no router."""
    first, second = ipaddress.ip_address(one), ipaddress.ip_address(other)
    shift = 8 if first.version == 4 else 64
    return first.version == second.version and int(first) >> shift == int(second) >> shift


def _hop_count(clue: str) -> int:
    """Hops that a `ttl` clue (`64-1`) tells; 0 where it tells none."""
    hops = clue.partition("-")[2]
    if clue in _ODD_INITIAL_TTL or not hops.isdecimal() or len(hops) > 3:
        return 0
    return int(hops) if int(hops) <= MAX_HOPS else 0


@lru_cache(maxsize=16_384)
def _outside(address: str, mask: str, other: str) -> bool:
    try:
        return ipaddress.ip_address(other) not in ipaddress.ip_network(f"{address}/{mask}", strict=False)
    except (ValueError, TypeError):
        return False


@lru_cache(maxsize=16_384)
def _block(address: str) -> str:
    """Name the private block of RFC 1918 that an address lies in; every other address is `other`."""
    ip = ipaddress.ip_address(address)
    if ip.version == 6:
        return "unique-local" if ip.is_private else "other"
    return next((str(n) for n in _PRIVATE if ip in n), "other")
