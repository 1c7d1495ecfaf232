"""The living stage: plays on real sockets the scripts that the twin plays on simulated time (ADR 6)."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from interlock.errors import SourceError
from interlock.plant.actors.steps import Ask, Cast, Hear, Link, Until, Wait
from interlock.plant.living.lines import Line, connect
from interlock.plant.living.posts import Post, open_post
from interlock.plant.living.services import listen_frames, serve_stream
from interlock.plant.living.speech import of_port
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.profinet_cm import PORT as CONTEXT_MANAGER
from interlock.plant.wire.frames import ethernet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interlock.plant.actors.steps import Script, Step
    from interlock.plant.draws import Draws
    from interlock.plant.living.ground import Ground
    from interlock.plant.protocols.session import Service

__all__ = ["Counts", "LivingStage", "Served"]

_TAGGED: Final = 0x8100
_DATAGRAMS: Final = frozenset({161, 1502, 47808, CONTEXT_MANAGER})
_BOTH: Final = frozenset({44818})
_RECENT: Final = 32
_MOST_CONNECTIONS: Final = 1000
_AGAIN_S: Final = 5.0
"""After which a script that came to grief begins anew, as a client that lost its controller does."""

_GRIEF: Final = (ValueError, IndexError, struct.error)
"""What scripts raise where they are not told what they need."""


@dataclass(slots=True)
class Counts:
    """What a script did so far. refused: connections that nobody took. cast: Ethernet frames.

    connections: client's address and port, server's, and transport, by which its packets are found in a capture.
    """

    asked: int = 0
    answered: int = 0
    cast: int = 0
    refused: int = 0
    connections: list[tuple[str, int, str, int, str]] = field(default_factory=list)

    def over(self, client: tuple[str, int], server: tuple[str, int], transport: str) -> None:
        """It spoke over this connection."""
        found = (*client, *server, transport)
        if found not in self.connections[-_RECENT:] and len(self.connections) < _MOST_CONNECTIONS:
            self.connections.append(found)


@dataclass(slots=True)
class Served:
    """A service as the plant's clients find it. by: who serves it.

    answered_s: clock of the last answer. silent_s: clock of the first question since that was not answered.
    """

    machine: str
    port: int
    by: str
    asked: int = 0
    answered: int = 0
    answered_s: float | None = None
    silent_s: float | None = None


@dataclass(slots=True, eq=False)
class _Player:
    counts: Counts
    lines: dict[Link, Line] = field(default_factory=dict)
    machine: str | None = None
    """Whose script it is: the first one that says something."""


@dataclass(slots=True, eq=False)
class _Kept:
    """A machine's own script, begun again and again."""

    begin: Callable[[], Script]
    task: asyncio.Task[None] | None = None
    machine: str | None = None
    restarts: int = 0


