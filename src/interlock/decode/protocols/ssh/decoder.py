"""SSH: the identification strings of both ends; what follows is binary and soon encrypted.

    SSH-protoversion-softwareversion SP comments CR LF

The client's string is a request, the server's its answer, whichever comes first. Source: RFC 4253 clause 4.2.
"""

from __future__ import annotations

import re

from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
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
    """Lines up to the identification string (a server may send others before it), then nothing more."""

    def __init__(self):
        Framer.__init__(self, MAX_LINE)
        self.lines = {}

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        octets = bytes(self.octets[start : min(end, start + MAX_LINE)])
        length = octets.find(b"\n") + 1
        if not length and end - start < MAX_LINE:
            self.want = end - start + 1
            return 0
        key = self.slot * 2 + self.side
        seen = self.lines[key] = self.lines.get(key, 0) + 1
        if not length or seen > MAX_LINES or octets[:4] == b"SSH-":
            self.leap = FOREVER
        return length or min(end - start, MAX_LINE)

    def begins(self, start, end):
        """See Framer.begins: only the start of a connection shows anything."""
        return 1 if bytes(self.octets[start : min(end, start + 4)]) == b"SSH-" else 0

    def forget(self, slot):
        """See Framer.forget."""
        self.lines.pop(slot * 2, None)
        self.lines.pop(slot * 2 + 1, None)


class Ssh(Decoder):
    """Who runs which SSH software."""

    def message(self, m, i, out):
        """See Decoder.message. state: which directions have identified themselves, as bits."""
        found = _IDENTIFICATION.match(self.cursor.rest())
        if found is None:
            return
        slot, direction = m.flow[i], m.direction[i]
        seen = self.flows.state[slot] or 0
        self.flows.state[slot] = seen | 1 << direction
        row = self._row(m, i, out, direction, seen)
        out.set_name(row, self.names.code("identification"))
        out.set_verb(row, OPEN)
        self._clues(m, i, direction, found)

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
)
