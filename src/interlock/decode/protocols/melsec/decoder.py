"""MELSEC communication: SLMP and MC protocol 3E, 4E (binary and characters) and 1E; MELSOFT as far as it is public.

    | subheader | [serial 2, 00 00: 4E] | network 1 | station 1 | module I/O 2 | multidrop 1 | length 2 |
    request: timer 2 | command 2 | subcommand 2 | data       answer: end code 2 | data or error information

Source: SLMP reference manual SH-080956ENG clause 4 and 5, MELSEC communication protocol manual SH-080008.
"""

from __future__ import annotations

from interlock.decode import logins
from interlock.decode.decoder import Decoder
from interlock.decode.protocols.melsec import files, lengths
from interlock.decode.protocols.melsec.framing import ANSWERS, HEADS, HEX, MelsecFramer, head_of
from interlock.decode.protocols.melsec.melsoft import Melsoft
from interlock.decode.protocols.melsec.one_e import OneE
from interlock.decode.protocols.melsec.reader import AsciiReader, BinaryReader
from interlock.decode.protocols.melsec.requests import Requests
from interlock.decode.sheet import REFUSED
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.decode.values import READ

__all__ = ["SPEC", "Melsec"]

OWN_CPU = 0x03FF
READ_TYPE, ON_DEMAND = 0x0101, 0x2101
TO_ALL = frozenset({0x0E30, 0x0E31, 0x0E70})
"""Commands that a master broadcasts: each station answers from its own address."""
MAX_ASKED = 1024
NONE = -2147483648
PORTS = frozenset({5006, 5007, 5008, 5010, 5011, 5560, 5562})
LOOKED_AT = 512
MELSOFT_OCTETS = (0x57, 0xD7, 0x5A, 0xDA)
MAX_UNITS = 4096
MAX_FIRST = 4096
"""A first frame that is longer is taken on no other ground than its length: too little."""


