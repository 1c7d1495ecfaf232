# cython: compiled
"""Variants and DataValues to process values: numbers, texts or raw octets, with their status as quality.

    Variant    | mask 1: type 0-5, dimensions 6, array 7 | count 4 if array | values … | dimensions … |
    DataValue  | mask 1 | Variant | status 4 | source time 8 | picoseconds 2 | server time 8 | picoseconds 2 |

Source: OPC 10000-6, 5.2.2.16 (Variant), 5.2.2.17 (DataValue), 5.1.2 (built-in types).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cython

from interlock.decode.protocols.opcua.encoding import MAX_DEPTH, Encoding
from interlock.errors import DecodeError

__all__ = ["MAX_ELEMENTS", "Variants", "moment"]

MAX_ELEMENTS = 4096
"""Numbers kept of one array."""
MAX_PARTS = 64
"""Texts kept of one array, one a line."""
MAX_RAW = 4096
"""Octets kept of a value that is neither number nor text."""

NAMES = (
    *("Null", "Boolean", "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float"),
    *("Double", "String", "DateTime", "Guid", "ByteString", "XmlElement", "NodeId", "ExpandedNodeId"),
    *("StatusCode", "QualifiedName", "LocalizedText", "ExtensionObject", "DataValue", "Variant"),
    *("DiagnosticInfo", *("ByteString",) * 6),
)
"""Built-in types by id; 26 to 31 are reserved and read as ByteStrings."""

SMALLEST = (0, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 4, 8, 16, 4, 4, 2, 2, 4, 6, 1, 3, 1, 1, 1, 4, 4, 4, 4, 4, 4)
"""Octets that a value of a type takes at least."""
FIXED = (0, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 8, 16, 0, 0, 0, 0, 4)
"""Octets that a value of a type always takes; 0 where that varies."""

EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def moment(ticks):
    """A DateTime (100 ns since 1601) in UTC; None where it is unset or past the calendar's end."""
    if ticks <= 0:
        return None
    try:
        return EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


