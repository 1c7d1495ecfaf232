# cython: compiled
"""Modbus over TCP and UDP.

    MBAP header                               PDU
    | transaction 2 | protocol 0 2 | length 2 | unit 1 | function 1 | data … |

Source: Modbus Application Protocol Specification V1.1b3; Modbus Messaging on TCP/IP V1.0b.
"""

from __future__ import annotations

import cython

from interlock.decode.decoder import Decoder
from interlock.decode.echoes import asks, repeats
from interlock.decode.framing import LengthFramer
from interlock.decode.protocols.modbus.files import FileRecords
from interlock.decode.protocols.modbus.umas import Umas
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Modbus"]

COIL, DISCRETE, HOLDING, INPUT, FIFO = range(5)
KINDS = ("coil", "discrete", "holding", "input", "fifo")
READ_VERB, WRITE_VERB = 1, 2
OK, REFUSED = 1, 2
WRITTEN, READ = 0, 1
IDENTITY = {
    0: ("vendor", 0.95),
    1: ("order-number", 0.8),
    2: ("firmware", 0.9),
    4: ("product", 0.9),
    5: ("product", 0.8),
    6: ("name", 0.6),
}
"""Object ids of Read Device Identification (V1.1b3 clause 6.21) and the clue each is."""


class Modbus(Decoder):
    """Requests and answers of one Modbus server address, every public function; UMAS by its own reader."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.diagnostics = tools.table("modbus", "modbus-diagnostics")
        self.files = FileRecords(self)
        self.umas = Umas(self, tools)
        self.register_type = self.names.code("uint16")
        self.bit_type = self.names.code("bit")
        self.mask_type = self.names.code("and-or-mask")

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        transaction: cython.int = c.u16be()
        c.skip(4)
        unit: cython.int = c.u8()
        function: cython.int = c.u8()
        answers: cython.int = m.direction[i]
        if answers == 0 and function >= 128:
            if self.flows.basis[m.flow[i]] == 3:
                raise DecodeError("function-out-of-range", 7)
            self.flows.orient(m.flow[i], 1 - m.side[i])  # only an answer can carry an exception
            answers = 1
        if answers == 0:
            self._ask(m, i, out, transaction, unit, function)
        else:
            self._answer(m, i, out, transaction, unit, function)

    def _unit(self, unit):
        key: cython.ulonglong = self.f.key_base | unit
        code: cython.int = self.names.find(key)
        return code if code >= 0 else self.names.keep(key, str(unit))

    def _object(self, kind, address):
        key: cython.ulonglong = self.f.key_base | (kind << 16) | address
        code: cython.int = self.objects.find(key)
        return code if code >= 0 else self.objects.keep(key, f"{KINDS[kind]}:{address}")

    def _ask(self, m, i, out, transaction, unit, function):
        c: Cursor = self.cursor
        key: cython.longlong = transaction | (unit << 16) | (function << 24)
        if function == 90:
            self.umas.ask(m, i, out, key, transaction, self._unit(unit))
            return
        row: cython.int = out.ask(m, i, self.f, function, key)
        out.set_transaction(row, transaction)
        out.set_unit(row, self._unit(unit))
        if 1 <= function <= 4:
            self._range(m, i, out, row, function - 1)
        elif function in (5, 6, 15, 16, 22):
            said: cython.longlong = self._echo(function)
            if said >= 0:
                asks(out, row, m, i, said)
            self._write(m, i, out, row, function)
        elif function == 23:
            self._range(m, i, out, row, HOLDING)
            second: cython.int = out.more(row)
            out.set_verb(row, READ_VERB)
            out.set_verb(second, WRITE_VERB)
            self._range(m, i, out, second, HOLDING)
            count: cython.int = c.u8() // 2
            self._registers(m, i, row, out, out.object_of(second), WRITTEN, count)
        elif function == 24:
            out.set_object(row, self._object(FIFO, c.u16be()), 1)
        elif function == 8:
            self._sub_function(out, row, self.diagnostics, c.u16be(), "diagnostic")
        elif function in (20, 21):
            self._files(m, i, out, row, function, unit)
        elif function == 43:
            self._interface(out, row)

    def _range(self, m, i, out, row, kind):
        """Start and quantity, as most functions name what they are about."""
        c: Cursor = self.cursor
        address: cython.int = c.u16be()
        count: cython.int = c.u16be()
        out.set_object(row, self._object(kind, address), count)
        if count == 0 or address + count > 65536:
            self.facts.oddity(m, i, "modbus", "quantity-out-of-range", c.offset() - 2)

    def _echo(self, function):
        """What an answer to a write repeats of it, from the cursor on: place, and value or count, or both masks.

        -1 where it is not whole. Source: V1.1b3, clauses 6.5, 6.6, 6.11, 6.12, 6.16.
        """
        c: Cursor = self.cursor
        said: cython.longlong = function
        octets: cython.int = 6 if function == 22 else 4
        k: cython.int
        if c.left() < octets:
            return -1
        for k in range(octets):
            said = said << 8 | c.peek(k)
        return said

    def _write(self, m, i, out, row, function):
        c: Cursor = self.cursor
        octets: cython.int
        if function == 5 or function == 6:
            code: cython.int = self._object(COIL if function == 5 else HOLDING, c.u16be())
            value: cython.int = c.u16be()
            out.set_object(row, code, 1)
            kind: cython.int = self.bit_type if function == 5 else self.register_type
            self.values.block(
                m, i, self.f.protocol_code, out.operation_of(row), out.unit_of(row), code, WRITTEN, kind
            )
            if function == 5 and value not in (0, 0xFF00):
                self.facts.oddity(m, i, "modbus", "coil-value-invalid", 10)
            self.values.number(value if function == 6 else (1 if value else 0))
        elif function == 22:
            code = self._object(HOLDING, c.u16be())
            out.set_object(row, code, 1)
            self.values.block(
                m,
                i,
                self.f.protocol_code,
                out.operation_of(row),
                out.unit_of(row),
                code,
                WRITTEN,
                self.mask_type,
            )
            self.values.number(c.u16be())
            self.values.number(c.u16be())
        else:
            self._range(m, i, out, row, COIL if function == 15 else HOLDING)
            octets = c.u8()
            if octets != c.left():
                self.facts.oddity(m, i, "modbus", "byte-count-mismatch", c.offset() - 1)
            if function == 15:
                self._bits(m, i, row, out, out.object_of(row), WRITTEN, out.count_of(row), octets)
            else:
                self._registers(m, i, row, out, out.object_of(row), WRITTEN, octets // 2)

    def _registers(self, m, i, row, out, object, direction, count):  # noqa: A002
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        if not v.wanted:
            return
        operation: cython.ulonglong = out.operation_of(row) if row >= 0 else 0
        unit: cython.int = out.unit_of(row) if row >= 0 else -1
        v.block(m, i, self.f.protocol_code, operation, unit, object, direction, self.register_type)
        v.registers(c, count)

    def _bits(self, m, i, row, out, object, direction, count, octets):  # noqa: A002
        c: Cursor = self.cursor
        v: ValueSheet = self.values
        if not v.wanted:
            return
        c.need(octets)
        operation: cython.ulonglong = out.operation_of(row) if row >= 0 else 0
        unit: cython.int = out.unit_of(row) if row >= 0 else -1
        v.block(m, i, self.f.protocol_code, operation, unit, object, direction, self.bit_type)
        k: cython.int
        bits: cython.int = 0
        for k in range(min(count, octets * 8)):
            if k & 7 == 0:
                bits = c.u8()
            v.number((bits >> (k & 7)) & 1)

    def _sub_function(self, out, row, table, code, prefix):
        known: cython.int = table.find(code)
        out.set_verb(row, table.verb)
        if known:
            out.set_name(row, table.name)
        out.set_object(row, self.objects.code(f"{prefix}:{code}"), 1)

    def _files(self, m, i, out, row, function, unit):
        """Sub-requests of functions 20 and 21: reference type 6, file, record, length (in registers)."""
        c: Cursor = self.cursor
        left: cython.int = c.u8()
        first = True
        while left >= 7:
            c.skip(1)
            file: cython.int = c.u16be()
            record: cython.int = c.u16be()
            code = self.objects.code(f"file:{file}/{record}")
            count: cython.int = c.u16be()
            out.set_object(row if first else out.more(row), code, count)
            first = False
            left -= 7
            if function == 21:
                octets = c.take(2 * count)
                left -= 2 * count
                if self.files.wanted:
                    self.files.part(m, i, unit, file, record, octets, out.operation_of(row))

    def _interface(self, out, row):
        """Function 43: MEI type 14 reads the device identification, 13 is CANopen's general reference."""
        c: Cursor = self.cursor
        kind: cython.int = c.u8()
        out.set_object(row, self.objects.code(f"mei:{kind}"), 1)
        if kind != 14:
            out.set_verb(row, 0)

    def _answer(self, m, i, out, transaction, unit, function):
        c: Cursor = self.cursor
        plain: cython.int = function & 0x7F
        row: cython.int = out.answer(m, i, transaction | (unit << 16) | (plain << 24))
        if function == 90:
            self.umas.answer(m, i, out, row, transaction, self._unit(unit))
            return
        if row < 0:
            row = out.orphan(m, i, self.f, plain, transaction)
            out.set_unit(row, self._unit(unit))
        if function & 0x80:
            out.settle(row, REFUSED, c.u8())
        elif plain in (5, 6, 15, 16, 22):
            said: cython.longlong = self._echo(plain)
            if said >= 0 and not repeats(out, row, m, i, said):
                self.facts.oddity(m, i, "modbus", "answer-differs", 8)
        elif 1 <= plain <= 4 or plain == 23:
            self._read_values(m, i, out, row, plain)
        elif plain == 43:
            self._identity(m, i, unit)
        elif plain == 17:
            self._server_id(m, i, unit)
        elif plain == 24:
            c.skip(2)
            self._registers(m, i, row, out, out.object_of(row), READ, c.u16be())

    def _read_values(self, m, i, out, row, function):
        c: Cursor = self.cursor
        octets: cython.int = c.u8()
        if octets != c.left():
            self.facts.oddity(m, i, "modbus", "byte-count-mismatch", 8)
        code: cython.int = out.object_of(row)
        if function <= 2:
            count: cython.longlong = out.count_of(row)
            if count < 0 or count > octets * 8:
                count = octets * 8
            self._bits(m, i, row, out, code, READ, count, octets)
        else:
            self._registers(m, i, row, out, code, READ, octets // 2)

    def _who(self, m, i, unit):
        server = self.facts.sender(m, i)
        return server if unit in (0, 255) else f"{server}/{unit}"

    def _identity(self, m, i, unit):
        """Read Device Identification: MEI, code, conformity, more, next, count, then (id, length, text)."""
        c: Cursor = self.cursor
        if c.u8() != 14:
            return
        c.skip(4)
        who = self._who(m, i, unit)
        for _ in range(c.u8()):
            known = IDENTITY.get(c.u8())
            text = c.take(c.u8()).decode("utf-8", "backslashreplace").strip("\x00 ")
            if known and text:
                self.facts.clue(m, i, who, known[0], text, "modbus", known[1])

    def _server_id(self, m, i, unit):
        """Report Server ID: a length, then octets of the maker's choosing; text in them describes it."""
        c: Cursor = self.cursor
        octets = c.take(min(c.u8(), c.left()))
        text = "".join(chr(o) if 32 <= o < 127 else " " for o in octets).strip()
        if len(text) >= 4:
            self.facts.clue(m, i, self._who(m, i, unit), "description", text, "modbus", 0.6)


def _probe(octets, hint):
    """MBAP: protocol 0, a length that fits, a function that exists; more certain where the message is whole."""
    if len(octets) < 8:
        return NEED_MORE if octets[2:4] in (b"", b"\x00", b"\x00\x00") and octets else 0
    length = int.from_bytes(octets[4:6], "big")
    if octets[2:4] != b"\x00\x00" or not 2 <= length <= 1024:
        return 0
    function = octets[7] & 0x7F
    if function == 0 or (function > 100 and 502 not in (hint.source_port, hint.target_port)):
        return 0
    exact = length + 6 == len(octets) or (
        length + 6 < len(octets) and octets[length + 8 : length + 10] == b"\x00\x00"
    )
    known = function in (1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24, 43, 90)
    if hint.transport == "udp":
        # A datagram is one ADU; what is longer is somebody else's (MELSOFT's), unless the port says Modbus.
        registered = 502 in (hint.source_port, hint.target_port)
        if not (exact and known and (registered or length + 6 == len(octets))):
            return 0
        if length + 6 != len(octets):
            return 65
    if known and not exact and 502 in (hint.source_port, hint.target_port):
        return 80  # the beginning of an ADU, where ADUs are expected: no other protocol need be asked
    return (70 if exact else 35) + (15 if known else -15)


def _framer():
    return LengthFramer(
        header=8,
        at=4,
        width=2,
        add=6,
        minimum=8,
        maximum=1030,
        magic=((2, 0xFF, 0), (3, 0xFF, 0), (4, 0xF8, 0)),
    )


SPEC = ProtocolSpec(
    name="modbus",
    names=("modbus", "umas"),
    probe=_probe,
    decoder=Modbus,
    tcp=frozenset({502}),
    udp=frozenset({502}),
    framer=_framer,
    control=True,
)
