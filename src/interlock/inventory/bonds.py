"""Bonds: which MAC owns which IP address, and which MAC only forwards for it.

A MAC owns an IP that address resolution (ARP, ND, DHCP) or the machine itself (LLDP, CDP, PROFINET DCP …)
binds to it. An IP that frames of the MAC merely carried is owned too where nothing speaks against it: no hop
between (initial TTL untouched), the same network as an owned one, or the only IP ever carried. All others are
passed on: the MAC is a router's, and they stay machines of their own; a public one of another network is so
whatever its TTL, which strangers choose. A MAC that more than ALIASES addresses hold at once answers for others
(proxy ARP); a virtual router's MAC owns only what is resolved to it. In doubt machines are kept apart: a merge
that is missing shows as two machines, a wrong one hides a machine.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interlock.inventory.addresses import Address, eui64_mac, near, virtual_router
from interlock.inventory.ledger import group
from interlock.inventory.proofs import rows_of
from interlock.inventory.sightings import CARRIED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interlock.inventory.proofs import Facts
    from interlock.inventory.sightings import Sightings

__all__ = ["ALIASES", "Bond", "Judgement", "Ownership", "holder_at", "holders_at", "own"]

ALIASES: Final = 4
"""Addresses that one machine may hold at once on one MAC; IPv6 gives every interface several, so 16 there."""
_ALIASES_V6: Final = 16
_LEASE_NS: Final = 600_000_000_000
"""Shortest time that an address is lent: sightings closer than this count as held at once."""
_MOST_HOPS: Final = 20
_AT_ONCE: Final = 4_096
_MOST_OWNERS: Final = 64
"""Of one address, those with the best right to it: who held it when is looked up among them, and a flood makes as many
as it likes."""
_CARRYING: Final = frozenset({CARRIED, "ipv4", "ipv6"})
_RESOLVING: Final = frozenset({"arp", "nd", "ndp", "icmpv6", "dhcp", "dhcpv6", "bootp"})


class Bond(NamedTuple):
    """One IP on one MAC. kind: 0 carried by its frames, 1 claimed by the machine, 2 resolved.

    first, last: UTC ns. protocol: of the strongest; frame and source: its first sighting.
    """

    ip: int
    mac: int
    kind: int
    first: int
    last: int
    times: int
    protocol: str
    frame: int
    source: str


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What a MAC owns and what it passes on; notes: sentences that say why it is a forwarder."""

    owned: list[Bond] = field(default_factory=list)
    passed: list[Bond] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Ownership:
    """Who owns what. macs: MAC → judgement. via: IP → bonds with MACs that forward for it.

    owners: IP → its bonds with MACs that own it, the latest last.
    """

    macs: dict[int, Judgement] = field(default_factory=dict)
    owners: dict[int, list[Bond]] = field(default_factory=dict)
    via: dict[int, list[Bond]] = field(default_factory=dict)


def own(sightings: Sightings, facts: Facts) -> Ownership:
    """Judge every MAC by what it holds and what others hold."""
    judge = _Judge(sightings, facts)
    result = Ownership()
    by_mac = _by_mac(sightings)
    rightful = _rightful(by_mac, _contested(sightings))
    owners, via = defaultdict(list), defaultdict(list)
    for mac, bonds in by_mac:
        judgement = result.macs[mac] = judge.mac(mac, bonds, rightful)
        for bond in judgement.owned:
            owners[bond.ip].append(bond)
        for bond in judgement.passed:
            via[bond.ip].append(bond)
    addresses = sightings.endpoints.addresses
    for bonds in owners.values():
        if len(bonds) > _MOST_OWNERS:
            bonds.sort(key=lambda b: (b.kind, b.times, b.last, addresses[b.mac]))
            del bonds[:-_MOST_OWNERS]
        if len(bonds) > 1:
            bonds.sort(key=lambda b: (b.last, b.first, addresses[b.mac]))
    result.owners = dict(owners)
    result.via = {ip: sorted(b, key=lambda b: (b.first, addresses[b.mac])) for ip, b in via.items()}
    return result


def _contested(sightings: Sightings) -> frozenset[int]:
    """IPs on more than one MAC."""
    ip, mac, _ = sightings.bonds.rows().keys
    _, pairs = group((ip, mac), len(ip))
    known, times = np.unique(ip[pairs], return_counts=True)
    return frozenset(known[times > 1].tolist())


