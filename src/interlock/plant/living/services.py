"""Our own sessions behind real sockets: streams, and Ethernet frames of a type."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.ftp import DATA_PORT
from interlock.plant.protocols.session import Crashed, Spontaneous

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.draws import Draws
    from interlock.plant.living.ground import Ground
    from interlock.plant.protocols.session import Service, Session

__all__ = ["listen_frames", "serve_stream"]

_MOST_CONNECTIONS: Final = 64
_MOST_OCTETS: Final = 65536
_IDLE_S: Final = 3600.0
_LOOKS_S: Final = 0.1
_GROUP: Final = 1
_PACKET_OUTGOING: Final = 4


class _Server:
    """Connections to one service of one machine."""

    def __init__(
        self,
        machine: str,
        port: int,
        service: Service,
        draws: Draws,
        now: Callable[[], float],
        crashed: Callable[[float], None],
    ) -> None:
        self._port = port
        self._crashed = crashed
        self._machine = BY_NAME[machine]
        self._service = service
        self._draws = draws
        self._now = now
        self._open = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        self._open += 1
        try:
            if self._open <= _MOST_CONNECTIONS:
                await self._converse(reader, writer, self._service.open())
        except (ConnectionError, TimeoutError):
            pass  # the other side went away: the connection is over, nothing else
        except Crashed as crashed:
            self._crashed(crashed.seconds)
        except (ValueError, struct.error, IndexError):
            _reset(writer)
        finally:
            self._open -= 1
            writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: Session
    ) -> None:
        speaking, one_at_a_time = None, asyncio.Lock()
        if isinstance(session, Spontaneous):
            speaking = asyncio.ensure_future(self._speak(writer, session, one_at_a_time))
        elif self._port == DATA_PORT:
            speaking = asyncio.ensure_future(self._pour(writer, session))
        try:
            for greeting in session.receive(b""):
                writer.write(greeting)
            while octets := await asyncio.wait_for(reader.read(_MOST_OCTETS), _IDLE_S):
                async with one_at_a_time:
                    await self._answer(writer, session.receive(octets))
                await writer.drain()
        finally:
            if speaking:
                speaking.cancel()

    async def _answer(self, writer: asyncio.StreamWriter, answers: Sequence[bytes]) -> None:
        """Send answers once they have been thought over."""
        if answers:
            await asyncio.sleep(self._machine.thinks_ms * 1e-3 * (1.0 + self._draws.uniform()))
        for answer in answers:
            writer.write(answer)

    async def _pour(self, writer: asyncio.StreamWriter, session: Session) -> None:
        """A connection for data carries a file as soon as the other connection has asked for one."""
        while not writer.is_closing():
            for octets in session.receive(b""):
                writer.write(octets)
            await asyncio.sleep(_LOOKS_S)

    async def _speak(
        self, writer: asyncio.StreamWriter, session: Spontaneous, one_at_a_time: asyncio.Lock
    ) -> None:
        """What the session says by itself, never between a request and its answer: messages bear numbers in order."""
        while not writer.is_closing():
            async with one_at_a_time:
                for message in session.due(self._now()):
                    writer.write(message)
            await asyncio.sleep(session.period_s)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End it at once, as the session asked for."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def serve_stream(
    ground: Ground,
    machine: str,
    port: int,
    service: Service,
    draws: Draws,
    now: Callable[[], float],
    crashed: Callable[[float], None],
) -> asyncio.Server:
    """Listen on a machine's port. crashed: told for how many seconds. Raises OSError where it cannot."""
    sock = ground.make(machine, socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(ground.address(machine, port))
    server = _Server(machine, port, service, draws, now, crashed)
    return await asyncio.start_server(server.accept, sock=sock)


def listen_frames(
    ground: Ground,
    machine: str,
    ethertype: int,
    take: Callable[[bytes], Sequence[bytes] | None],
    draws: Draws,
    own: Callable[[], bytes],
) -> socket.socket:
    """Take frames of a type, those for the machine and those for many; what it answers goes to the sender.

    own: the machine's hardware address by now.
    """
    sock = ground.make(machine, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ethertype))
    sock.bind(("eth0", ethertype))
    loop = asyncio.get_running_loop()

    def arrived() -> None:
        try:
            frame, (_, _, kind, _, _) = sock.recvfrom(2048)
        except (BlockingIOError, OSError):
            return
        mac = own()
        if kind == _PACKET_OUTGOING or len(frame) < 14 or not (frame[0] & _GROUP or frame[:6] == mac):
            return
        sender, wait = frame[6:12], 0.0
        try:
            answers = take(frame[14:]) or ()
        except (ValueError, struct.error, IndexError):
            return  # whoever cannot read a frame does not answer it
        for answer in answers:
            wait += draws.uniform(0.001, 0.008)
            made = (sender + mac + ethertype.to_bytes(2, "big") + answer).ljust(60, b"\0")
            loop.call_later(wait, _sent, sock, made)

    loop.add_reader(sock, arrived)
    return sock


def _sent(sock: socket.socket, frame: bytes) -> None:
    try:
        sock.send(frame)
    except OSError:
        return  # the interface is gone: the plant is ending
