"""Omron FINS over UDP and TCP: controllers read, written, stopped, programmed; both ends may ask.

    FINS/TCP   "FINS" 4 | length 4 | command 4 | error 4 | FINS frame, or node addresses
    FINS frame ICF 1 | RSV 1 | GCT 1 | DNA DA1 DA2 | SNA SA1 SA2 | SID 1 | MRC SRC | [end code 2] | …

Bit 6 of ICF tells an answer, bit 0 that none is expected. The answer has its request's SID and both addresses
in exchange; MRES bit 7 and SRES bits 6, 7 of its end code are flags beside the code itself.
Sources: W342 clause 3 and 5, W227 clause 5, W421 clause 7-4 (FINS/TCP).
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.layouts import Parameters
from interlock.decode.protocols.fins.answers import Answers
from interlock.decode.protocols.fins.parameters import ANSWERS, CONTROLLER, DETAILS, KINDS, REQUESTS
from interlock.decode.protocols.fins.requests import Requests
from interlock.decode.sheet import NO_NUMBER, REFUSED, UNKNOWN, UNSOLICITED
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Fins"]

TCP_FUNCTION = 65536
CLIENT_NODE, SERVER_NODE, FRAME, FRAME_ERROR, CONFIRM = 0, 1, 2, 3, 6
ANSWER, NO_ANSWER_EXPECTED = 0x40, 0x01
CONTROLLER_READ = 0x0501
MAX_UNITS = 4096
NODE_KEY = 1 << 62
TYPES = (
    "uint16", "uint32", "octet", "octets", "bit", "clock", "mode", "0.1ms", "forced", "released", "error",
)  # fmt: skip


class Fins(Decoder):
    """Commands and answers of any unit of any network behind the address."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.kinds = {name: self.names.code(name) for name in TYPES}
        self.requests = Requests(self)
        self.answers = Answers(self)
        self.parameters = Parameters(self.facts, DETAILS[0].name, KINDS)
        self._units = {}
        self._answering = (0, 0, 0)

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        if c.left() >= 16 and c.peek(0) == 0x46 and c.peek(1) == 0x49:
            c.skip(8)
            command, error = c.u32be(), c.u32be()
            if command != FRAME:
                self._tcp(m, i, out, command, error)
                return
            if error:
                self.facts.oddity(m, i, "fins", "tcp-error-set", 12)
        icf, _, _, dna, da1, da2, sna, sa1, sa2, sid, mrc, src = c.take(12)
        function = mrc << 8 | src
        if icf & ANSWER:
            self._answer(m, i, out, function, sid, (dna, da1, da2), (sna, sa1, sa2))
        else:
            self._ask(m, i, out, function, sid, (dna, da1, da2), (sna, sa1, sa2), icf)

    def _tcp(self, m, i, out, command, error):
        """What FINS/TCP says below the frames: node addresses at the opening, errors, signs of life."""
        if command == CLIENT_NODE:
            out.set_transaction(out.ask(m, i, self.f, TCP_FUNCTION, NODE_KEY), -1)
        elif command == SERVER_NODE:
            row = out.answer(m, i, NODE_KEY)
            if row < 0:
                row = out.orphan(m, i, self.f, TCP_FUNCTION, NODE_KEY)
                out.set_transaction(row, -1)
            if error:
                out.settle(row, REFUSED, error)
        elif command in (FRAME_ERROR, CONFIRM):
            row = out.tell(m, i, self.f, TCP_FUNCTION + command)
            if error:
                out.settle(row, UNSOLICITED, error)
        else:
            raise DecodeError("tcp-command-unknown", 8)

    def unit(self, address):
        """Code of `network.node.unit`; -1 past MAX_UNITS different ones."""
        code = self._units.get(address)
        if code is None:
            if len(self._units) >= MAX_UNITS:
                return -1
            code = self._units[address] = self.names.code("{}.{}.{}".format(*address))
        return code

    def who(self, m, i, out, row):
        """Whose fact an answer tells: the CPU unit at the flow's end, or a device behind it."""
        host, unit = self.facts.sender(m, i), self._answering
        return host if unit[0] == 0 and unit[2] == 0 else "{}/{}.{}.{}".format(host, *unit)

    def _ask(self, m, i, out, function, sid, target, source, icf):
        slot = m.flow[i]
        if self.flows.state[slot] is None:  # a datagram's ports do not tell who asks: both may be 9600
            self.flows.state[slot] = True
            if m.direction[i]:
                self._orient(m, i, m.side[i])
        row = out.ask(m, i, self.f, function, _key(function, sid, source))
        out.set_transaction(row, sid)
        out.set_unit(row, self.unit(target))
        if icf & NO_ANSWER_EXPECTED:
            out.settle(row, UNKNOWN, NO_NUMBER)
        self._parameters(m, i, out, row, REQUESTS.get(function))
        self.requests.say(m, i, out, row, function)

    def _orient(self, m, i, client_side):
        """Only datagrams may be turned round: who opened a connection is known."""
        if m.octets[m.offset[i]] != 0x46:
            self.flows.orient(m.flow[i], client_side)

    def _answer(self, m, i, out, function, sid, target, source):
        slot = m.flow[i]
        if self.flows.state[slot] is None:
            self.flows.state[slot] = True
            if not m.direction[i]:
                self._orient(m, i, 1 - m.side[i])
        end = self.cursor.u16be()
        row = out.answer(m, i, _key(function, sid, target))
        if row < 0 and target[1]:
            # The client of a FINS/TCP connection may leave its node 0; the server fills in what it gave it.
            row = out.answer(m, i, _key(function, sid, (target[0], 0, target[2])))
        if row < 0:
            row = out.orphan(m, i, self.f, function, sid)
            out.set_unit(row, self.unit(source))
        if end & 0x7F3F:
            out.settle(row, REFUSED, end)
            return
        self._answering = source
        layout = CONTROLLER.get(self.cursor.left()) if function == CONTROLLER_READ else ANSWERS.get(function)
        self._parameters(m, i, out, row, layout, answer=True)
        self.answers.say(m, i, out, row, function)

    def _parameters(self, m, i, out, row, layout, *, answer=False):
        """What the message says beside objects and values, where anybody asked for it."""
        if layout is not None and self.parameters.wanted():
            at = self.cursor.offset()
            self.parameters.tell(m, i, out.operation_of(row), layout, self.cursor.rest(), answer=answer)
            self.cursor.seek(at)


