"""Who talks to whom: relations and conversations joined to the machines they are between."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.report.order import display_name
from interlock.report.words import Effect, effect_of, gravity_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.asset import Asset
    from interlock.report.record import Report
    from interlock.report.relations import Relation

__all__ = ["RESOLUTION", "Directory", "End", "Pair", "is_public", "pairs_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of a pair: a machine (key is its id), or an address that is none (key is realm and address)."""

    key: str
    name: str
    asset: Asset | None = None
    public: bool = False
    group: bool = False


RESOLUTION: Final = frozenset({"arp", "ndp"})
"""Protocols that only find the link address of another: no relation between two machines by themselves."""
_NO_VERB: Final = 1_000


class Directory:
    """Finds the machine behind (realm, address); the one that is nobody's child where several share it."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._by_address: dict[tuple[str, str], Asset] = {}
        for asset in sorted(assets, key=lambda a: (a.parent is not None, a.id)):
            for address in (*asset.ips, *asset.macs):
                self._by_address.setdefault((asset.realm, address), asset)

    def machine(self, realm: str, address: str) -> Asset | None:
        """Return the machine, or None where the address is no machine's."""
        return self._by_address.get((realm, address))

    def end(self, realm: str, address: str) -> End:
        """Return the machine or the bare address, with what is known about such an address."""
        asset = self.machine(realm, address)
        if asset is not None:
            return End(key=asset.id, name=display_name(asset), asset=asset)
        public, group = _kind_of_address(address)
        return End(key=f"{realm}|{address}", name=address, public=public, group=group)


def is_public(address: str) -> bool:
    """Whether it is an IP address of the public Internet."""
    return _kind_of_address(address)[0]


@lru_cache(4_096)
def _kind_of_address(address: str) -> tuple[bool, bool]:
    """Whether it is public, and whether it is a multicast or broadcast address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        first = address[:2]
        is_mac = len(address) == 17 and all(c in "0123456789abcdefABCDEF" for c in first)
        return False, is_mac and bool(int(first, 16) & 1)
    group = ip.is_multicast or str(ip) == "255.255.255.255" or (ip.version == 4 and str(ip).endswith(".255"))
    return ip.is_global and not group, group


@dataclass(slots=True, kw_only=True)
class Pair:
    """Everything one end asks of another. relations: gravest verb first. octets: of all conversations."""

    client: End
    server: End
    relations: list[Relation] = field(default_factory=list)
    protocols: list[str] = field(default_factory=list)
    octets: int = 0
    flows: int = 0

    @property
    def client_name(self) -> str:
        """What people call who asks."""
        return self.client.name

    @property
    def server_name(self) -> str:
        """What people call who is asked."""
        return self.server.name

    @property
    def telling(self) -> list[Relation]:
        """Relations that do something to the other: asking for its address does not."""
        return [relation for relation in self.relations if relation.protocol not in RESOLUTION]

    @property
    def only_looks(self) -> bool:
        """Whether one end only asked for the other's address and never talked to it."""
        return RESOLUTION.issuperset(self.protocols) and not self.telling

    @property
    def effect(self) -> Effect:
        """The gravest thing that is done."""
        telling = self.telling
        return effect_of(telling[0].verb) if telling else "flow"

    @property
    def rank(self) -> tuple[bool, int]:
        """Where it stands among pairs: aside or not, and the rank of its gravest verb (lowest first, none last).

        Aside: talk to a group or to nobody known, as DHCP and LLDP need; never so for commands.
        """
        telling = self.telling
        gravity = gravity_of(telling[0].verb) if telling else _NO_VERB
        known = all(end.asset is not None or end.public for end in (self.client, self.server))
        commands = bool(telling) and effect_of(telling[0].verb) == "program"
        only_looks = not telling and RESOLUTION.issuperset(self.protocols)
        return not (known or commands) or only_looks, gravity

    @property
    def messages(self) -> int:
        """Messages of all relations."""
        return sum(relation.count for relation in self.relations)

    @property
    def brief(self) -> str:
        """`modbus read 12,480, write 40; opcua subscribe 3`, or the names of undecoded protocols."""
        sums: dict[str, dict[str, tuple[int, int]]] = {}
        for relation in self.telling or self.relations:
            verbs = sums.setdefault(relation.protocol, {})
            count, refused = verbs.get(relation.verb, (0, 0))
            verbs[relation.verb] = (count + relation.count, refused + relation.refused)
        said = [f"{protocol} {', '.join(map(_said, verbs.items()))}" for protocol, verbs in sums.items()]
        said += [p for p in self.protocols if p not in sums and (p not in RESOLUTION or not said)]
        return "; ".join(said)


def _said(verb: tuple[str, tuple[int, int]]) -> str:
    name, (count, refused) = verb
    return f"{name} {count:,}" + (f" ({refused:,} refused)" if refused else "")


def pairs_of(report: Report, directory: Directory) -> tuple[Pair, ...]:
    """Fold relations and conversations to pairs of machines, gravest effect first, then most octets."""
    pairs: dict[tuple[str, str], Pair] = {}
    ends: dict[tuple[str, str], End] = {}

    def pair(realm: str, client: str, server: str) -> Pair:
        for address in (client, server):
            if (realm, address) not in ends:
                ends[realm, address] = directory.end(realm, address)
        one, other = ends[realm, client], ends[realm, server]
        found = pairs.get((one.key, other.key))
        if found is None:
            found = pairs[one.key, other.key] = Pair(client=one, server=other)
        return found

    for relation in report.relations.rows:
        pair(relation.realm, relation.client, relation.server).relations.append(relation)
    for talk in report.traffic.conversations:
        found = pair(talk.realm, talk.client, talk.server)
        found.octets += talk.octets
        found.flows += talk.flows
        name = talk.protocol or "unknown"
        if name not in found.protocols:
            found.protocols.append(name)
    for one in pairs.values():
        one.relations.sort(key=lambda r: (gravity_of(r.verb), -r.count, r.protocol))
    return tuple(sorted(pairs.values(), key=_order))


def _order(pair: Pair) -> tuple[bool, int, int, int, str, str]:
    return (*pair.rank, -pair.octets, -pair.messages, pair.client.name, pair.server.name)
