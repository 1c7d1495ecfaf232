"""HART-IP over TCP and UDP: HART commands to instruments behind a gateway or multiplexer.

    | version 1 | type 1 | message id 1 | status 1 | sequence 2 | length 2 | body |

    token passing PDU  delimiter 1 | address 1 or 5 | expansion 0..3 | command 1 | count 1
                       | [response code 1 | device status 1] | data | check 1
    direct PDU         device status 1 | extended status 1 | (command 2 | count 1 | [response code 1] | data)*

Command 31 has a 16-bit command in its data, 77 carries a command to a device behind another one: what is carried
makes the row. Sources: HCF SPEC-085 (HART-IP), HCF SPEC-081 (token passing), HCF SPEC-127, SPEC-151, SPEC-307.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.layouts import Parameters
from interlock.decode.protocols.hart_ip import parameters
from interlock.decode.protocols.hart_ip.answers import Answers
from interlock.decode.protocols.hart_ip.requests import Requests
from interlock.decode.protocols.hart_ip.units import UNITS, is_error
from interlock.decode.sheet import NO_NUMBER, REFUSED, UNKNOWN, UNSOLICITED
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.decode.values import READ, REPORTED
from interlock.errors import DecodeError

__all__ = ["SPEC", "HartIp"]

REQUEST, RESPONSE, PUBLISH, NAK = 0, 1, 2, 15
INITIATE, CLOSE, ALIVE, TOKEN, DIRECT, AUDIT = range(6)
STX, ACK, BACK = 2, 6, 1
EXTENDED, SUB_DEVICE, DELAYED = 31, 77, (33, 34)
FUNCTION_BASE = 65536
HEADER = 8
MAX_COMMANDS = 64
MAX_KINDS = 4096
HEADER_WARNINGS = (0, 8, 14)
"""Header status with which a request was carried out (HCF SPEC-085, clause 9)."""


class HartIp(Decoder):
    """Sessions with a HART-IP server and the commands to the devices that it is, or stands before."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.requests = Requests(self)
        self.answers = Answers(self)
        self.parameters = Parameters(self.facts, parameters.DETAILS[0].name, parameters.KINDS)
        self._kinds = {}
        self._units = {}
        self._end = 0
        self._device_specific = self.names.code("Device-Specific Command")
        self.who = self.host = ""
        self._polled = False

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        _, kind, number, status = c.take(4)
        sequence, length = c.u16be(), c.u16be()
        kind &= 0x0F
        if length != c.left() + HEADER:
            self.facts.oddity(m, i, "hart-ip", "length-mismatch", 6)
        if kind not in (REQUEST, RESPONSE, PUBLISH, NAK):
            raise DecodeError("message-type-unknown", 1)
        self._orient(m, i, kind)
        if number == TOKEN and kind != NAK:
            self._token(m, i, out, kind, sequence)
        elif number == DIRECT and kind != NAK:
            self._direct(m, i, out, kind, sequence)
        else:
            self._session(m, i, out, kind, number, status, sequence)

    def _orient(self, m, i, kind):
        """A session over UDP goes on from another port of the server: the message tells who asks."""
        slot = m.flow[i]
        if self.flows.state[slot] is None:
            self.flows.state[slot] = [None]
            asks = kind == REQUEST
            if asks == bool(m.direction[i]):
                self.flows.orient(slot, m.side[i] if asks else 1 - m.side[i])

    def _session(self, m, i, out, kind, number, status, sequence):
        """Initiate, close, keep alive, audit log, and what later editions add."""
        function = FUNCTION_BASE + number
        key = number << 16 | sequence
        if kind == PUBLISH:
            out.tell(m, i, self.f, function)
        elif kind == REQUEST:
            row = out.ask(m, i, self.f, function, key)
            out.set_transaction(row, sequence)
            self._tell(m, i, out, row, number, -1, answer=False)
            if number == AUDIT and self.cursor.left() >= 2:
                first, count = self.cursor.u8(), self.cursor.u8()
                out.set_object(row, self.objects.code(f"audit-log:{first}"), count)
        else:
            row = self._answered(m, i, out, function, key, sequence)
            self._tell(m, i, out, row, number, -1, answer=True)
            if kind == NAK or status not in HEADER_WARNINGS:
                out.settle(row, REFUSED, status)

    def _answered(self, m, i, out, function, key, sequence):
        row = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, function, sequence)
        return row

    def _token(self, m, i, out, kind, sequence):
        """One HART frame."""
        c = self.cursor
        start = c.offset()
        delimiter = c.u8()
        frame, address = delimiter & 7, self._address(c.take(5 if delimiter & 0x80 else 1))
        c.skip(delimiter >> 5 & 3)
        command, count = c.u8(), c.u8()
        self._end = c.offset() + count
        if c.left() < count + 1:
            raise DecodeError("truncated", c.offset())
        self._check(m, i, start)
        answers = frame in (ACK, BACK) or (frame != STX and kind != REQUEST)
        code = status = 0
        if answers:
            if count < 2:
                raise DecodeError("response-too-short", c.offset())
            code, status = c.u8(), c.u8()
        if command == EXTENDED and self.left() >= 2 and not code & 0x80:
            command = c.u16be()
        report = kind == PUBLISH or frame == BACK
        if command == SUB_DEVICE:
            command, address = self._carried(command, address, answers)
        self._command(m, i, out, sequence, TOKEN, command, address, code, status, answers, report)

    def _carried(self, command, address, answers):
        """Card, channel, preambles (in requests), delimiter, address, command, count: the inner command."""
        c = self.cursor
        at = c.offset()
        try:
            c.skip(2 if answers else 3)
            wide = c.u8() & 0x80
            inner = self._address(c.take(5 if wide else 1))
            number, count = c.u8(), c.u8()
        except DecodeError:
            c.seek(at)
            return command, address
        self._end = min(self._end, c.offset() + count)
        return number, inner

    def _check(self, m, i, start):
        """The longitudinal parity is that of the frame, from its delimiter."""
        octets = m.bytes(i)
        if reduce(xor, octets[start : self._end]) != octets[self._end]:
            self.facts.oddity(m, i, "hart-ip", "check-octet-wrong", self._end)

    def _direct(self, m, i, out, kind, sequence):
        """Several commands to the server's own device; each is a request of its own."""
        c = self.cursor
        whole = c.offset() + c.left()
        status = c.u8()
        c.skip(1)
        for _ in range(MAX_COMMANDS):
            if whole - c.offset() < 3:
                return
            command, count = c.u16be(), c.u8()
            self._end = c.offset() + count
            if self._end > whole:
                raise DecodeError("truncated", c.offset())
            code = 0
            if kind != REQUEST and count:
                code = c.u8()
            self._command(
                m, i, out, sequence, DIRECT, command, None, code, status, kind != REQUEST, kind == PUBLISH
            )
            c.seek(self._end)

    def _command(self, m, i, out, sequence, number, command, address, code, status, answers, report):
        key = command << 24 | number << 16 | sequence
        if report:
            row = out.tell(m, i, self.f, command)
        elif not answers:
            row = out.ask(m, i, self.f, command, key)
            out.set_transaction(row, sequence)
        else:
            row = self._answered(m, i, out, command, key, sequence)
        if address is not None:
            out.set_unit(row, self._unit(address))
        if 128 <= command <= 253 and not self.f.find(command):
            out.set_name(row, self._device_specific)
        self._tell(m, i, out, row, number, command, answer=answers, code=code)
        if not answers:
            self.requests.say(m, i, out, row, command, self.left())
            return
        self._settle(out, row, code, report)
        if not code & 0x80 and (code == 0 or not is_error(code)):
            self._from(m, i, address)
            self.answers.say(m, i, out, row, command, status, REPORTED if report else READ)

    def _tell(self, m, i, out, row, number, command, *, answer, code=None):
        """What the message says beside objects and values, where anybody asked for it; the cursor is left as it is.

        number: message id. command: -1 where it is none. code: response code of a direct PDU's command.
        """
        if not self.parameters.wanted():
            return
        begin = m.offset[i]
        octets = m.array[begin : begin + m.length[i]].tobytes()
        at = self.cursor.offset()
        layout = [parameters.HEAD]
        if number == TOKEN and command >= 0:
            layout += parameters.TOKEN[: 2 if answer else 1]
        elif number == DIRECT and command >= 0:
            layout.append(parameters.DIRECT)
        else:
            layout.append(parameters.SESSION.get((number, answer), ""))
        self.parameters.tell(m, i, out.operation_of(row), " ".join(layout), octets, answer=answer)
        if number == DIRECT and command >= 0:
            count = self._end - at + (1 if answer else 0)
            said = [(0, "octets", count), (0, "response-code", code if answer else None)]
            self.parameters.rows(m, i, out.operation_of(row), iter(said), answer=answer)
        data = (parameters.ANSWERS if answer else parameters.REQUESTS).get(command)
        if command >= 0 and data is not None:
            self.parameters.tell(m, i, out.operation_of(row), data, octets[at : self._end], answer=answer)

    @staticmethod
    def _settle(out, row, code, report):
        if report:
            out.settle(row, UNSOLICITED, code or NO_NUMBER)
        elif code & 0x80 or is_error(code):
            out.settle(row, REFUSED, code)
        elif code in DELAYED:
            out.settle(row, UNKNOWN, code)

    def left(self):
        """Octets of data left to the command being read."""
        return self._end - self.cursor.offset()

    @staticmethod
    def _address(octets):
        """Unique address (device type and id, without the bits of master and burst mode), or polling address."""
        if len(octets) == 1:
            return f"poll:{octets[0] & 0x3F}"
        return f"{int.from_bytes(octets, 'big') & 0x3FFFFFFFFF:010x}"

    @staticmethod
    def address_text(kind, number):
        """The unit of a device that says its type and id."""
        return f"{kind & 0x3FFF:04x}{number.hex()}"

    def _unit(self, text):
        code = self._units.get(text)
        if code is None:
            if len(self._units) >= MAX_KINDS:
                return -1
            code = self._units[text] = self.names.code(text)
        return code

    def kind(self, text):
        """Code of a type or quality: the decoder's own words only."""
        code = self._kinds.get(text)
        if code is None:
            code = self._kinds[text] = self.names.code(text)
        return code

    def unit_text(self, number):
        """What an engineering unit code is called."""
        return UNITS.get(number, f"unit:{number}")

    def unit_kind(self, number):
        """The code of an engineering unit as the type of a value."""
        return self.kind(self.unit_text(number))

    def _from(self, m, i, address):
        """Whose facts the answer's data are: the server itself has polling address 0, and then a unique one."""
        self.host = self.facts.sender(m, i)
        own = self.flows.state[m.flow[i]][0]
        own_words = address is None or address in ("poll:0", own)
        self._polled = address == "poll:0"
        self.who = self.host if own_words else f"{self.host}/{address}"

    def identified(self, m, i, kind, number):
        """The device that answered to polling address 0 has this unique address from now on."""
        if self._polled:
            self.flows.state[m.flow[i]][0] = self.address_text(kind, number)


