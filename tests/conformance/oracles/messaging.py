"""MQTT: control packets that ask and those that answer; what the broker forwards is unsolicited.

A PUBLISH of the broker is a message from server to client as in the association; its acknowledgements by the client
make no message, nor does the broker's PUBREL. Of QoS 2, PUBREC answers PUBLISH and PUBCOMP answers PUBREL.
Source: MQTT 5.0, clause 3; tshark fields mqtt.*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.message import ANSWER, REQUEST
from conformance.oracles.port import Oracle, answer, request, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.message import Message
    from conformance.walk import Layer, Packet

__all__ = ["ORACLE"]

_PORT: Final = 1883
_ASKS: Final = frozenset({1, 8, 10, 12})
_ANSWERS: Final = {2: 1, 9: 8, 11: 10, 13: 12}
_ACKNOWLEDGES: Final = {4: 3, 5: 3, 7: 6}
_PUBLISH, _PUBREL, _DISCONNECT, _AUTH = 3, 6, 14, 15


def _messages(packets: Iterable[Packet]) -> Iterator[Message]:
    for packet in packets:
        for layer in packet.named("mqtt"):
            kind = layer.number("mqtt.msgtype")
            if kind is not None:
                yield from _message(packet.number, layer, kind)


def _message(frame: int, layer: Layer, kind: int) -> Iterator[Message]:
    ends = layer.ends
    from_client = ends.destination_port == _PORT
    if kind in _ASKS or (kind == _PUBREL and from_client):
        yield request(frame, ends, "mqtt", kind)
    elif kind in _ANSWERS:
        yield answer(frame, ends, "mqtt", _ANSWERS[kind])
    elif kind in _ACKNOWLEDGES and not from_client:
        yield answer(frame, ends, "mqtt", _ACKNOWLEDGES[kind])
    elif kind in (_PUBLISH, _DISCONNECT, _AUTH):
        sent = REQUEST if from_client else ANSWER
        yield spoken(frame, ends, "mqtt", kind, sent, counted=REQUEST)


ORACLE = Oracle(
    name="mqtt",
    protocols=("mqtt",),
    layers=("mqtt",),
    fields=frozenset({"mqtt.msgtype"}),
    messages=_messages,
)