class Melsec(Decoder):
    """Requests and answers; 3E frames have no number, so their answers belong to the oldest open request."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.word_type = self.names.code("uint16")
        self.double_type = self.names.code("uint32")
        self.bit_type = self.names.code("bit")
        self.octets_type = self.names.code("octets")
        self.requests = Requests(self)
        self.melsoft = Melsoft(self)
        self.one_e = OneE(self)
        self.binary = BinaryReader(self.cursor)
        self.characters = AsciiReader(self.cursor)
        self.r = self.binary
        self.ascii = False
        self._units = {}
        self._asked_all = {}

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        first = c.peek(0)
        if first in MELSOFT_OCTETS:
            self.melsoft.message(m, i, out)
            return
        start = c.take(2)
        head = HEADS.get(start)
        if head is None:
            c.seek(0)
            self.one_e.message(m, i, out)
            return
        self.ascii = head[2]
        r = self.r = self.characters if self.ascii else self.binary
        if self.ascii:
            c.skip(2)
        serial = 0
        if head[0] in (13, 26):
            serial = r.u16()
            r.u16()
        route = (r.u8(), r.u8(), r.u16(), r.u8())
        if r.u16() != c.left():
            self.facts.oddity(m, i, "melsec", "length-mismatch", c.offset())
        key = serial << 41 | route[0] << 33 | route[1] << 25 | route[2] << 9 | route[3] << 1 | self.ascii
        if start in ANSWERS:
            self._answer(m, i, out, key, serial if head[0] in (13, 26) else -1, route)
        else:
            self._ask(m, i, out, key, serial if head[0] in (13, 26) else -1, route)

    def unit(self, route):
        """Code of `network.station`, and `.I/O.multidrop` where it is another module than the CPU."""
        code = self._units.get(route)
        if code is None:
            network, station, module, multidrop = route
            text = f"{network}.{station}"
            if module != OWN_CPU or multidrop:
                text += f".{module:x}.{multidrop}"
            code = self._units[route] = self.unit_text(text)
        return code

    def unit_text(self, text):
        """Code of a unit; -1 past MAX_UNITS different ones."""
        if len(self._units) >= MAX_UNITS:
            return -1
        return self.names.code(text)

    def _ask(self, m, i, out, key, serial, route):
        r = self.r
        r.u16()
        command, sub = r.u16(), r.u16()
        if command == ON_DEMAND:  # the controller sends it by itself, and nothing answers
            row = out.tell(m, i, self.f, command)
            out.set_unit(row, self.unit(route))
            return
        row = out.ask(m, i, self.f, command, key)
        out.set_transaction(row, serial)
        out.set_unit(row, self.unit(route))
        if command in TO_ALL:
            self._remember(m.flow[i], key, command)
        self.requests.say(m, i, out, row, command, sub)

    def _answer(self, m, i, out, key, serial, route):
        end = self.r.u16()
        row = out.answer(m, i, key)
        note = out.notes.pop(out.operation_of(row), None) if row >= 0 else None
        if row < 0:
            row = self._orphan(m, i, out, key)
            out.set_transaction(row, serial)
            out.set_unit(row, self.unit(route))
        login = isinstance(note, tuple)
        if login:
            logins.end(self.facts, note, "refused" if end else "ok")
        if end:
            out.settle(row, REFUSED, end)
        elif out.function_of(row) == READ_TYPE and self.cursor.left() >= 16:
            who = self.facts.sender(m, i)
            own = route[0] == 0 and route[2] == OWN_CPU
            self.model(m, i, who if own else f"{who}/{route[0]}.{route[1]}", self.r.text(16))
        elif isinstance(note, str):
            files.opened(self, m, i, note)
        elif isinstance(note, int):
            self.requests.labels_read(m, i, out, row, note)
        elif note and not login:
            self.values_of(m, i, out, row, note, READ)
        elif self.cursor.left() and note is None and self.values.wanted:
            self.raw_of(m, i, out, row, self.cursor.rest(), READ)

    def _remember(self, slot, key, command):
        """Who asked all stations: their answers come in flows of their own, to the same port."""
        where = (self.facts.realm_of(slot), self.flows.client_port(slot), key)
        if where not in self._asked_all and len(self._asked_all) >= MAX_ASKED:
            del self._asked_all[next(iter(self._asked_all))]
        self._asked_all[where] = (slot, command)

    def _orphan(self, m, i, out, key):
        """The row of an answer whose request is not open in its flow: it may have been asked of all."""
        slot = m.flow[i]
        asked, command = self._asked_all.get(
            (self.facts.realm_of(slot), self.flows.client_port(slot), key), (None, NONE)
        )
        row = out.orphan(m, i, self.f, command, 0)
        if asked is not None and out.heard(m, i, asked, key) >= 0:
            side = self.flows.client_side[asked]
            out.set_ends(row, self.flows.addresses.code(self.facts.address_of(asked, side)), -1)
        return row

    def raw_of(self, m, i, out, row, octets, direction):
        """Octets of a row's object whose numbers are not known."""
        if not self.values.wanted:
            return
        here = (m, i, self.f.protocol_code, out.operation_of(row), out.unit_of(row), out.object_of(row))
        self.values.set_raw(self.values.block(*here, direction, self.octets_type), octets[:4096])

    def values_of(self, m, i, out, row, asked, direction):
        """asked: [(object code, count, in bits)], in the order of the answer's data."""
        v, r = self.values, self.r
        if not v.wanted:
            return
        protocol, operation, unit = self.f.protocol_code, out.operation_of(row), out.unit_of(row)
        for k, (_, count, bits) in enumerate(asked):
            if not bits and count > r.left_words():
                self.facts.oddity(m, i, "melsec", "points-missing", self.cursor.offset())
                return
            kind = self.bit_type if bits else self.word_type
            v.block(m, i, protocol, operation, unit, out.object_of(row + k), direction, kind)
            for number in r.bits(count) if bits else r.words(count):
                v.number(number)

    def model(self, m, i, who, octets):
        """The CPU's name, 16 characters."""
        name = octets.decode("ascii", "backslashreplace").strip(" \0")
        if name and name.isprintable():
            self.facts.clue(m, i, who, "order-number", name, "melsec", 0.9)
            self.facts.clue(m, i, who, "product", name, "melsec", 0.9)
            self.facts.clue(m, i, who, "vendor", "Mitsubishi Electric", "melsec", 0.8)


