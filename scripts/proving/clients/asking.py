"""A whole conversation for what an attack asks by CIP, OPC UA or S7: opened, asked one after the other, closed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from asyncua import Client

from interlock.plant.protocols import cip, s7comm
from proving.clients.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["ENIP", "ask_cip", "ask_opcua", "ask_s7"]

ENIP: Final = 44818


def ask_cip(to: str, requests: Sequence[bytes], pause_s: float) -> None:
    """Requests without a connection (UCMM), in a session of their own."""
    with Talk(to, ENIP) as talk:
        session = cip.session_of(talk.say(cip.register()).ljust(8, b"\0"))
        for number, asked in enumerate(requests, 1):
            talk.say(cip.unconnected(session, asked, number), pause_s)


def ask_opcua(to: str, do: Callable[[Client], Awaitable[None]]) -> None:
    """`do` with a client whose session is activated."""

    async def whole() -> None:
        async with Client(f"opc.tcp://{to}:4840", timeout=2) as client:
            await do(client)

    with contextlib.suppress(Exception):  # what a server refuses, a library raises in many ways
        asyncio.run(whole())


def ask_s7(to: str, messages: Sequence[bytes], pause_s: float) -> None:
    """Messages in a connection of their own, to the module at slot 2 that programs are loaded into."""
    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        for octets in messages:
            talk.say(octets, pause_s)
