"""What HTTP/1 says of the length of a body, read as lenient clients and servers do.

Source: RFC 9112 clauses 6.2, 6.3 and 7.1.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["METHODS", "begins_request", "chunk_of", "length_of", "speaks_http"]

METHODS: Final = frozenset(
    b"GET HEAD PUT POST DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK CHECKOUT "
    b"VERSION-CONTROL UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE".split()
)
"""Of RFC 9110, RFC 5789, RFC 4918 and RFC 3253."""
_DIGITS: Final = re.compile(rb"\d{1,18}")
_CHUNK: Final = re.compile(rb"[ \t\r\x0b\x0c]*([0-9A-Fa-f]*)")
_MOST: Final = 0x7FFF_FFFF


def length_of(field: bytes) -> int | None:
    """The number in a Content-Length field, whatever stands around it; None: there is none."""
    found = _DIGITS.search(field)
    return int(found[0]) if found is not None else None


def chunk_of(line: bytes) -> int:
    """Octets of a chunk by its first line; -1: no size, or one that no server sends."""
    digits = _CHUNK.match(line)[1]  # type: ignore[index]
    size = int(digits[:20], 16) if digits else -1
    return size if size <= _MOST else -1


def begins_request(line: bytes) -> bool:
    """Whether a line behind a request begins another one: by its first word."""
    return (line.split(None, 1) or [b""])[0] in METHODS


_ANSWER: Final = (b"HTTP/1.0 ", b"HTTP/1.1 ")
_NEWER: Final = b"PRI * HTTP/2.0\r\n"
"""How a client of HTTP/2 begins (RFC 9113 clause 3.4)."""


def speaks_http(octets: bytes, datagram: bool) -> bool:
    """Whether a side that begins so asks as in HTTP, with a method that is known, or answers so."""
    word = octets[:24].replace(b"\t", b" ").partition(b" ")
    begins = octets.startswith((*_ANSWER, _NEWER))
    return not datagram and (begins or (bool(word[1]) and word[0] in METHODS))
