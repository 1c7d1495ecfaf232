"""MQTT's messages as buffers: what they are, who connects, topics and what is published.

    | type 4, flags 4 | remaining length 1 to 4 | variable header | payload |

Source: MQTT 3.1.1 and 5.0, clauses 2 and 3; names as in the Suricata user guide, MQTT keywords.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.pieces import PieceReader
from interlock.decode.protocols.tls.reader import Reader as Octets
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.decode.buffers.sink import Sink

__all__ = ["MAX_MESSAGE", "MqttReader"]

MAX_MESSAGE: Final = 1 << 20
"""Octets of a message that is read; a longer one is passed over whole. So much is Suricata's `max-msg-length`, too."""
_MOST_TOPICS: Final = 256
_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE, _UNSUBACK = 1, 2, 3, 8, 10, 11
_ACKNOWLEDGED: Final = frozenset({4, 5, 6, 7})
_ENDS: Final = frozenset({14, 15})
_DUP, _RETAIN = 8, 1
_FLAGS: Final = (
    (0x80, "username"),
    (0x40, "password"),
    (0x20, "will_retain"),
    (0x04, "will"),
    (0x02, "clean_session"),
)
"""Bit of a CONNECT's flags → Suricata's word."""
_FIVE: Final = 5


class MqttReader(PieceReader):
    """See PieceReader. version: the connection's, 0 while it is not known.

    waits, wants: of each side, pieces of a message that is not all there, and octets of it that are to come.
    """

    def __init__(self, sink: Sink) -> None:
        super().__init__(sink, stream=True)
        self._version = 0
        self._skip = [0, 0]
        self._waits: tuple[list[bytes], list[bytes]] = ([], [])
        self._wants = [0, 0]

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed. Where octets are lost, nothing says where the next message begins."""
        if lost:
            return False
        skipped = min(self._skip[side], len(octets))
        self._skip[side] -= skipped
        octets = octets[skipped:]
        self._waits[side].append(octets)
        self._wants[side] -= len(octets)
        if self._wants[side] > 0:
            return True
        data = b"".join(self._waits[side])
        at = 0
        while len(data) - at >= 2:
            length, head = _length(data, at + 1)
            if head < 0:
                return False
            if not head:
                break
            end = at + 1 + head + length
            if length > MAX_MESSAGE:
                self._skip[side] = max(0, end - len(data))
                at = min(end, len(data))
                continue
            if end > len(data):
                self._wants[side] = end - len(data)
                break
            self._message(side, data[at], data[at + 1 + head : end])
            at = end
        self._waits[side][:] = [data[at:]]
        return True

    def _message(self, side: int, first: int, body: bytes) -> None:
        self._count += 1
        kind = first >> 4
        rows = [("mqtt.type", str(kind).encode()), ("mqtt.qos", str(first >> 1 & 3).encode())]
        rows += [("mqtt.flags", word) for word in _flags(first, ((_DUP, "dup"), (_RETAIN, "retain")))]
        with suppress(DecodeError):  # its decoder says so; what stands before it is told
            for row in self._parts(kind, first >> 1 & 3, Octets(body)):
                rows.append(row)
        if self._version:
            rows.append(("mqtt.protocol_version", str(self._version).encode()))
        for buffer, octets in rows:
            if octets:  # what is empty is not there for rules
                self._sink.put(side, self._count, buffer, octets)

    def _parts(self, kind: int, qos: int, reader: Octets) -> Iterator[tuple[str, bytes]]:
        if kind == _CONNECT:
            yield from self._connect(reader)
        elif kind == _PUBLISH:
            yield "mqtt.publish.topic", reader.vector(2)
            reader.take(2 if qos else 0)
            self._properties(reader)
            yield "mqtt.publish.message", reader.take(reader.left())
        elif kind in (_SUBSCRIBE, _UNSUBSCRIBE):
            yield from self._topics(kind, reader)
        else:
            yield from self._answer(kind, reader)

    def _connect(self, reader: Octets) -> Iterator[tuple[str, bytes]]:
        yield "mqtt.connect.protocol_string", reader.vector(2)
        self._version, flags = reader.number(1), reader.number(1)
        reader.take(2)
        self._properties(reader)
        for word in _flags(flags, _FLAGS):
            yield "mqtt.connect.flags", word
        yield "mqtt.connect.clientid", reader.vector(2)
        if flags & 0x04:
            self._properties(reader)
            yield "mqtt.connect.willtopic", reader.vector(2)
            yield "mqtt.connect.willmessage", reader.vector(2)
        if flags & 0x80:
            yield "mqtt.connect.username", reader.vector(2)
        if flags & 0x40:
            yield "mqtt.connect.password", reader.vector(2)

    def _topics(self, kind: int, reader: Octets) -> Iterator[tuple[str, bytes]]:
        reader.take(2)
        self._properties(reader)
        name = "mqtt.subscribe.topic" if kind == _SUBSCRIBE else "mqtt.unsubscribe.topic"
        for _ in range(_MOST_TOPICS):
            if not reader.left():
                return
            yield name, reader.vector(2)
            reader.take(1 if kind == _SUBSCRIBE else 0)

    def _answer(self, kind: int, reader: Octets) -> Iterator[tuple[str, bytes]]:
        """Reason codes: of one message, or of each topic."""
        if kind == _CONNACK:
            present = reader.number(1) & 1
            yield "mqtt.connack.session_present", b"true" if present else b"false"
            yield "mqtt.reason_code", str(reader.number(1)).encode()
        elif self._version >= _FIVE and kind in _ACKNOWLEDGED | _ENDS:
            reader.take(2 if kind in _ACKNOWLEDGED else 0)
            yield "mqtt.reason_code", str(reader.number(1) if reader.left() else 0).encode()
        elif self._version >= _FIVE and kind == _UNSUBACK:
            reader.take(2)
            self._properties(reader)
            for code in reader.take(reader.left())[:_MOST_TOPICS]:
                yield "mqtt.reason_code", str(code).encode()

    def _properties(self, reader: Octets) -> None:
        """Version 5 puts them before the payload (clause 2.2.2)."""
        if self._version >= _FIVE:
            length = shift = 0
            while shift < 28:
                octet = reader.number(1)
                length |= (octet & 0x7F) << shift
                shift += 7
                if octet < 0x80:
                    break
            reader.take(length)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """The remaining length, and its own octets: 0 where more are needed, -1 where it is none."""
    length = 0
    for k, octet in enumerate(data[at : at + 4]):
        length |= (octet & 0x7F) << 7 * k
        if octet < 0x80:
            return length, k + 1
    return 0, 0 if len(data) - at < 4 else -1


def _flags(value: int, names: tuple[tuple[int, str], ...]) -> list[bytes]:
    """Each flag by its word, and with ! where it is not set."""
    return [f"{'' if value & bit else '!'}{name}".encode() for bit, name in names]
