"""A whole conversation for what an attack asks by CIP or OPC UA: opened, asked one after the other, closed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from asyncua import Client

from interlock.plant.protocols import cip
from proving.clients.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["ENIP", "ask_cip", "ask_opcua"]

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
