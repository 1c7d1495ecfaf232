"""HART-IP: function is the HART command of a token passing PDU, else 65536 + message id; the type tells who asks.

A published message is unsolicited and counts as one request, client and server as in the session.
Source: HCF SPEC-085; tshark fields hart_ip.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST
from conformance.oracles.port import Oracle, answer, request, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Packet

__all__ = ["ORACLE"]

_SESSION: Final = 65536
_RESPONSE: Final = 1
_PUBLISH: Final = 2


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("hart_ip"):
            number, kind = layer.number("hart_ip.message_id"), layer.number("hart_ip.message_type")
            if number is None or kind is None:
                continue
            command = layer.number("hart_ip.pt.command")
            function = _SESSION + number if command is None else command
            if kind == _PUBLISH:
                yield spoken(packet.number, layer.ends, "hart-ip", function, ANSWER, counted=REQUEST)
            else:
                make = answer if kind >= _RESPONSE else request
                yield make(packet.number, layer.ends, "hart-ip", function)


ORACLE = Oracle(
    name="hart-ip",
    protocols=("hart-ip",),
    layers=("hart_ip",),
    fields=frozenset({"hart_ip.message_id", "hart_ip.message_type", "hart_ip.pt.command"}),
    messages=_messages,
)
