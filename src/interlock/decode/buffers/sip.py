"""SIP as buffers: the first line and its parts, and fields of the header, short names or long ones.

    INVITE sip:b@plc.example SIP/2.0 | SIP/2.0 200 OK
    Name: value
    (empty line) body

Source: RFC 3261 clauses 7.1 to 7.3, 18.3 and 20; names as in the Suricata user guide, SIP Keywords.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.pieces import PieceReader

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SipReader", "speaks_sip"]

_MOST: Final = 65_536
_MOST_FIELDS: Final = 256
_REQUEST: Final = re.compile(rb"([A-Z]{1,32}) (\S{1,2048}) (SIP/\d\.\d)\r?\n")
_RESPONSE: Final = re.compile(rb"(SIP/\d\.\d) (\d{3}) ([^\r\n]{0,2048})\r?\n")
_END: Final = re.compile(rb"\r?\n\r?\n")
_FOLDED: Final = re.compile(rb"\r?\n[ \t]+")
_FIELDS: Final = {
    b"from": "sip.from", b"f": "sip.from", b"to": "sip.to", b"t": "sip.to", b"via": "sip.via", b"v": "sip.via",
    b"user-agent": "sip.user_agent", b"content-type": "sip.content_type", b"c": "sip.content_type",
    b"content-length": "sip.content_length", b"l": "sip.content_length",
}  # fmt: skip
"""Name of a field, or its short form (RFC 3261 clause 7.3.3) → buffer."""


def speaks_sip(octets: bytes, _datagram: bool) -> bool:
    """Whether a side begins with a line of SIP."""
    return (_REQUEST.match(octets) or _RESPONSE.match(octets)) is not None


class SipReader(PieceReader):
    """See PieceReader."""

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed."""
        if not self._stream:
            self._message(side, octets)
            return True
        data = self._joined(side, octets, lost=lost).lstrip(b"\r\n")
        while data:
            end = _END.search(data)
            if end is None:
                break
            size = end.end() + _length(data[: end.start()])
            if size > _MOST:
                return False
            if size > len(data):
                break
            self._message(side, data[:size])
            data = data[size:].lstrip(b"\r\n")
        self._held[side] = data
        return len(data) <= _MOST

    def _message(self, side: int, octets: bytes) -> None:
        asks, tells = _REQUEST.match(octets), _RESPONSE.match(octets)
        begun = asks or tells
        if begun is None:
            return
        self._count += 1
        names = ("method", "uri", "protocol") if asks else ("protocol", "stat_code", "stat_msg")
        line = "sip.request_line" if asks else "sip.response_line"
        rows = [(f"sip.{name}", part) for name, part in zip(names, begun.groups(), strict=True)]
        rows += [(line, begun[0].rstrip(b"\r\n")), *_fields(_END.split(octets, 1)[0][begun.end() :])]
        for buffer, told in rows:
            self._sink.put(side, self._count, buffer, told)


def _fields(head: bytes) -> Iterator[tuple[str, bytes]]:
    for line in _FOLDED.sub(b" ", head).split(b"\n", _MOST_FIELDS)[:_MOST_FIELDS]:
        name, colon, value = line.partition(b":")
        buffer = _FIELDS.get(name.strip().lower())
        if colon and buffer:
            yield buffer, value.strip()


def _length(head: bytes) -> int:
    """Octets of the body (clause 18.3); none where nothing says so."""
    told = dict(_fields(head)).get("sip.content_length", b"")
    return int(told) if told.isdigit() and len(told) < 8 else 0
