"""Niagara Fox: workbenches and stations say hello, log in, and ask each other by channel and command.

Synchronous requests have a number that their reply repeats. The opening (`hello`, then the frames of the login) is
asynchronous: what the client sends is answered by the next frame of the station on the channel `fox`.
See wire.py for the frame and its sources.
"""

from __future__ import annotations

import re

from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names, begin, end
from interlock.decode.protocols.fox.wire import KINDS, FoxFramer, body_of, frame_of
from interlock.decode.sheet import NO_NUMBER, REFUSED, UNKNOWN
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Fox"]

HELLO_KEY, TUNE_KEY, SYNC_KEY = 1, 2, 1 << 40
_REFUSALS = frozenset({"rejected", "retry", "busy", "redirect"})
_QUIET = frozenset({("circuit", "stream")})
"""A piece of a circuit that a row has opened."""
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_SECRETS = ("password", "pass")


class _Session:
    """user: who logs in. method: how. login: a password in clear, until the station says how it went."""

    __slots__ = ("login", "method", "user", "welcome")

    def __init__(self):
        self.user = None
        self.method = ""
        self.login = None
        self.welcome = False


class Fox(Decoder):
    """Frames of either end."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self._numbers = None
        self.accounts = Names(self.names)
        self.others = Names(self.names)
        self.things = Names(self.objects)

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = self.cursor.rest()
        frame = frame_of(octets)
        if frame is None:
            raise DecodeError("header-malformed", 0)
        fields, oddity = body_of(octets, frame.body)
        if oddity:
            self.facts.oddity(m, i, "fox", oddity, frame.body)
        slot = m.flow[i]
        session = self.flows.state[slot]
        if session is None:
            session = self.flows.state[slot] = _Session()
        if frame.kind == "k" or (frame.channel, frame.command) in _QUIET:
            return
        if frame.kind in "ren":
            self._reply(m, i, out, session, frame)
        elif frame.kind == "s":
            self._ask(m, i, out, session, frame, SYNC_KEY | frame.reply & 0x7FFFFFFF, fields)
        elif frame.kind == "a" and frame.channel == "fox" and frame.command not in ("ping", "close"):
            self._tune(m, i, out, session, frame, fields)
        else:
            row = self._ask(m, i, out, session, frame, -1, fields)
            out.settle(row, UNKNOWN, NO_NUMBER)

    def function(self, frame):
        """Number of a frame's channel and command, NO_NUMBER where verbs.toml has none."""
        if self._numbers is None:
            self._numbers = {name: number for number, (name, _) in self.tools.verb_rows("fox").items()}
        return self._numbers.get(f"{frame.channel} {frame.command}", NO_NUMBER)

    def _named(self, out, row, frame, function):
        if function == NO_NUMBER:
            out.set_name(row, self.others.code(f"{frame.channel} {frame.command}"))
        out.set_transaction(row, frame.reply if frame.reply >= 0 else frame.sequence)

    def _ask(self, m, i, out, session, frame, key, fields):
        function = self.function(frame)
        row = out.ask(m, i, self.f, function, key)
        self._named(out, row, frame, function)
        if session.user and session.welcome:
            out.set_user(row, self.accounts.code(session.user))
        if (frame.channel, frame.command) == ("circuit", "open"):
            out.set_object(
                row, self.things.code(f"{fields.get('channel', '')}/{fields.get('command', '')}"), 1
            )
        return row

    def _reply(self, m, i, out, session, frame):
        key = SYNC_KEY | frame.reply & 0x7FFFFFFF
        row = out.answer(m, i, key)
        if row < 0:
            function = self.function(frame)
            row = out.orphan(m, i, self.f, function, key)
            self._named(out, row, frame, function)
        if frame.kind == "e":
            out.settle(row, REFUSED, NO_NUMBER)

    def _tune(self, m, i, out, session, frame, fields):
        """The opening: from the client a request, from the station the answer to the one that is open."""
        if frame.command == "hello":
            self._hello(m, i, fields)
        key = HELLO_KEY if frame.command == "hello" else TUNE_KEY
        if m.direction[i] == 0:
            row = self._ask(m, i, out, session, frame, key, fields)
            self._account(m, i, out, row, session, fields)
            return
        session.method = fields.get("method", session.method)[:64]
        row = out.answer(m, i, key)
        if row < 0 and frame.command == "hello":
            row = out.orphan(m, i, self.f, self.function(frame), key)
            self._named(out, row, frame, 0)
        elif row < 0:
            row = out.tell(m, i, self.f, self.function(frame))
            self._named(out, row, frame, self.function(frame))
        elif frame.command in _REFUSALS:
            out.settle(row, REFUSED, NO_NUMBER)
        self._outcome(m, i, session, frame)

    def _account(self, m, i, out, row, session, fields):
        user = fields.get("username") or fields.get("user")
        if user:
            session.user = user[:128]
        if session.user:
            out.set_user(row, self.accounts.code(session.user))
        secret = next((fields[name] for name in _SECRETS if fields.get(name)), None)
        if secret is not None:
            octets = secret.encode("utf-8", "replace")
            session.login = begin(self.facts, m, i, "fox", session.method or "basic", session.user, octets)

    def _outcome(self, m, i, session, frame):
        """A login is welcome, or it is not."""
        if frame.command not in ("welcome", "rejected", "retry"):
            return
        session.welcome = frame.command == "welcome"
        if session.login is not None:
            end(self.facts, session.login, "ok" if session.welcome else "refused")
            session.login = None
        if session.welcome and session.user:
            self.facts.clue(m, i, self.facts.receiver(m, i), "user", session.user, "fox", 0.9)

    def _hello(self, m, i, fields):
        """Who speaks: host, program, operating system, station."""
        who = self.facts.sender(m, i)
        get = fields.get
        app, version = get("app.name", ""), get("app.version", "")
        told = (
            ("name", get("hostName", "") if not _ADDRESS.fullmatch(get("hostName", "")) else "", 0.8),
            ("name", get("station.name", ""), 0.7),
            ("ip", _own_address(get("hostAddress", "")), 0.4),
            ("software", f"Niagara {app} {version}".strip() if app else "", 0.9),
            ("os", " ".join(part for part in (get("os.name", ""), get("os.version", "")) if part), 0.85),
            ("device-id", f"fox:{get('hostId')}" if get("hostId") else "", 0.9),
            ("vendor", get("brandId", ""), 0.5),
            ("role", "engineering-station" if app == "Workbench" else "", 0.8),
        )
        for name, value, confidence in told:
            self.facts.clue(m, i, who, name, value, "fox", confidence)
        if m.direction[i]:
            self.facts.clue(m, i, who, "service", f"fox/{self.flows.server_port(m.flow[i])}", "fox", 0.95)


def _own_address(text):
    """An address that says something: none of the machine itself, none that is unset."""
    return text if _ADDRESS.fullmatch(text) and not text.startswith(("127.", "0.")) else ""


def _probe(octets, hint):
    """`fox `, a kind, a blank."""
    if hint.transport != "tcp" or octets[:4] != b"fox "[: len(octets)]:
        return 0
    if len(octets) < 6:
        return NEED_MORE
    return 95 if octets[4] in KINDS and octets[5] == 0x20 else 0


SPEC = ProtocolSpec(
    name="fox",
    names=("fox",),
    probe=_probe,
    decoder=Fox,
    tcp=frozenset({1911}),
    framer=FoxFramer,
    control=True,
)
