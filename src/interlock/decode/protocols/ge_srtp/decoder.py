"""GE SRTP: controllers of GE and Emerson read, written, switched and programmed over TCP.

    type 2 | sequence 2 | length of the text behind 2 | 20 | time 3 | 1 | mailbox sequence 1 | mailbox type 1
    | source 4 | destination 4 | then by mailbox type, up to 56:
    C0 request          packet 1, of 1 | service 1 | data 13
    80 request + text   packet 1, of 1 | length 2 | 4 | packet 1, of 1 | service 1 | data 5   | text
    D4 answer           packet 1, of 1 | status 1, 1 | data 6 | state of the controller 6
    94 answer + text    packet 1, of 1 | length 2 | 4 | packet 1, of 1 | state of the controller 6 | text
    D1 refusal          packet 1, of 1 | major status 1, minor status 1

Types: 0 opens, 1 answers that, 2 asks, 3 answers. An answer has both sequences of its request. For memory the data
begin with segment selector 1, offset 2, length 2. Numbers have their low octet first.
Source: Denton et al., DFRWS EU 2017; public drivers and packets published with them.
"""

from __future__ import annotations

import struct

from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.protocols.ge_srtp.memory import SELECTORS, object_text
from interlock.decode.sheet import REFUSED
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.decode.values import READ, WRITTEN
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "GeSrtp"]

PORTS = frozenset({18245, 18246})
HEAD = 56
OPENS, OPENED, ASKS, ANSWERS = 0, 1, 2, 3
REQUEST, REQUEST_TEXT, ANSWER, ANSWER_TEXT, REFUSAL = 0xC0, 0x80, 0xD4, 0x94, 0xD1
MAILBOXES = frozenset({REQUEST, REQUEST_TEXT, ANSWER, ANSWER_TEXT, REFUSAL})
INITIALIZE = 65536
OPEN_KEY = 1 << 40
READ_MEMORY, WRITE_MEMORY, SET_STATE, FORCE = 0x04, 0x07, 0x23, 0x44
LOADS = frozenset({0x2B, 0x2C, 0x3E, 0x40, 0x53, 0x5B})
"""Sources contradict each other about which way a load goes: one that brings octets writes them."""
INLINE = 6
MAX_UNITS = 256


