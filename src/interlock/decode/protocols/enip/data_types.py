# cython: compiled
"""Values as CIP's data types write them.

Source: CIP Volume 1, Appendix C-6 (data types); Logix 5000 Data Access (1756-PM020), tag services.
"""

from __future__ import annotations

import cython

__all__ = ["MAX_RAW", "STRUCTURE", "DataTypes"]

MAX_RAW = 4096
STRUCTURE = 0x02A0

UNSIGNED, SIGNED, FLOAT, BOOLEAN, TEXT = range(5)

ELEMENTARY = {
    0xC1: ("BOOL", 1, BOOLEAN), 0xC2: ("SINT", 1, SIGNED), 0xC3: ("INT", 2, SIGNED),
    0xC4: ("DINT", 4, SIGNED), 0xC5: ("LINT", 8, SIGNED), 0xC6: ("USINT", 1, UNSIGNED),
    0xC7: ("UINT", 2, UNSIGNED), 0xC8: ("UDINT", 4, UNSIGNED), 0xC9: ("ULINT", 8, UNSIGNED),
    0xCA: ("REAL", 4, FLOAT), 0xCB: ("LREAL", 8, FLOAT), 0xCC: ("STIME", 4, SIGNED),
    0xCD: ("DATE", 2, UNSIGNED), 0xCE: ("TIME_OF_DAY", 4, UNSIGNED), 0xD0: ("STRING", 2, TEXT),
    0xD1: ("BYTE", 1, UNSIGNED), 0xD2: ("WORD", 2, UNSIGNED), 0xD3: ("DWORD", 4, UNSIGNED),
    0xD4: ("LWORD", 8, UNSIGNED), 0xD6: ("FTIME", 4, SIGNED), 0xD7: ("LTIME", 8, SIGNED),
    0xD8: ("ITIME", 2, SIGNED), 0xDA: ("SHORT_STRING", 1, TEXT), 0xDB: ("TIME", 4, SIGNED),
}  # fmt: skip
"""Type code → name, octets of an element (of the length, for text), how to read it."""


class DataTypes:
    """Reads typed values off the cursor into the value sheet.

    row, below: m, i say which message; operation, unit, object, direction as in ValueSheet.block.
    """

    def __init__(self, cursor, values, names, protocol):
        """protocol: code of the protocol that the values are booked on."""
        self.cursor = cursor
        self.values = values
        self.protocol = protocol
        self.names = names
        self.known = {
            code: (names.code(name), width, form) for code, (name, width, form) in ELEMENTARY.items()
        }
        self.structures = {}
        self.mask_type = names.code("or-and-mask")

    def typed(self, m, i, operation, unit, object, direction, counted, skipped):  # noqa: A002
        """Read a type code, (if counted) a number of elements and `skipped` octets, then data to the end.

        Returns the number of elements that the message says it has, -1 where it says none.
        """
        c: Cursor = self.cursor
        kind: cython.int = c.u16le()
        handle: cython.int = c.u16le() if kind == 0x02A0 else 0
        count: cython.int = -1
        if counted:
            count = c.u16le()
            c.skip(skipped)
        if not self.values.wanted or c.left() == 0:
            return count
        if kind == 0x02A0:
            self._structure(m, i, operation, unit, object, direction, handle)
            return count
        known = self.known.get(kind & 0xFF)
        if known is None or (kind > 0xFF and kind & 0xFF != 0xC1):
            self.raw(m, i, operation, unit, object, direction, self._named(kind, "0x%04x"))
            return count
        name: cython.int = known[0]
        width: cython.int = known[1]
        form: cython.int = known[2]
        if form == 4:
            self._text(m, i, operation, unit, object, direction, name, width)
        else:
            elements: cython.Py_ssize_t = c.left() // width
            if 0 <= count < elements:
                elements = count
            self._numbers(m, i, operation, unit, object, direction, name, width, form, elements)
        return count

    def _numbers(self, m, i, operation, unit, object, direction, name, width, form, elements):  # noqa: A002
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        v.block(m, i, self.protocol, operation, unit, object, direction, name)
        k: cython.Py_ssize_t
        number: cython.longlong
        for k in range(elements):
            if form == 2:
                v.number(c.f32le() if width == 4 else c.f64le())
            elif width == 4:
                v.number(c.i32le() if form == 1 else c.u32le())
            elif width == 1:
                number = c.u8()
                if form == 1 and number > 127:
                    number -= 256
                elif form == 3:
                    number = 1 if number else 0
                v.number(number)
            elif width == 2:
                v.number(c.i16le() if form == 1 else c.u16le())
            else:
                low: cython.longlong = c.u32le()
                high: cython.longlong = c.i32le() if form == 1 else c.u32le()
                v.number(high * 4294967296.0 + low)

    def _text(self, m, i, operation, unit, object, direction, name, width):  # noqa: A002
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        size: cython.Py_ssize_t = c.u8() if width == 1 else c.u16le()
        row: cython.int = v.block(m, i, self.protocol, operation, unit, object, direction, name)
        v.set_text(row, c.take(min(size, c.left())).decode("utf-8", "backslashreplace"))

    def _structure(self, m, i, operation, unit, object, direction, handle):  # noqa: A002
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        if handle == 0x0FCE and c.left() >= 4:
            size: cython.longlong = c.u32le()
            if size <= c.left():
                row: cython.int = v.block(
                    m, i, self.protocol, operation, unit, object, direction, self.known[0xD0][0]
                )
                v.set_text(row, c.take(size).decode("utf-8", "backslashreplace"))
                return
            c.seek(c.offset() - 4)
        self.raw(m, i, operation, unit, object, direction, self._named(handle, "STRUCT 0x%04x"))

    def _named(self, number, form):
        key = (form, number)
        name = self.structures.get(key)
        if name is None:
            name = self.structures[key] = self.names.code(form % number)
        return name

    def masks(self, m, i, operation, unit, object):  # noqa: A002
        """Read Modify Write: the masks' size, then the mask of bits to set and that of bits to keep."""
        c: Cursor = self.cursor
        width: cython.int = c.u16le()
        if not self.values.wanted or width not in (1, 2, 4) or c.left() < 2 * width:
            return
        self._numbers(m, i, operation, unit, object, 0, self.mask_type, width, 0, 2)

    def raw(self, m, i, operation, unit, object, direction, name):  # noqa: A002
        """Keep the rest of the message as octets, MAX_RAW at most; name: code of the type, or -1."""
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        if not v.wanted or c.left() == 0:
            return
        row: cython.int = v.block(m, i, self.protocol, operation, unit, object, direction, name)
        v.take_raw(row, c, min(c.left(), 4096))
