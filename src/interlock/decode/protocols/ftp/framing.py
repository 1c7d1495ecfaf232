"""Cuts FTP's control connection: commands by line, replies with all their lines; nothing after AUTH TLS.

    220 text CRLF        or        220-text CRLF … CRLF 220 text CRLF

Source: RFC 959 clause 4.2, RFC 4217 clause 4.
"""

from __future__ import annotations

import re

from interlock.decode.framing import Framer

__all__ = ["COMMAND", "REPLY", "FtpFramer", "without_telnet"]

FOREVER = 1 << 60
MAX_LINE = 4096
MAX_REPLY = 32768
REPLY = re.compile(rb"([1-6]\d\d)(?:([ -])([^\r\n]*))?\r?\n")
COMMAND = re.compile(rb"([A-Za-z]{3,4})(?: ([^\r\n]*))?\r?\n")
_TELNET = re.compile(rb"(?:\xff[\xf0-\xfa]|\xff[\xfb-\xfe].)+", re.DOTALL)
"""Telnet's interrupt and synch before ABOR (RFC 959 4.1.3)."""


class FtpFramer(Framer):
    """secured: flows whose rest is TLS."""

    def __init__(self):
        Framer.__init__(self, MAX_REPLY)
        self.secured = set()

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        if self.slot in self.secured:
            self.leap = FOREVER
            return 1
        octets = bytes(self.octets[start : min(end, start + MAX_REPLY)])
        length = _reply_length(octets) if octets[:1].isdigit() else octets.find(b"\n") + 1
        if length:
            if octets[:4] in (b"234 ", b"334 "):
                self.secured.add(self.slot)
                self.leap = FOREVER
            return length
        if len(octets) >= (MAX_REPLY if octets[:1].isdigit() else MAX_LINE):
            return -(end - start)
        self.want = end - start + 1
        return 0

    def begins(self, start, end):
        """See Framer.begins: a command or a reply's line stands here."""
        if self.slot in self.secured:
            return 0
        octets = bytes(self.octets[start : min(end, start + MAX_LINE)])
        return 1 if REPLY.match(octets) or COMMAND.match(octets) else 0

    def forget(self, slot):
        """See Framer.forget."""
        self.secured.discard(slot)


def _reply_length(octets):
    """Octets up to the end of a reply's last line; 0 where it has not come yet."""
    first = octets.find(b"\n") + 1
    if not first or octets[3:4] != b"-" or not octets[:3].isdigit():
        return first
    last = octets.find(b"\n" + octets[:3] + b" ", first - 1)
    return octets.find(b"\n", last + 1) + 1 if last >= 0 else 0


def without_telnet(octets):
    """The line without Telnet commands in front of it."""
    found = _TELNET.match(octets)
    return octets[found.end() :] if found else octets