def _rightful(by_mac: _ByMac, contested: frozenset[int]) -> dict[int, frozenset[int]]:
    """IP on several MACs → those it is resolved to; else those that carried it, and fewest other IPs.

    What LLDP and its like claim decides nothing here: ports announce their system's address from own MACs.
    """
    found: dict[int, list[tuple[bool, int, int]]] = defaultdict(list)
    for mac, bonds in by_mac if contested else ():
        for bond in bonds:
            if bond.kind != 1 and bond.ip in contested:
                found[bond.ip].append((bond.kind == 0, 0 if bond.kind else len(bonds), mac))
    disputed = ((ip, min(macs)[:2], macs) for ip, macs in found.items() if len(macs) > 1)
    return {ip: frozenset(m for k, n, m in macs if (k, n) == best) for ip, best, macs in disputed}


def holder_at(bonds: Sequence[Bond], time_ns: int | None = None) -> Bond:
    """Return who held an IP at a time, or holds it now; where several did, the one seen most.

    bonds: of one IP, at least one. Whoever forges address resolution for an IP has mostly said less than its
    owner.
    """
    if len(bonds) == 1:
        return bonds[0]
    if time_ns is None:
        latest = max(b.last for b in bonds)
        bonds = [b for b in bonds if b.last >= latest - _LEASE_NS]
        return max(bonds, key=lambda b: (b.kind, b.times, b.last, -b.first))
    when = time_ns
    return min(bonds, key=lambda b: (max(b.first - when, when - b.last, 0), -b.kind, -b.times, -b.last))


