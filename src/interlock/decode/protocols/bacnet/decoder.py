# cython: compiled
"""BACnet over UDP (Annex J, Annex U) and over Ethernet (clause 7): who reads, writes and commands building controllers.

    BVLC | NPDU | APDU         UDP
    LLC 82 82 03 | NPDU | APDU Ethernet

    confirmed request  | 0 seg more sa | max 1 | invoke id 1 | [sequence 1, window 1] | service 1 | parameters
    unconfirmed        | 1 0           | service 1 | parameters
    simple ack         | 2 0           | invoke id 1 | service 1
    complex ack        | 3 seg more    | invoke id 1 | [sequence 1, window 1] | service 1 | parameters
    segment ack        | 4 nak srv     | invoke id 1 | sequence 1 | window 1
    error              | 5 0           | invoke id 1 | service 1 | error
    reject, abort      | 6, 7          | invoke id 1 | reason 1

Source: ANSI/ASHRAE 135-2020, clauses 6, 7, 20, 21, annexes J and U.
"""

from __future__ import annotations

import cython

from interlock.decode.cursor import Cursor
from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names, begin, end
from interlock.decode.protocols.bacnet.answers import ACKNOWLEDGED
from interlock.decode.protocols.bacnet.bvlc import Bvlc
from interlock.decode.protocols.bacnet.exchange import Exchange
from interlock.decode.protocols.bacnet.files import FileTransfers
from interlock.decode.protocols.bacnet.network import NETWORK_MESSAGES, unit_text
from interlock.decode.protocols.bacnet.recognition import probe
from interlock.decode.protocols.bacnet.requests import CONFIRMED, UNCONFIRMED
from interlock.decode.protocols.bacnet.segments import Segments
from interlock.decode.protocols.bacnet.values import Value
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "Bacnet"]

NONE = -2147483648
UNKNOWN, REFUSED, UNSOLICITED = 0, 2, 4
UNCONFIRMED_SERVICES = 256
REJECT, ABORT = 0x10000000, 0x20000000
"""`code` of a Reject or an Abort is this + its reason."""
REPORTS = frozenset({0, 1, 2, 3, 11, 12})
"""Unconfirmed services by which a device tells of itself; the others ask or command."""
WHO_IS = 8
ROUTER_ANSWERS = {7: 6, 19: 18}
"""Network messages that answer others: Initialize-Routing-Table-Ack, Network-Number-Is."""
ROUTER_REPORTS = frozenset({1, 2, 3, 4, 5, 19})
I_AM_ROUTER = 1
ROUTER_KEY = 1 << 61
WHO_IS_KEY = ROUTER_KEY | 1 << 50
ALL_INSTANCES = (0, 0x3FFFFF)
MAX_QUESTIONS = 32
MAX_UNITS = 4096
MASK = (1 << 52) - 1


class Flow:
    """State of a flow: APDUs in segments, and whether a message has shown which end asks."""

    __slots__ = ("oriented", "segments")

    def __init__(self):
        self.segments = Segments()
        self.oriented = False