def _probe(octets, hint):
    """Version 1 or 2, a type and an id that exist, and a length that the message id or the PDU confirms."""
    if len(octets) < HEADER:
        return NEED_MORE if hint.transport == "tcp" and octets[:1] == b"\x01" else 0
    if octets[0] not in (1, 2) or octets[1] not in (REQUEST, RESPONSE, PUBLISH, NAK) or octets[2] > AUDIT:
        return 0
    length = octets[6] << 8 | octets[7]
    if hint.transport == "udp" and length != len(octets):
        return 0
    number = octets[2]
    if number == INITIATE:
        return 80 if length == HEADER + 5 or (octets[1] != REQUEST and length == HEADER) else 0
    if number in (CLOSE, ALIVE):
        return 75 if length == HEADER else 0
    if number != TOKEN:
        return 40 if length > HEADER else 0
    if len(octets) < HEADER + 8:
        return 40
    at = HEADER + (6 if octets[HEADER] & 0x80 else 2) + (octets[HEADER] >> 5 & 3)
    fits = at + 1 < len(octets) and length == at + 3 + octets[at + 1]
    return 85 if fits and octets[HEADER] & 7 in (STX, ACK, BACK) else 0


def _framer():
    return LengthFramer(
        header=HEADER,
        at=6,
        width=2,
        minimum=HEADER,
        maximum=65535,
        magic=((0, 0xFC, 0), (1, 0xF0, 0), (2, 0xF0, 0)),
    )


SPEC = ProtocolSpec(
    name="hart-ip",
    names=("hart-ip",),
    probe=_probe,
    decoder=HartIp,
    tcp=frozenset({5094}),
    udp=frozenset({5094}),
    framer=_framer,
    details=parameters.DETAILS,
    control=True,
)
