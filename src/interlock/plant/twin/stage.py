"""The twin's stage: machines with their services, scripts that ask them, and the process below.

Over 400 lines would be split; one class plays every step because steps of all kinds meet the same silent, moved and
diverted machines.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Cast, Hear, Link, Until, Wait
from interlock.plant.machines import BY_NAME, OUTSIDE
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.protocols.session import Crashed, Spontaneous
from interlock.plant.twin.clock import SECOND, Clock
from interlock.plant.twin.paths import FORWARD_NS, HOP_NS, Neighbours, legs
from interlock.plant.twin.players import Line, Player
from interlock.plant.twin.tcp import DELAYED_ACK_NS, SYN_AGAIN_NS, Conversation
from interlock.plant.wire.frames import End, ethernet, udp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.actors.steps import Script, Step
    from interlock.plant.draws import Draws
    from interlock.plant.protocols.session import Service
    from interlock.plant.twin.mirror import Mirror

    Taker = Callable[[bytes], Sequence[bytes] | None]

__all__ = ["EVERYBODY", "Stage"]

_FIRST_PORT: Final = 49152
_TAGGED: Final = 0x8100
_PAUSE_S: Final = 5.0
"""Until a script whose connection broke begins anew."""

_UNANSWERED_S: Final = 3.0
"""Until who asked by datagram gives up."""

_UNREADABLE: Final = (ValueError, struct.error, IndexError)
"""What sessions raise at what they cannot read."""

EVERYBODY: Final = End.of("ff:ff:ff:ff:ff:ff", "10.77.1.255")


class Stage:
    """Plays scripts on simulated time and shows every frame to the mirror.

    ends: machine → its addresses now. silent: machines that neither say nor hear anything. lag: machine → seconds by
    which it answers later than it usually does.
    """

    def __init__(self, clock: Clock, mirror: Mirror, draws: Draws) -> None:
        self.clock = clock
        self.ends = {name: machine.end for name, machine in BY_NAME.items()}
        self.silent: set[str] = set()
        self.lag: dict[str, float] = {}
        self._mirror = mirror
        self._draws = draws.of("stage")
        self._services: dict[tuple[str, int], Service] = {}
        self._next_port: dict[str, int] = {}
        self._datagrams = 0
        self._takers: list[tuple[str, int, Taker]] = []
        self._resolved: dict[tuple[str, str], int] = {}
        self._neighbours = Neighbours()
        self._kept: list[Player] = []
        self._guests: list[Player] = []

    def serve(self, machine: str, port: int, service: Service) -> None:
        """A machine listens on a port."""
        self._services[machine, port] = service

    def listen(self, machine: str, ethertype: int, take: Taker) -> None:
        """A machine takes frames of a type: those for it and those for many."""
        self._takers.append((machine, ethertype, take))

    def play(self, script: Script, *, begin_ns: int | None = None, frames: list[int] | None = None) -> None:
        """Let a script begin. frames: where the numbers of its frames go."""
        player = Player(script, frames)
        self._guests.append(player)
        self.clock.at(self.clock.now if begin_ns is None else begin_ns, partial(self._resume, player, ()))

    def keep(self, make: Callable[[], Script]) -> None:
        """A machine's own script: it begins now, and anew whenever its connection breaks."""
        self._begin(Player(make(), again=make))

    def hush(self, machine: str) -> None:
        """A machine's own software ends: its connections are closed, and it asks nothing more."""
        for player in self._kept:
            if player.machine == machine:
                for link in tuple(player.lines):
                    self._close(player, link)
                player.ended = True

    def leave(self, machine: str) -> None:
        """A machine shuts down in good order."""
        self.hush(machine)
        self.fall_silent(machine)

    def fall_silent(self, machine: str) -> None:
        """A machine crashes or loses its network: in the middle of everything, without a word."""
        self.silent.add(machine)
        for player in self._kept:
            if player.machine == machine:
                player.ended = True
                player.lines.clear()
        self._cut_lines(machine)

    def appear(self, machine: str) -> None:
        """A machine that was away hears and answers again; it asks nothing yet."""
        self.silent.discard(machine)

    def come_back(self, machine: str) -> None:
        """A machine that was away is here again: its scripts begin anew, connections to it are reset when used."""
        self.appear(machine)
        mine = [player for player in self._kept if player.machine == machine]
        self._kept = [player for player in self._kept if player.machine != machine]
        for player in mine:
            self._begin(player.anew())

    def move(self, machine: str, mac: bytes) -> None:
        """An address is taken over by another hardware address, which knows no connection of before."""
        self.ends[machine] = end = End(mac, self.ends[machine].ip)
        self._cut_lines(machine)
        for player in (*self._kept, *self._guests):
            for link, line in player.lines.items():
                for side, name in enumerate((link.client, link.server)):
                    if name == machine:
                        line.conversation.moved(side, end)

    def _cut_lines(self, server: str) -> None:
        for player in (*self._kept, *self._guests):
            for link, line in player.lines.items():
                line.cut = line.cut or link.server == server

    def _begin(self, player: Player) -> None:
        self._kept.append(player)
        self.clock.at(self.clock.now, partial(self._resume, player, ()))

    def _fail(self, player: Player, link: Link) -> None:
        """A connection broke, or never came about."""
        player.lines.pop(link, None)
        if player.ended:
            return
        if player.again is None:
            self._resume(player, ())
            return
        for other in tuple(player.lines):
            self._close(player, other)
        self._kept.remove(player)
        player = player.anew()
        self._kept.append(player)
        later = self.clock.now + round(_PAUSE_S * SECOND)
        self.clock.at(later, partial(self._resume, player, ()))

    def _resume(self, player: Player, answers: tuple[bytes, ...]) -> None:
        if player.ended:
            return
        try:
            step = player.script.send(answers) if player.begun else next(player.script)
            player.begun = True
        except StopIteration:
            for link in tuple(player.lines):
                self._close(player, link)
            player.ended = True
            if player in self._guests:
                self._guests.remove(player)
            return
        self._do(player, step)

    def _do(self, player: Player, step: Step) -> None:
        clock, again = self.clock, partial(self._resume, player, ())
        if player.machine is None and isinstance(step, (Ask, Cast)):
            player.machine = step.machine if isinstance(step, Cast) else step.link.client
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
            silent = step.link.server in self.silent
            service = self._services.get((step.link.server, step.link.port))
            if not self._resolve(player, step.link.client, step.link.server):
                clock.at(now + SYN_AGAIN_NS[-1], partial(self._fail, player, step.link))
                return
            now += HOP_NS
            conversation = self._conversation(player, step.link)
            if silent:
                clock.at(conversation.knock(now), partial(self._fail, player, step.link))
                return
            if service is None:
                clock.at(conversation.refuse(now), partial(self._fail, player, step.link))
                return
            session = service.open()
            speaks = session if isinstance(session, Spontaneous) else None
            line = player.lines[step.link] = Line(conversation, session, speaks)
            now = conversation.open(now)
            if speaks is not None:
                clock.at(now, partial(self._speak, player, line, step.link))
        clock.at(now, partial(self._say, player, line, step))

    def _exchange(self, player: Player, step: Ask) -> None:
        """A datagram, and the datagrams that come back."""
        link, now = step.link, self.clock.now
        client, server = self.ends[link.client], self.ends[link.server]
        everybody = link.transport == "broadcast"
        if not everybody:
            if not self._resolve(player, link.client, link.server):
                self.clock.at(now + SYN_AGAIN_NS[-1], partial(self._fail, player, link))
                return
            now += HOP_NS
        arrived = self._datagram(
            player, now, client, EVERYBODY if everybody else server, link.port, step.octets
        )
        service = self._services.get((link.server, link.port))
        if link.server in self.silent:
            self.clock.at(now + round(_UNANSWERED_S * SECOND), partial(self._fail, player, link))
            return
        try:
            answers = tuple(service.open().receive(step.octets)) if service else ()
        except _UNREADABLE:  # whoever cannot read a datagram does not answer it
            answers = ()
        back = arrived - HOP_NS
        for answer in answers:
            back += self._thought(link.server)
            arrived = self._datagram(
                player, back, server, EVERYBODY if everybody else client, link.port, answer
            )
        self.clock.at(arrived, partial(self._resume, player, answers))

    def _datagram(self, player: Player, when: int, source: End, target: End, port: int, octets: bytes) -> int:
        """Gives the time at which it arrives."""
        self._datagrams += 1
        relay = self._neighbours.relay(source, target)
        told = player.frames if player.frames is not None or relay is None else relay.numbers
        for later, begin, end in legs(source, target, relay):
            frame = udp(begin, end, (port, port), octets, self._datagrams)
            self._mirror.see(when + later, frame, told)
        return when + HOP_NS + (FORWARD_NS if relay else 0)

    def _thought(self, machine: str) -> int:
        """Nanoseconds that a machine takes to answer, this time."""
        usual = round(BY_NAME[machine].thinks_ms * 1e6 * (1.0 + self._draws.uniform()))
        return usual + round(self.lag.get(machine, 0.0) * SECOND)

    def _cast(self, player: Player, step: Cast) -> None:
        if step.machine in self.silent:
            self.clock.at(self.clock.now + HOP_NS, partial(self._resume, player, ()))
            return
        source, now = step.pretends or self.ends[step.machine].mac, self.clock.now
        ethertype, payload = step.ethertype, step.payload
        if step.priority is not None:
            payload = struct.pack("!HH", step.priority << 13, ethertype) + payload
            ethertype = _TAGGED
        self._mirror.see(now, ethernet(step.target, source, ethertype, payload), player.frames)
        if step.ethertype == ARP:
            self._believe(step, player.frames)
        for machine, ethertype, take in self._takers:
            mac = self.ends[machine].mac
            if machine in self.silent or ethertype != step.ethertype or mac == source:
                continue
            if step.target[0] & 1 or mac == step.target:
                taken = partial(self._taken, player, mac, source, ethertype, take, step.payload)
                self.clock.at(now + HOP_NS, taken)
        self.clock.at(now + HOP_NS, partial(self._resume, player, ()))

    def _believe(self, step: Cast, frames: list[int] | None) -> None:
        """Whoever gets an ARP reply takes what it says for true."""
        address = step.payload[14:18]
        true = next((end.mac for end in self.ends.values() if end.ip == address), None)
        for name, end in self.ends.items():
            if name != step.machine and (step.target[0] & 1 or end.mac == step.target):
                self._neighbours.told(end.mac, step.payload, true, frames)

    def _taken(
        self, player: Player, mac: bytes, source: bytes, ethertype: int, take: Taker, payload: bytes
    ) -> None:
        """A frame arrives at one who listens; what that one answers goes to the sender."""
        when = self.clock.now
        try:
            answers = take(payload) or ()
        except _UNREADABLE:
            return
        for answer in answers:
            when += round(self._draws.uniform(1e6, 8e6))
            self._mirror.see(when, ethernet(source, mac, ethertype, answer), player.frames)

    def _resolve(self, player: Player, client: str, server: str) -> bool:
        """ARP where the client does not know the server's hardware address, or no longer; False: nobody answers."""
        now = self.clock.now
        if self._resolved.get((client, server), 0) > now:
            return True
        asked_name = "switch" if server == OUTSIDE.name else server
        asker, asked = self.ends[client], self.ends[asked_name]
        request = ethernet(EVERYBODY.mac, asker.mac, ARP, arp(1, asker, asked))
        if asked_name in self.silent:
            for later in (0, SECOND, 2 * SECOND):
                self._mirror.see(now + later, request, player.frames)
            return False
        self._resolved[client, server] = now + round(self._draws.uniform(300, 900) * SECOND)
        self._mirror.see(now, request, player.frames)
        reply = ethernet(asker.mac, asked.mac, ARP, arp(2, asked, asker))
        self._mirror.see(now + HOP_NS // 2, reply, player.frames)
        self._neighbours.forget(asker.mac, asked.ip)
        return True

    def _hear(self, player: Player, step: Hear) -> None:
        line = player.lines.get(step.link)
        heard = tuple(line.heard) if line else ()
        if line:
            line.heard.clear()
        self.clock.at(self.clock.now, partial(self._resume, player, heard))

    def _speak(self, player: Player, line: Line, link: Link) -> None:
        session = line.speaks
        if player.lines.get(link) is not line or line.cut or session is None:
            return
        now = self.clock.now
        if line.thinks_until > now:  # its answer bears a number already, and goes out first
            self.clock.at(line.thinks_until, partial(self._speak, player, line, link))
            return
        for message in session.due(now / SECOND):
            now = line.conversation.say(now, 1, message)
            line.heard.append(message)
            self._settle_later(line)
        jitter = round(self._draws.uniform(0.0, 4e6))
        later = self.clock.now + round(session.period_s * SECOND) + jitter
        self.clock.at(later, partial(self._speak, player, line, link))

    def _say(self, player: Player, line: Line, step: Ask) -> None:
        if player.ended:
            return
        if line.cut:
            self._say_in_vain(player, line, step)
            return
        arrived = line.conversation.say(self.clock.now, 0, step.octets)
        self.clock.at(arrived, partial(self._arrive, player, line, step))

    def _say_in_vain(self, player: Player, line: Line, step: Ask) -> None:
        """A server that is gone does not acknowledge; one that is here again knows no such connection."""
        now, conversation = self.clock.now, line.conversation
        if step.link.server in self.silent:
            ends = conversation.shout(now, step.octets)
        else:
            ends = conversation.reset(conversation.say(now, 0, step.octets), 1)
        self.clock.at(ends, partial(self._fail, player, step.link))

    def _arrive(self, player: Player, line: Line, step: Ask) -> None:
        if player.ended:
            return
        try:
            answers = tuple(line.session.receive(step.octets))
        except Crashed as crashed:
            self._crash(player, step.link, crashed.seconds)
            return
        except _UNREADABLE:
            ends = line.conversation.reset(self.clock.now, 1)
            self.clock.at(ends, partial(self._fail, player, step.link))
            return
        if not answers:
            self._settle_later(line)
            self.clock.at(self.clock.now + HOP_NS, partial(self._resume, player, ()))
            return
        line.thinks_until = self.clock.now + self._thought(step.link.server)
        self.clock.at(line.thinks_until, partial(self._answer, player, line, answers))

    def _crash(self, player: Player, link: Link, seconds: float) -> None:
        """The server falls silent and is started again by its watchdog; who asked waits in vain."""
        self.fall_silent(link.server)
        now = self.clock.now
        self.clock.at(now + round(seconds * SECOND), partial(self.come_back, link.server))
        self.clock.at(now + round(_UNANSWERED_S * SECOND), partial(self._fail, player, link))

    def _answer(self, player: Player, line: Line, answers: tuple[bytes, ...]) -> None:
        if player.ended or line.cut:
            self._resume(player, ())
            return
        now = self.clock.now
        for answer in answers:
            now = line.conversation.say(now, 1, answer)
        self._settle_later(line)
        self.clock.at(now, partial(self._resume, player, answers))

    def _settle_later(self, line: Line) -> None:
        if not line.settles:
            line.settles = True
            self.clock.at(self.clock.now + DELAYED_ACK_NS, partial(self._settle, line))

    def _settle(self, line: Line) -> None:
        line.settles = False
        if not line.cut:
            line.conversation.settle(self.clock.now)

    def _close(self, player: Player, link: Link) -> int:
        line = player.lines.pop(link, None)
        if line is None or line.cut:
            return self.clock.now
        line.cut = True
        return line.conversation.close(self.clock.now)

    def _conversation(self, player: Player, link: Link) -> Conversation:
        port = self._next_port.get(link.client, _FIRST_PORT)
        self._next_port[link.client] = _FIRST_PORT + (port + 1 - _FIRST_PORT) % 16_000
        first = (self._draws.number(32), self._draws.number(32))
        ends = self.ends[link.client], self.ends[link.server]
        made = Conversation(self._mirror, *ends, (port, link.port), first, self._neighbours.relay)
        made.numbers = player.frames
        return made
