"""What machines say on their own link: ARP, LLDP, CDP, STP (function: the BPDU type).

ARP: function is the request's operation, so a reply counts under the operation before it; client is who asks,
by its protocol address. LLDP and CDP are announcements without a function.
Source: RFC 826; IEEE 802.1AB, 9; tshark fields arp.*, lldp.*, cdp.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST, Message
from conformance.oracles.port import Oracle, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.walk import Layer, Packet

__all__ = ["ANNOUNCEMENTS", "ARP", "TREES"]

_NOBODY: Final = "0.0.0.0"


def _arp(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("arp"):
            operation = layer.number("arp.opcode")
            if operation is not None:
                yield _resolution(packet.number, layer, operation)


def _resolution(frame: int, layer: Layer, operation: int) -> Message:
    sender, target = _who(layer, "src"), _who(layer, "dst")
    answers = operation % 2 == 0
    client, server = (target, sender) if answers else (sender, target)
    return Message(
        frame=frame,
        kind=ANSWER if answers else REQUEST,
        client=client,
        server=server,
        protocol="arp",
        function=str(operation - answers),
    )


def _who(layer: Layer, end: str) -> str:
    """Name an end by its protocol address, by its hardware address where it has none yet."""
    address = layer.text(f"arp.{end}.proto_ipv4")
    return (layer.text(f"arp.{end}.hw_mac") or "") if address in (None, _NOBODY) else str(address)


def _announcements(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("lldp", "cdp"):
            yield request(packet.number, layer.ends, layer.name, None)


ARP = Oracle(
    name="arp",
    protocols=("arp",),
    layers=("arp",),
    fields=frozenset(
        {"arp.opcode", "arp.src.proto_ipv4", "arp.dst.proto_ipv4", "arp.src.hw_mac", "arp.dst.hw_mac"},
    ),
    messages=_arp,
)


def _trees(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("stp"):
            yield request(packet.number, layer.ends, "stp", layer.number("stp.type"))


TREES = Oracle(
    name="trees",
    protocols=("stp",),
    layers=("stp",),
    fields=frozenset({"stp.type"}),
    messages=_trees,
)
ANNOUNCEMENTS = Oracle(
    name="announcements",
    protocols=("lldp", "cdp"),
    layers=("lldp", "cdp"),
    fields=frozenset(),
    messages=_announcements,
)
