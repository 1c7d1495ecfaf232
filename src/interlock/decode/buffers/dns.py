"""DNS questions, and names and codes of answers, as buffers.

Source: RFC 1035 clause 4.1; names as in the Suricata user guide, DNS keywords.
"""

from __future__ import annotations

from typing import Final

from interlock.decode.buffers.pieces import PieceReader
from interlock.decode.protocols.dns.names import read_name
from interlock.errors import DecodeError

__all__ = ["DnsReader", "looks_like_dns"]

MOST_QUESTIONS: Final = 32
MOST_ANSWERS: Final = 128
_HEADER: Final = 12
_ANSWER: Final = 0x80
_Z: Final = 0x40
"""The one bit of a header that is reserved (RFC 6895 clause 2.1)."""
_UNASSIGNED: Final = 7
"""Codes of operations from here on mean nothing (RFC 6895 clause 2.2; RFC 8490 has given 6)."""
_SECTIONS: Final = (
    ("dns.answer.name", "dns.answers.rrname"),
    ("dns.authorities.rrname",),
    ("dns.additionals.rrname",),
)
"""Names of a section's records, in the order of the sections."""
_QUESTIONS: Final = ("dns.query.name", "dns.queries.rrname")
_OF_ANSWERS: Final = frozenset(
    {
        *("dns.opcode", "dns.rcode", "dns.event", "dns.message", "dns.rrtype", *_QUESTIONS),
        *(name for names in _SECTIONS for name in names),
    }
)
_LONGEST: Final = 16_384
_LABEL: Final = 63
_POINTER: Final = 0xC0
_MOST_JUMPS: Final = 64


def looks_like_dns(octets: bytes, datagram: bool) -> bool:
    """Whether a datagram may be a message, if one whose end is missing.

    As many records as its header counts have room, and no name in its questions breaks RFC 1035 clause 4.1.4.
    Source: Suricata's rust/src/dns/dns.rs, version 7.0, `probe`.
    """
    if not datagram or len(octets) < _HEADER:
        return False
    counts = [int.from_bytes(octets[at : at + 2], "big") for at in range(4, _HEADER, 2)]
    if len(octets) < _HEADER + 2 * sum(counts):
        return False
    at = _HEADER
    for _ in range(min(counts[0], MOST_QUESTIONS)):
        behind = _behind_name(octets, at)
        if behind < 0:
            return False
        at = behind + 4
    return True


def _behind_name(octets: bytes, at: int) -> int:
    """Where a name ends, or the octets do; -1 where it is none."""
    behind = jumps = 0
    while at < len(octets) and octets[at]:
        if octets[at] <= _LABEL:
            at += 1 + octets[at]
            continue
        jumps += 1
        to = int.from_bytes(octets[at : at + 2], "big") & 0x3FFF
        if octets[at] < _POINTER or jumps > _MOST_JUMPS or to >= len(octets):
            return -1
        behind, at = behind or at + 2, to
    return behind or min(at + 1, len(octets))


class DnsReader(PieceReader):
    """See PieceReader; in a stream lengths stand before the messages."""

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if not self._stream:
            self._message(side, octets, octets)
            return True
        data = self._joined(side, octets, lost=lost)
        at = 0
        while len(data) - at >= 2:
            size = int.from_bytes(data[at : at + 2], "big")
            if not _HEADER <= size <= _LONGEST:
                return False
            if len(data) - at - 2 < size:
                break
            self._message(side, data[at + 2 : at + 2 + size], data[at : at + 2 + size])
            at += 2 + size
        self._held[side] = data[at:]
        return True

    def _message(self, side: int, octets: bytes, sent: bytes) -> None:
        """sent: the same, with the length that stands before it in a stream."""
        answers = len(octets) > 2 and bool(octets[2] & _ANSWER)
        if len(octets) < _HEADER or (answers and not self._sink.asked & _OF_ANSWERS):
            return
        self._count += 1
        self._sink.put(side, self._count, "dns.message", sent)
        try:
            at = self._questions(side, octets, answers=answers)
            self._head(side, octets)
            self._records(side, octets, at, answers=answers)
        except (DecodeError, IndexError):
            return  # its decoder says so

    def _head(self, side: int, octets: bytes) -> None:
        opcode = octets[2] >> 3 & 15
        self._put(side, "dns.opcode", str(opcode))
        self._put(side, "dns.rcode", str(octets[3] & 15))
        if octets[3] & _Z:
            self._put(side, "dns.event", "z_flag_set")
        if opcode >= _UNASSIGNED:
            self._put(side, "dns.event", "invalid_opcode")

    def _questions(self, side: int, octets: bytes, *, answers: bool) -> int:
        """Behind the questions."""
        at = _HEADER
        for _ in range(min(int.from_bytes(octets[4:6], "big"), MOST_QUESTIONS)):
            name, at = read_name(octets, at)
            if at + 4 > len(octets):
                raise IndexError
            for buffer in _QUESTIONS if answers else ("dns.query", *_QUESTIONS):
                self._put(side, buffer, name)
            if not answers:
                self._put(side, "dns.rrtype", str(int.from_bytes(octets[at : at + 2], "big")))
            at += 4
        return at

    def _records(self, side: int, octets: bytes, at: int, *, answers: bool) -> None:
        """Names of the sections behind: | name | type 2 | class 2 | ttl 4 | length 2 | data |."""
        asked = self._sink.asked
        wanted = [bool(asked.intersection(names)) for names in _SECTIONS]
        wanted[0] |= answers and "dns.rrtype" in asked
        last = max((place for place, one in enumerate(wanted) if one), default=-1)
        left = MOST_ANSWERS
        for place, buffers in enumerate(_SECTIONS[: last + 1]):
            count = min(int.from_bytes(octets[6 + 2 * place : 8 + 2 * place], "big"), left)
            left -= count
            for _ in range(count):
                name, at = read_name(octets, at)
                for buffer in buffers:
                    self._put(side, buffer, name)
                if answers and not place:
                    self._put(side, "dns.rrtype", str(int.from_bytes(octets[at : at + 2], "big")))
                at += 10 + int.from_bytes(octets[at + 8 : at + 10], "big")

    def _put(self, side: int, buffer: str, text: str) -> None:
        if buffer in self._sink.asked:
            self._sink.put(side, self._count, buffer, text.encode("utf-8", "backslashreplace"))