class Bacnet(Decoder):
    """One datagram or link frame: a message of the link, the network or the application layer."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.users = Names(self.names)
        self.units = {}
        self.verbs = {name: k for k, name in enumerate(VERBS)}
        self.bvlc = Bvlc(self)
        self.whole = Cursor()
        self.x = Exchange(self)
        self.questions = []
        self.files = FileTransfers(tools)

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        if self.flows.transport[m.flow[i]] >= 0x10000:
            if (
                c.left() >= 4 and c.u16be() == 0x8282 and c.u8() == 3
            ):  # LLC; other protocols of the link share the flow
                self.network(m, i, out, c, None)
            return
        kind: cython.int = c.u8()
        function: cython.int = c.u8()
        length: cython.int = c.u16be()
        if kind != 0x81 and kind != 0x82:
            raise DecodeError("link-type-unknown", 0)
        if length - 4 != c.left():  # receivers take the datagram's length, and so do we
            self.facts.oddity(m, i, "bacnet", "length-mismatch", 2)
        if kind == 0x81 and 9 <= function <= 11:  # to be distributed, to one, to all
            self.network(m, i, out, c, None)
        else:
            self.bvlc.message(m, i, out, c, kind, function)

    def flow(self, slot):
        """State of a flow, made on first use."""
        state = self.flows.state[slot]
        if state is None:
            state = self.flows.state[slot] = Flow()
        return state

    def orient(self, m, i, client_side):
        """The first message that shows who asks says which end of the flow is the client."""
        slot: cython.int = m.flow[i]
        state = self.flow(slot)
        if not state.oriented:
            state.oriented = True
            self.flows.orient(slot, client_side)

    def network(self, m, i, out, c, origin):
        """An NPDU at the cursor. origin: address of who sent it, where somebody forwards it; else None."""
        if c.u8() != 1:
            raise DecodeError("version-unknown", c.offset() - 1)
        control: cython.int = c.u8()
        source = destination = None
        if control & 0x20:
            destination = (c.u16be(), c.take(c.u8()))
        if control & 0x08:
            source = (c.u16be(), c.take(c.u8()))
        if control & 0x20:
            c.skip(1)  # hop count
        if self.x.clued:
            self.x.who = origin or self.facts.sender(m, i)
        if control & 0x80:
            number: cython.int = c.u8()
            self._router(m, i, out, c, number, c.u16be() if number >= 128 else -1)
            return
        kind: cython.int = c.u8()
        which: cython.int = kind >> 4
        if which == 1:
            self._unconfirmed(m, i, out, c, source, destination, origin)
        elif which == 0:
            self._confirmed(m, i, out, c, source, destination, kind)
        elif which != 4 and which <= 7:
            if source is not None and self.x.clued and (unit := unit_text(source)):
                self.x.who = f"{self.x.who}/{unit}"
            self._answer(m, i, out, c, source, destination, kind)
        elif which > 7:
            raise DecodeError("pdu-type-reserved", c.offset() - 1)

    def _key(self, invoke, asker, asked):
        """What a request and its answer share: the invoke id between these two, behind routers or not."""
        if asker is None and asked is None:
            return invoke
        return (hash((asker, asked)) & MASK) << 8 | invoke

    def _unit(self, end):
        """Code of the machine behind the router, or -1."""
        if end is None:
            return -1
        code = self.units.get(end)
        if code is None:
            if len(self.units) >= MAX_UNITS:
                self.units.clear()
            code = self.units[end] = self.users.code(unit_text(end))
        return code

    def _confirmed(self, m, i, out, c, source, destination, kind):
        c.skip(1)  # what the asker accepts
        invoke: cython.int = c.u8()
        key: cython.longlong = self._key(invoke, source, destination)
        window = (c.u8(), c.u8()) if kind & 8 else None
        service: cython.int = c.u8()
        whole: Cursor = c
        if window is not None:
            done, octets = self.flow(m.flow[i]).segments.add(
                (m.side[i], key, 0), window[0], c.rest(), last=not kind & 4
            )
            if not done:
                return
            whole = self._joined(octets)
        self.orient(m, i, m.side[i])
        row: cython.int = out.ask(m, i, self.f, service, key)
        out.set_transaction(row, invoke)
        unit: cython.int = self._unit(destination)
        if unit >= 0:
            out.set_unit(row, unit)
        if whole is None:
            self.facts.oddity(m, i, "bacnet", "segment-missing", c.offset())
            return
        self.x.begin(m, i, out, row, unit, whole, True)
        if service == 12:  # ReadProperty
            self.x.asked_property()
            return
        reader = CONFIRMED.get(service)
        if reader is not None:
            reader(self.x)

    def _joined(self, octets):
        if octets is None:
            return None
        self.whole.bind(octets)
        self.whole.begin(0, len(octets))
        return self.whole

    def _unconfirmed(self, m, i, out, c, source, destination, origin):
        service: cython.int = c.u8()
        report = service in REPORTS
        unit: cython.int = self._unit(source if report else destination)
        if report and unit >= 0 and self.x.clued:
            self.x.who = f"{self.x.who}/{unit_text(source)}"
        row: cython.int
        if service == WHO_IS:
            row = self._who_is(m, i, out, c)
        else:
            row = self.tell(m, i, out, UNCONFIRMED_SERVICES + service, report)
        if unit >= 0:
            out.set_unit(row, unit)
        reader = UNCONFIRMED.get(service)
        try:
            if reader is not None:
                self.x.begin(m, i, out, row, unit, c, True)
                reader(self.x)
        finally:
            if origin is not None:
                code = self.flows.addresses.code(origin)
                out.set_ends(row, -1 if report else code, code if report else -1)

    def tell(self, m, i, out, function, report):
        """A message that nothing answers: a report of the server, or a command whose effect is not seen."""
        m.direction[i] = 1 if report else 0  # whoever opened the flow
        row: cython.int = out.tell(m, i, self.f, function)
        if not report:
            out.settle(row, UNKNOWN, NONE)
        return row

    def _who_is(self, m, i, out, c):
        """A question to all, or to those within its limits: closed by the first such I-Am."""
        p: Parameters = self.x.p
        p.begin(c)
        low, high = p.optional(0), p.optional(1)
        limits = ALL_INSTANCES if low is None or high is None else (low & 0x3FFFFF, high & 0x3FFFFF)
        key = WHO_IS_KEY | limits[0] << 22 | limits[1]
        row = out.ask(m, i, self.f, UNCONFIRMED_SERVICES + WHO_IS, key)
        out.set_transaction(row, -1)
        text = "device:*" if limits == ALL_INSTANCES else f"device:{limits[0]}-{limits[1]}"
        out.set_object(row, self.objects.code(text), -1)
        question = (m.flow[i], *limits, key)
        if question not in self.questions:
            if len(self.questions) >= MAX_QUESTIONS:
                del self.questions[0]
            self.questions.append(question)
        return row

    def heard(self, x, instance):
        """An I-Am came: it answers every Who-Is about this instance that waits in this realm."""
        flows: Flows = self.flows
        realm: cython.int = flows.realm_of(x.m.flow[x.i])
        for question in self.questions.copy():
            slot, low, high, key = question
            asked = low <= instance <= high and flows.realm_of(slot) == realm
            if asked and x.out.heard(x.m, x.i, slot, key) < 0:
                self.questions.remove(question)

    def _answer(self, m, i, out, c, source, destination, kind):
        which: cython.int = kind >> 4
        invoke: cython.int = c.u8()
        key: cython.longlong = self._key(invoke, destination, source)
        window = (c.u8(), c.u8()) if which == 3 and kind & 8 else None
        last: cython.int = c.u8()
        whole: Cursor = c
        if window is not None:
            done, octets = self.flow(m.flow[i]).segments.add(
                (m.side[i], key, 1), window[0], c.rest(), last=not kind & 4
            )
            if not done:
                return
            whole = self._joined(octets)
        row: cython.int = out.answer(m, i, key)
        found: cython.bint = row >= 0
        unit: cython.int = self._unit(source)
        if not found:
            row = out.orphan(m, i, self.f, last if which <= 5 else NONE, invoke)
            self.orient(m, i, 1 - m.side[i])
            if unit >= 0:
                out.set_unit(row, unit)
        elif which <= 5 and out.function_of(row) != last:
            self.facts.oddity(m, i, "bacnet", "service-mismatch", c.offset() - 1)
        login = out.notes.pop(out.operation_of(row), None) if out.notes else None
        self._settle(m, i, out, whole, row, unit, which, last, not found)
        if login is not None:
            end(self.facts, login, "ok" if which in (2, 3) else "refused")

    def _settle(self, m, i, out, c, row, unit, which, last, fresh):
        """What the answer says: which 2 simple ack, 3 complex ack, 5 error, 6 reject, 7 abort."""
        if which == 3:
            if c is None:
                self.facts.oddity(m, i, "bacnet", "segment-missing", 0)
                return
            self.x.begin(m, i, out, row, unit, c, fresh)
            if last == 12:  # ReadProperty
                self.x.told_property()
                return
            reader = ACKNOWLEDGED.get(last)
            if reader is not None:
                reader(self.x)
        elif which == 5:
            out.settle(row, REFUSED, NONE)
            self.x.begin(m, i, out, row, unit, c, False)
            self.x.refused(last)
        elif which >= 6:
            out.settle(row, REFUSED, (REJECT if which == 6 else ABORT) + last)

    def login(self, x, secret):
        """A password in clear in the request of exchange x."""
        out = x.out
        out.notes[out.operation_of(x.row)] = begin(self.facts, x.m, x.i, "bacnet", "password", None, secret)

    def _router(self, m, i, out, c, number, vendor):
        """A message of the network layer, its type and (-1: none) vendor: a row of its own, about networks."""
        function = NETWORK_MESSAGES + number
        if number in ROUTER_ANSWERS:
            row = out.answer(m, i, ROUTER_KEY | NETWORK_MESSAGES + ROUTER_ANSWERS[number])
            if row >= 0:
                return
        if number in ROUTER_ANSWERS.values():
            row = out.ask(m, i, self.f, function, ROUTER_KEY | function)
            out.set_transaction(row, -1)
        else:
            row = self.tell(m, i, out, function, number in ROUTER_REPORTS)
        if vendor >= 0:
            out.set_object(row, self.objects.code(f"vendor:{vendor}"), 1)
        elif number in (0, 1, 4, 5):
            networks = [str(c.u16be()) for _ in range(min(c.left() // 2, 64))]
            out.set_object(
                row, self.objects.code(f"network:{','.join(networks) or '*'}"), len(networks) or -1
            )
        elif number in (2, 8, 9, 19):
            out.set_object(row, self.objects.code(f"network:{c.u16be()}"), 1)
        elif number == 3:
            reason = c.u8()
            out.set_object(row, self.objects.code(f"network:{c.u16be()}"), 1)
            out.settle(row, UNSOLICITED, reason)
        if number == I_AM_ROUTER:
            self.facts.clue(m, i, self.facts.sender(m, i), "role", "router", "bacnet", 0.4)

    def put_value(self, m, i, out, row, name, value, direction):
        """A value that is no property; its row in `values`, or -1."""
        if not self.values.wanted:
            return -1
        v = self.values
        code, kind = self.objects.code(name), self.names.code(value.kind)
        block = v.block(
            m, i, self.f.protocol_code, out.operation_of(row), out.unit_of(row), code, direction, kind
        )
        for number in value.numbers:
            v.number(number)
        if value.text is not None:
            v.set_text(block, value.text)
        if value.raw is not None:
            v.set_raw(block, value.raw)
        return block

    def put_number(self, m, i, out, row, name, number, direction):
        """A number that is no property."""
        return self.put_value(m, i, out, row, name, Value("unsigned", (float(number),)), direction)

    def put_text(self, m, i, out, row, name, text, direction):
        """A text that is no property."""
        return self.put_value(m, i, out, row, name, Value("text", text=text), direction)

    def forget(self, slot):
        """See Decoder.forget."""
        Decoder.forget(self, slot)
        self.questions = [q for q in self.questions if q[0] != slot]


SPEC = ProtocolSpec(
    name="bacnet",
    names=("bacnet",),
    probe=probe,
    decoder=Bacnet,
    udp=frozenset({47808}),
    ethertypes=frozenset({4}),
    control=True,
)
