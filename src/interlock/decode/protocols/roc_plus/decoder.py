"""Emerson ROC Plus: flow computers and remote controllers read, written, logged into, over TCP and UDP.

Each message names the unit and group of who is asked and who asks; an answer has them in exchange and the request's
opcode. Opcode 255 refuses: pairs of an error code and the offset that it concerns. A controller speaks by itself
with opcode 224 (an alarm waits), which the host acknowledges with 225.
Source: Emerson D301180X012 (ROC Plus Protocol Specifications Manual), clauses 1 and 2.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.layouts import Parameters
from interlock.decode.logins import Names, end
from interlock.decode.protocols.roc_plus.parameters import DETAILS, KINDS, layout_of
from interlock.decode.protocols.roc_plus.parameters import HEAD as HEADER
from interlock.decode.protocols.roc_plus.requests import Requests
from interlock.decode.protocols.roc_plus.wire import (
    ANSWER,
    ASKED,
    EITHER,
    HEAD,
    OPCODES,
    RocFramer,
    checked,
    role,
    whole,
)
from interlock.decode.sheet import REFUSED
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.decode.values import READ
from interlock.errors import DecodeError

__all__ = ["SPEC", "RocPlus"]

PORT = 4000
SIGNAL, LOGIN, SYSTEM_CONFIGURATION, ERROR = 224, 17, 6, 255
READ_CLOCK, REQUEST_PARAMETERS, CLOCK = 7, 180, 7
READ_PARAMETERS = {10: 7, 167: 4, REQUEST_PARAMETERS: 4}
"""Answers that bring values, and the octets before them; of several parameters (180) only the first is found."""
OLD_ERROR = 3
"""Octets of the older ROC protocol's error indicator: code, opcode that it refuses, octet of the request."""
MAX_OPEN = 16
MAX_UNITS = 4096
TYPES = {6: "ROC800-Series"}
"""Type of ROC in the answer to opcode 6; others are given as the number."""


class _Flow:
    """waiting: keys of requests without answer, in order. logins: operation → login without answer."""

    __slots__ = ("logins", "waiting")

    def __init__(self):
        self.waiting = []
        self.logins = {}


