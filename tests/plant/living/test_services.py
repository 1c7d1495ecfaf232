"""Our own sessions behind real sockets: what they say by themselves, and what they answer."""

from __future__ import annotations

import asyncio

from tests.plant.numbered import in_order, requests, restless, sent_numbers

from interlock.plant.draws import Draws
from interlock.plant.living.loopback import Loopback
from interlock.plant.living.services import serve_stream


async def _heard(asked: int) -> bytes:
    """What the station says to so many interrogations, a few milliseconds apart."""
    ground, draws = Loopback(), Draws(1)
    server = await serve_stream(
        ground, "rtu-feeder", 2404, restless(0.001), draws, lambda: 0.0, lambda _seconds: None
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    heard, ended = bytearray(), asyncio.Event()

    async def listen() -> None:
        while octets := await reader.read(65536):
            heard.extend(octets)
        ended.set()

    listening = asyncio.ensure_future(listen())
    for request in requests(asked):
        writer.write(request)
        await asyncio.sleep(0.012)
    writer.write_eof()
    await asyncio.wait_for(ended.wait(), 10)
    await listening
    writer.close()
    server.close()
    return bytes(heard)


def test_numbers_follow_each_other_on_a_real_connection() -> None:
    said = sent_numbers(asyncio.run(_heard(40)))
    assert len(said) > 150
    assert in_order(said)
