"""The operator panel: polls all three PLCs and the OPC UA server, and now and then changes a set-point."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import struct
import sys
import time

from asyncua import Client as OpcUaClient
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from snap7.client import Client as S7Client
from snap7.type import Area

from responders import cip
from responders.cip_client import CipClient, read_tag, write_tag
from responders.network import ip_of


async def mixer() -> None:
    """Two reads every 500 ms from PLC A, a write every 10 s."""
    client = AsyncModbusTcpClient(ip_of("plc-a"), timeout=3, retries=1)
    await client.connect()
    for cycle in itertools.count():
        with contextlib.suppress(ModbusException):
            await client.read_holding_registers(0, count=24, device_id=1)
            await client.read_coils(0, count=16, device_id=1)
            if cycle % 2 == 0:
                await client.read_input_registers(0, count=8, device_id=1)
            if cycle % 20 == 12:
                await client.write_register(20, 1500 + cycle % 7 * 10, device_id=1)
            if cycle % 20 == 16:
                await client.write_coil(3, cycle % 40 < 20, device_id=1)
        await asyncio.sleep(0.5)


def filler() -> None:
    """One read a second from PLC B, the recipe every 15 s."""
    client = S7Client()
    client.connect(ip_of("plc-b"), 0, 2)
    for cycle in itertools.count():
        client.db_read(1, 0, 12)
        if cycle % 3 == 0:
            client.read_area(Area.MK, 0, 0, 8)
        if cycle % 15 == 9:
            client.db_write(2, 0, bytearray(struct.pack(">2f", 72.5, 4.0 + cycle % 4 / 10)))
        time.sleep(1)


def packer() -> None:
    """Tags of PLC C over a class 3 connection, a recipe number now and then."""
    client = CipClient(ip_of("plc-c"))
    client.list_services()
    client.unconnected(cip.request(cip.GET_ALL, cip.object_path(1, 1)))
    client.open_connection()
    for cycle in itertools.count():
        client.connected(cip.many([read_tag("Line2_Speed"), read_tag("Line2_Count", 4)]))
        if cycle % 20 == 7:
            client.connected(write_tag("Recipe_No", 7 + cycle % 3))
        time.sleep(1)


async def tank() -> None:
    """Levels from the OPC UA server, with no security and no user."""
    async with OpcUaClient(f"opc.tcp://{ip_of('opcua')}:4840/line2") as client:
        space = await client.get_namespace_index("http://plant.example/line2")
        names = [client.get_node(f"ns={space};s=Tank.{name}") for name in ("Level", "Valve")]
        for cycle in itertools.count():
            await client.read_values(names)
            if cycle % 12 == 6:
                await client.get_node(f"ns={space};s=Tank.Setpoint").write_value(55.0 + cycle % 5)
            await asyncio.sleep(2)


async def main() -> None:
    """Run everything until ended."""
    logging.disable(logging.WARNING)
    await asyncio.gather(mixer(), tank(), asyncio.to_thread(filler), asyncio.to_thread(packer))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
