"""Datagrams of one machine's port: what it asks, and what it is asked, through one socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, cast

from interlock.plant.living.lines import ANSWER_S
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.profinet_cm import PORT as CONTEXT_MANAGER

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Link
    from interlock.plant.draws import Draws
    from interlock.plant.living.ground import Ground
    from interlock.plant.protocols.session import Service

__all__ = ["Post", "open_post"]

_EVERYBODY_S: Final = 0.25
"""How long who asked everybody listens for answers."""

_RPC_REQUEST: Final = 0


class Post(asyncio.DatagramProtocol):
    """One exchange at a time; what comes while nobody waits for it is for the service, where there is one.

    address: where it stands, once it does.
    """

    def __init__(
        self, ground: Ground, machine: str, port: int, service: Service | None, draws: Draws
    ) -> None:
        self._ground = ground
        self._machine = machine
        self.address = ("", 0)
        self._port = port
        self._service = service
        self._draws = draws
        self._thinks_s = BY_NAME[machine].thinks_ms * 1e-3
        self._busy = asyncio.Lock()
        self._transport: asyncio.DatagramTransport | None = None
        self._expected: str | None = None
        self._waiting = False
        self._found: list[bytes] = []
        self._arrived = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.address = transport.get_extra_info("sockname")
        if self.address[0] == "0.0.0.0":  # noqa: S104 (compared, not bound)
            self.address = self._ground.address(self._machine, self.address[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """See asyncio. What a session cannot read it does not answer."""
        asked = self._port == CONTEXT_MANAGER and data[1:2] == bytes((_RPC_REQUEST,))
        if self._waiting and not asked and self._expected in (None, addr[0]):
            self._found.append(data)
            self._arrived.set()
        elif self._service is not None:
            self._answer(self._service, data, addr)

    def _answer(self, service: Service, data: bytes, addr: tuple[str, int]) -> None:
        try:
            answers = service.open().receive(data)
        except (ValueError, struct.error, IndexError):
            return
        wait = 0.0
        for answer in answers:
            wait += self._thinks_s * (1.0 + self._draws.uniform())
            asyncio.get_running_loop().call_later(wait, self._send, answer, addr)

    def _send(self, octets: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(octets, addr)

    async def ask(self, link: Link, octets: bytes) -> tuple[bytes, ...]:
        """One datagram, and the one that answers it; to everybody, all that answer within a quarter of a second."""
        everybody = link.transport == "broadcast"
        where = (self._ground.everybody if everybody else self._ground.address)(link.server, link.port)
        async with self._busy:
            self._found, self._expected, self._waiting = [], None if everybody else where[0], True
            self._arrived.clear()
            self._send(octets, where)
            try:
                if everybody:
                    await asyncio.sleep(_EVERYBODY_S)
                else:
                    await asyncio.wait_for(self._arrived.wait(), ANSWER_S)
            except TimeoutError:
                return ()
            finally:
                self._waiting = False
            return tuple(self._found)


async def open_post(ground: Ground, machine: str, port: int, service: Service | None, draws: Draws) -> Post:
    """Stand on a machine's port. Raises OSError where it cannot, KeyError where there is no such machine."""
    sock = ground.make(machine, socket.AF_INET, socket.SOCK_DGRAM)
    with ExitStack() as undone:
        undone.callback(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if ground.layer2:
            sock.bind(("", port))
        else:  # who only asks has any port: on 127.0.0.0/8 a library takes one with its own port number for itself
            address, moved_to = ground.address(machine, port)
            sock.bind((address, moved_to if service else 0))
        made = Post(ground, machine, port, service, draws)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, sock=sock)
        undone.pop_all()
    return made