class GeSrtp(Decoder):
    """Mailbox messages of both ends."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.kinds = {name: self.names.code(name) for name in ("uint16", "octet", "octets")}
        self._units = {}

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = self.cursor.rest()
        if len(octets) < HEAD:
            raise DecodeError("truncated", len(octets))
        kind = octets[0]
        if kind == OPENS:
            out.set_transaction(out.ask(m, i, self.f, INITIALIZE, OPEN_KEY), -1)
        elif kind == OPENED:
            row = out.answer(m, i, OPEN_KEY)
            if row < 0:
                row = out.orphan(m, i, self.f, INITIALIZE, OPEN_KEY)
                out.set_transaction(row, -1)
        elif kind not in (ASKS, ANSWERS):
            raise DecodeError("packet-type-unknown", 0)
        elif octets[31] in (REQUEST, REQUEST_TEXT):
            self._ask(m, i, out, octets, octets[31] == REQUEST_TEXT)
        elif octets[31] in MAILBOXES:
            self._answer(m, i, out, octets)
        else:
            raise DecodeError("mailbox-type-unknown", 31)

    def unit(self, octets):
        """Code of a slot, as a mailbox's address has it; -1 past MAX_UNITS different ones."""
        slot = octets[36] >> 4 if octets[31] in (REQUEST, REQUEST_TEXT) else octets[32] >> 4
        code = self._units.get(slot)
        if code is None:
            if len(self._units) >= MAX_UNITS:
                return -1
            code = self._units[slot] = self.names.code(f"{slot}")
        return code

    def _ask(self, m, i, out, octets, text):
        at = 50 if text else 42
        if octets[48 if text else 40] > 1:
            return  # a later packet of a request that has its row
        service = octets[at]
        row = out.ask(m, i, self.f, service, _key(octets))
        out.set_transaction(row, octets[2] | octets[3] << 8)
        out.set_unit(row, self.unit(octets))
        data = octets[at + 1 : HEAD]
        if service in (READ_MEMORY, WRITE_MEMORY, FORCE):
            self._memory(m, i, out, row, service, data, octets[HEAD:] if text else data[5:])
        elif service == SET_STATE:
            out.set_object(row, self.objects.code(f"state:{data[0]}"), 1)
        elif text and service in LOADS:
            out.set_verb(row, VERBS.index("program-write"))

    def _memory(self, m, i, out, row, service, data, written):
        """Segment selector 1, offset 2, length 2."""
        selector, offset, count = struct.unpack_from("<BHH", data)
        code = self._object(selector, offset)
        out.set_object(row, code, count)
        if service == READ_MEMORY:
            out.notes[out.operation_of(row)] = (selector, count)
        elif service == WRITE_MEMORY and self.values.wanted:
            self._values(m, i, out, row, selector, count, written, WRITTEN)

    def _object(self, selector, offset):
        number = self.f.key_base | selector << 16 | offset
        code = self.objects.find(number)
        return code if code >= 0 else self.objects.keep(number, object_text(selector, offset))

    def _answer(self, m, i, out, octets):
        row = out.answer(m, i, _key(octets))
        if row < 0:
            row = out.orphan(m, i, self.f, -(1 << 31), _key(octets))
            out.set_transaction(row, octets[2] | octets[3] << 8)
            out.set_unit(row, self.unit(octets))
        note = out.notes.pop(out.operation_of(row), None)
        kind = octets[31]
        if kind == REFUSAL:
            out.settle(row, REFUSED, octets[42] << 8 | octets[43])
        elif kind == ANSWER and octets[42]:
            out.settle(row, REFUSED, octets[42] << 8)
        elif note is not None and self.values.wanted:
            data = octets[HEAD:] if kind == ANSWER_TEXT else octets[44 : 44 + INLINE]
            self._values(m, i, out, row, note[0], note[1], data, READ)

    def _values(self, m, i, out, row, selector, count, data, direction):
        """Words and octets as numbers, bits as they stand. Data within the mailbox are filled up with others."""
        width = SELECTORS[selector].width if selector in SELECTORS else 0
        used = data[: count * width // 8 if width != 1 else (count + 7) // 8]
        if width and len(used) * 8 < count * width:
            self.facts.oddity(m, i, "ge-srtp", "byte-count-mismatch", HEAD)
        here = (
            m,
            i,
            self.f.protocol_code,
            out.operation_of(row),
            out.unit_of(row),
            out.object_of(row),
            direction,
        )
        if width not in (8, 16):
            self.values.set_raw(self.values.block(*here, self.kinds["octets"]), used or data)
            return
        self.values.block(*here, self.kinds["uint16" if width == 16 else "octet"])
        for number in (
            struct.unpack(f"<{len(used) // 2}H", used[: len(used) // 2 * 2]) if width == 16 else used
        ):
            self.values.number(number)


def _key(octets):
    """Both sequences: an answer repeats them."""
    return (octets[2] | octets[3] << 8) << 8 | octets[30]


def _probe(octets, hint):
    """A request or answer whose mailbox fits; the opening of nothing but zeros only on its port."""
    if (
        hint.transport != "tcp"
        or octets[:1] not in (b"\0", b"\1", b"\2", b"\3")
        or octets[1:2] not in (b"", b"\0")
    ):
        return 0
    own = hint.source_port in PORTS or hint.target_port in PORTS
    if len(octets) < HEAD:
        return NEED_MORE if own else 0
    if octets[0] in (OPENS, OPENED):
        return 50 if own and not any(octets[1:8]) and not any(octets[16:HEAD]) else 0
    if octets[31] not in MAILBOXES or any(octets[18:26]) or any(octets[5:9]) or octets[9] > 2:
        return 0
    asks = octets[31] in (REQUEST, REQUEST_TEXT)
    if asks != (octets[0] == ASKS):
        return 0
    return 90 if own else 75


def _framer():
    return LengthFramer(header=6, at=4, width=2, little=True, add=HEAD, minimum=HEAD, maximum=65536,
                        magic=((0, 0xF0, 0), (1, 0xFF, 0)))  # fmt: skip


SPEC = ProtocolSpec(
    name="ge-srtp",
    names=("ge-srtp",),
    probe=_probe,
    decoder=GeSrtp,
    tcp=PORTS,
    framer=_framer,
    control=True,
)