class Variants(Encoding):
    """Writes the values it reads.

    After a call, `kind` is the built-in type read (0: null), `status` the DataValue's status code, `text` the
    text of a String scalar (else None), and `structure` the (type id, offset, octets) of an ExtensionObject
    scalar of the core namespace (else None).
    """

    def __init__(self, cursor, objects, functions, names, values, status_names):
        """functions: of the protocol. status_names: StatusCode without its low half → name."""
        Encoding.__init__(self, cursor, objects, functions.key_base)
        self.names = names
        self.values = values
        self.protocol_code = functions.protocol_code
        self.scalar_types = [names.code(name) for name in NAMES]
        self.array_types = [names.code(name + "[]") for name in NAMES]
        self.qualities = {code: names.code(name) for code, name in status_names.items()}
        self.good = names.code("Good")
        self.parts = []
        self.kind = 0
        self.status = 0
        self.text = None
        self.structure = None
        self.kept = 0

    def quality(self, status):
        """Code (pool `names`) of a status code's name; hexadecimal where the specification has none."""
        known = self.qualities.get(status >> 16)
        if known is None:
            known = self.names.code(f"0x{status >> 16:04X}0000")
            self.qualities[status >> 16] = known
        return known

    def data_value(self, m, i, operation, object, direction):  # noqa: A002
        """Write a DataValue as a block; the block's row, or -1 where it holds nothing."""
        c: Cursor = self.cursor
        mask: cython.int = c.u8()
        row: cython.int = -1
        self.kind = 0
        self.text = None
        self.structure = None
        self.status = 0
        if mask & 1:
            row = self.variant(m, i, operation, object, direction)
        if mask & 2:
            self.status = c.u32le()
            if row < 0 and self.values.wanted:
                row = self.values.block(m, i, self.protocol_code, operation, -1, object, direction, -1)
            if row >= 0:
                self.values.set_quality(row, self.quality(self.status))
        c.skip(_tail(mask))
        return row

    def variant(self, m, i, operation, object, direction):  # noqa: A002
        """Write a Variant as a block; the block's row, or -1 where it is null or nobody wants values."""
        c: Cursor = self.cursor
        mask: cython.int = c.u8()
        kind: cython.int = mask & 0x3F
        self.kind = kind
        self.text = None
        self.structure = None
        if kind > 31:
            raise DecodeError("variant-type-invalid", c.offset() - 1)
        if kind == 0:
            return -1
        array: cython.bint = mask & 0x80
        count: cython.longlong = self.length(SMALLEST[kind]) if array else 1
        row: cython.int = -1
        if self.values.wanted:
            word: cython.int = self.array_types[kind] if array else self.scalar_types[kind]
            row = self.values.block(m, i, self.protocol_code, operation, -1, object, direction, word)
            self.values.set_quality(row, self.good)
            self.kept = 0
            self.parts.clear()
            self._fill(row, kind, count, 0)
            if self.parts:
                self.values.set_text(row, "\n".join(self.parts))
                self.text = self.parts[0] if kind == 12 and not array else None
        elif not array and (kind == 12 or kind == 22):
            self._fill(-1, kind, 1, 0)  # identity texts are read whether or not values are wanted
            self.text = self.parts.pop() if self.parts else None
        else:
            self._skip(kind, count, 0)
        self._dimensions(mask)
        return row

    def _dimensions(self, mask):
        if mask & 0x40:
            self.cursor.skip(4 * self.length(4))
        return 0

    def _fill(self, row, kind, count, depth):
        """`count` values of one type into the block begun last; row -1: only text and structure are wanted."""
        k: cython.longlong
        if kind <= 11 or kind == 19:
            self._numbers(kind, count)
        elif kind <= 14 or 16 <= kind <= 18 or kind == 20 or kind == 21:
            self._texts(kind, count)
        elif kind == 23 or kind == 24:
            for k in range(count):
                self._inner(row, kind, depth)
        else:
            self._octets(row, kind, count)
        return 0

    def _numbers(self, kind, count):
        k: cython.longlong
        for k in range(count):
            if self.kept >= 4096:
                self.cursor.skip(FIXED[kind] * (count - k))
                break
            self.kept += 1
            self.values.number(self._number(kind))
        return 0

    def _number(self, kind):
        c: Cursor = self.cursor
        value: cython.int
        if kind == 10:
            return c.f32le()
        if kind == 11:
            return c.f64le()
        if kind == 6:
            return c.i32le()
        if kind == 7 or kind == 19:
            return c.u32le()
        if kind == 5:
            return c.u16le()
        if kind == 4:
            return c.i16le()
        if kind == 9:
            return c.u64le()
        if kind == 8:
            low: cython.longlong = c.u32le()
            return c.i32le() * 4294967296 + low
        value = c.u8()
        if kind == 2 and value > 127:
            return value - 256
        return (1 if value else 0) if kind == 1 else value

    def _texts(self, kind, count):
        k: cython.longlong
        for k in range(count):
            if len(self.parts) >= MAX_PARTS:
                self._skip(kind, count - k, 0)
                break
            self.parts.append(self._text(kind))
        return 0

    def _text(self, kind):
        if kind == 12 or kind == 16:
            return self.string() or ""
        if kind == 13:
            at = moment(self.cursor.u64le())
            return "" if at is None else at.isoformat()
        if kind == 14:
            return self.guid()
        if kind == 20:
            return self.qualified_name()
        if kind == 21:
            return self.localized_text()
        return self.node_text()

    def _inner(self, row, kind, depth):
        """A Variant or DataValue inside an array: its values join the block."""
        c: Cursor = self.cursor
        if depth >= MAX_DEPTH:
            raise DecodeError("nesting-too-deep", c.offset())
        outer: cython.int = 1
        if kind == 23:
            outer = c.u8()
        if outer & 1:
            mask: cython.int = c.u8()
            inside: cython.int = mask & 0x3F
            if inside > 31:
                raise DecodeError("variant-type-invalid", c.offset() - 1)
            if inside:
                self._fill(row, inside, self.length(SMALLEST[inside]) if mask & 0x80 else 1, depth + 1)
                self._dimensions(mask)
        if kind == 23:
            c.skip((4 if outer & 2 else 0) + _tail(outer))
        return 0

    def _octets(self, row, kind, count):
        """ByteStrings, structures and diagnostics: their octets as they stand, a scalar's own without its head."""
        c: Cursor = self.cursor
        begin: cython.Py_ssize_t = c.offset()
        if count == 1 and kind == 22:
            size: cython.longlong = self.extension()
            if self.namespace == 0 and self.identifier >= 0:
                self.structure = (self.identifier, c.offset(), size)
            begin = c.offset()
            c.skip(size)
        elif count == 1 and kind != 25:
            begin += 4
            self.skip_string()
        else:
            self._skip(kind, count, 0)
        end: cython.Py_ssize_t = c.offset()
        if row >= 0 and end > begin:
            c.seek(begin)
            self.values.take_raw(row, c, min(end - begin, 4096))
            c.seek(end)
        return 0

    def skip_variant(self, depth):
        """Pass over a Variant."""
        c: Cursor = self.cursor
        if depth >= MAX_DEPTH:
            raise DecodeError("nesting-too-deep", c.offset())
        mask: cython.int = c.u8()
        kind: cython.int = mask & 0x3F
        if kind > 31:
            raise DecodeError("variant-type-invalid", c.offset() - 1)
        if kind:
            self._skip(kind, self.length(SMALLEST[kind]) if mask & 0x80 else 1, depth)
            self._dimensions(mask)
        return 0

    def skip_data_value(self, depth):
        """Pass over a DataValue."""
        mask: cython.int = self.cursor.u8()
        if mask & 1:
            self.skip_variant(depth)
        self.cursor.skip((4 if mask & 2 else 0) + _tail(mask))
        return 0

    def _skip(self, kind, count, depth):
        c: Cursor = self.cursor
        k: cython.longlong
        if kind < 20 and FIXED[kind]:
            c.skip(FIXED[kind] * count)
            return 0
        for k in range(count):
            if kind == 17 or kind == 18:
                self.skip_node()
            elif kind == 20:
                c.skip(2)
                self.skip_string()
            elif kind == 21:
                self.localized_text()
            elif kind == 22:
                self.skip_extension()
            elif kind == 23:
                self.skip_data_value(depth + 1)
            elif kind == 24:
                self.skip_variant(depth + 1)
            elif kind == 25:
                self.skip_diagnostic()
            else:
                self.skip_string()
        return 0


def _tail(mask):
    """Octets of a DataValue's timestamps and picoseconds."""
    return (8 if mask & 4 else 0) + (2 if mask & 16 else 0) + (8 if mask & 8 else 0) + (2 if mask & 32 else 0)
