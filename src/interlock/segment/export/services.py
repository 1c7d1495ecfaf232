"""What a packet filter can know of a protocol: the ports and link types by which it is usually spoken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.records.conduit import ports_of
from interlock.segment.export.spans import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.segment.export.spans import Spans

__all__ = ["HELPED", "NEVER", "Services", "at_home", "known_services", "services_of"]

_PROFINET: Final = "eth/0x8892"
_FIRST_TYPE: Final = 0x600
"""Ethernet numbers below it are lengths (IEEE 802.3)."""
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "profinet-rt": (_PROFINET,),
    "profinet-dcp": (_PROFINET,),
    "pnio-cm": ("udp/34964",),
    "goose": ("eth/0x88b8",),
    "r-goose": ("udp/102",),
    "r-sv": ("udp/102",),
    "enip": ("tcp/44818", "udp/44818"),
    "cip": ("tcp/44818",),
    "pccc": ("tcp/44818",),
    "enip-io": ("udp/2222",),
    "dns": ("tcp/53", "udp/53"),
    "mdns": ("udp/5353",),
    "llmnr": ("udp/5355",),
    "nbns": ("udp/137",),
    "winrm": ("tcp/5985", "tcp/5986"),
    "umas": ("tcp/502",),
    "ftp-data": (),
    "icmp": ("icmp",),
    "icmp6": ("icmp6",),
}
"""Where one decoder knows several protocols, or one is no decoder's."""
HELPED: Final = {
    "ftp": "its data connections",
    "dcerpc": "the ports that its endpoint mapper hands out",
    "pnio-cm": "answers and calls back from other ports",
    "opc-da": "the ports that its endpoint mapper hands out",
    "tftp": "answers from other ports",
}
"""Protocols that go on at ports that no rule can know beforehand."""
NEVER: Final = {"ip/1": "icmp", "ip/6": "tcp/1-65535", "ip/17": "udp/1-65535", "ip/58": "icmp6"}
"""Words that no conversation is called by, and the word that is meant."""


@dataclass(frozen=True, slots=True)
class Services:
    """tcp, udp: ports of the server. ip: numbers of other IP protocols. types: of Ethernet. every: anything at all."""

    tcp: Spans = ()
    udp: Spans = ()
    icmp: bool = False
    icmp6: bool = False
    ip: tuple[int, ...] = ()
    types: tuple[int, ...] = ()
    every: bool = False

    @property
    def of_ip(self) -> bool:
        """Whether any of it is spoken over IP."""
        return self.every or bool(self.tcp or self.udp or self.icmp or self.icmp6 or self.ip)

    def __bool__(self) -> bool:
        return self.of_ip or bool(self.types)


def known_services(
    specs: Iterable[tuple[Iterable[str], Iterable[int], Iterable[int], Iterable[int]]],
    extra: Iterable[tuple[str, str]] = (),
) -> dict[str, tuple[str, ...]]:
    """Map protocols' words to port ranges as the site file writes them.

    specs: of each decoder its names, TCP ports, UDP ports, link types. extra: (protocol, port range) that this plant
    uses besides. A word without any is mapped to none.
    """
    known: dict[str, tuple[str, ...]] = {}
    for names, tcp, udp, types in specs:
        usual = (
            *(f"tcp/{port}" for port in sorted(tcp)),
            *(f"udp/{port}" for port in sorted(udp)),
            *(f"eth/0x{number:04x}" for number in sorted(types) if number >= _FIRST_TYPE),
        )
        for name in names:
            known.setdefault(name, NAMES.get(name, usual))
    known |= {name: NAMES[name] for name in ("icmp", "icmp6")}
    for name, text in extra:
        known[name] = (*known.get(name, ()), text)
    return known


def at_home(known: Mapping[str, Iterable[str]]) -> dict[tuple[str, int], frozenset[str]]:
    """Transport and port → the protocols that are usual there: `known_services` the other way round.

    Transports without ports have port 0, as conversations have it. So the policy says to a conversation that shows no
    protocol what a packet filter, which never sees one, is told.
    """
    found: dict[tuple[str, int], set[str]] = {}
    for name, texts in known.items():
        for transport, low, high in filter(None, map(ports_of, texts)):
            ports = range(low, high + 1) if transport in {"tcp", "udp"} else (0,)
            for port in ports:
                found.setdefault((transport, port), set()).add(name)
    return {place: frozenset(names) for place, names in found.items()}


def services_of(
    words: Iterable[str], protocols: Iterable[str], known: Mapping[str, tuple[str, ...]]
) -> Services:
    """Gather what a conduit's ports (words) and protocols come to."""
    texts = [*words, *(text for protocol in protocols for text in known.get(protocol, ()))]
    ports: dict[str, list[tuple[int, int]]] = {"tcp": [], "udp": []}
    others = []
    for transport, low, high in filter(None, map(ports_of, texts)):
        if transport in ports:
            ports[transport].append((low, high))
        elif transport not in NEVER:
            others.append(transport)
    return Services(
        tcp=normal(ports["tcp"]),
        udp=normal(ports["udp"]),
        icmp="icmp" in others,
        icmp6="icmp6" in others,
        ip=tuple(sorted({int(o[3:]) for o in others if o.startswith("ip/")})),
        types=tuple(sorted({int(o[6:], 16) for o in others if o.startswith("eth/")})),
    )