class RocPlus(Decoder):
    """Requests and answers of any unit and group."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.accounts = Names(self.names)
        self.requests = Requests(self)
        self.parameters = Parameters(self.facts, DETAILS[0].name, KINDS, big=False)
        self._units = {}
        self._verb_rows = None

    @property
    def verb_rows(self):
        """Opcode → (name, verb), read when a forwarded message first needs it."""
        if self._verb_rows is None:
            self._verb_rows = self.tools.verb_rows("roc-plus")
        return self._verb_rows

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = self.cursor.rest()
        if len(octets) < HEAD + 2:
            raise DecodeError("truncated", len(octets))
        finish = HEAD + octets[5]
        if len(octets) != finish + 2:
            raise DecodeError("length-mismatch", 5)
        if not checked(octets):
            raise DecodeError("crc-wrong", finish)
        slot = m.flow[i]
        flow = self.flows.state[slot]
        opcode, data = octets[4], octets[HEAD:finish]
        said = role(opcode, data)
        if flow is None:
            flow = self.flows.state[slot] = _Flow()
            self._orient(m, i, slot, opcode, said)
        asks = said == ASKED or (said == EITHER and m.direction[i] == 0)
        (self._ask if asks else self._answer)(m, i, out, flow, opcode, data, octets)

    def _orient(self, m, i, slot, opcode, said):
        """Between equal ports only the first message's shape tells who asks."""
        if said != EITHER and opcode != SIGNAL and not self.flows.oriented[slot]:
            asked_side = m.side[i] if said == ANSWER else 1 - m.side[i]
            self.flows.orient(slot, 1 - asked_side)
            m.direction[i] = 1 if said == ANSWER else 0

    def unit(self, unit, group):
        """Code of `unit.group`; -1 past MAX_UNITS different ones."""
        code = self._units.get((unit, group))
        if code is None:
            if len(self._units) >= MAX_UNITS:
                return -1
            code = self._units[unit, group] = self.names.code(f"{unit}.{group}")
        return code

    def login(self, m, i, out, row, user, login):
        """Remember a login until it is answered; whom it names is known there."""
        flow = self.flows.state[m.flow[i]]
        if len(flow.logins) >= MAX_OPEN:
            flow.logins.pop(next(iter(flow.logins)))
        flow.logins[out.operation_of(row)] = (login, user)

    def values_of(self, m, i, out, row, octets, direction):
        """What is read or written, as octets: sizes and types stand in each firmware's point type tables."""
        if self.values.wanted and octets:
            here = (m, i, self.f.protocol_code, out.operation_of(row), out.unit_of(row), out.object_of(row))
            self.values.set_raw(self.values.block(*here, direction, self.names.code("octets")), octets)

    def clock_of(self, m, i, out, row, data, direction):
        """Second, minute, hour, day, month 1 each, year 2, [day of the week 1], as text."""
        if self.values.wanted and len(data) >= CLOCK:
            second, minute, hour, day, month = data[:5]
            year = data[5] | data[6] << 8
            here = (
                m,
                i,
                self.f.protocol_code,
                out.operation_of(row),
                out.unit_of(row),
                self.objects.code("clock"),
            )
            block = self.values.block(*here, direction, self.names.code("clock"))
            self.values.set_text(
                block, f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}"
            )

    def _ask(self, m, i, out, flow, opcode, data, octets):
        key = _key(opcode, octets)
        row = out.ask(m, i, self.f, opcode, key)
        out.set_transaction(row, -1)
        if opcode == SIGNAL:  # who speaks by itself is the controller, whichever end it is
            code = self.flows.addresses.code
            out.set_ends(row, code(self.facts.receiver(m, i)), code(self.facts.sender(m, i)))
            out.set_unit(row, self.unit(octets[2], octets[3]))
        else:
            out.set_unit(row, self.unit(octets[0], octets[1]))
        flow.waiting.append(key)
        del flow.waiting[:-MAX_OPEN]
        self._tell(m, i, out, row, opcode, octets, data, answer=False)
        self.requests.say(m, i, out, row, opcode, data)

    def _answer(self, m, i, out, flow, opcode, data, octets):
        asked = data[1] if opcode == ERROR and len(data) == OLD_ERROR else opcode
        key = self._answered(flow, asked, octets)
        row = out.answer(m, i, key) if key else -1
        if row < 0:
            row = out.orphan(m, i, self.f, opcode, _key(opcode, octets))
            out.set_unit(row, self.unit(octets[2], octets[3]))
            out.set_transaction(row, -1)
            if opcode == SIGNAL:
                code = self.flows.addresses.code
                out.set_ends(row, code(self.facts.sender(m, i)), code(self.facts.receiver(m, i)))
        self._tell(m, i, out, row, opcode, octets, data, answer=True)
        if opcode == ERROR:
            out.settle(row, REFUSED, data[0] if data else 0)
        self._logged(m, i, out, flow, row, opcode)
        if opcode == SYSTEM_CONFIGURATION:
            self._system(m, i, octets, data)
        elif opcode == READ_CLOCK:
            self.clock_of(m, i, out, row, data, READ)
        elif opcode in READ_PARAMETERS and (opcode != REQUEST_PARAMETERS or data[:1] == b"\x01"):
            self.values_of(m, i, out, row, data[READ_PARAMETERS[opcode] :], READ)

    def _tell(self, m, i, out, row, opcode, octets, data, *, answer):
        """What the message says beside objects and values, where anybody asked for it."""
        if self.parameters.wanted():
            layout = f"{HEADER} {layout_of(opcode, data, answer=answer)}"
            self.parameters.tell(m, i, out.operation_of(row), layout, octets[:-2], answer=answer)

    def _answered(self, flow, opcode, octets):
        """Key of the request that this answers, 0 for none. The line is half duplex: what waited before it is over."""
        ends = _key(0, octets)
        for at in range(len(flow.waiting) - 1, -1, -1):
            key = flow.waiting[at]
            if key >> 8 == ends >> 8 and (opcode in (key & 0xFF, ERROR)):
                first = at
                while opcode != ERROR and first and flow.waiting[first - 1] == key:
                    first -= 1  # the oldest of equal ones, as rows are paired
                del flow.waiting[: first + 1]
                return key
        return 0

    def _logged(self, m, i, out, flow, row, opcode):
        kept = flow.logins.pop(out.operation_of(row), None)
        if kept is None:
            return
        end(self.facts, kept[0], "refused" if opcode == ERROR else "ok")
        if opcode != ERROR and kept[1]:
            self.facts.clue(m, i, self.facts.receiver(m, i), "user", kept[1], "roc-plus", 0.9)

    def _system(self, m, i, octets, data):
        """Mode 1, port 2, security, compatibility, revision, subtype, reserved 11, type of ROC 1, point types."""
        who = self.facts.sender(m, i)
        if len(data) > 18:
            kind = data[18]
            self.facts.clue(m, i, who, "device-type", f"roc:{kind}", "roc-plus", 0.8)
            self.facts.clue(m, i, who, "product", TYPES.get(kind, ""), "roc-plus", 0.8)
            self.facts.clue(m, i, who, "vendor", "Emerson", "roc-plus", 0.8)
        self.facts.clue(m, i, who, "device-id", f"roc:{octets[2]}.{octets[3]}", "roc-plus", 0.8)


def _key(opcode, octets):
    """Opcode and both addresses, in either order: an answer has them in exchange."""
    one, other = octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]
    return (max(one, other) << 16 | min(one, other)) << 8 | opcode


def _probe(octets, hint):
    """A length that is the payload's own (on port 4000: or shorter), an opcode that exists, a check that holds."""
    length = len(octets)
    own = PORT in (hint.source_port, hint.target_port)
    if length < 8:
        return NEED_MORE if own and hint.transport == "tcp" else 0
    if octets[4] not in OPCODES or octets[:4] == b"\0\0\0\0":  # the check of nothing but zeros is zero
        return 0
    end = 8 + octets[5]
    if end != length and not (own and hint.transport == "tcp"):
        return 0
    if end > length:
        return NEED_MORE
    if not whole(octets):
        return 0
    return 90 if own else 75


SPEC = ProtocolSpec(
    name="roc-plus",
    names=("roc-plus",),
    probe=_probe,
    decoder=RocPlus,
    tcp=frozenset({PORT}),
    udp=frozenset({PORT}),
    framer=RocFramer,
    details=DETAILS,
    control=True,
)
