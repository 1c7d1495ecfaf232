"""Syslog over UDP and TCP: reports of machines about themselves, to whoever collects them.

    UDP: a datagram is a message        TCP: LENGTH SP message, or message LF

Nobody answers. Source: RFC 5424, RFC 3164, RFC 5426, RFC 6587.
"""

from __future__ import annotations

import re

from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
from interlock.decode.logins import Names
from interlock.decode.protocols.syslog.message import priority_of, read_message
from interlock.decode.protocols.syslog.tables import SYSLOG
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Syslog", "SyslogFramer"]

PORTS = frozenset({514, 601})
MAX_MESSAGE = 16384
MAX_NAMES = 4
"""Different names that one flow's messages may give its sender; a relay speaks for many machines."""
MAX_TEXT = 512
_COUNTED = re.compile(rb"([1-9]\d{0,4}) ")
_ADDRESS = re.compile(r"[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_DATED = re.compile(
    rb"<\d{1,3}>(?:1 (?:\d{4}-|- )|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d )"
)


class SyslogFramer(Framer):
    """Without state: each message says its length, or ends with LF or NUL (RFC 6587 3.4)."""

    def __init__(self):
        Framer.__init__(self, MAX_MESSAGE + 8)

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left = end - start
        octets = bytes(self.octets[start : min(end, start + MAX_MESSAGE + 8)])
        if octets[:1] == b"<":
            return self._line(octets, left)
        counted = _COUNTED.match(octets)
        if counted is None:
            if octets.isdigit() and left < 6:
                self.want = left + 1
                return 0
            return -left
        length = counted.end() + int(counted[1])
        if int(counted[1]) > MAX_MESSAGE or octets[counted.end() : counted.end() + 1] not in (b"<", b""):
            return -left
        if length > left:
            self.want = length
            return 0
        return length

    def _line(self, octets, left):
        ends = [at for at in (octets.find(b"\n"), octets.find(b"\0")) if at >= 0]
        if ends:
            return min(ends) + 1
        if left >= MAX_MESSAGE:
            return MAX_MESSAGE
        self.want = left + 1
        return 0

    def begins(self, start, end):
        """See Framer.begins: PRI stands here, behind a length or not."""
        octets = bytes(self.octets[start : min(end, start + 16)])
        counted = _COUNTED.match(octets)
        return 0 if priority_of(octets[counted.end() if counted else 0 :]) is None else 1


class Syslog(Decoder):
    """Reports, one row each."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.apps = Names(self.objects)

    def message(self, m, i, out):
        """See Decoder.message. state: names that the flow's messages gave their sender."""
        octets = m.bytes(i)
        slot = m.flow[i]
        counted = _COUNTED.match(octets) if self.flows.transport[slot] == 6 else None
        found = read_message(octets[counted.end() if counted else 0 :])
        if found is None:
            if not octets.strip(b"\r\n\0"):
                return
            raise DecodeError("priority-invalid", 0)
        if m.direction[i]:  # who sends is who reports
            self.flows.orient(slot, m.side[i])
            m.direction[i] = 0
        row = out.tell(m, i, self.f, found.priority)
        if found.app:
            out.set_object(row, self.apps.code(found.app), 1)
        self._clues(m, i, slot, found)
        if self.facts.wants("syslog"):
            self._detail(m, i, found)

    def _clues(self, m, i, slot, found):
        who = self.facts.sender(m, i)
        port = self.flows.server_port(slot)
        self.facts.clue(m, i, self.facts.receiver(m, i), "service", f"syslog/{port}", "syslog", 0.5)
        if found.software:
            self.facts.clue(m, i, who, "software", found.software, "syslog", 0.6)
        if not found.host or _ADDRESS.fullmatch(found.host):
            return
        names = self.flows.state[slot]
        if names is None:
            names = self.flows.state[slot] = []
        if found.host not in names:
            if len(names) >= MAX_NAMES:
                return
            names.append(found.host)
        self.facts.clue(m, i, who, "name", found.host, "syslog", 0.5)

    def _detail(self, m, i, found):
        row = {
            "facility": found.priority >> 3,
            "severity": found.priority & 7,
            "host": found.host or None,
            "app": found.app or None,
            "process": found.process or None,
            "message_id": found.ident or None,
            "text": found.text[:MAX_TEXT],
        }
        self.facts.detail("syslog", m, i, row)


def _probe(octets, hint):
    """PRI and a date; PRI and text on a port of syslog's."""
    own = hint.source_port in PORTS or hint.target_port in PORTS
    if hint.transport == "tcp":
        counted = _COUNTED.match(octets)
        if counted is not None:
            octets = octets[counted.end() :]
        elif octets[:1] != b"<":
            return NEED_MORE if own and octets.isdigit() and len(octets) < 6 else 0
        if len(octets) < 24 and b"\n" not in octets and (octets[1:2].isdigit() or (own and len(octets) < 2)):
            return NEED_MORE if octets[:1] in (b"<", b"") else 0
    if octets[:1] != b"<":
        return 0
    if priority_of(octets) is None:
        return 0
    if _DATED.match(octets) is not None:
        return 90
    return 60 if own and all(o >= 32 or o in (9, 10, 13, 0) for o in octets[:64]) else 0


SPEC = ProtocolSpec(
    name="syslog",
    names=("syslog",),
    probe=_probe,
    decoder=Syslog,
    tcp=PORTS,
    udp=frozenset({514}),
    framer=SyslogFramer,
    details=(SYSLOG,),
)
