"""BACnet/IP: the virtual link layer that carries NPDUs over UDP, and its tables of who hears broadcasts.

    | type 1 (0x81 IPv4, 0x82 IPv6) | function 1 | length 2 | [IPv6: source virtual address 3] | …

Source: ANSI/ASHRAE 135, annexes J.2 (IPv4) and U.2 (IPv6).
"""

from __future__ import annotations

from interlock.decode.addresses import address_text

__all__ = ["BVLC", "BVLC6", "Bvlc"]

BVLC, BVLC6 = 512, 1024
"""`function` of a message of the virtual link layer is this + its BVLC function."""
RESULT, WRITE_BDT, READ_BDT, READ_BDT_ACK, FORWARDED, REGISTER = range(6)
READ_FDT, READ_FDT_ACK, DELETE_FDT, DISTRIBUTE = range(6, 10)
UNICAST6, BROADCAST6, RESOLUTION, FORWARDED_RESOLUTION, RESOLUTION_ACK = range(1, 6)
VIRTUAL_RESOLUTION, VIRTUAL_RESOLUTION_ACK, FORWARDED6, REGISTER6, DELETE6, SECURE6, DISTRIBUTE6 = range(
    6, 13
)
ANSWERS = {READ_BDT_ACK: READ_BDT, READ_FDT_ACK: READ_FDT}
ANSWERS6 = {RESOLUTION_ACK: RESOLUTION, VIRTUAL_RESOLUTION_ACK: VIRTUAL_RESOLUTION}
ACKNOWLEDGED = (REGISTER, WRITE_BDT, DELETE_FDT)
"""Functions that a Result of success may answer."""
ACKNOWLEDGED6 = (REGISTER6, DELETE6)
REFUSABLE = {1: WRITE_BDT, 2: READ_BDT, 3: REGISTER, 4: READ_FDT, 5: DELETE_FDT, 6: DISTRIBUTE}
"""High digits of a Result's code (J.2.1.1) and the function that it refuses; in IPv6 the digits are the function."""
KEY = 1 << 62
REFUSED, READ, WRITTEN = 2, 1, 0
MAX_ENTRIES = 256


class Bvlc:
    """Unwraps NPDUs and makes rows of the virtual link layer's own messages."""

    def __init__(self, decoder):
        self._d = decoder
        self._f = decoder.f

    def message(self, m, i, out, c, kind, function):
        """One datagram behind its length, unless it carries an NPDU over IPv4 as it was sent."""
        if kind == 0x82:
            self._six(m, i, out, c, function)
        elif function == FORWARDED:
            origin = address_text(4, 0, c.u32be())
            c.skip(2)
            self._d.network(m, i, out, c, origin)
        else:
            self._own(m, i, out, c, function)

    def _six(self, m, i, out, c, function):
        source = c.u24be()
        if function == UNICAST6:
            c.skip(3)
            self._d.network(m, i, out, c, None)
        elif function in (BROADCAST6, DISTRIBUTE6):
            self._d.network(m, i, out, c, None)
        elif function == FORWARDED6:
            origin = address_text(6, c.u64be(), c.u64be())
            c.skip(2)
            self._d.network(m, i, out, c, origin)
        elif function == RESULT:
            self._result(m, i, out, c.u16be(), BVLC6, ACKNOWLEDGED6)
        elif function in ANSWERS6:
            self._answer(m, i, out, BVLC6 + ANSWERS6[function])
        else:
            asks = function in (*ACKNOWLEDGED6, RESOLUTION, VIRTUAL_RESOLUTION)
            row = self._ask(m, i, out, BVLC6 + function, answered=asks)
            out.set_object(row, self._d.objects.code(f"virtual-address:{source}"), 1)

    def _own(self, m, i, out, c, function):
        if function == RESULT:
            self._result(m, i, out, c.u16be(), BVLC, ACKNOWLEDGED)
        elif function in ANSWERS:
            row = self._answer(m, i, out, BVLC + ANSWERS[function])
            self._table(m, i, out, c, row, 10, READ)
        else:
            asks = function in (*ACKNOWLEDGED, READ_BDT, READ_FDT)
            row = self._ask(m, i, out, BVLC + function, answered=asks)
            self._parameters(m, i, out, c, row, function)

    def _parameters(self, m, i, out, c, row, function):
        d = self._d
        if function == REGISTER:
            out.set_object(row, d.objects.code("foreign-device-table"), 1)
            block = d.put_number(m, i, out, row, "foreign-device-table.time-to-live", c.u16be(), WRITTEN)
            if block >= 0:
                d.values.set_quality(block, d.names.code("seconds"))
        elif function == WRITE_BDT:
            out.set_object(row, d.objects.code("broadcast-distribution-table"), c.left() // 10)
            self._table(m, i, out, c, row, 10, WRITTEN)
        elif function == READ_BDT:
            out.set_object(row, d.objects.code("broadcast-distribution-table"), -1)
        elif function == READ_FDT:
            out.set_object(row, d.objects.code("foreign-device-table"), -1)
        elif function == DELETE_FDT:
            entry = f"{address_text(4, 0, c.u32be())}:{c.u16be()}"
            out.set_object(row, d.objects.code(f"foreign-device-table:{entry}"), 1)

    def _ask(self, m, i, out, function, *, answered):
        """A question, or where nothing answers it a message of who sends it."""
        self._d.orient(m, i, m.side[i])
        d, f = self._d, self._f
        row = out.ask(m, i, f, function, KEY | function) if answered else d.tell(m, i, out, function, False)
        out.set_transaction(row, -1)
        return row

    def _answer(self, m, i, out, function):
        row = out.answer(m, i, KEY | function)
        if row < 0:
            row = out.orphan(m, i, self._f, function, -1)
            self._d.orient(m, i, 1 - m.side[i])
        return row

    def _result(self, m, i, out, code, base, acknowledged):
        """A Result names what it refuses in the high digits of its code; 0 is the success of the oldest question."""
        digits = code >> 4
        refused = base + (REFUSABLE.get(digits, RESULT) if base == BVLC else digits & 0xFF)
        for function in (refused,) if code else (base + f for f in acknowledged):
            row = out.answer(m, i, KEY | function)
            if row >= 0:
                break
        else:
            row = out.orphan(m, i, self._f, refused if code else base, -1)
            self._d.orient(m, i, 1 - m.side[i])
        if code:
            out.settle(row, REFUSED, code)

    def _table(self, m, i, out, c, row, size, direction):
        """Entries of a table as text: B/IP address, then mask (BDT), or time to live and seconds left (FDT)."""
        foreign = out.function_of(row) == BVLC + READ_FDT
        entries = []
        while c.left() >= size and len(entries) < MAX_ENTRIES:
            address, port = c.u32be(), c.u16be()
            tail = f" {c.u16be()} s, {c.u16be()} s left" if foreign else f"/{address_text(4, 0, c.u32be())}"
            entries.append(f"{address_text(4, 0, address)}:{port}{tail}")
        name = "foreign-device-table" if foreign else "broadcast-distribution-table"
        if out.object_of(row) < 0:
            out.set_object(row, self._d.objects.code(name), len(entries))
        self._d.put_text(m, i, out, row, name, ", ".join(entries), direction)
