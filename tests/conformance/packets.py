"""Packets as tshark would show them, written short, for the tests of the oracles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.message import key_text
from conformance.walk import Packet, grow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.oracles.port import Oracle
    from conformance.walk import Node

__all__ = ["keys", "packet", "tcp", "udp"]


def tcp(client: str, server: str, port: int, *, back: bool = False, stream: int = 0) -> list[Node]:
    """Make IP and TCP layers of a segment from client to server's port, or back."""
    source, destination, ports = (server, client, (port, 49152)) if back else (client, server, (49152, port))
    return [
        (1, "<ip", ""),
        (2, "ip.src", source),
        (2, "ip.dst", destination),
        (1, "<tcp", ""),
        (2, "tcp.srcport", str(ports[0])),
        (2, "tcp.dstport", str(ports[1])),
        (2, "tcp.stream", str(stream)),
    ]


def udp(client: str, server: str, port: int, *, back: bool = False) -> list[Node]:
    return [
        (depth, name.replace("tcp", "udp"), shown)
        for depth, name, shown in tcp(client, server, port, back=back)
    ]


def packet(number: int, *parts: Iterable[Node]) -> Packet:
    return grow(number, [node for part in parts for node in part])


def keys(oracle: Oracle, *packets: Packet) -> list[str]:
    """The messages' keys with frame and protocol before them, in order."""
    return [f"{m.frame} {m.protocol} {key_text(m.key())}" for m in oracle.messages(packets)]
