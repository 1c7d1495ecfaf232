"""Modbus: every ADU with a function code is a message; the side on the server's port answers.

Function 90 carries UMAS, whose function is the second octet behind it; an answer does not repeat it, so it is that of
the request with the same transaction and unit.

tshark has no heuristic for Modbus: other ports than 502 need a decode_as line in columns.toml.
Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1; tshark fields mbtcp.*, modbus.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.oracles.port import SEGMENT_FIELDS, Oracle, answer, originals, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Ends, Layer, Packet

__all__ = ["ORACLE"]

_PORT = 502
_UMAS = 90

Call = tuple[int, int | None, int | None]
"""Stream, transaction and unit: what an answer has in common with its request."""


def _asks(ends: Ends) -> bool:
    """Whether the sender is the client: it talks to 502, or, on another port, to the lower one."""
    if _PORT in (ends.destination_port, ends.source_port):
        return ends.destination_port == _PORT
    return ends.destination_port < ends.source_port


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    asked: dict[Call, int] = {}
    for packet in originals(packets, trimmed=False):
        header: Layer | None = None
        for layer in packet.named("mbtcp", "modbus"):
            if layer.name == "mbtcp":
                header = layer
                continue
            function = layer.number("modbus.func_code")
            if function == _UMAS and layer.text("modbus.data") is not None:
                yield _umas(packet.number, header, layer, asked)
            elif function is not None:
                make = request if _asks(layer.ends) else answer
                yield make(packet.number, layer.ends, "modbus", function)


def _umas(frame: int, header: Layer | None, layer: Layer, asked: dict[Call, int]) -> Message:
    ends = layer.ends
    number = None if header is None else header.number("mbtcp.trans_id")
    unit = None if header is None else header.number("mbtcp.unit_id")
    if not _asks(ends):
        return answer(frame, ends, "umas", asked.get((ends.stream, number, unit)))
    octets = (layer.text("modbus.data") or "").split(":")
    function = int(octets[1], 16) if len(octets) > 1 else None
    if function is not None:
        asked[ends.stream, number, unit] = function
    return request(frame, ends, "umas", function)


ORACLE = Oracle(
    name="modbus",
    protocols=("modbus", "umas"),
    layers=("mbtcp", "modbus"),
    fields=frozenset({"modbus.func_code", "mbtcp.trans_id", "mbtcp.unit_id", "modbus.data"}) | SEGMENT_FIELDS,
    messages=_messages,
    preferences=("tcp.analyze_sequence_numbers:FALSE",),
)
