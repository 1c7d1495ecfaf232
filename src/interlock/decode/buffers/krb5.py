"""Kerberos as buffers: the message's type, who asks, for what service, and the error.

    [APPLICATION n] SEQUENCE { [0] … }, over TCP with the length 4 before it; n: 10 AS-REQ, 11 AS-REP, 12 TGS-REQ,
    13 TGS-REP, 30 KRB-ERROR

Source: RFC 4120 clauses 5.2.2, 5.4, 5.9.1 and 7.2; names as in the Suricata user guide, Kerberos Keywords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.ber import elements, span
from interlock.decode.buffers.pieces import PieceReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["KrbReader", "speaks_krb5"]

_APPLICATION, _FIELD, _SEQUENCE, _INTEGER, _GENERAL_STRING = 0x60, 0xA0, 0x30, 0x02, 0x1B
_REQUESTS, _REPLIES, _ERROR = (10, 12), (11, 13), 30
_KINDS: Final = frozenset({*_REQUESTS, *_REPLIES, _ERROR})
_TICKET: Final = 0x61
_VERSION: Final = 5
_MOST: Final = 65_536
_MOST_FIELDS, _MOST_NAMES = 16, 16
_LENGTH: Final = 4
_LOOKED_AT: Final = 24


def speaks_krb5(octets: bytes, datagram: bool) -> bool:
    """Whether a side begins with a message of Kerberos: its tag, a sequence, and the version 5 (RFC 4120 clause 5)."""
    head = octets if datagram else octets[_LENGTH:]
    if not head or head[0] - _APPLICATION not in _KINDS:
        return False
    begin, _ = span(head, 0)
    if begin < 0 or head[begin : begin + 1] != bytes([_SEQUENCE]):
        return False
    begin, _ = span(head, begin)
    # Requests begin with [1] pvno, the others with [0].
    tag = _FIELD | (head[0] - _APPLICATION in _REQUESTS)
    return begin > 0 and head[begin : begin + 5] == bytes([tag, 3, _INTEGER, 1, _VERSION])


class KrbReader(PieceReader):
    """See PieceReader."""

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if not self._stream:
            self._message(side, octets)
            return True
        data = self._joined(side, octets, lost=lost)
        while len(data) >= _LENGTH:
            size = int.from_bytes(data[:_LENGTH], "big")
            if not 0 < size <= _MOST:
                return False
            if len(data) - _LENGTH < size:
                break
            self._message(side, data[_LENGTH : _LENGTH + size])
            data = data[_LENGTH + size :]
        self._held[side] = data
        return True

    def _message(self, side: int, octets: bytes) -> None:
        kind = octets[0] - _APPLICATION if octets else 0
        outer = elements(octets, 1)
        if kind not in _KINDS or not outer:
            return
        self._count += 1
        self._sink.put(side, self._count, "krb5.msg_type", str(kind).encode())
        for buffer, told in _parts(kind, _fields(outer[0][1])):
            self._sink.put(side, self._count, buffer, told)


def _parts(kind: int, fields: Mapping[int, bytes]) -> Iterator[tuple[str, bytes]]:
    """As far as they can be read."""
    if kind in _REQUESTS:
        body = _fields(fields.get(4, b""))
        client, server = body.get(1, b""), body.get(3, b"")
    elif kind in _REPLIES:
        inside = elements(fields.get(5, b""), 1)
        ticket = _fields(inside[0][1]) if inside and inside[0][0] == _TICKET else {}
        client, server = fields.get(4, b""), ticket.get(2, b"")
    else:
        client, server = fields.get(8, b""), fields.get(10, b"")
        code = elements(fields.get(6, b""), 1)
        if code and code[0][0] == _INTEGER and 0 < len(code[0][1]) <= 4:
            yield "krb5.err_code", str(int.from_bytes(code[0][1], "big", signed=True)).encode()
    yield from (("krb5.cname", name) for name in _names(client))
    yield from (("krb5.sname", name) for name in _names(server))


def _fields(octets: bytes) -> dict[int, bytes]:
    """SEQUENCE { [n] content … } by n."""
    inside = elements(octets, 1)
    if not inside or inside[0][0] != _SEQUENCE:
        return {}
    return {
        tag & 0x1F: content for tag, content in elements(inside[0][1], _MOST_FIELDS) if tag & 0xE0 == _FIELD
    }


def _names(octets: bytes) -> Iterator[bytes]:
    """Each part of a principal's name: SEQUENCE { [0] type, [1] SEQUENCE OF GeneralString } (RFC 4120 clause 5.2.2)."""
    parts = elements(_fields(octets).get(1, b""), 1)
    for tag, name in elements(parts[0][1], _MOST_NAMES) if parts else ():
        if tag == _GENERAL_STRING:
            yield name