def holders_at(bonds: Sequence[Bond], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """As `holder_at` for many times: the place of each one's bond among `bonds`."""
    order = sorted(range(len(bonds)), key=lambda at: (-bonds[at].kind, -bonds[at].times, -bonds[at].last))
    first, last = (np.array([getattr(bonds[at], name) for at in order]) for name in ("first", "last"))
    found = np.empty(len(times), np.int64)
    for begin in range(0, len(times), _AT_ONCE):
        when = times[begin : begin + _AT_ONCE, None]
        away = np.maximum(np.maximum(first - when, when - last), 0)
        found[begin : begin + _AT_ONCE] = np.argmin(
            away, axis=1
        )  # of equals the first, which has the best right
    return np.array(order)[found]


def _by_mac(sightings: Sightings) -> _ByMac:
    """Bonds by MAC, one for each IP: the strongest kind, all times joined."""
    words, names = sightings.words.texts, sightings.sources.names
    text, rows = sightings.endpoints.addresses, sightings.bonds.rows()
    found: _ByMac = []
    for mac, same in groupby(rows_of(rows.take(np.argsort(rows.keys[1], kind="stable"))), key=itemgetter(1)):
        held: dict[int, Bond] = {}
        for ip, _, protocol, count, _, _, first, last, frame, source in same:
            word = words[protocol]
            kind = 0 if word in _CARRYING else 2 if word in _RESOLVING else 1
            bond = Bond(ip, mac, kind, first, last, count, word, frame, names[source])
            held[ip] = _joined(held[ip], bond) if ip in held else bond
        bonds = list(held.values())
        if len(bonds) > 1:
            bonds.sort(key=lambda b: (b.first, text[b.ip]))
        found.append((mac, bonds))
    return found


def _joined(one: Bond, other: Bond) -> Bond:
    strong = max(one, other, key=lambda b: (b.kind, -b.first, b.protocol, b.source, b.frame))
    return strong._replace(
        first=min(one.first, other.first), last=max(one.last, other.last), times=one.times + other.times
    )


_ByMac = list[tuple[int, list[Bond]]]


class _Judge:
    def __init__(self, sightings: Sightings, facts: Facts) -> None:
        self._text = sightings.endpoints.addresses
        self._flags = sightings.endpoints.flags
        self._facts = facts

    def mac(self, mac: int, bonds: list[Bond], rightful: dict[int, frozenset[int]]) -> Judgement:
        """Judge one MAC. rightful: contested IP → MACs with the best right to it."""
        result = Judgement()
        held, rest = [b for b in bonds if b.kind], [b for b in bonds if not b.kind]
        result.passed += [b for b in rest if b.ip in rightful and mac not in rightful[b.ip]]
        rest = [b for b in rest if b.ip not in rightful or mac in rightful[b.ip]]
        stands_for_others = self._answers_for_others(mac, held, result)
        if stands_for_others and not virtual_router(self._text[mac]):
            result.passed += [b for b in held if b.kind == 2]
            held = [b for b in held if b.kind == 1]
        result.owned += held
        if stands_for_others:
            result.passed += rest
        else:
            result.notes += [
                f"Forwards for {n} IP addresses that are not its own." for n in self._says(mac, "routes")
            ]
            self._carried(rest, held, result)
        if result.passed and not result.notes:
            result.notes.append(_carries(len(result.passed)))
        return result

    def _answers_for_others(self, mac: int, held: list[Bond], result: Judgement) -> bool:
        group = virtual_router(self._text[mac])
        crowd = self._crowd([b for b in held if b.kind == 2])
        if group:
            result.notes.append(f"Is the virtual MAC of {group}, which two or more routers share.")
        elif crowd:
            result.notes.append(crowd)
        elif self._says(mac, "proxy-arp") or self._contradict(held):
            result.notes.append("Answers address resolution for addresses beyond its own (proxy ARP).")
        return bool(result.notes)

    def _carried(self, rest: list[Bond], held: list[Bond], result: Judgement) -> None:
        """Decide about IPs that were only carried: each by itself, by what is held, then all together."""
        doubtful = []
        for bond in rest:
            ip, hops = self._text[bond.ip], self._hops(bond)
            is_near = any(near(ip, self._text[h.ip], self._mask(h.ip)) for h in held)
            if self._flags[bond.ip] & Address.LINK_LOCAL or eui64_mac(ip) == self._text[bond.mac]:
                result.owned.append(bond)
            elif hops or (held and not is_near and self._flags[bond.ip] & Address.PUBLIC):
                result.passed.append(bond)
            elif held and (hops == 0 or (is_near and not result.notes and len(rest) <= ALIASES)):
                result.owned.append(bond)
            elif held or (result.notes and hops is None):
                result.passed.append(bond)
            else:
                doubtful.append(bond)
        (result.owned if self._mine(doubtful, result) else result.passed).extend(doubtful)

    def _mine(self, bonds: list[Bond], result: Judgement) -> bool:
        """Whether carried IPs are its own, nothing being held: no hop between, or only one at a time."""
        if not bonds or self._crowd(bonds):
            return False
        if all(self._hops(b) == 0 for b in bonds):
            return True
        if result.passed or result.notes:
            return False
        if len(bonds) == 1:
            return not self._flags[bonds[0].ip] & Address.PUBLIC
        return _most_at_once(bonds) == 1 and self._one_network(bonds)

    def _crowd(self, bonds: list[Bond]) -> str:
        """Why these are too many addresses at once for one machine; empty where they are not."""
        for flag, limit, kind in ((0, ALIASES, "IPv4"), (Address.V6, _ALIASES_V6, "IPv6")):
            same = [b for b in bonds if self._flags[b.ip] & Address.V6 == flag]
            if len(same) > limit and (n := _most_at_once(same)) > limit:
                return f"Answers for {n} {kind} addresses at once: proxy ARP, or a shared interface."
        return ""

    def _contradict(self, held: list[Bond]) -> bool:
        """Whether addresses on one MAC say they are different machines (another serial number)."""
        if len(held) < 2:
            return False
        serials = [self._says(b.ip, "serial") for b in held]
        told = [set(s) for s in serials if s]
        return len(told) > 1 and not set.intersection(*told)

    def _one_network(self, bonds: list[Bond]) -> bool:
        return all(near(self._text[b.ip], self._text[bonds[0].ip], self._mask(b.ip)) for b in bonds)

    def _hops(self, bond: Bond) -> int | None:
        """Routers between, by TTL; None where no clue says.

        Values that a sender chooses to stay near (1 for IGMP, 4 for SSDP) look like many hops: no use.
        Where both sides of a router were captured, the frame that first showed the MAC tells its TTL.
        """
        hops = {}
        for sign in self._facts.told("ttl").get(bond.ip, ()):
            start, _, count = sign.value.partition("-")
            if count.isdecimal() and (count == "0" or start != "32"):
                hops[sign.source, sign.frame] = int(count)
        credible = {at: n for at, n in hops.items() if n <= _MOST_HOPS}
        if len(set(credible.values())) > 1 and (0 in credible.values()):
            mac = self._text[bond.mac]
            named = self._facts.told("mac").get(bond.ip, ())
            shown = {(sign.source, sign.frame) for sign in named if sign.value == mac}
            return min((credible[at] for at in shown if at in credible), default=None)
        return min(credible.values(), default=None)

    def _mask(self, ip: int) -> str | None:
        return next(iter(self._says(ip, "netmask")), None)

    def _says(self, who: int, name: str) -> Sequence[str]:
        return self._facts.values(who, name)


def _carries(n: int) -> str:
    return f"Its frames carry {n} IP address{'es' if n > 1 else ''} of machines behind it."


def _most_at_once(bonds: list[Bond]) -> int:
    """Most addresses held at the same time, a lease lasting at least _LEASE_NS."""
    events = [(b.first, 1) for b in bonds] + [(max(b.last, b.first + _LEASE_NS), -1) for b in bonds]
    most = now = 0
    for _, change in sorted(events):
        now += change
        most = max(most, now)
    return most
