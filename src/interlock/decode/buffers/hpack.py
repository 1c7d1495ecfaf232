"""Header compression of HTTP/2, undone within bounds. Source: RFC 7541.

Ours as all decoding is: fields, octets and the table are bounded before they are made, and an error names its place.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from interlock.errors import DecodeError

__all__ = ["MOST_FIELDS", "MOST_OCTETS", "Hpack"]

MOST_FIELDS: Final = 1_000
MOST_OCTETS: Final = 1 << 17
"""Fields that one block may hold, and octets of them: a few octets may name one of 4,096 again and again."""
MOST_TABLE: Final = 1 << 16
"""Octets that a table may be told to hold."""
_TABLE: Final = 4_096
_OVERHEAD: Final = 32

_STATIC: Final[tuple[tuple[bytes, bytes], ...]] = (
    *((b":authority", b""), (b":method", b"GET"), (b":method", b"POST"), (b":path", b"/")),
    *((b":path", b"/index.html"), (b":scheme", b"http"), (b":scheme", b"https")),
    *((b":status", code) for code in b"200 204 206 304 400 404 500".split()),
    *((b"accept-charset", b""), (b"accept-encoding", b"gzip, deflate")),
    *(
        (name, b"")
        for name in b"accept-language accept-ranges accept access-control-allow-origin age allow authorization "
        b"cache-control content-disposition content-encoding content-language content-length content-location "
        b"content-range content-type cookie date etag expect expires from host if-match if-modified-since "
        b"if-none-match if-range if-unmodified-since last-modified link location max-forwards proxy-authenticate "
        b"proxy-authorization range referer refresh retry-after server set-cookie strict-transport-security "
        b"transfer-encoding user-agent vary via www-authenticate".split()
    ),
)
"""Appendix A."""
_LENGTHS: Final = (
    "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCC"
    "CCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRT"
    "QRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ"
)
"""Appendix B: of each octet, and of the end, how many bits its code has: A for 5, Z for 30. Codes of one length follow
each other in the order of octets, and those of the next length follow them."""
_SHORTEST, _LONGEST, _END = 5, 30, 256


def _codes() -> dict[tuple[int, int], int]:
    """Length and code → octet."""
    lengths = sorted((ord(letter) - ord("A") + _SHORTEST, octet) for octet, letter in enumerate(_LENGTHS))
    found, code, last = {}, 0, _SHORTEST
    for length, octet in lengths:
        code <<= length - last
        found[length, code] = octet
        code, last = code + 1, length
    return found


_CODES: Final = _codes()


class Hpack:
    """One direction of a connection: its table of fields that were sent before."""

    def __init__(self) -> None:
        self._table: deque[tuple[bytes, bytes]] = deque()
        self._size = 0
        self._most = _TABLE

    def fields(self, block: bytes) -> list[tuple[bytes, bytes]]:
        """The fields of a block, in order (clause 3). Raises DecodeError where it breaks the format or its bounds."""
        found: list[tuple[bytes, bytes]] = []
        at = size = 0
        while at < len(block):
            field, at = self._next(block, at)
            if field is None:
                continue
            size += len(field[0]) + len(field[1])
            found.append(field)
            if len(found) > MOST_FIELDS or size > MOST_OCTETS:
                raise DecodeError("fields-flooded", at)
        return found

    def _next(self, block: bytes, at: int) -> tuple[tuple[bytes, bytes] | None, int]:
        """One representation (clause 6), and where it ends; None: it only says how large the table may be."""
        first = block[at]
        if first & 0x80:
            index, at = _number(block, at, 7)
            return self._known(index, at), at
        if first & 0xE0 == 0x20:
            self._most, at = _number(block, at, 5)
            if self._most > MOST_TABLE:
                raise DecodeError("field-block-malformed", at)
            self._fit()
            return None, at
        keeps = bool(first & 0x40)
        index, at = _number(block, at, 6 if keeps else 4)
        if index:
            name = self._known(index, at)[0]
        else:
            name, at = _text(block, at)
        value, at = _text(block, at)
        if keeps:
            self._table.appendleft((name, value))
            self._size += len(name) + len(value) + _OVERHEAD
            self._fit()
        return (name, value), at

    def _known(self, index: int, at: int) -> tuple[bytes, bytes]:
        """A field by its place (clause 2.3.3)."""
        if 0 < index <= len(_STATIC):
            return _STATIC[index - 1]
        if 0 < index <= len(_STATIC) + len(self._table):
            return self._table[index - len(_STATIC) - 1]
        raise DecodeError("field-block-malformed", at)

    def _fit(self) -> None:
        """The oldest fields go (clause 4.3)."""
        while self._size > self._most:
            name, value = self._table.pop()
            self._size -= len(name) + len(value) + _OVERHEAD


def _number(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """An integer behind the first bits of an octet, and where it ends (clause 5.1); of 32 bits at most."""
    most = (1 << bits) - 1
    value = block[at] & most
    at += 1
    if value < most:
        return value, at
    for shift in range(0, 35, 7):
        if at >= len(block):
            break
        value += (block[at] & 0x7F) << shift
        at += 1
        if not block[at - 1] & 0x80:
            return value, at
    raise DecodeError("field-block-malformed", at)


def _text(block: bytes, at: int) -> tuple[bytes, int]:
    """A string, and where it ends (clause 5.2)."""
    if at >= len(block):
        raise DecodeError("field-block-malformed", at)
    coded = block[at] & 0x80
    length, at = _number(block, at, 7)
    if at + length > len(block):
        raise DecodeError("field-block-malformed", at)
    octets = block[at : at + length]
    return _uncoded(octets) if coded else octets, at + length


def _uncoded(octets: bytes) -> bytes:
    """What a code of Huffman's stands for; at most seven bits of ones are left over (clause 5.2)."""
    found = bytearray()
    held = bits = 0
    for octet in octets:
        held, bits = held << 8 | octet, bits + 8
        while bits >= _SHORTEST:
            for length in range(_SHORTEST, min(bits, _LONGEST) + 1):
                told = _CODES.get((length, held >> bits - length))
                if told is not None:
                    break
            else:
                break
            if told == _END:
                raise DecodeError("field-block-malformed", len(found))
            found.append(told)
            bits -= length
            held &= (1 << bits) - 1
        if bits > _LONGEST + 7:
            raise DecodeError("field-block-malformed", len(found))
    if bits > 7 or held != (1 << bits) - 1:
        raise DecodeError("field-block-malformed", len(found))
    return bytes(found)
