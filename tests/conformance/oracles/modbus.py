"""Modbus: every ADU with a function code is a message; the side on the server's port answers.

tshark has no heuristic for Modbus: other ports than 502 need a decode_as line in columns.toml.
Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1; tshark fields mbtcp.*, modbus.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.oracles.port import Oracle, answer, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Ends, Packet

__all__ = ["ORACLE"]

_PORT = 502


def _asks(ends: Ends) -> bool:
    """Whether the sender is the client: it talks to 502, or, on another port, to the lower one."""
    if _PORT in (ends.destination_port, ends.source_port):
        return ends.destination_port == _PORT
    return ends.destination_port < ends.source_port


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("modbus"):
            function = layer.number("modbus.func_code")
            if function is not None:
                make = request if _asks(layer.ends) else answer
                yield make(packet.number, layer.ends, "modbus", function)


ORACLE = Oracle(
    name="modbus",
    protocols=("modbus",),
    layers=("mbtcp", "modbus"),
    fields=frozenset({"modbus.func_code", "mbtcp.trans_id", "mbtcp.unit_id"}),
    messages=_messages,
)
