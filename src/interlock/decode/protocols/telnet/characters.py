"""Takes Telnet's commands out of a stream: what is left are characters, however it was cut.

    IAC command        IAC WILL|WONT|DO|DONT option        IAC SB … IAC SE
Source: RFC 854, RFC 855, RFC 1091 (terminal type).
"""

from __future__ import annotations

__all__ = ["Characters"]

IAC, SE, SB, WILL, DONT = 255, 240, 250, 251, 254
TEXT, COMMAND, OPTION, INSIDE, INSIDE_COMMAND = range(5)


class Characters:
    """One direction's state."""

    def __init__(self):
        self.state = TEXT

    def take(self, octets):
        """The characters among these octets."""
        if self.state == TEXT and b"\xff" not in octets:
            return octets
        text = []
        for octet in octets:
            if self.state == TEXT:
                if octet == IAC:
                    self.state = COMMAND
                else:
                    text.append(octet)
            elif self.state == COMMAND:
                self._command(octet, text)
            elif self.state == OPTION:
                self.state = TEXT
            elif self.state == INSIDE:
                self.state = INSIDE_COMMAND if octet == IAC else INSIDE
            else:
                self.state = TEXT if octet == SE else INSIDE
        return bytes(text)

    def _command(self, octet, text):
        if octet == IAC:
            text.append(IAC)
            self.state = TEXT
        elif octet == SB:
            self.state = INSIDE
        else:
            self.state = OPTION if WILL <= octet <= DONT else TEXT
