"""A client's connections on real sockets: say, and wait for what comes back."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from interlock.plant.living.speech import Speech, cut, of_port

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Link
    from interlock.plant.living.ground import Ground

__all__ = ["ANSWER_S", "Line", "connect"]

ANSWER_S: Final = 1.0
"""Seconds after which a client does not wait for an answer any longer."""

CONNECT_S: Final = 3.0
_QUIET_S: Final = 0.03
_MOST_HEARD: Final = 256


class Line:
    """One connection. open: whether both sides still are. address: this side's."""

    def __init__(self, sock: socket.socket, speech: Speech) -> None:
        self.open = True
        self.address: tuple[str, int] = sock.getsockname()
        self._sock = sock
        self._speech = speech
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._heard: list[bytes] = []
        self._reading = asyncio.ensure_future(self._read())

    async def ask(self, octets: bytes) -> tuple[bytes, ...]:
        """Send, and wait for answers; none within ANSWER_S, or none expected: an empty tuple."""
        while not self._answers.empty():  # late answers to what is given up
            self._answers.get_nowait()
        try:
            await asyncio.get_running_loop().sock_sendall(self._sock, octets)
        except OSError:
            self.close()
            return ()
        if not self._speech.answered(octets):
            return ()
        found: list[bytes] = []
        patience = ANSWER_S
        while True:
            message = await self._next(patience)
            if message is None:
                return tuple(found)
            found.append(message)
            if not self._speech.several(octets) and self._answers.empty():
                return tuple(found)
            patience = ANSWER_S if self._speech.more(message) else _QUIET_S

    async def _next(self, patience_s: float) -> bytes | None:
        if not self.open and self._answers.empty():
            return None
        try:
            message = await asyncio.wait_for(self._answers.get(), patience_s)
        except TimeoutError:
            return None
        return message or None

    def hear(self) -> tuple[bytes, ...]:
        """What the server said by itself since."""
        heard = tuple(self._heard)
        self._heard.clear()
        return heard

    async def _read(self) -> None:
        loop, rest = asyncio.get_running_loop(), b""
        try:
            while octets := await loop.sock_recv(self._sock, 65536):
                messages, rest = cut(self._speech, rest + octets)
                for message in messages:
                    if self._speech.alone(message):
                        self._heard = [*self._heard[-_MOST_HEARD:], message]
                    else:
                        self._answers.put_nowait(message)
        except (OSError, ValueError, IndexError, struct.error):
            pass  # the connection is over; who asks next opens another one
        self.open = False
        self._answers.put_nowait(b"")

    def close(self) -> None:
        """End it."""
        self.open = False
        self._reading.cancel()
        self._sock.close()


async def connect(ground: Ground, link: Link) -> Line | None:
    """Open a connection; None where nobody listens. Raises KeyError where there is no such machine."""
    sock = ground.make(link.client, socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with ExitStack() as undone:
        undone.callback(sock.close)
        try:
            if not ground.layer2:
                sock.bind((ground.address(link.client, 0)[0], 0))
            target = ground.address(link.server, link.port)
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, target), CONNECT_S)
        except (OSError, TimeoutError):
            return None
        undone.pop_all()
    return Line(sock, of_port(link.port))
