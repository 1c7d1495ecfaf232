"""Values: application-tagged contents as numbers, text or octets, and the words for their quality.

Source: ANSI/ASHRAE 135, clauses 20.2.2 to 20.2.14 (encodings), 21 (BACnetStatusFlags, BACnetReliability).
"""

from __future__ import annotations

import datetime as dt
import math
import struct

from interlock.decode.protocols.bacnet.names import object_text
from interlock.decode.protocols.bacnet.tags import APPLICATION, CLOSING, CONTEXT, END, MAX_GROUPS, OPENING
from interlock.errors import DecodeError

__all__ = ["Value", "character_string", "date_text", "moment", "quality_text", "read_value", "time_text"]

NULL, BOOLEAN, UNSIGNED, SIGNED, REAL, DOUBLE, OCTETS, STRING, BITS, ENUMERATED, DATE, TIME, OBJECT = range(
    13
)
TYPES = (
    "null",
    "boolean",
    "unsigned",
    "integer",
    "real",
    "double",
    "octet-string",
    "character-string",
    "bit-string",
    "enumerated",
    "date",
    "time",
    "object-identifier",
)
CHARACTER_SETS = {0: "utf-8", 3: "utf-32-be", 4: "utf-16-be", 5: "latin-1"}
"""Character set octets (20.2.9) that need no code page."""
FLAGS = ("in-alarm", "fault", "overridden", "out-of-service")
RELIABILITY = {
    1: "no-sensor", 2: "over-range", 3: "under-range", 4: "open-loop", 5: "shorted-loop", 6: "no-output",
    7: "unreliable-other", 8: "process-error", 9: "multi-state-fault", 10: "configuration-error",
    12: "communication-failure", 13: "member-fault", 14: "monitored-object-fault", 15: "tripped",
    16: "lamp-failure", 17: "activation-failure", 18: "renew-dhcp-failure",
    19: "renew-fd-registration-failure", 20: "restart-auto-negotiation-failure", 21: "restart-failure",
    22: "proprietary-command-failure", 23: "faults-listed", 24: "referenced-object-fault",
}  # fmt: skip
_EPOCH = dt.date(1970, 1, 1).toordinal()
MAX_ELEMENTS = 4096
MAX_TEXT = 4096


class Value:
    """kind: its type's name; numbers: list of float; text, raw: or None."""

    __slots__ = ("kind", "numbers", "raw", "text")

    def __init__(self, kind, numbers=(), text=None, raw=None):
        self.kind = kind
        self.numbers = numbers
        self.text = text
        self.raw = raw


def read_value(p, closing):
    """Everything up to and with the closing tag `closing`, as one Value.

    One element, or elements that are all numbers, keep their form; other lists become text, constructed
    values stay octets. NULL among numbers is NaN.
    """
    if p.look() == CLOSING and p.number == closing:
        p.ahead = False
        return Value("empty", text="")
    if p.kind != APPLICATION:
        return _constructed(p, closing, p.at)
    begin = p.at
    first = (p.number, p.content())
    if p.look() == CLOSING and p.number == closing:
        p.ahead = False
        return _single(*first)
    return _list(p, closing, first, begin)


def _list(p, closing, first, begin):
    items = [first]
    while p.look() == APPLICATION and len(items) < MAX_ELEMENTS:
        items.append((p.number, p.content()))
    if p.look() != CLOSING or p.number != closing:
        return _constructed(p, closing, begin)
    p.ahead = False
    singles = [_single(tag, content) for tag, content in items]
    named = next((s.kind for s in singles if s.kind != "null"), "null")
    if all(len(s.numbers) == 1 for s in singles):
        return Value(named, [s.numbers[0] for s in singles])
    return Value(named, text=", ".join(_shown(s) for s in singles)[:MAX_TEXT])


def _shown(value):
    if value.text is not None:
        return value.text
    if value.raw is not None:
        return value.raw.hex()
    return " ".join(f"{n:g}" for n in value.numbers)