class LivingStage:
    """Plays scripts. hosted: (machine, port) → library that serves it in a process of its own.

    now: seconds since the epoch. crashed: told which machine fails, and for how many seconds.
    """

    def __init__(
        self,
        ground: Ground,
        draws: Draws,
        hosted: Mapping[tuple[str, int], str],
        now: Callable[[], float],
        crashed: Callable[[str, float], None],
    ) -> None:
        self.served: dict[tuple[str, int], Served] = {}
        self._ground = ground
        self._draws = draws.of("living stage")
        self._hosted = hosted
        self._now = now
        self._crashed = crashed
        self._services: list[tuple[str, int, Service]] = []
        self._takers: list[tuple[str, int, Callable[[bytes], Sequence[bytes] | None]]] = []
        self._kept: list[_Kept] = []
        self._posts: dict[tuple[str, int], Post] = {}
        self._casters: dict[str, socket.socket] = {}
        self._open: list[object] = []
        self._macs: dict[str, bytes] = {}

    def serve(self, machine: str, port: int, service: Service) -> None:
        """See Playing."""
        by = self._hosted.get((machine, port))
        self.served[machine, port] = Served(machine, port, by or "interlock")
        if by is None:
            self._services.append((machine, port, service))

    def listen(self, machine: str, ethertype: int, take: Callable[[bytes], Sequence[bytes] | None]) -> None:
        """See Playing."""
        self._takers.append((machine, ethertype, take))

    def play(self, begin: Callable[[], Script]) -> None:
        """See Playing; scripts begin with `begin_all`."""
        self._kept.append(_Kept(begin))

    async def open(self) -> None:
        """Listen everywhere. Raises SourceError where a port cannot be had."""
        for machine, port, service in self._services:
            try:
                await self._listen(machine, port, service)
            except OSError as error:
                at = ":".join(map(str, self._ground.address(machine, port)))
                raise SourceError(f"{machine} cannot serve {at}: {(error.strerror or '').lower()}") from error
        if self._ground.layer2:
            for each in self._takers:
                own = partial(self._mac, each[0])
                self._open.append(listen_frames(self._ground, *each, self._draws, own))

    async def _listen(self, machine: str, port: int, service: Service) -> None:
        if port not in _DATAGRAMS:
            crashed = partial(self._crashed, machine)
            about = (self._ground, machine, port, service, self._draws, self._now, crashed)
            self._open.append(await serve_stream(*about))
        if port in _DATAGRAMS or port in _BOTH:
            await self._post(machine, port, service)

    def begin_all(self) -> None:
        """Let every script begin; each one begins anew where it comes to grief."""
        for kept in self._kept:
            kept.task = asyncio.ensure_future(self._forever(kept))

    async def end_all(self) -> None:
        """Every script ends, and closes its connections."""
        tasks = [kept.task for kept in self._kept if kept.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def hush(self, machine: str) -> None:
        """A machine's own scripts end, until it comes back."""
        for kept in self._kept:
            if kept.machine == machine and kept.task:
                kept.task.cancel()

    def come_back(self, machine: str) -> None:
        """A machine's own scripts begin anew."""
        for kept in self._kept:
            if kept.machine == machine:
                kept.task = asyncio.ensure_future(self._forever(kept))

    def move(self, machine: str, mac: bytes) -> None:
        """A machine's address is at another hardware address from now on."""
        self._macs[machine] = mac
        self._ground.move(machine, mac)

    def _mac(self, machine: str) -> bytes:
        return self._macs.get(machine) or BY_NAME[machine].end.mac

    def restarts(self) -> int:
        """How often a script had to begin anew."""
        return sum(kept.restarts for kept in self._kept)

    async def _forever(self, kept: _Kept) -> None:
        while True:
            try:
                await self._run(kept.begin(), _Player(Counts()), kept)
            except _GRIEF as error:
                print(f"{kept.machine}: a script begins anew: {error!r}", file=sys.stderr)  # noqa: T201 (the log)
            kept.restarts += 1
            await asyncio.sleep(_AGAIN_S)

    async def run(self, script: Script, counts: Counts) -> None:
        """Play one script to its end. Raises what the script raises, and KeyError for a machine that is none."""
        await self._run(script, _Player(counts), None)

    async def _run(self, script: Script, player: _Player, kept: _Kept | None) -> None:
        try:
            step = next(script)
            while True:
                if kept and kept.machine is None and isinstance(step, (Ask, Cast)):
                    kept.machine = step.machine if isinstance(step, Cast) else step.link.client
                step = script.send(await self._do(player, step))
        except StopIteration:
            return
        finally:
            script.close()
            for line in player.lines.values():
                line.close()

    async def _do(self, player: _Player, step: Step) -> tuple[bytes, ...]:
        if isinstance(step, Ask):
            return await self._ask(player, step)
        if isinstance(step, Hear):
            line = player.lines.get(step.link)
            return line.hear() if line else ()
        if isinstance(step, Cast):
            self._cast(player, step)
        elif isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Until):
            await asyncio.sleep(self._until(step))
        else:
            line = player.lines.pop(step.link, None)
            if line:
                line.close()
        return ()

    def _until(self, step: Until) -> float:
        now = self._now()
        # A little late, as the twin is: who wakes a hair too early would ask twice.
        return step.period - (now - step.offset) % step.period + self._draws.uniform(0.0005, 0.002)

    async def _ask(self, player: _Player, step: Ask) -> tuple[bytes, ...]:
        link = step.link
        player.counts.asked += 1
        if link.transport == "tcp":
            answers = await self._converse(player, step)
        else:
            post = await self._post(link.client, link.port)
            answers = await post.ask(link, step.octets)
            whole = link.transport == "broadcast"
            server = (self._ground.everybody if whole else self._ground.address)(link.server, link.port)
            player.counts.over(post.address, server, "udp")
        player.counts.answered += bool(answers)
        if answers or link.transport != "tcp" or of_port(link.port).answered(step.octets):
            self._note(link, answered=bool(answers))
        return answers

    async def _post(self, machine: str, port: int, service: Service | None = None) -> Post:
        key = machine, port
        if key not in self._posts:
            self._posts[key] = await open_post(self._ground, machine, port, service, self._draws)
        return self._posts[key]

    async def _converse(self, player: _Player, step: Ask) -> tuple[bytes, ...]:
        line = player.lines.get(step.link)
        if line is None or not line.open:
            if line:
                line.close()
            made = await connect(self._ground, step.link)
            if made is None:
                player.counts.refused += 1
                player.lines.pop(step.link, None)
                return ()
            line = player.lines[step.link] = made
            server = self._ground.address(step.link.server, step.link.port)
            player.counts.over(line.address, server, "tcp")
        return await line.ask(step.octets)

    def _note(self, link: Link, *, answered: bool) -> None:
        about = self.served.get((link.server, link.port))
        if about is None:
            return
        about.asked += 1
        if answered:
            about.answered += 1
            about.answered_s, about.silent_s = self._now(), None
        elif about.silent_s is None:
            about.silent_s = self._now()

    def _cast(self, player: _Player, step: Cast) -> None:
        if not self._ground.layer2:
            self._hand_over(step)
            return
        payload, ethertype = step.payload, step.ethertype
        if step.priority is not None:
            payload = struct.pack("!HH", step.priority << 13, ethertype) + payload
            ethertype = _TAGGED
        source = step.pretends or self._mac(step.machine)
        try:
            self._caster(step.machine).send(ethernet(step.target, source, ethertype, payload))
        except OSError:
            return  # the machine is off the network just now
        player.counts.cast += 1

    def _caster(self, machine: str) -> socket.socket:
        found = self._casters.get(machine)
        if found is None:
            found = self._casters[machine] = self._ground.make(machine, socket.AF_PACKET, socket.SOCK_RAW)
            found.bind(("eth0", 0))
        return found

    def _hand_over(self, step: Cast) -> None:
        """Without layer 2, who listens is told directly: the boiler's inputs and outputs must not stop at that."""
        for machine, ethertype, take in self._takers:
            mac = self._mac(machine)
            if ethertype == step.ethertype and (step.target[0] & 1 or mac == step.target):
                with suppress(*_GRIEF):  # whoever cannot read a frame does not answer it
                    take(step.payload)
