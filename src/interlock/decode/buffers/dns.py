"""DNS questions as buffers. Source: RFC 1035 clause 4.1; names as in the Suricata user guide, DNS keywords."""

from __future__ import annotations

from typing import Final

from interlock.decode.buffers.pieces import PieceReader
from interlock.decode.protocols.dns.names import read_name
from interlock.errors import DecodeError

__all__ = ["DnsReader"]

MOST_QUESTIONS: Final = 32
_HEADER: Final = 12
_ANSWER: Final = 0x80
_LONGEST: Final = 16_384


class DnsReader(PieceReader):
    """See PieceReader; in a stream lengths stand before the messages."""

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if not self._stream:
            self._message(side, octets)
            return True
        data = self._joined(side, octets, lost=lost)
        at = 0
        while len(data) - at >= 2:
            size = int.from_bytes(data[at : at + 2], "big")
            if not _HEADER <= size <= _LONGEST:
                return False
            if len(data) - at - 2 < size:
                break
            self._message(side, data[at + 2 : at + 2 + size])
            at += 2 + size
        self._held[side] = data[at:]
        return True

    def _message(self, side: int, octets: bytes) -> None:
        if len(octets) <= _HEADER or octets[2] & _ANSWER:
            return
        self._count += 1
        at = _HEADER
        try:
            for _ in range(min(int.from_bytes(octets[4:6], "big"), MOST_QUESTIONS)):
                name, at = read_name(octets, at)
                at += 4
                self._sink.put(side, self._count, "dns.query", name.encode("utf-8", "backslashreplace"))
        except DecodeError:
            return  # its decoder says so
