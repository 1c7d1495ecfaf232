"""SSH: the identification strings and key exchange offers of both ends; what follows is encrypted.

    SSH-protoversion-softwareversion SP comments CR LF        then the first packet: the algorithms an end can do

The client's string is a request, the server's its answer, whichever comes first; whether a login succeeds and which
files go through it cannot be seen. Source: RFC 4253 clauses 4.2, 6 and 7.1.
"""

from __future__ import annotations

import re

from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
from interlock.decode.protocols.ssh.exchange import MAX_PACKET, begins_offer, read_offer
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "Ssh", "SshFramer"]

NO_NUMBER = -2147483648
OK = 1
OPEN = VERBS.index("open")
FOREVER = 1 << 60
MAX_LINE = 1024
MAX_LINES = 64
_IDENTIFICATION = re.compile(rb"SSH-(\d{1,3}\.\d{1,3})-([\x21-\x7e]{1,200})(?: ([^\r\n]*))?\r?\n?")
_SYSTEMS = (
    ("Ubuntu", "Ubuntu Linux"),
    ("Debian", "Debian Linux"),
    ("Raspbian", "Raspbian Linux"),
    ("FreeBSD", "FreeBSD"),
    ("NetBSD", "NetBSD"),
    ("for_Windows", "Windows"),
    ("WeOnlyDo", "Windows"),
    ("Cisco", "Cisco IOS"),
    ("ROSSSH", "RouterOS"),
    ("IPSSH", "VxWorks"),
)


class SshFramer(Framer):
    """Lines up to the identification string (a server may send others before it), one packet, then nothing more.

    offers: streams whose next octets are that packet.
    """

    def __init__(self):
        Framer.__init__(self, 4 + MAX_PACKET)
        self.lines = {}
        self.offers = set()

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        if self.slot * 2 + self.side in self.offers:
            return self._offer(start, end)
        octets = bytes(self.octets[start : min(end, start + MAX_LINE)])
        length = octets.find(b"\n") + 1
        if not length and end - start < MAX_LINE:
            self.want = end - start + 1
            return 0
        key = self.slot * 2 + self.side
        seen = self.lines[key] = self.lines.get(key, 0) + 1
        if octets[:6] == b"SSH-2." or octets[:7] == b"SSH-1.9":
            self.offers.add(key)
        elif not length or seen > MAX_LINES or octets[:4] == b"SSH-":
            self.leap = FOREVER
        return length or min(end - start, MAX_LINE)

    def _offer(self, start, end):
        """The packet behind the identification string; whatever follows it is leapt."""
        length = begins_offer(bytes(self.octets[start : min(end, start + 6)]))
        if length < 0 or length > end - start:
            self.want = max(length, 6)
            return 0
        self.offers.discard(self.slot * 2 + self.side)
        self.leap = FOREVER
        return length or min(end - start, MAX_LINE)

    def begins(self, start, end):
        """See Framer.begins: only the start of a connection shows anything."""
        return 1 if bytes(self.octets[start : min(end, start + 4)]) == b"SSH-" else 0

    def forget(self, slot):
        """See Framer.forget."""
        for key in (slot * 2, slot * 2 + 1):
            self.lines.pop(key, None)
            self.offers.discard(key)


class Ssh(Decoder):
    """Who runs which SSH software."""

    def message(self, m, i, out):
        """See Decoder.message. state: which directions have identified themselves, as bits."""
        octets = self.cursor.rest()
        found = _IDENTIFICATION.match(octets)
        if found is None:
            self._offered(m, i, octets)
            return
        slot, direction = m.flow[i], m.direction[i]
        seen = self.flows.state[slot] or 0
        self.flows.state[slot] = seen | 1 << direction
        row = self._row(m, i, out, direction, seen)
        out.set_name(row, self.names.code("identification"))
        out.set_verb(row, OPEN)
        self._clues(m, i, direction, found)

    def _offered(self, m, i, octets):
        """A key exchange offer: the fingerprint of its sender's software."""
        if begins_offer(octets) != len(octets):
            return
        offer = read_offer(octets)
        if offer is None:
            self.facts.oddity(m, i, "ssh", "offer-malformed", 0)
            return
        direction = m.direction[i]
        title = "hassh-server" if direction else "hassh"
        print_of = f"{title}:{offer.hassh(direction)}"
        self.facts.clue(m, i, self.facts.sender(m, i), "fingerprint", print_of, "ssh", 0.6)

    def _row(self, m, i, out, direction, seen):
        if direction:
            row = out.answer(m, i, 1)
            return row if row >= 0 else out.orphan(m, i, self.f, NO_NUMBER, -1)
        row = out.ask(m, i, self.f, NO_NUMBER, 1)
        out.set_transaction(row, -1)
        if seen:  # the server's came first: there is nothing to wait for
            out.settle(row, OK, NO_NUMBER)
        return row

    def _clues(self, m, i, direction, found):
        who = self.facts.sender(m, i)
        software = found[2].decode("ascii")
        comment = (found[3] or b"").decode("utf-8", "backslashreplace").strip()
        self.facts.clue(m, i, who, "software", software, "ssh", 0.9)
        text = f"{software} {comment}"
        system = next((name for mark, name in _SYSTEMS if mark in text), "")
        self.facts.clue(m, i, who, "os", system, "ssh", 0.7)
        if direction:
            self.facts.clue(m, i, who, "service", f"ssh/{self.flows.server_port(m.flow[i])}", "ssh", 0.95)
        if found[1] not in (b"2.0", b"1.99"):
            self.facts.oddity(m, i, "ssh", "protocol-version-old", 4)


def _probe(octets, hint):
    """`SSH-` and a version; on port 22 a server's lines before it, too."""
    if hint.transport != "tcp" or not octets:
        return 0
    if octets[:4] == b"SSH-"[: len(octets)]:
        if len(octets) < 8:
            return NEED_MORE
        return 95 if octets[4:5].isdigit() and b"." in octets[5:8] else 0
    before = octets.find(b"\nSSH-")
    return (
        70 if before >= 0 and octets[:before].isascii() and 22 in (hint.source_port, hint.target_port) else 0
    )


SPEC = ProtocolSpec(
    name="ssh",
    names=("ssh",),
    probe=_probe,
    decoder=Ssh,
    tcp=frozenset({22, 2222}),
    framer=SshFramer,
    headless=True,
)
