"""The historian beyond the router: a secured OPC UA subscription, and Modbus to the gateway's units."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from asyncua import Client, Node
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from pymodbus.client import AsyncModbusTcpClient

from responders.network import ip_of
from responders.tls_ends import make_certificate

_URI = "urn:interlock:demo:historian"


class Changes:
    """Where the subscription's notifications arrive; the historian only counts them."""

    seen = 0

    def datachange_notification(self, _node: Node, _value: object, _data: object) -> None:
        """Take one change."""
        self.seen += 1


async def subscribe() -> None:
    """Subscribe to the tank, signed and encrypted."""
    client = Client(f"opc.tcp://{ip_of('opcua')}:4840/line2")
    client.application_uri = _URI
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder), "historian", ip_of("historian"), False, _URI)
        await client.set_security(SecurityPolicyBasic256Sha256, str(certificate), str(key))
    async with client:
        space = await client.get_namespace_index("http://plant.example/line2")
        subscription = await client.create_subscription(2000, Changes())
        await subscription.subscribe_data_change(client.get_node(f"ns={space};s=Tank.Level"))
        await asyncio.Event().wait()


async def meters() -> None:
    """Read each of the gateway's units every two seconds, across the router and without authentication."""
    client = AsyncModbusTcpClient(ip_of("gateway"), timeout=3)
    await client.connect()
    while True:
        for unit in (1, 2, 3):
            await client.read_holding_registers(0, count=12, device_id=unit)
            await asyncio.sleep(0.2)
        await asyncio.sleep(1.4)


async def main() -> None:
    """Run both until ended."""
    logging.disable(logging.WARNING)
    await asyncio.gather(subscribe(), meters())


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
