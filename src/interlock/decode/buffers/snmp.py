"""SNMP's messages as buffers: version, community or user, kind.

    SEQUENCE { version, community, PDU }                                        versions 1 and 2c
    SEQUENCE { version, SEQUENCE global, OCTET STRING { SEQUENCE { engine, boots, time, user … } }, SEQUENCE { context
    engine, context name, PDU } or OCTET STRING enciphered }                    version 3

Source: RFC 1157 clause 4, RFC 3416 clause 3, RFC 3412 clause 6, RFC 3414 clause 2.4; X.690 clause 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.ber import elements, span
from interlock.decode.buffers.pieces import PieceReader

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SnmpReader"]

_INTEGER, _STRING, _SEQUENCE = 2, 4, 0x30
_PDU, _LAST_PDU = 0xA0, 0xA8
_THREE: Final = 3
_MOST: Final = 65_536


class SnmpReader(PieceReader):
    """See PieceReader."""

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if not self._stream:
            self._message(side, octets)
            return True
        data = self._joined(side, octets, lost=lost)
        while len(data) >= 6:
            if data[0] != _SEQUENCE:
                return False
            begin, end = span(data, 0)
            if begin < 0 or end - begin > _MOST:
                return False
            if end > len(data):
                break
            self._message(side, data[:end])
            data = data[end:]
        self._held[side] = data
        return True

    def _message(self, side: int, octets: bytes) -> None:
        self._count += 1
        for buffer, told in _parts(octets):
            self._sink.put(side, self._count, buffer, told)


def _parts(octets: bytes) -> Iterator[tuple[str, bytes]]:
    """As far as they can be read: its decoder says what is wrong."""
    outer = elements(octets)
    if len(outer) != 1 or outer[0][0] != _SEQUENCE:
        return
    inner = elements(outer[0][1])
    if len(inner) < 2 or inner[0][0] != _INTEGER or len(inner[0][1]) != 1:
        return
    version = _THREE if inner[0][1][0] == _THREE else inner[0][1][0] + 1
    yield "snmp.version", str(version).encode()
    if version < _THREE:
        if inner[1][0] == _STRING:
            yield "snmp.community", inner[1][1]
        pdus = inner[2:3]
    else:
        security = elements(inner[2][1]) if len(inner) > 2 and inner[2][0] == _STRING else []
        users = elements(security[0][1]) if security and security[0][0] == _SEQUENCE else []
        if len(users) > 3 and users[3][0] == _STRING:
            yield "snmp.usm", users[3][1]
        plain = len(inner) > 3 and inner[3][0] == _SEQUENCE
        pdus = elements(inner[3][1])[2:3] if plain else []
    for kind, _ in pdus:
        if _PDU <= kind <= _LAST_PDU:
            yield "snmp.pdu_type", str(kind - _PDU).encode()
