"""Parameters that several requests share.

Source: ANSI/ASHRAE 135, clause 21.
"""

from __future__ import annotations

from interlock.decode.protocols.bacnet.values import character_string

__all__ = ["operator", "reference", "string"]


def reference(p):
    """[0] property, [1] index OPTIONAL, as in a BACnetPropertyReference."""
    return p.required(0), p.optional(1)


def string(p, number):
    """Content of the character string [number], or None."""
    return character_string(p.content()) if p.has(number) else None


def operator(x, text):
    """Who acts, as he says: the row's user."""
    code = x.decoder.users.code(text)
    if code >= 0:
        x.out.set_user(x.row, code)