def _constructed(p, closing, begin):
    """A value with groups or context tags in it: its octets, from `begin` to before its closing tag."""
    depth = 0
    while True:
        kind = p.look()
        if kind == END:
            raise DecodeError("group-open", p.at)
        p.ahead = False
        if kind == CLOSING:
            if depth == 0:
                break
            depth -= 1
        elif kind == OPENING:
            depth += 1
            if depth > MAX_GROUPS:
                raise DecodeError("nested-too-deep", p.c.offset())
        elif kind == CONTEXT or p.number != BOOLEAN:
            p.c.skip(p.length)
    if p.number != closing:
        raise DecodeError("tag-unexpected", p.c.offset())
    after = p.c.offset()
    p.c.seek(begin)
    raw = p.c.take(p.at - begin)
    p.c.seek(after)
    return Value("constructed", raw=raw)


def _single(tag, content):
    """One application-tagged element; contents of an impossible length stay octets."""
    if tag == NULL:
        return Value("null", (math.nan,))
    if tag >= len(TYPES):
        return Value(f"tag:{tag}", raw=content)
    reader = _READERS[tag]
    kind = TYPES[tag]
    read = reader(content)
    if read is None:
        return Value(kind, raw=content)
    if isinstance(read, str):
        return Value(kind, text=read)
    return Value(kind, read)


def _unsigned(content):
    return (float(int.from_bytes(content, "big")),) if 1 <= len(content) <= 8 else None


def _signed(content):
    return (float(int.from_bytes(content, "big", signed=True)),) if 1 <= len(content) <= 8 else None


def _real(content):
    return struct.unpack(">f", content) if len(content) == 4 else None


def _double(content):
    return struct.unpack(">d", content) if len(content) == 8 else None


def _bits(content):
    """The first octet counts the unused bits of the last."""
    if not content or content[0] > 7 or (content[0] and len(content) == 1):
        return None
    total = 8 * (len(content) - 1) - content[0]
    return [float((content[1 + (k >> 3)] >> (7 - (k & 7))) & 1) for k in range(min(total, MAX_ELEMENTS))]


def _nothing(_):
    return None


def character_string(content):
    """A character string with its character set octet; what its set does not allow is escaped. None: no set."""
    if not content:
        return None
    if content[0] == 1:  # a code page, two octets; its text is mostly ASCII
        return content[3:].decode("ascii", "backslashreplace")
    name = CHARACTER_SETS.get(content[0])
    return None if name is None else content[1:].decode(name, "backslashreplace")


def date_text(content):
    """A date as `2024-05-06`; `*` for what is unspecified, numbers for patterns (20.2.12). None: no date."""
    if len(content) != 4:
        return None
    year, month, day = content[:3]
    parts = ("*" if year == 255 else str(1900 + year), _two(month), _two(day))
    return "-".join(parts)


def time_text(content):
    """A time as `12:05:36.11`; `*` for what is unspecified (20.2.13). None: no time."""
    if len(content) != 4:
        return None
    hour, minute, second, hundredths = (_two(o) for o in content)
    return f"{hour}:{minute}:{second}.{hundredths}"


def moment(date, time):
    """Nanoseconds since 1970 of a date and a time, on the device's own clock; None where a part is unspecified.

    date, time: their contents (20.2.12, 20.2.13).
    """
    if len(date) != 4 or len(time) != 4:
        return None
    try:
        days = dt.date(1900 + date[0], date[1], date[2]).toordinal() - _EPOCH
    except ValueError:
        return None
    hour, minute, second, hundredths = time
    if hour > 23 or minute > 59 or second > 59 or hundredths > 99:
        return None
    return ((((days * 24 + hour) * 60 + minute) * 60 + second) * 100 + hundredths) * 10_000_000


def _two(number):
    return "*" if number == 255 else f"{number:02d}"


def _object(content):
    return object_text(int.from_bytes(content, "big")) if len(content) == 4 else None


_READERS = (
    _nothing,
    _unsigned,
    _unsigned,
    _signed,
    _real,
    _double,
    _nothing,
    character_string,
    _bits,
    _unsigned,
    date_text,
    time_text,
    _object,
)


def quality_text(flags, reliability):
    """What BACnetStatusFlags (list of bits or None) and BACnetReliability (number or None) say, in its words."""
    said = [name for name, bit in zip(FLAGS, flags or (), strict=False) if bit]
    if reliability:
        said.append(RELIABILITY.get(int(reliability)) or f"reliability-{int(reliability)}")
    return ",".join(said) or "normal"
