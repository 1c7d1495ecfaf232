"""MMS Data: values of every type, as MMS and GOOSE carry them, with the quality that IEC 61850 puts beside them.

A datum is (kind, value); kind is the number of its context tag, and the value is for

    array 1, structure 2           a list of data           octet-string 9             bytes
    boolean 3                      bool                     visible-string 10, mMSString 16, generalized-time 11  str
    bit-string 4, booleanArray 14  str of 0 and 1           binary-time 12             octets, see `binary_time`
    integer 5, unsigned 6, bcd 13  int                      objId 15                   str
    floating-point 7, real 8       float                    utc-time 17                (UTC ns, quality)

Sources: ISO 9506-2 clause 14 (Data, FloatingPoint, TimeOfDay); IEC 61850-8-1 clause 8.1.3 (UtcTime, Quality).
"""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.mms.ber import MAX_DEPTH, bits_of, element, integer_of, oid_of
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ARRAY",
    "KINDS",
    "QUALITY_BITS",
    "STRUCTURE",
    "UTC_TIME",
    "Datum",
    "binary_time",
    "floating_point",
    "plain",
    "quality_of",
    "quality_text",
    "read_data",
    "real",
    "time_text",
    "utc_time",
]

Datum = tuple[int, Any]

ARRAY, STRUCTURE, BOOLEAN, BIT_STRING, INTEGER, UNSIGNED, FLOATING_POINT, REAL, OCTET_STRING = range(1, 10)
VISIBLE_STRING, GENERALIZED_TIME, BINARY_TIME, BCD, BOOLEAN_ARRAY, OBJ_ID, MMS_STRING, UTC_TIME = range(
    10, 18
)
KINDS: Final[dict[int, str]] = {
    1: "array", 2: "structure", 3: "boolean", 4: "bit-string", 5: "integer", 6: "unsigned", 7: "floating-point",
    8: "real", 9: "octet-string", 10: "visible-string", 11: "generalized-time", 12: "binary-time", 13: "bcd",
    14: "booleanArray", 15: "objId", 16: "mMSString", 17: "utc-time",
}  # fmt: skip
QUALITY_BITS: Final = 13
"""A bit string of this length beside a value is its quality."""

_EPOCH_1984_DAYS: Final = 5113
"""Days from 1970-01-01 to 1984-01-01, from which TimeOfDay counts."""
_VALIDITY: Final = ("good", "invalid", "reserved", "questionable")
_DETAIL: Final = (
    "overflow", "outOfRange", "badReference", "oscillatory", "failure", "oldData", "inconsistent", "inaccurate",
    "substituted", "test", "operatorBlocked", "derived",
)  # fmt: skip
"""Bits 2 to 13 of a quality; the last one is that of IEC 61850-9-2LE alone."""


_ARRAY_TAG, _STRUCTURE_TAG = 0x81, 0x82
_SHORT: Final = 6
"""Octets of elements that are kept as read: states, qualities and small numbers come in every message."""
_MAX_SEEN: Final = 4096
_seen: dict[bytes, Datum] = {}


def read_data(octets: bytes, at: int, end: int, depth: int = 0) -> list[Datum]:
    """All data of octets[at:end], in order. Raises DecodeError where one is not as its type says."""
    found = []
    while at < end:
        head = at
        tag, start, stop, at = element(octets, at, end)
        if at - head > _SHORT or tag in (_ARRAY_TAG, _STRUCTURE_TAG):
            found.append(_datum(octets, tag, start, stop, depth))
            continue
        piece = octets[head:at]
        datum = _seen.get(piece)
        if datum is None:
            datum = _datum(octets, tag, start, stop, depth)
            if len(_seen) >= _MAX_SEEN:
                _seen.clear()
            _seen[piece] = datum
        found.append(datum)
    return found


def _datum(octets: bytes, tag: int, start: int, stop: int, depth: int) -> Datum:
    kind = tag & 0x7F
    reader = _READERS.get(kind) if tag & 0x80 else None
    if reader is not None:
        try:
            return kind, reader(octets[start:stop])
        except DecodeError as error:
            raise DecodeError(error.oddity, start) from error
    if tag not in (0x81, 0x82):
        raise DecodeError("data-type-unknown", start)
    if depth >= MAX_DEPTH:
        raise DecodeError("nested-too-deep", start)
    return kind, read_data(octets, start, stop, depth + 1)


def _boolean(content: bytes) -> bool:
    if len(content) != 1:
        raise DecodeError("boolean-invalid", 0)
    return content[0] != 0


def _unsigned(content: bytes) -> int:
    """A number that cannot be negative; senders that leave out the leading zero octet are read all the same."""
    if not 1 <= len(content) <= 9:
        raise DecodeError("integer-invalid", 0)
    return int.from_bytes(content, "big")


