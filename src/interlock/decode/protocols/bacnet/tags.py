# cython: compiled
"""Tags: how every parameter of an APDU is written.

    | tag number 4 | class 1 | length, value or type 3 | [tag number 1] | [length 1, 3 or 5] | content … |

Class 0 (application) tells the type of the content, class 1 (context) its place among the parameters.
Source: ANSI/ASHRAE 135, clause 20.2.
"""

from __future__ import annotations

import cython

from interlock.errors import DecodeError

__all__ = ["APPLICATION", "CLOSING", "CONTEXT", "END", "OPENING", "Parameters"]

APPLICATION, CONTEXT, OPENING, CLOSING, END = range(5)
MAX_GROUPS = 32
"""Groups in groups that anybody needs: a log record with an event notification has 9."""


class Parameters:
    """Reads tags from a cursor, one ahead. `kind`, `number`, `length`, `at` (offset): of that tag after `look`.

    Kinds stand as numbers in here, since C compares those: 0 APPLICATION to 4 END.
    """

    def __init__(self):
        self.c = None
        self.ahead = False
        self.kind, self.number, self.length, self.at = END, -1, 0, 0

    def begin(self, cursor):
        """Read from where this cursor stands."""
        self.c = cursor
        self.ahead = False

    def look(self):
        """Read the next tag without consuming it; its kind. At the end of the APDU the kind is END."""
        if self.ahead:
            return self.kind
        self.ahead = True
        c: Cursor = self.c
        self.at = c.offset()
        if c.left() == 0:
            self.kind, self.number, self.length = 4, -1, 0
            return 4
        first: cython.int = c.u8()
        number: cython.int = first >> 4
        length: cython.int = first & 7
        if number == 15:
            number = c.u8()
        self.number = number
        if first & 8:
            if length >= 6:
                self.kind, self.length = 2 if length == 6 else 3, 0
                return self.kind
            self.kind = 1
        else:
            self.kind = 0
            if number == 1:  # a Boolean's value stands where others have their length
                self.length = length
                return 0
            if length >= 6:
                raise DecodeError("tag-invalid", c.offset() - 1)
        self.length = self._extended() if length == 5 else length
        return self.kind

    def _extended(self):
        c: Cursor = self.c
        length: cython.int = c.u8()
        if length < 254:
            return length
        return c.u16be() if length == 254 else c.u32be()

    def content(self):
        """Consume the tag ahead; its content, for an application Boolean its value as one octet."""
        self.ahead = False
        if self.kind == 0 and self.number == 1:
            return b"\x01" if self.length & 1 else b"\x00"
        return self.c.take(self.length)

    def more(self):
        """Whether another parameter follows within this group: neither the end nor a closing tag."""
        return self.look() < 3

    def has(self, number):
        """Whether context parameter `number` is next."""
        return self.look() == 1 and self.number == number

    def opens(self, number):
        """Pass an opening tag, if it is next."""
        if self.look() == 2 and self.number == number:
            self.ahead = False
            return True
        return False

    def closes(self, number):
        """Pass a closing tag, which must be next."""
        if self.look() != 3 or self.number != number:
            raise DecodeError("tag-unexpected", self.c.offset())
        self.ahead = False
        return 0

    def required(self, number):
        """Content of context parameter `number` as an unsigned integer (64 bits), which must be next."""
        if self.look() != 1 or self.number != number:
            raise DecodeError("parameter-missing" if self.kind != END else "truncated", self.c.offset())
        return self._unsigned()

    def optional(self, number):
        """The same where it is next, else None."""
        if self.look() != 1 or self.number != number:
            return None
        return self._unsigned()

    def plain(self, tag):
        """Content of an application-tagged unsigned, enumerated or object identifier, which must be next."""
        if self.look() != 0 or self.number != tag:
            raise DecodeError("parameter-missing" if self.kind != END else "truncated", self.c.offset())
        return self._unsigned()

    def _unsigned(self):
        self.ahead = False
        length: cython.longlong = self.length
        if length == 1:
            return self.c.u8()
        if length == 4:
            return self.c.u32be()
        if length == 2:
            return self.c.u16be()
        if length > 8:
            raise DecodeError("integer-too-long", self.c.offset())
        return int.from_bytes(self.c.take(length), "big")

    def skip(self):
        """Pass the next parameter, a group with all that is in it."""
        depth: cython.int = 0
        kind: cython.int
        while True:
            kind = self.look()
            if kind == 4:
                raise DecodeError("group-open", self.c.offset())
            self.ahead = False
            if kind == 2:
                depth += 1
                if depth > MAX_GROUPS:
                    raise DecodeError("nested-too-deep", self.c.offset())
            elif kind == 3:
                depth -= 1
                if depth < 0:
                    raise DecodeError("tag-unexpected", self.c.offset())
            elif not (kind == 0 and self.number == 1):
                self.c.skip(self.length)
            if depth == 0:
                return 0

    def pass_value(self, closing):
        """Pass everything up to and with the closing tag `closing`, as values.read_value does, without reading it."""
        depth: cython.int = 0
        kind: cython.int
        while True:
            kind = self.look()
            if kind == 4:
                raise DecodeError("group-open", self.at)
            self.ahead = False
            if kind == 3:
                if depth == 0:
                    break
                depth -= 1
            elif kind == 2:
                depth += 1
                if depth > MAX_GROUPS:
                    raise DecodeError("nested-too-deep", self.c.offset())
            elif kind == 1 or self.number != 1:
                self.c.skip(self.length)
        if self.number != closing:
            raise DecodeError("tag-unexpected", self.c.offset())
        return 0

    def skip_rest(self, number):
        """Pass everything up to and with the closing tag `number`."""
        while self.look() < 3:
            self.skip()
        return self.closes(number)
