"""Clients for tests: read every value that a library serves, over its own protocol, from the panel's place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from interlock.plant.actors.boiler import BOILER_REALS
from interlock.plant.actors.hall import HALL_OBJECTS
from interlock.plant.actors.pasteuriser import PASTEURISER_NODES, PASTEURISER_URL
from interlock.plant.actors.water import DRIVE, WATER
from interlock.plant.living.speech import cut, of_port
from interlock.plant.protocols import bacnet, modbus, s7comm
from interlock.plant.protocols.opcua_client import Client, doubles_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Ask = Callable[[bytes], bytes]


def read_modbus(ask: Ask, points: tuple) -> dict[str, float]:
    found = {}
    for table, function in (("input", 4), ("holding", 3)):
        mine = [p for p in points if p.table == table]
        count = 1 + max(p.address for p in mine)
        registers = modbus.registers_of(ask(modbus.adu(1, 1, modbus.read(function, 0, count))))
        found |= {p.tag: p.decode(registers[p.address]) for p in mine}
    coils = [p for p in points if p.table == "coil"]
    for p in coils:
        found[p.tag] = float(ask(modbus.adu(1, 1, modbus.read(1, p.address, 1)))[9] & 1)
    return found


def read_s7(ask: Ask) -> dict[str, float]:
    ask(s7comm.connect())
    ask(s7comm.setup(1))
    values = s7comm.reals_of(ask(s7comm.read_reals(2, BOILER_REALS)))
    return dict(zip((r.tag for r in BOILER_REALS), values, strict=True))


def read_opcua(ask: Ask) -> dict[str, float]:
    speaker = Client(PASTEURISER_URL, "test", lambda: time.time_ns() // 100)
    ask(speaker.hello())
    speaker.opened(ask(speaker.open()))
    speaker.created(ask(speaker.create_session()))
    ask(speaker.activate_session())
    return dict(
        zip(PASTEURISER_NODES.values(), doubles_of(ask(speaker.read(tuple(PASTEURISER_NODES)))), strict=True)
    )


def read_bacnet(ask: Ask) -> dict[str, float]:
    return {o.tag: bacnet.real_of(ask(bacnet.read_present(k, o))) for k, o in enumerate(HALL_OBJECTS)}


def stream(sock: socket.socket, port: int) -> Ask:
    """Ask on a connection and wait for one whole message."""

    def ask(octets: bytes) -> bytes:
        sock.sendall(octets)
        rest = b""
        while True:
            rest += sock.recv(65536)
            messages, _ = cut(of_port(port), rest)
            if messages:
                return messages[0]

    return ask


def datagrams(sock: socket.socket) -> Ask:
    def ask(octets: bytes) -> bytes:
        sock.send(octets)
        return sock.recv(2048)

    return ask


READERS = {
    ("plc-water", 502): lambda ask: read_modbus(ask, WATER),
    ("drive-pump", 502): lambda ask: read_modbus(ask, DRIVE),
    ("plc-boiler", 102): read_s7,
    ("plc-pasteuriser", 4840): read_opcua,
    ("hvac-hall", 47808): read_bacnet,
}