def floating_point(content: bytes) -> float:
    """Width of the exponent 1 (8 or 11), then IEEE 754 of that width."""
    if len(content) == 5 and content[0] == 8:
        return float(struct.unpack(">f", content[1:])[0])
    if len(content) == 9 and content[0] == 11:
        return float(struct.unpack(">d", content[1:])[0])
    raise DecodeError("floating-point-invalid", 0)


def real(content: bytes) -> float:
    """An ASN.1 REAL: nothing for 0, special values, base 2, 8 or 16, or decimal text. X.690 clause 8.5."""
    if not content:
        return 0.0
    first = content[0]
    if first & 0xC0 == 0x40:
        return {0x40: math.inf, 0x41: -math.inf, 0x42: math.nan}.get(first, -0.0)
    try:
        if not first & 0x80:
            return float(content[1:].decode("ascii").replace(",", ".") or "0")
        width = (first & 3) + 1
        begins = 1 if width < 4 else 2
        width = width if width < 4 else content[1]
        exponent = int.from_bytes(content[begins : begins + width], "big", signed=True)
        mantissa = int.from_bytes(content[begins + width :][:8], "big") << (first >> 2 & 3)
        power = exponent * (1, 3, 4, 1)[first >> 4 & 3]
        value = math.ldexp(mantissa, max(-5000, min(5000, power)))
    except (ValueError, IndexError, OverflowError) as error:
        raise DecodeError("real-invalid", 0) from error
    return -value if first & 0x40 else value


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def _binary_time(content: bytes) -> bytes:
    if len(content) not in (4, 6):
        raise DecodeError("binary-time-invalid", 0)
    return content


def utc_time(content: bytes) -> tuple[int, int]:
    """UtcTime: seconds 4, fraction of one 3, time quality 1, as (UTC ns, quality)."""
    if len(content) != 8:
        raise DecodeError("utc-time-invalid", 0)
    fraction = content[4] << 16 | content[5] << 8 | content[6]
    return int.from_bytes(content[:4], "big") * 1_000_000_000 + (fraction * 1_000_000_000 >> 24), content[7]


def binary_time(content: bytes) -> int:
    """TimeOfDay as UTC ns; of 4 octets (no day): ns since midnight."""
    milliseconds = int.from_bytes(content[:4], "big")
    days = int.from_bytes(content[4:6], "big") + _EPOCH_1984_DAYS if len(content) == 6 else 0
    return (days * 86_400_000 + milliseconds) * 1_000_000


_READERS: Final[dict[int, Callable[[bytes], Any]]] = {
    BOOLEAN: _boolean, BIT_STRING: bits_of, INTEGER: integer_of, UNSIGNED: _unsigned, BCD: _unsigned,
    FLOATING_POINT: floating_point, REAL: real, OCTET_STRING: bytes, VISIBLE_STRING: _text,
    GENERALIZED_TIME: _text, BINARY_TIME: _binary_time, BOOLEAN_ARRAY: bits_of, OBJ_ID: oid_of,
    MMS_STRING: _text, UTC_TIME: utc_time,
}  # fmt: skip


def quality_text(bits: int) -> str:
    """A quality in words. bits: validity in the lowest two, then overflow … (IEC 61850-9-2LE's order of a word).

    `good`, `invalid,oldData`, `questionable,substituted,test`.
    """
    words = [_VALIDITY[bits & 3]]
    words += [word for k, word in enumerate(_DETAIL) if bits >> (k + 2) & 1]
    return ",".join(words)


@lru_cache(1024)
def quality_of(text: str) -> str:
    """A quality in words, from the 13 bits of MMS: the two of the validity read as a number, then one by one."""
    return quality_text(int(text[:2], 2) | sum(1 << k for k in range(2, len(text)) if text[k] == "1"))


def time_text(ns: int) -> str:
    """UTC ns as `2024-03-11T02:23:02.646000000Z`; of a time without a day: `02:23:02.646`."""
    if ns < 86_400_000_000_000:
        return (
            datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%H:%M:%S")
            + f".{ns // 1_000_000 % 1000:03d}"
        )
    second = datetime.fromtimestamp(ns // 1_000_000_000, UTC)
    return f"{second:%Y-%m-%dT%H:%M:%S}.{ns % 1_000_000_000:09d}Z"


def plain(datum: Datum) -> Any:
    """A datum as JSON has it: lists, booleans, numbers, and text (bits as 0 and 1, octets as hexadecimal digits)."""
    kind, value = datum
    if kind in (ARRAY, STRUCTURE):
        return [plain(inner) for inner in value]
    if kind == UTC_TIME:
        return time_text(value[0])
    if kind == BINARY_TIME:
        return time_text(binary_time(value))
    if kind == OCTET_STRING:
        return value.hex()
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)
