"""The line's OPC UA server, made of asyncua: open to everyone, and a secured endpoint beside it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
import sys
import tempfile
import time
from pathlib import Path

from asyncua import Server, ua

from responders.network import ip_of
from responders.tls_ends import make_certificate

URI = "urn:interlock:demo:line2"
POLICIES = [ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]


async def main(host: str) -> None:
    """Serve a tank and a filler until ended."""
    logging.disable(logging.WARNING)
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{ip_of(host)}:4840/line2")
    server.set_server_name("Line 2 OPC UA Server")
    await server.set_application_uri(URI)
    await server.set_build_info(
        "urn:interlock:demo:line2:product",
        "Beckhoff Automation",
        "TwinCAT OPC UA Server",
        "4.4.12",
        "17",
        dt.datetime(2024, 5, 7, tzinfo=dt.UTC),
    )
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder), "line2", ip_of(host), False, URI)
        await server.load_certificate(str(certificate))
        await server.load_private_key(str(key))
    server.set_security_policy(POLICIES)
    space = await server.register_namespace("http://plant.example/line2")
    tank = await server.nodes.objects.add_object(ua.NodeId("Tank", space), "Tank")
    level = await tank.add_variable(ua.NodeId("Tank.Level", space), "Level", 50.0)
    valve = await tank.add_variable(ua.NodeId("Tank.Valve", space), "Valve", False)
    setpoint = await tank.add_variable(ua.NodeId("Tank.Setpoint", space), "Setpoint", 55.0)
    await valve.set_writable()
    await setpoint.set_writable()
    async with server:
        while True:
            await level.write_value(round(50 + 10 * math.sin(time.monotonic() / 8), 2))
            await asyncio.sleep(0.5)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
