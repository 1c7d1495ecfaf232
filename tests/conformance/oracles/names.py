"""Names of machines: DNS, mDNS, LLMNR and NetBIOS name service; function is the operation code.

Source: RFC 1035, 4.1.1; RFC 6762, 18; RFC 4795, 2.1; RFC 1002, 4.2.1; tshark fields dns.*, nbns.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Packet

__all__ = ["ORACLE"]

_NAMES = ("dns", "mdns", "llmnr", "nbns")


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named(*_NAMES):
            prefix = "nbns" if layer.name == "nbns" else "dns"
            response = layer.number(f"{prefix}.flags.response")
            if response is not None:
                make = answer if response else request
                yield make(packet.number, layer.ends, layer.name, layer.number(f"{prefix}.flags.opcode"))


ORACLE = Oracle(
    name="names",
    protocols=_NAMES,
    layers=_NAMES,
    fields=frozenset({"dns.flags.response", "dns.flags.opcode", "nbns.flags.response", "nbns.flags.opcode"}),
    messages=_messages,
)
