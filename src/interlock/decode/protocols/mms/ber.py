# cython: compiled
"""BER as the OSI stack, MMS and GOOSE use it: tags of any number, definite and indefinite lengths.

    | identifier 1… | length 1… | content |     a tag is its class (two bits) and its number in one integer

Source: ITU-T X.690 clauses 8.1.2 (identifier), 8.1.3 (length), 8.3 (integer), 8.6 (bit string), 8.19 (OID).
"""

from __future__ import annotations

from typing import Final

import cython

from interlock.errors import DecodeError

__all__ = ["MAX_DEPTH", "application", "bits_of", "children", "context", "element", "integer_of", "oid_of"]

MAX_DEPTH: Final = 32
"""Elements within elements that are followed; deeper ones are an oddity."""

Element = tuple[int, int, int, int]
"""Tag, where its content begins and ends, where the next element begins."""


def context(number: int) -> int:
    """Tag of [number]."""
    return 0x80 | number if number < 31 else 0x80 | number << 8


def application(number: int) -> int:
    """Tag of [APPLICATION number], which is below 31."""
    return 0x40 | number


def element(octets, at, end):
    """The element that begins at `at`; class and number of its tag, without the bit that says constructed.

    Raises DecodeError `truncated` where it passes `end`, `tag-invalid`, `length-invalid`, `nested-too-deep`.
    """
    start: cython.Py_ssize_t = at + 2
    if start > end:
        raise DecodeError("truncated", at)
    first: cython.int = octets[at]
    length: cython.Py_ssize_t = octets[at + 1]
    tag: cython.int = first & 0xDF
    if first & 0x1F == 0x1F:
        tag, start, length = _high_tag(octets, at, end)
    if length & 0x80:
        if length == 0x80:
            stop, after = _indefinite(octets, first, start, end)
            return tag, start, stop, after
        width: cython.int = length & 0x7F
        if width > 4:
            raise DecodeError("length-invalid", at)
        if start + width > end:
            raise DecodeError("truncated", at)
        length = 0
        for _ in range(width):
            length = (length << 8) | octets[start]
            start += 1
    if start + length > end:
        raise DecodeError("truncated", at)
    return tag, start, start + length, start + length


def _high_tag(octets: bytes, at: int, end: int) -> tuple[int, int, int]:
    """A tag number of 31 and more (at most 14 bits): tag, where content may begin, the length's first octet."""
    number, p = 0, at + 1
    while True:
        if p + 1 >= end:
            raise DecodeError("truncated", at)
        number, more = number << 7 | octets[p] & 0x7F, octets[p] & 0x80
        p += 1
        if not more:
            break
        if p > at + 2:
            raise DecodeError("tag-invalid", at)
    return octets[at] & 0xC0 | number << 8, p + 1, octets[p]


def _indefinite(octets: bytes, first: int, start: int, end: int) -> tuple[int, int]:
    """Where content of indefinite length ends, and what follows its end-of-contents (two zero octets).

    Walked without recursion, so that octets which only open elements cost one pass, not one each.
    """
    if not first & 0x20:
        raise DecodeError("length-invalid", start)
    depth, at = 1, start
    while True:
        if at + 2 > end:
            raise DecodeError("truncated", at)
        if octets[at] == 0 and octets[at + 1] == 0:
            depth -= 1
            if depth == 0:
                return at, at + 2
            at += 2
            continue
        head = at
        length = octets[at + 1]
        at += 2
        if octets[head] & 0x1F == 0x1F:
            _, at, length = _high_tag(octets, head, end)
        if length == 0x80:
            depth += 1
            if depth > MAX_DEPTH or not octets[head] & 0x20:
                raise DecodeError("nested-too-deep" if depth > MAX_DEPTH else "length-invalid", head)
            continue
        if length & 0x80:
            width = length & 0x7F
            if width > 4:
                raise DecodeError("length-invalid", head)
            length = int.from_bytes(octets[at : min(at + width, end)], "big")
            at += width
        at += length


def children(octets: bytes, start: int, end: int) -> dict[int, tuple[int, int]]:
    """The elements of a SEQUENCE or SET whose tags differ: tag → where its content begins and ends."""
    found: dict[int, tuple[int, int]] = {}
    while start < end:
        tag, inner, stop, start = element(octets, start, end)
        found.setdefault(tag, (inner, stop))
    return found


def integer_of(content: bytes) -> int:
    """An INTEGER of at most 9 octets (64 bits, unsigned too). Raises DecodeError `integer-invalid`."""
    if not 1 <= len(content) <= 9:
        raise DecodeError("integer-invalid", 0)
    return int.from_bytes(content, "big", signed=True)


def bits_of(content: bytes) -> str:
    """A BIT STRING as a text of 0 and 1. Raises DecodeError `bit-string-invalid`."""
    if not content or content[0] > 7 or (len(content) == 1 and content[0]):
        raise DecodeError("bit-string-invalid", 0)
    width = 8 * (len(content) - 1)
    if not width:
        return ""
    return f"{int.from_bytes(content[1:], 'big'):0{width}b}"[: width - content[0]]


def oid_of(content: bytes) -> str:
    """An OBJECT IDENTIFIER as `1.0.9506.2.3`. Raises DecodeError `object-identifier-invalid`."""
    arcs, value, width = [], 0, 0
    for octet in content:
        value, width = value << 7 | octet & 0x7F, width + 1
        if width > 9:
            raise DecodeError("object-identifier-invalid", 0)
        if not octet & 0x80:
            arcs.append(value)
            value = width = 0
    if width or not arcs:
        raise DecodeError("object-identifier-invalid", 0)
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
