"""DNS, multicast DNS, LLMNR and the NetBIOS name service: one format, four ways of asking for names.

    | id 2 | flags 2 | questions 2 | answers 2 | authorities 2 | additionals 2 | sections … |

Sources: RFC 1035 clause 4.1, RFC 6762, RFC 4795, RFC 1002 clause 4.2, RFC 6763 (service names).
"""

from __future__ import annotations

import struct
from functools import lru_cache

from interlock.decode.addresses import address_text, mac_text
from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.protocols.dns.names import netbios_name, read_name
from interlock.decode.protocols.dns.recognition import GROUPS, NAMES, NETBIOS_KINDS, probe
from interlock.decode.spec import ProtocolSpec

__all__ = ["SPEC", "Dns"]

A, PTR, TXT, AAAA, SRV, NETBIOS, NBSTAT = 1, 12, 16, 28, 33, 32, 33
MAX_RECORDS = 256
REFUSED, UNKNOWN = 2, 0
CONFIDENCE = {"dns": 0.5, "mdns": 0.85, "llmnr": 0.8, "nbns": 0.8}


class Dns(Decoder):
    """Questions and answers; addresses' names, and what a machine announces, become clues."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.by_name = {name: tools.functions(name) for name in spec.names}
        self.codes = tools.codes
        self.asked = {}

    def message(self, m, i, out):
        """See Decoder.message."""
        slot, octets = m.flow[i], m.bytes(i)
        flows = self.flows
        if flows.transport[slot] == 6:
            self.cursor.skip(2)
            octets = octets[2:]
        if len(octets) < 12:
            for _ in range(6):
                self.cursor.u16be()  # raises at the field that is not whole
        number, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(octets)
        first, at = read_name(octets, 12) if len(octets) > 12 else ("", 12)
        name = self._variant(m, i, octets, first, at)
        if name == "nbns":
            flags &= ~0x0010
        flows.protocol[slot] = self.codes[name]
        single = questions == 1 and len(octets) > 12
        question, at = (first, at + 4) if single else _questions(octets, questions, first, at)
        opcode = (flags >> 11) & 15
        if flags & 0x8000:
            row = self._answer(m, i, out, name, number, opcode)
            if flags & 15:
                out.settle(row, REFUSED, flags & 15)
            self._records(m, i, name, octets, at, answers + authorities + additionals)
        else:
            row = self._ask(m, i, out, name, number, opcode)
            if name == "nbns" and opcode in (5, 6, 8, 9, 15):
                self._registered(m, i, octets, at, additionals, question)
        if question:
            out.set_object(row, self.objects.code(_shown(question) if name == "nbns" else question), 1)

    def _variant(self, m, i, octets, first, at):
        """Which of the four: NetBIOS by its names' form, multicast by its group, else by the registered port."""
        if octets[at : at + 2] in NETBIOS_KINDS and netbios_name(first):
            return "nbns"
        group = GROUPS.get(self.facts.receiver(m, i))
        if group is not None:
            return group
        slot, port = m.flow[i], self.flows.port
        return _ported(port[slot, 0], port[slot, 1])

    def _ask(self, m, i, out, name, number, opcode):
        row = out.ask(m, i, self.by_name[name], opcode, number)
        if name == "mdns":
            out.settle(row, UNKNOWN, -2147483648)  # everybody or nobody may answer, at any time
        elif name == "llmnr" or (name == "nbns" and self.facts.receiver(m, i).endswith(".255")):
            if len(self.asked) > 4096:
                self.asked.clear()
            realm = self.flows.realm_of(m.flow[i])
            self.asked[realm, name, number, self.facts.sender(m, i)] = m.flow[i]
        return row

    def _answer(self, m, i, out, name, number, opcode):
        row = out.answer(m, i, number)
        if row < 0:
            realm = self.flows.realm_of(m.flow[i])
            slot = self.asked.get((realm, name, number, self.facts.receiver(m, i)))
            if slot is not None:
                out.heard(m, i, slot, number)
            row = out.orphan(m, i, self.by_name[name], opcode, number)
        return row

    def _records(self, m, i, name, octets, at, count):
        """Read (name, type 2, class 2, ttl 4, length 2, data)*."""
        for _ in range(min(count, MAX_RECORDS)):
            owner, at = read_name(octets, at)
            if at + 10 > len(octets):
                return
            kind = int.from_bytes(octets[at : at + 2], "big")
            length = int.from_bytes(octets[at + 8 : at + 10], "big")
            start, at = at + 10, at + 10 + length
            if at > len(octets):
                return
            self._record(m, i, name, owner, kind, octets[start:at])

    def _record(self, m, i, name, owner, kind, data):
        say, sure = self.facts.clue, CONFIDENCE[name]
        if name == "nbns":
            self._netbios(m, i, owner, kind, data)
        elif kind == A and len(data) == 4 and owner:
            say(m, i, address_text(4, 0, int.from_bytes(data, "big")), "name", owner, name, sure)
        elif kind == AAAA and len(data) == 16 and owner:
            high, low = int.from_bytes(data[:8], "big"), int.from_bytes(data[8:], "big")
            say(m, i, address_text(6, high, low), "name", owner, name, sure)
        elif name == "mdns" and kind == SRV and len(data) > 6:
            service = next((p for p in owner.split(".") if p.startswith("_")), "")
            port = int.from_bytes(data[4:6], "big")
            if service:
                say(m, i, self.facts.sender(m, i), "service", f"{service[1:]}/{port}", name, 0.8)
        elif name == "mdns" and kind == TXT:
            self._texts(m, i, data)

    def _texts(self, m, i, data):
        """key=value strings, each behind its length; a few keys name the model (RFC 6763 clause 6)."""
        at = 0
        for _ in range(64):
            if at >= len(data):
                return
            text = data[at + 1 : at + 1 + data[at]].decode("utf-8", "backslashreplace")
            at += 1 + data[at]
            key, _, value = text.partition("=")
            field = {"model": "product", "md": "product", "ty": "product", "manufacturer": "vendor"}.get(
                key.lower()
            )
            if field and value:
                self.facts.clue(m, i, self.facts.sender(m, i), field, value, "mdns", 0.6)

    def _netbios(self, m, i, owner, kind, data):
        named = netbios_name(owner)
        if kind == NETBIOS and named and len(data) >= 6:
            who = address_text(4, 0, int.from_bytes(data[2:6], "big"))
            self._netbios_clue(m, i, who, named[0], named[1], data[0] & 0x80)
        elif kind == NBSTAT and data:
            who = self.facts.sender(m, i)
            for k in range(min(data[0], 32)):
                entry = data[1 + 18 * k : 19 + 18 * k]
                if len(entry) == 18:
                    text = entry[:15].decode("latin-1").rstrip(" \x00")
                    self._netbios_clue(m, i, who, text, entry[15], entry[16] & 0x80)
            mac = data[1 + 18 * data[0] : 7 + 18 * data[0]]
            if len(mac) == 6 and any(mac):
                self.facts.clue(m, i, who, "mac", mac_text(int.from_bytes(mac, "big")), "nbns", 0.8)

    def _netbios_clue(self, m, i, who, text, suffix, group):
        """Suffix 00 and 20: a machine (unique) or its workgroup; 1B to 1E: a domain's browsers."""
        if group or suffix in (0x1B, 0x1C, 0x1D, 0x1E):
            if suffix in (0x00, 0x1B, 0x1C, 0x1E):
                self.facts.clue(m, i, who, "domain", text, "nbns", 0.7)
        elif suffix in (0x00, 0x20):
            self.facts.clue(m, i, who, "name", text, "nbns", 0.8)

    def _registered(self, m, i, octets, at, count, question):
        """What a registration says: the record in the additional section has the address."""
        if count and netbios_name(question):
            owner, behind = read_name(octets, at)
            data = octets[behind + 10 : behind + 16]
            self._netbios(m, i, owner or question, NETBIOS, data)


_HEADER = struct.Struct(">6H")
"""Id, flags, how many questions, answers, authorities and additionals."""


@lru_cache(1024)
def _ported(one, other):
    """The protocol whose registered port one end has."""
    return next((NAMES[p] for p in (5353, 5355, 137, 53) if p in (one, other)), "dns")


def _questions(octets, count, first, at):
    """The first question's name, and the offset behind all questions. first: name at 12, and where it ends."""
    if not count:
        return "", 12
    at = (at if len(octets) > 12 else read_name(octets, 12)[1]) + 4
    for _ in range(1, min(count, 32)):
        at = read_name(octets, at)[1] + 4
    return first, at


def _shown(question):
    named = netbios_name(question)
    return f"{named[0]}<{named[1]:02x}>" if named else question


SPEC = ProtocolSpec(
    name="dns",
    names=("dns", "mdns", "llmnr", "nbns"),
    probe=probe,
    decoder=Dns,
    tcp=frozenset({53, 5353, 5355}),
    udp=frozenset(NAMES),
    framer=lambda: LengthFramer(header=14, at=0, width=2, add=2, minimum=14, maximum=16386),
    timeout_ns=5_000_000_000,
)
