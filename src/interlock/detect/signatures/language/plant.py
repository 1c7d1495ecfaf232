"""What variables of rules mean by a plant's site file, where people do not say it otherwise.

    HOME_NET                   addresses and networks of zones that are not external, and of realms
    MODBUS_CLIENT and kin      machines that may speak the protocol to others, by conduits and within zones

Servers stay all of $HOME_NET: what is attacked is looked for at machines that should not answer, too. A machine that a
zone names in another way (as an asset, by its MAC, by a selector) has addresses that nobody wrote down: where there are
such, the defaults hold beside what is known of $HOME_NET, and clients are not narrowed down.
"""

from __future__ import annotations

import ipaddress
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.signatures.language.header import address_range
from interlock.detect.signatures.language.spans import Spans
from interlock.detect.signatures.language.variables import ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.records.site import Site, Zone

__all__ = ["Meaning", "meanings_of"]

_CLIENTS: Final = {
    "MODBUS_CLIENT": ("modbus",),
    "MODICON_CLIENT": ("modbus",),
    "DNP3_CLIENT": ("dnp3",),
    "ENIP_CLIENT": ("enip", "cip"),
    "BACNET_CLIENT": ("bacnet",),
    "FINS_CLIENT": ("fins",),
    "S7_CLIENT": ("s7comm",),
}
"""Variable → our names of the protocols that it is about."""
_IPV6: Final = 1 << 32
_NAMED: Final = 5
_HOME: Final = "HOME_NET"
_DEFAULTS: Final = tuple(ADDRESSES[_HOME].strip("[]").split(","))


class Meaning(NamedTuple):
    """name: without $. term: as rules write it. why: which zones or conduits say so."""

    name: str
    term: str
    why: str


def meanings_of(site: Site) -> Iterator[Meaning]:
    """Each variable that a site file gives a meaning."""
    zones = [zone for zone in site.zones if zone.kind != "external"]
    realms = [realm for realm in site.realms if realm.networks]
    own = [
        *chain.from_iterable(zone.members for zone in zones),
        *chain.from_iterable(r.networks for r in realms),
    ]
    if not any(map(_network, own)):
        return
    unknown = [zone.name for zone in zones if not _addressed(zone)]
    outside = chain.from_iterable(zone.members for zone in site.zones if zone.kind == "external")
    home = _narrowed((*own, *(_DEFAULTS if unknown else ())), outside)
    if not home:
        return
    why = _listed("zone", [zone.name for zone in zones]) if zones else ""
    why += f"{' and ' if why else ''}{_listed('realm', [realm.name for realm in realms])}" if realms else ""
    if unknown:
        why += f"; the defaults too, since {_listed('zone', unknown)} names machines without their addresses"
    yield Meaning(_HOME, _term(home), why)
    for name, protocols in _CLIENTS.items():
        if (meaning := _clients(site, name, protocols)) is not None:
            yield meaning


def _clients(site: Site, name: str, protocols: tuple[str, ...]) -> Meaning | None:
    """Who may speak a protocol; None where no conduit is about it, or a zone of these has unknown addresses."""
    about = [one for one in site.conduits if set(protocols) & set(one.protocols)]
    if not about:
        return None
    members: list[str] = []
    for conduit in about:
        asking = () if conduit.clients else conduit.from_
        zones = [zone for zone in site.zones if _within(site, zone, asking)]
        ends = (*conduit.from_, *conduit.to)
        zones += [zone for zone in site.zones if zone.inside == "allow" and _within(site, zone, ends)]
        if not all(map(_addressed, zones)) or not all(map(_network, conduit.clients)):
            return None
        members += chain(conduit.clients, *(zone.members for zone in zones))
    spans = _narrowed(members, ())
    return Meaning(name, _term(spans), _listed("conduit", [one.name for one in about])) if spans else None


def _within(site: Site, zone: Zone, names: tuple[str, ...]) -> bool:
    """Whether a zone is one of these, or lies within one."""
    parents = {one.name: one.parent for one in site.zones}
    name: str | None = zone.name
    for _ in range(len(parents) + 1):
        if name is None or name in names:
            return name is not None
        name = parents.get(name)
    return False


def _addressed(zone: Zone) -> bool:
    """Whether all of a zone's machines are there by address."""
    return not zone.assets and zone.selector is None and all(map(_network, zone.members))


def _network(member: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(member, strict=False)
    except ValueError:
        return None


def _narrowed(own: Iterable[str], outside: Iterable[str]) -> Spans:
    """Addresses of one's own: the narrowest claim holds, as for members of zones."""
    claims = [
        (network.prefixlen + 96 * (network.version == 4), mine, network)
        for mine, members in ((False, outside), (True, own))
        for member in members
        if (network := _network(member)) is not None
    ]
    found = Spans()
    for _, mine, network in sorted(claims, key=lambda claim: claim[:2]):
        span = Spans.of([address_range(str(network))])
        found = found | span if mine else found - span
    return found


def _term(spans: Spans) -> str:
    """As networks between brackets."""
    return f"[{','.join(chain.from_iterable(_networks(*span) for span in spans.ranges))}]"


def _networks(first: int, last: int) -> Iterator[str]:
    if first < _IPV6 <= last:  # the numbers of both versions stand behind each other
        yield from _networks(first, _IPV6 - 1)
        first = _IPV6
    kind, base = (ipaddress.IPv4Address, 0) if last < _IPV6 else (ipaddress.IPv6Address, _IPV6)
    for network in ipaddress.summarize_address_range(kind(first - base), kind(last - base)):
        yield str(network) if network.num_addresses > 1 else str(network.network_address)


def _listed(what: str, names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return f"{what}{'s' if len(names) > 1 else ''} {shown}"
