"""IEC 60870-5-104: U frames and ASDUs; what confirms or was asked for answers, what else a station says is unsolicited.

S frames are no messages. Values that a read command (102) asked for answer it, so they count under its number.
Terminations and reports are requests by count, with the controlled station (port 2404) as the server.
tshark reads each segment, whatever came before it: where it follows sequence numbers, it leaves out what the capture
shows in another order, as captures of swapped and cloned segments do. Octets that a stream has twice are counted once.
Source: tshark fields iec60870_104.*, iec60870_asdu.*; function is the type identification, of U frames 256 + the
control octet of the activation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST
from conformance.oracles.port import SEGMENT_FIELDS, Oracle, answer, originals, request, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Layer, Packet

__all__ = ["ORACLE"]

_PORT: Final = 2404
_READ: Final = 102
_ACTIVATIONS: Final = {0x01: 0x07, 0x04: 0x13, 0x10: 0x43}
_CONFIRMATIONS: Final = {0x02: 0x07, 0x08: 0x13, 0x20: 0x43}
"""tshark's number of a U function (without the two low bits) → control octet of the activation."""

Asked = set[tuple[int, int | None, int | None]]
"""Objects of read commands not answered yet, by stream and common address."""


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    asked: Asked = set()
    for packet in originals(packets, trimmed=False):
        for layer in packet.named("iec60870_104"):
            function = layer.number("iec60870_104.utype")
            if function in _ACTIVATIONS:
                yield request(packet.number, layer.ends, "iec104", 256 + _ACTIVATIONS[function])
            elif function in _CONFIRMATIONS:
                yield answer(packet.number, layer.ends, "iec104", 256 + _CONFIRMATIONS[function])
        for layer in packet.named("iec60870_asdu"):
            yield from _asdu(packet.number, layer, asked)


def _asdu(frame: int, layer: Layer, asked: Asked) -> Iterator[Message]:
    kind, cause = layer.number("iec60870_asdu.typeid"), layer.number("iec60870_asdu.causetx")
    station = layer.number("iec60870_asdu.addr")
    if (
        kind is None or cause is None or station is None
    ):  # tshark calls it malformed: it ends in its own header
        return
    where = (layer.ends.stream, station, layer.number("iec60870_asdu.ioa"))
    if kind <= 41:
        if cause == 5 and where in asked:
            asked.discard(where)
            yield answer(frame, layer.ends, "iec104", _READ)
        elif cause == 5 or 20 <= cause <= 41:
            yield answer(frame, layer.ends, "iec104", kind)
        else:
            yield _told(frame, layer, kind)
    elif cause in (5, 6, 8):
        if kind == _READ:
            asked.add(where)
        yield request(frame, layer.ends, "iec104", kind)
    elif cause in (7, 9) or 44 <= cause <= 47:
        yield answer(frame, layer.ends, "iec104", kind)
    else:
        yield _told(frame, layer, kind)


def _told(frame: int, layer: Layer, kind: int) -> Message:
    from_server = layer.ends.source_port == _PORT
    return spoken(frame, layer.ends, "iec104", kind, ANSWER if from_server else REQUEST, counted=REQUEST)


ORACLE = Oracle(
    name="iec104",
    protocols=("iec104",),
    layers=("iec60870_104", "iec60870_asdu"),
    fields=frozenset(
        {
            "iec60870_104.utype",
            "iec60870_asdu.typeid",
            "iec60870_asdu.causetx",
            "iec60870_asdu.addr",
            "iec60870_asdu.ioa",
        },
    )
    | SEGMENT_FIELDS,
    messages=_messages,
    preferences=("tcp.analyze_sequence_numbers:FALSE",),
)