_COMMANDS = frozenset({0x0101, 0x0401, 0x1401, 0x0403, 0x1402, 0x0406, 0x1406, 0x0801, 0x0802, 0x041A, 0x141A, 0x041C,
                       0x141B, 0x0613, 0x1613, 0x0601, 0x1601, 0x1001, 0x1002, 0x1003, 0x1005, 0x1006, 0x0619, 0x1617,
                       0x1630, 0x1631, 0x1810, 0x1811, 0x1820, 0x1822, 0x1824, 0x1825, 0x1826, 0x1827, 0x1828, 0x1829,
                       0x182A, 0x0E30, 0x0E31, 0x2101, 0x0E28, 0x0E32, 0x0E33, 0x0E34, 0x0E35, 0x0E36, 0x0E3A, 0x0E44,
                       0x0E45, 0x0E53, 0x0E70, 0x3070})  # fmt: skip
"""Commands that say by themselves that this is SLMP; rarer ones do only on a registered port."""

_FIRST = frozenset(start[:1] for start in HEADS)


def _probe(octets, hint):
    """3E, 4E, MELSOFT: a subheader, a length that fits and a command that exists. 1E: on a registered port only."""
    registered = hint.source_port in PORTS or hint.target_port in PORTS
    start = octets[:2]
    if len(octets) == 1 and hint.transport == "tcp" and (registered or octets in _FIRST):
        return NEED_MORE
    if start not in HEADS:
        return _found_probe(octets, hint) or (_old_probe(octets, hint) if registered else 0)
    length = head_of(octets)
    if length <= 0:
        return NEED_MORE if length == 0 and hint.transport == "tcp" else 0
    follows = octets[length : length + 1] in (b"", start[:1]) and length <= MAX_FIRST
    unseen = length > len(octets) == LOOKED_AT
    if length != len(octets) and (not unseen if hint.transport == "udp" else not follows):
        return 0
    before, _, characters = HEADS[start]
    if start[0] in MELSOFT_OCTETS:
        return 85 if octets[5:7] == b"\x11\x11" else 0
    if start in (b"\x54\x00", b"\xd4\x00") and octets[4:6] != b"\0\0":
        return 0
    if start in ANSWERS:
        fits = length >= before + (4 if characters else 2)
        return (70 if fits and _to_cpu(octets, before, characters) else 35) if fits else 0
    at, width = (before + 4, 4) if characters else (before + 2, 2)
    if len(octets) < at + width:
        return NEED_MORE if hint.transport == "tcp" and length >= at + width else 0
    text = octets[at : at + width]
    if characters and not HEX.issuperset(text):
        return 0
    command = int(text, 16) if characters else int.from_bytes(text, "little")
    return 85 if command in _COMMANDS else 35


def _to_cpu(octets, before, characters):
    """Whether the answer comes from a CPU module of this network: the usual route."""
    if characters:
        return octets[before - 10 : before - 4] == b"03FF00"
    return octets[before - 5 : before - 2] == b"\xff\x03\x00"


def _found_probe(octets, hint):
    """Four octets look for a station: 5A, 0, 0, what is asked; the answer has DA for 5A, then what was asked for.

    Both are broadcast, so that question and answer are flows of their own; seen in one flow, they are surer.
    """
    if hint.transport != "udp" or octets[:1] not in (b"\x5a", b"\xda") or octets[1:3] != b"\0\0":
        return 0
    if octets[0] == 0x5A:
        return 62 if len(octets) == 4 and octets[3] in _SEARCHES else 0
    if hint.said == b"\x5a" + octets[1:4]:
        return 80
    return 62 if octets[3:4] and octets[3] in _SEARCHES and len(octets) in _FOUND_OCTETS else 0


_SEARCHES = (0x01, 0x11, 0x22, 0xFF)
_FOUND_OCTETS = (14, 28)
"""With two addresses, or with the module's own description."""


def _old_probe(octets, hint):
    if octets[:1] in (b"\x5a", b"\xda") and octets[1:3] == b"\0\0":
        return 40 if hint.transport == "udp" else 0
    if len(octets) < 2 or octets[1] != 0xFF or octets[0] not in lengths.SUBHEADERS:
        return 0
    length = lengths.request(octets)
    if hint.transport == "tcp" and (length == 0 or 0 <= len(octets) < length):
        return NEED_MORE
    return 45 if length == len(octets) else 0


SPEC = ProtocolSpec(
    name="melsec",
    names=("melsec",),
    probe=_probe,
    decoder=Melsec,
    tcp=PORTS,
    udp=PORTS,
    framer=MelsecFramer,
    control=True,
)
