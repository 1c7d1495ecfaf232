"""The fields of a frame, binary or in characters, read through the cursor.

Binary numbers are little-endian; in characters every octet is two hexadecimal digits, most significant first.
Source: SLMP reference manual SH-080956ENG clause 4.2 and 5.2.
"""

from __future__ import annotations

import struct

from interlock.decode.protocols.melsec.devices import BY_NAME, DEVICES
from interlock.errors import DecodeError

__all__ = ["AsciiReader", "BinaryReader"]


class BinaryReader:
    """Fields of a binary frame at the cursor."""

    def __init__(self, cursor):
        self.c = cursor

    def u8(self):
        """One octet."""
        return self.c.u8()

    def u16(self):
        """Two octets."""
        return self.c.u16le()

    def device(self, *, wide):
        """Device code and number: 3 and 1 octets, or 4 and 2 for wide subcommands."""
        if wide:
            number = self.c.u32le()
            return self.c.u16le(), number
        packed = self.c.u32le()
        return packed >> 24, packed & 0xFFFFFF

    def words(self, count):
        """`count` words."""
        return struct.unpack(f"<{count}H", self.c.take(2 * count))

    def bits(self, count):
        """`count` bits, two in an octet, the first in its high half."""
        octets = self.c.take((count + 1) // 2)
        return [octets[k >> 1] >> (0 if k & 1 else 4) & 1 for k in range(count)]

    def one_bit(self, *, wide):
        """A bit that is written by itself."""
        return (self.c.u16le() if wide else self.c.u8()) & 1

    def text(self, count):
        """`count` characters."""
        return self.c.take(count)

    def left_words(self):
        """Words left."""
        return self.c.left() // 2


class AsciiReader:
    """Fields of a frame in characters."""

    def __init__(self, cursor):
        self.c = cursor

    def number(self, digits, base=16):
        """A number of so many digits. Raises DecodeError where one is none."""
        octets = self.c.take(digits)
        try:
            return int(octets, base)
        except ValueError:
            raise DecodeError("digit-invalid", self.c.offset() - digits) from None

    def u8(self):
        """Two digits."""
        return self.number(2)

    def u16(self):
        """Four digits."""
        return self.number(4)

    def device(self, *, wide):
        """Device name of 2 characters and 6 digits, or 4 and 8 for wide subcommands."""
        name = self.c.take(4 if wide else 2).rstrip(b"*").decode("latin-1")
        code = BY_NAME.get(name, 0)
        hexadecimal = DEVICES[code][1] if code else False
        return code, self.number(8 if wide else 6, 16 if hexadecimal else 10)

    def words(self, count):
        """`count` words of 4 digits."""
        self.c.need(4 * count)
        return [self.number(4) for _ in range(count)]

    def bits(self, count):
        """`count` bits, a character each."""
        return [octet & 1 for octet in self.c.take(count)]

    def one_bit(self, *, wide):
        """A bit that is written by itself."""
        return self.number(4 if wide else 2) & 1

    def text(self, count):
        """`count` characters."""
        return self.c.take(count)

    def left_words(self):
        """Words left."""
        return self.c.left() // 4
