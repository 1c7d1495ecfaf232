"""What the site file says of segmentation beside zones: conduits, and the words that both are written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from interlock.records.site import Member

__all__ = [
    "ANY",
    "INSIDE",
    "ZONE_KINDS",
    "AssetId",
    "Conduit",
    "ConduitVerb",
    "GroupAddress",
    "InsideRule",
    "PortRange",
    "SelectorText",
    "ZoneKind",
    "ports_of",
]

ANY: Final = "*"
ZONE_KINDS: Final = ("control", "business", "safety", "temporary", "wireless", "external")
"""What must stand apart from each other (IEC 62443-3-2 ZCR 3.2 to 3.6)."""
INSIDE: Final = ("allow", "conduits")
"""Between machines of one zone: everything, or only what a conduit from the zone to itself allows."""
ZoneKind = str
InsideRule = str
SelectorText = str
AssetId = str
ConduitVerb = str
GroupAddress = str
PortRange = str
"""ConduitVerb: of vocabulary.VERBS, or `*`. GroupAddress: a multicast or broadcast address, IP or MAC, or `broadcast`.

PortRange: `tcp/443`, `udp/5000-5010`, or a transport without ports as flows name it: `icmp`, `ip/47`, `eth/0x88b8`.
SelectorText: see `selector`. AssetId: an asset's id (a UUID).
"""
_PORTS: Final = re.compile(r"(?P<transport>tcp|udp)/(?P<low>\d{1,5})(?:-(?P<high>\d{1,5}))?")
_PORTLESS: Final = re.compile(r"icmp6?|ip/\d{1,3}|eth/0x[0-9a-f]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduit:
    """One way through between zones: who may open it, what for. What no conduit allows is denied.

    from_ (in the file: `from`): zones whose machines may open; to: zones whose machines answer. The answers of what is
    allowed come back; machines of `to` open nothing by it. clients, servers: only these machines of them.
    protocols, verbs, objects, units: what may be asked; no verb means conversations without any operation (cyclic
    data), no object any object, no unit any unit. ports: what may be spoken to whatever the protocol is.
    groups: the multicast and broadcast addresses that `from` may send to and `to` hears.
    until: the last day (UTC) it holds. exception: allowed for now though it should not be; needs reason, owner, until.
    """

    name: str
    from_: tuple[str, ...]
    to: tuple[str, ...]
    protocols: tuple[str, ...] = ()
    verbs: tuple[ConduitVerb, ...] = ()
    objects: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ports: tuple[PortRange, ...] = ()
    groups: tuple[GroupAddress, ...] = ()
    clients: tuple[Member, ...] = ()
    servers: tuple[Member, ...] = ()
    reason: str | None = None
    owner: str | None = None
    until: date | None = None
    exception: bool = False
    description: str | None = None


def ports_of(text: str) -> tuple[str, int, int] | None:
    """Transport, first and last port; ports 0 to 65535 where it has none; None where the text is no PortRange."""
    if _PORTLESS.fullmatch(text):
        return text, 0, 65_535
    found = _PORTS.fullmatch(text)
    if found is None:
        return None
    low = int(found["low"])
    high = int(found["high"] or low)
    return (found["transport"], low, high) if 0 < low <= high <= 65_535 else None