def _key(function, sid, asker):
    return asker[0] << 40 | asker[1] << 32 | asker[2] << 24 | function << 8 | sid


_COMMON = frozenset(
    {0x0101, 0x0102, 0x0103, 0x0104, 0x0105, 0x0201, 0x0202, 0x0306, 0x0307, 0x0401, 0x0402, 0x0501, 0x0502, 0x0601,
     0x0602, 0x0603, 0x0620, 0x0701, 0x0702, 0x0801, 0x0C01, 0x0C02, 0x0C03, 0x2101, 0x2102, 0x2201, 0x2202, 0x2203,
     0x2301, 0x2302}
)  # fmt: skip


_AREA_READ, _AREA_READ_OCTETS = 0x0101, 18


def _probe(octets, hint):
    """TCP: the magic. UDP: ICF with its fixed bits, RSV 0, a gateway count, a command that exists."""
    if hint.transport == "tcp":
        if not b"FINS".startswith(octets[:4]):
            return 0
        return 95 if len(octets) >= 12 and octets[8:11] == b"\0\0\0" and octets[11] <= 6 else NEED_MORE
    if len(octets) < 12 or octets[0] & 0x3E or octets[1] or octets[2] > 8:
        return 0
    if octets[0] & ANSWER and len(octets) < 14:
        return 0
    function = octets[10] << 8 | octets[11]
    if 9600 in (hint.source_port, hint.target_port):
        return (
            85 if function in _COMMON else (40 if octets[0] & 0x80 else 0)
        )  # every sender sets ICF's top bit
    # RTP of payload type 0 has the same first octets, and DNS may: elsewhere only the most usual form counts.
    usual = octets[0] in (0x80, 0xC0) and octets[2] in (2, 7) and octets[3] == octets[6] == 0
    asks_area = octets[0] == 0x80 and function == _AREA_READ and len(octets) == _AREA_READ_OCTETS
    return 65 if usual and function in _COMMON and (octets[4] != octets[7] or asks_area) else 0


def _framer():
    return LengthFramer(
        header=8,
        at=4,
        width=4,
        add=8,
        minimum=16,
        maximum=8192,
        magic=(
            (0, 0xFF, 0x46),
            (1, 0xFF, 0x49),
            (2, 0xFF, 0x4E),
            (3, 0xFF, 0x53),
            (4, 0xFF, 0),
            (5, 0xFF, 0),
        ),
    )


SPEC = ProtocolSpec(
    name="fins",
    names=("fins",),
    probe=_probe,
    decoder=Fins,
    tcp=frozenset({9600}),
    udp=frozenset({9600}),
    framer=_framer,
    details=DETAILS,
    control=True,
)
