"""Properties of MQTT 5: an identifier, then a value whose type the identifier tells.

    | length of all 1 to 4 octets | identifier 1 | value | …

Source: MQTT 5.0, clause 2.2.2.
"""

from __future__ import annotations

from interlock.errors import DecodeError

__all__ = ["PROPERTIES", "read_properties", "spell", "text", "variable_integer"]

MAX_PROPERTIES = 256

PROPERTIES = {
    1: ("payload-format-indicator", "u8"),
    2: ("message-expiry-interval", "u32"),
    3: ("content-type", "text"),
    8: ("response-topic", "text"),
    9: ("correlation-data", "binary"),
    11: ("subscription-identifier", "variable"),
    17: ("session-expiry-interval", "u32"),
    18: ("assigned-client-identifier", "text"),
    19: ("server-keep-alive", "u16"),
    21: ("authentication-method", "text"),
    22: ("authentication-data", "binary"),
    23: ("request-problem-information", "u8"),
    24: ("will-delay-interval", "u32"),
    25: ("request-response-information", "u8"),
    26: ("response-information", "text"),
    28: ("server-reference", "text"),
    31: ("reason-string", "text"),
    33: ("receive-maximum", "u16"),
    34: ("topic-alias-maximum", "u16"),
    35: ("topic-alias", "u16"),
    36: ("maximum-qos", "u8"),
    37: ("retain-available", "u8"),
    38: ("user-property", "pair"),
    39: ("maximum-packet-size", "u32"),
    40: ("wildcard-subscription-available", "u8"),
    41: ("subscription-identifier-available", "u8"),
    42: ("shared-subscription-available", "u8"),
}
"""identifier → name and type (MQTT 5.0, table 2-4)."""


def variable_integer(c):
    """A variable byte integer at cursor c (clause 1.5.5)."""
    value = 0
    for k in range(4):
        octet = c.u8()
        value |= (octet & 0x7F) << (7 * k)
        if octet < 0x80:
            return value
    raise DecodeError("length-malformed", c.offset() - 1)


def text(c):
    """A UTF-8 string with its length before it (clause 1.5.4)."""
    return c.take(c.u16be()).decode("utf-8", "backslashreplace")


def read_properties(c):
    """All properties at cursor c: ((identifier, value), …) in wire order.

    Raises DecodeError where they pass the packet's end (property-length-mismatch) or are none (property-unknown).
    """
    length = variable_integer(c)
    if length > c.left():
        raise DecodeError("property-length-mismatch", c.offset())
    end = c.offset() + length
    found = []
    while c.offset() < end:
        at = c.offset()
        known = PROPERTIES.get(variable_integer(c))
        if known is None:
            raise DecodeError("property-unknown", at)
        if len(found) >= MAX_PROPERTIES:
            raise DecodeError("property-length-mismatch", at)
        found.append((known[0], _VALUES[known[1]](c)))
    if c.offset() != end:
        raise DecodeError("property-length-mismatch", c.offset())
    return found


def spell(found):
    """Properties as one text, `name=value; …`, at most 1024 characters; authentication data is not shown."""
    parts = []
    for name, value in found:
        if name == "authentication-data":
            shown = f"{len(value)} octets"
        elif isinstance(value, bytes):
            shown = value[:64].hex()
        else:
            shown = "=".join(value) if isinstance(value, tuple) else str(value)
        parts.append(f"{name}={shown}")
    return "; ".join(parts)[:1024] or None


_VALUES = {
    "u8": lambda c: c.u8(),
    "u16": lambda c: c.u16be(),
    "u32": lambda c: c.u32be(),
    "variable": variable_integer,
    "text": text,
    "binary": lambda c: c.take(c.u16be()),
    "pair": lambda c: (text(c), text(c)),
}
