"""The twin's stage: machines with their services, scripts that ask them, and the process below."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Cast, Hear, Link, Until, Wait
from interlock.plant.machines import BY_NAME, OUTSIDE
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.protocols.session import Spontaneous
from interlock.plant.twin.clock import SECOND, Clock
from interlock.plant.twin.tcp import DELAYED_ACK_NS, HOP_NS, Conversation
from interlock.plant.wire.frames import End, ethernet, udp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.actors.steps import Script, Step
    from interlock.plant.draws import Draws
    from interlock.plant.protocols.session import Service, Session
    from interlock.plant.twin.mirror import Mirror

    Taker = Callable[[bytes], Sequence[bytes] | None]

__all__ = ["Player", "Stage"]

_FIRST_PORT: Final = 49152
_TAGGED: Final = 0x8100
EVERYBODY: Final = End.of("ff:ff:ff:ff:ff:ff", "10.77.1.255")


@dataclass(slots=True, eq=False)
class _Line:
    conversation: Conversation
    session: Session
    settles: bool = False
    heard: list[bytes] = field(default_factory=list)
    """What the server said by itself and nobody has asked for yet."""


@dataclass(slots=True, eq=False)
class Player:
    """A script at play. frames: numbers of the frames that it caused, where that is kept."""

    script: Script
    frames: list[int] | None = None
    lines: dict[Link, _Line] = field(default_factory=dict)
    begun: bool = False


class Stage:
    """Plays scripts on simulated time and shows every frame to the mirror."""

    def __init__(self, clock: Clock, mirror: Mirror, draws: Draws) -> None:
        self.clock = clock
        self._mirror = mirror
        self._draws = draws.of("stage")
        self._services: dict[tuple[str, int], Service] = {}
        self._next_port: dict[str, int] = {}
        self._datagrams = 0
        self._takers: dict[tuple[bytes, int], list[Taker]] = {}
        self._resolved: dict[tuple[str, str], int] = {}

    def serve(self, machine: str, port: int, service: Service) -> None:
        """A machine listens on a port."""
        self._services[machine, port] = service

    def listen(self, machine: str, ethertype: int, take: Taker) -> None:
        """A machine takes frames of a type: those for it and those for many."""
        self._takers.setdefault((BY_NAME[machine].end.mac, ethertype), []).append(take)

    def play(self, script: Script, *, begin_ns: int | None = None, frames: list[int] | None = None) -> None:
        """Let a script begin. frames: where the numbers of its frames go."""
        player = Player(script, frames)
        self.clock.at(self.clock.now if begin_ns is None else begin_ns, partial(self._resume, player, ()))

    def _resume(self, player: Player, answers: tuple[bytes, ...]) -> None:
        try:
            step = player.script.send(answers) if player.begun else next(player.script)
            player.begun = True
        except StopIteration:
            for link in tuple(player.lines):
                self._close(player, link)
            return
        self._do(player, step)

    def _do(self, player: Player, step: Step) -> None:
        clock, again = self.clock, partial(self._resume, player, ())
        if isinstance(step, Ask):
            self._ask(player, step)
        elif isinstance(step, Hear):
            self._hear(player, step)
        elif isinstance(step, Cast):
            self._cast(player, step)
        elif isinstance(step, Wait):
            clock.at(clock.now + round(step.seconds * SECOND), again)
        elif isinstance(step, Until):
            period, offset = round(step.period * SECOND), round(step.offset * SECOND)
            jitter = round(self._draws.uniform(0.0, 2e6))
            clock.at(((clock.now - offset) // period + 1) * period + offset + jitter, again)
        else:
            clock.at(self._close(player, step.link), again)

    def _ask(self, player: Player, step: Ask) -> None:
        if step.link.transport != "tcp":
            self._exchange(player, step)
            return
        line, clock, now = player.lines.get(step.link), self.clock, self.clock.now
        if line is None:
            service = self._services.get((step.link.server, step.link.port))
            self._resolve(player, step.link.client, step.link.server)
            now += HOP_NS
            conversation = self._conversation(player, step.link)
            if service is None:
                clock.at(conversation.refuse(now), partial(self._resume, player, ()))
                return
            line = player.lines[step.link] = _Line(conversation, service.open())
            now = conversation.open(now)
            if isinstance(line.session, Spontaneous):
                clock.at(now, partial(self._speak, player, line, step.link))
        clock.at(now, partial(self._say, player, line, step))

    def _exchange(self, player: Player, step: Ask) -> None:
        """A datagram, and the datagrams that come back."""
        link, now = step.link, self.clock.now
        client, server = BY_NAME[link.client].end, BY_NAME[link.server].end
        everybody = link.transport == "broadcast"
        if not everybody:
            self._resolve(player, link.client, link.server)
            now += HOP_NS
        self._datagram(player, now, client, EVERYBODY if everybody else server, link.port, step.octets)
        service = self._services.get((link.server, link.port))
        answers = tuple(service.open().receive(step.octets)) if service else ()
        back = now
        for answer in answers:
            back += self._thought(link.server)
            self._datagram(player, back, server, EVERYBODY if everybody else client, link.port, answer)
        self.clock.at(back + HOP_NS, partial(self._resume, player, answers))

    def _datagram(
        self, player: Player, when: int, source: End, target: End, port: int, octets: bytes
    ) -> None:
        self._datagrams += 1
        frame = udp(source, target, (port, port), octets, self._datagrams)
        self._mirror.see(when, frame, player.frames)

    def _thought(self, machine: str) -> int:
        """Nanoseconds that a machine takes to answer, this time."""
        return round(BY_NAME[machine].thinks_ms * 1e6 * (1.0 + self._draws.uniform()))

    def _cast(self, player: Player, step: Cast) -> None:
        source, now = step.pretends or BY_NAME[step.machine].end.mac, self.clock.now
        ethertype, payload = step.ethertype, step.payload
        if step.priority is not None:
            payload = struct.pack("!HH", step.priority << 13, ethertype) + payload
            ethertype = _TAGGED
        self._mirror.see(now, ethernet(step.target, source, ethertype, payload), player.frames)
        for (mac, ethertype), takers in self._takers.items():
            if ethertype == step.ethertype and (step.target[0] & 1 or mac == step.target) and mac != source:
                for take in takers:
                    self.clock.at(
                        now + HOP_NS, partial(self._taken, player, mac, source, ethertype, take, step.payload)
                    )
        self.clock.at(now + HOP_NS, partial(self._resume, player, ()))

    def _taken(
        self, player: Player, mac: bytes, source: bytes, ethertype: int, take: Taker, payload: bytes
    ) -> None:
        """A frame arrives at one who listens; what that one answers goes to the sender."""
        when = self.clock.now
        for answer in take(payload) or ():
            when += round(self._draws.uniform(1e6, 8e6))
            self._mirror.see(when, ethernet(source, mac, ethertype, answer), player.frames)

    def _resolve(self, player: Player, client: str, server: str) -> None:
        """ARP where the client does not know the server's hardware address, or no longer."""
        now = self.clock.now
        if self._resolved.get((client, server), 0) > now:
            return
        self._resolved[client, server] = now + round(self._draws.uniform(300, 900) * SECOND)
        asker, asked = BY_NAME[client].end, BY_NAME["switch" if server == OUTSIDE.name else server].end
        request, reply = arp(1, asker, asked), arp(2, asked, asker)
        self._mirror.see(now, ethernet(EVERYBODY.mac, asker.mac, ARP, request), player.frames)
        self._mirror.see(now + HOP_NS // 2, ethernet(asker.mac, asked.mac, ARP, reply), player.frames)

    def _hear(self, player: Player, step: Hear) -> None:
        line = player.lines.get(step.link)
        heard = tuple(line.heard) if line else ()
        if line:
            line.heard.clear()
        self.clock.at(self.clock.now, partial(self._resume, player, heard))

    def _speak(self, player: Player, line: _Line, link: Link) -> None:
        if player.lines.get(link) is not line or not isinstance(line.session, Spontaneous):
            return
        now = self.clock.now
        for message in line.session.due(now / SECOND):
            now = line.conversation.say(now, 1, message)
            line.heard.append(message)
            self._settle_later(line)
        jitter = round(self._draws.uniform(0.0, 4e6))
        self.clock.at(
            self.clock.now + round(line.session.period_s * SECOND) + jitter,
            partial(self._speak, player, line, link),
        )

    def _say(self, player: Player, line: _Line, step: Ask) -> None:
        arrived = line.conversation.say(self.clock.now, 0, step.octets)
        self.clock.at(arrived, partial(self._arrive, player, line, step))

    def _arrive(self, player: Player, line: _Line, step: Ask) -> None:
        try:
            answers = tuple(line.session.receive(step.octets))
        except ValueError:
            del player.lines[step.link]
            self.clock.at(line.conversation.reset(self.clock.now, 1), partial(self._resume, player, ()))
            return
        if not answers:
            self._settle_later(line)
            self.clock.at(self.clock.now + HOP_NS, partial(self._resume, player, ()))
            return
        thought = self._thought(step.link.server)
        self.clock.at(self.clock.now + thought, partial(self._answer, player, line, answers))

    def _answer(self, player: Player, line: _Line, answers: tuple[bytes, ...]) -> None:
        now = self.clock.now
        for answer in answers:
            now = line.conversation.say(now, 1, answer)
        self._settle_later(line)
        self.clock.at(now, partial(self._resume, player, answers))

    def _settle_later(self, line: _Line) -> None:
        if not line.settles:
            line.settles = True
            self.clock.at(self.clock.now + DELAYED_ACK_NS, partial(self._settle, line))

    def _settle(self, line: _Line) -> None:
        line.settles = False
        line.conversation.settle(self.clock.now)

    def _close(self, player: Player, link: Link) -> int:
        line = player.lines.pop(link, None)
        return self.clock.now if line is None else line.conversation.close(self.clock.now)

    def _conversation(self, player: Player, link: Link) -> Conversation:
        port = self._next_port.get(link.client, _FIRST_PORT)
        self._next_port[link.client] = _FIRST_PORT + (port + 1 - _FIRST_PORT) % 16_000
        first = (self._draws.number(32), self._draws.number(32))
        ends = BY_NAME[link.client].end, BY_NAME[link.server].end
        made = Conversation(self._mirror, *ends, (port, link.port), first)
        made.numbers = player.frames
        return made
