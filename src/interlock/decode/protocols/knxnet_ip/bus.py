"""Rows of what happens on the bus behind a gateway: application services, transport control, device management.

Source: KNX Standard 03/03/07 clauses 3 (services) and 2 (PDUs); 03/06/03 clause 4.1.7 (device management).
"""

from __future__ import annotations

from interlock.decode.logins import Names
from interlock.decode.protocols.knxnet_ip.cemi import (
    APCI,
    CODE,
    CONFIRMATIONS,
    DATA,
    INDICATIONS,
    MANAGEMENT,
    group_text,
    individual_text,
    read_frame,
)
from interlock.records.vocabulary import VERBS

__all__ = ["Bus"]

GROUP_READ, GROUP_RESPONSE, GROUP_WRITE = 0x000, 0x040, 0x080
MEMORY = frozenset({0x200, 0x240, 0x280})
USER_MEMORY = frozenset({0x2C0, 0x2C1, 0x2C2})
PROPERTY = frozenset({0x3D5, 0x3D6, 0x3D7})
PROPERTY_RESPONSE, AUTHORIZE, KEY_WRITE, DESCRIPTOR_RESPONSE = 0x3D6, 0x3D1, 0x3D3, 0x340
RESPONSES = frozenset({
    0x040, 0x140, 0x1C0, 0x1C9, 0x1CD, 0x1CF, 0x1D3, 0x1D6, 0x1FC, 0x1FE, 0x240, 0x2C1, 0x2C6, 0x2C9, 0x340, 0x3A1,
    0x3C2, 0x3C9, 0x3CE, 0x3D2, 0x3D4, 0x3D6, 0x3D9, 0x3DB, 0x3DD, 0x3E2, 0x3E6, 0x3E9, 0x3EB, 0x3ED,
})  # fmt: skip
"""Application services that answer others."""
DEFAULT_KEY = b"\xff\xff\xff\xff"
"""The authorization key of a device that nobody gave one (03/05/02)."""
NONE = -2147483648
UNKNOWN, REFUSED = 0, 2
WRITTEN, READ, REPORTED = range(3)


