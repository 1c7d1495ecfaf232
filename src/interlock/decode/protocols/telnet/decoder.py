"""Telnet: who logs in with which password in clear, and what the machine says before that.

Characters run both ways; a prompt of the server, then a line of the client, make a login. The server may echo.
Source: RFC 854; prompts as login(1) and devices' shells write them.
"""

from __future__ import annotations

import re

from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
from interlock.decode.logins import begin, end
from interlock.decode.protocols.telnet.characters import Characters
from interlock.decode.spec import NEED_MORE, ProtocolSpec

__all__ = ["SPEC", "Telnet", "TelnetFramer"]

FOREVER = 1 << 60
WATCHED = 65536
"""Octets of each direction that are looked at: logins come first."""
MAX_TAIL = 1024
MAX_BANNER = 2048
MAX_LINE = 256
MAX_LOGINS = 64
_USER = re.compile(rb"(?:login|user ?name|user|account|log ?on)(?: name)?\s*[:>]\s*$", re.IGNORECASE)
_SECRET = re.compile(rb"(?:password|passwd|passcode|pass|pin)[^\r\n:]{0,40}[:>]\s*$", re.IGNORECASE)
_REFUSED = re.compile(
    rb"incorrect|failed|failure|invalid|denied|bad password|wrong|unknown user", re.IGNORECASE
)
_SHELL = re.compile(rb"(?:^|[\s\w\])~/\\:.-])[#$%>]\s*$")
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b.|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", re.DOTALL)
_SYSTEMS = (
    (b"VxWorks", "VxWorks"),
    (b"Windows CE", "Windows CE"),
    (b"Microsoft", "Windows"),
    (b"Ubuntu", "Ubuntu Linux"),
    (b"Debian", "Debian Linux"),
    (b"Linux", "Linux"),
    (b"FreeBSD", "FreeBSD"),
    (b"QNX", "QNX"),
)


class TelnetFramer(Framer):
    """Everything as it comes, up to WATCHED octets a direction."""

    def __init__(self):
        Framer.__init__(self, WATCHED)
        self.seen = {}

    def cut(self, start, end):
        """See Framer.cut."""
        key = self.slot * 2 + self.side
        seen = self.seen.get(key, 0)
        length = min(end - start, WATCHED - seen)
        self.seen[key] = seen + length
        self.leap = FOREVER if seen + length >= WATCHED else 0
        return length if length > 0 else end - start

    def forget(self, slot):
        """See Framer.forget."""
        self.seen.pop(slot * 2, None)
        self.seen.pop(slot * 2 + 1, None)


class _Session:
    """tail: what the server wrote last; line: what the client is typing; prompt: what it was asked for."""

    __slots__ = ("banner", "characters", "line", "login", "logins", "prompt", "tail", "user")

    def __init__(self):
        self.characters = (Characters(), Characters())
        self.tail = self.line = self.banner = b""
        self.prompt = self.login = self.user = None
        self.logins = 0


class Telnet(Decoder):
    """Prompts and what is typed at them."""

    def message(self, m, i, out):
        """See Decoder.message."""
        slot = m.flow[i]
        session = self.flows.state[slot]
        if session is None:
            session = self.flows.state[slot] = _Session()
        text = session.characters[m.direction[i]].take(self.cursor.rest())
        if not text:
            return
        if m.direction[i]:
            self._written(session, text)
        else:
            self._typed(m, i, session, text)

    def _written(self, session, text):
        """Text of the server; it is judged when the client types, so that it does not matter how it was cut."""
        joined = session.tail + text
        session.tail = joined[max(0, len(joined) - MAX_TAIL) :]
        if session.banner is not None:
            session.banner = (session.banner + text)[:MAX_BANNER]

    def _came_of(self, m, i, session):
        """How the last login ended, as the server's text since then says."""
        if _SHELL.search(session.tail):
            end(self.facts, session.login, "ok")
            if session.user:
                self.facts.clue(m, i, self.facts.sender(m, i), "user", session.user, "telnet", 0.9)
        elif _REFUSED.search(session.tail) or _asked_for(session.tail):
            end(self.facts, session.login, "refused")
        session.login = None

    def _typed(self, m, i, session, text):
        """Text of the client, line by line; backspaces take back."""
        for octet in text:
            if octet in (10, 13, 0):
                if octet != 0 and (session.line or session.prompt):
                    self._entered(m, i, session)
                continue
            if session.banner is not None:
                self._banner(m, i, session)
            if session.login is not None:
                self._came_of(m, i, session)
            if not session.line and session.prompt is None:
                session.prompt = _asked_for(session.tail)
            if octet in (8, 127):
                session.line = session.line[: max(0, len(session.line) - 1)]
            elif len(session.line) < MAX_LINE:
                session.line += bytes((octet,))

    def _entered(self, m, i, session):
        prompt, line = session.prompt, session.line
        session.prompt, session.line = None, b""
        if prompt == "user":
            session.user = line.decode("utf-8", "backslashreplace").strip()[:128]
        elif prompt == "secret" and session.logins < MAX_LOGINS:
            session.logins += 1
            session.login = begin(self.facts, m, i, "telnet", "user-password", session.user, line)
        session.tail = b""

    def _banner(self, m, i, session):
        """What the server said before the client typed anything, without the prompt's own line."""
        who = self.facts.receiver(m, i)
        shown = _ESCAPES.sub(b"", session.banner)
        session.banner = None
        self.facts.clue(m, i, who, "service", f"telnet/{self.flows.server_port(m.flow[i])}", "telnet", 0.95)
        whole, _, _ = shown.rpartition(b"\n")
        lines = [line.strip() for line in re.split(rb"[\r\n]+", whole)]
        text = b" | ".join(line for line in lines if line).decode("utf-8", "backslashreplace")
        self.facts.clue(m, i, who, "software", text[:300], "telnet", 0.6)
        system = next((name for mark, name in _SYSTEMS if mark in shown), "")
        self.facts.clue(m, i, who, "os", system, "telnet", 0.6)


def _asked_for(tail):
    if _SECRET.search(tail):
        return "secret"
    return "user" if _USER.search(tail) else None


def _probe(octets, hint):
    """Option negotiation (IAC, WILL to DONT, a known option) that fills the payload; text on port 23."""
    if hint.transport != "tcp" or not octets:
        return 0
    own = 23 in (hint.source_port, hint.target_port)
    at = triples = 0
    while (
        at + 2 < len(octets) and octets[at] == 255 and 250 <= octets[at + 1] <= 254 and octets[at + 2] <= 50
    ):
        if octets[at + 1] == 250:
            behind = octets.find(b"\xff\xf0", at)
            at = behind + 2 if behind >= 0 else len(octets)
        else:
            at += 3
        triples += 1
    if triples >= 2 and (at == len(octets) or _is_text(octets[at:])):
        return 85
    if triples == 1 and at == len(octets):
        return 80 if own else 50
    if triples == 0 and octets[0] == 255 and len(octets) < 3:
        return NEED_MORE
    return 60 if own and _is_text(octets[at:]) else 0


def _is_text(octets):
    return all(octet >= 32 or octet in (0, 7, 8, 9, 10, 13, 27) for octet in octets)


SPEC = ProtocolSpec(
    name="telnet",
    names=("telnet",),
    probe=_probe,
    decoder=Telnet,
    tcp=frozenset({23, 2323}),
    framer=TelnetFramer,
    headless=True,
)