class Bus:
    """Makes one row of each cEMI message that asks, tells or manages something."""

    def __init__(self, decoder):
        self._d = decoder
        self._f = decoder.f
        self._units = Names(decoder.names)
        self._report = VERBS.index("report")

    def message(self, m, i, out, c, key):
        """One cEMI message at the cursor. key: what its acknowledgement carries, or -1 where nothing answers."""
        code = c.u8()
        if code in DATA:
            self._data(m, i, out, c, code, key)
        elif code in MANAGEMENT:
            self._management(m, i, out, c, code, key)
        else:
            self._row(m, i, out, CODE + code, code, key)

    def _row(self, m, i, out, function, code, key, *, answers=False):
        """A request that waits for its acknowledgement, a report, or a command of which nothing more is seen."""
        if (code in INDICATIONS and key >= 0) or answers:
            m.direction[i] = 1  # the gateway tells what it heard, whoever opened the flow
            return out.tell(m, i, self._f, function)
        if key >= 0:
            return out.ask(m, i, self._f, function, key)
        m.direction[i] = 0
        row = out.tell(m, i, self._f, function)
        out.settle(row, UNKNOWN, NONE)
        return row

    def _data(self, m, i, out, c, code, key):
        frame = read_frame(c, code)
        if frame.function < 0:
            return
        service = frame.function - APCI
        if code in CONFIRMATIONS:
            self._confirmed(m, i, out, c, frame, key)
            return
        heard = code in INDICATIONS and key >= 0
        answers = service in RESPONSES
        row = self._row(m, i, out, frame.function, code, key, answers=answers)
        if heard or answers:
            out.set_verb(row, self._report)
        self._ends(out, row, frame, heard=heard or answers)
        if frame.function >= APCI and frame.function < CODE:
            self._service(m, i, out, row, frame, service, heard=heard or answers)

    def _confirmed(self, m, i, out, c, frame, key):
        """L_Data.con: closes the request over TCP; over UDP its acknowledgement did so before."""
        row = out.answer(m, i, key)
        if frame.refused:
            self._d.facts.oddity(m, i, "knxnet-ip", "not-confirmed", c.offset())
            if row >= 0:
                out.settle(row, REFUSED, NONE)

    def _ends(self, out, row, frame, *, heard):
        """The machine on the bus that is asked, or that tells; a group is no machine."""
        who = frame.source if heard else frame.destination
        if (heard or not frame.group) and who:
            unit = self._units.code(individual_text(who))
            if unit >= 0:
                out.set_unit(row, unit)

    def _service(self, m, i, out, row, frame, service, *, heard):
        d, data = self._d, frame.data
        if service in (GROUP_READ, GROUP_RESPONSE, GROUP_WRITE) or frame.group:
            code = d.objects.code(f"group:{group_text(frame.destination)}")
            out.set_object(row, code, 1)
            if service in (GROUP_RESPONSE, GROUP_WRITE):
                self._value(m, i, out, row, code, frame, REPORTED if heard else WRITTEN)
        elif service in MEMORY and len(data) >= 2:
            out.set_object(row, d.objects.code(f"memory:0x{data[:2].hex()}"), frame.short & 15)
        elif service in USER_MEMORY and len(data) >= 3:
            out.set_object(
                row, d.objects.code(f"user-memory:0x{data[0] >> 4:x}{data[1:3].hex()}"), data[0] & 15
            )
        elif service in PROPERTY and len(data) >= 4:
            out.set_object(row, d.objects.code(f"property:{data[0]}/{data[1]}"), data[2] >> 4)
            if service == PROPERTY_RESPONSE and data[0] == 0:
                d.identity.property(m, i, self._who(m, i, frame), 0, data[1], data[4:])
        elif service == DESCRIPTOR_RESPONSE and len(data) == 2:
            d.identity.feature(m, i, self._who(m, i, frame), 2, data)
        elif service in (AUTHORIZE, KEY_WRITE) and len(data) >= 5:
            known = "default" if data[1:5] == DEFAULT_KEY else None
            out.set_object(row, d.objects.code("key"), 1)
            d.facts.credential(m, i, "knxnet-ip", "authorization-key", None, data[1:5], known=known)

    def _who(self, m, i, frame):
        return f"{self._d.facts.sender(m, i)}/{individual_text(frame.source)}"

    def _value(self, m, i, out, row, code, frame, direction):
        """A group's value: 6 bits in the service's octet, or octets; its type is not on the wire."""
        v = self._d.values
        if not v.wanted:
            return
        kind = self._d.names.code("octets" if frame.data else "6-bit")
        block = v.block(
            m, i, self._f.protocol_code, out.operation_of(row), out.unit_of(row), code, direction, kind
        )
        if frame.data:
            v.set_raw(block, frame.data)
        else:
            v.number(frame.short)

    def _management(self, m, i, out, c, code, key):
        kind, instance, number = c.u16be(), c.u8(), c.u8()
        code_of = CONFIRMATIONS.get(code)
        start = c.u16be() if code not in (0xF8, 0xF9, 0xFA) else 0x1000
        if code_of is not None:
            row = out.answer(m, i, self._d.management_key(CODE + code_of, kind, instance, number))
            if row < 0:
                row = out.orphan(m, i, self._f, CODE + code_of, -1)
            if start >> 12 == 0:  # no elements: an error code follows
                out.settle(row, REFUSED, c.u8() if c.left() else NONE)
            elif code == 0xFB:
                self._d.identity.property(m, i, self._d.facts.sender(m, i), kind, number, c.rest())
        elif code == 0xF7:
            row = self._row(m, i, out, CODE + code, code, key)
        else:
            row = out.ask(
                m, i, self._f, CODE + code, self._d.management_key(CODE + code, kind, instance, number)
            )
            out.set_transaction(row, -1)
        out.set_object(row, self._d.objects.code(f"property:{kind}/{instance}/{number}"), start >> 12)
