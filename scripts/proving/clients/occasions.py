"""What befalls a plant without an attacker: cables, power, leases, offices' programs, engineers with an order."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import subprocess
import time
from typing import TYPE_CHECKING, Final

from asyncua import Client

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import cip, modbus, s7comm
from interlock.plant.protocols.network import ARP, arp, snmp_get
from interlock.plant.wire.frames import End, ethernet, udp
from proving.clients.talk import INTERFACE, Talk, at_its_card, held_up, send_frames, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERYBODY: Final = End(b"\xff" * 6, b"\xff" * 4)


def _run(*words: str) -> None:
    subprocess.run(words, check=False)


def lease_renewed(to: str) -> None:
    """The panel asks to keep its address, first who gave it, then everybody (RFC 2131)."""
    mine = BY_NAME["hmi"].end
    head = struct.pack("!BBBBIHH", 1, 1, 6, 0, 0x5151, 0, 0) + mine.ip + bytes(12) + mine.mac.ljust(16, b"\0")
    octets = head + bytes(192) + b"\x63\x82\x53\x63\x35\x01\x03\x3d\x07\x01" + mine.mac + b"\xff"
    server = next(machine.end for machine in BY_NAME.values() if machine.ip == to)
    send_frames([udp(mine, end, (68, 67), octets.ljust(300, b"\0")) for end in (server, _EVERYBODY)], 4.0)


def page_opened(to: str) -> None:
    """A page of the panel reads what it always read, otherwise put together, half a minute."""
    with Talk(to, 502) as talk:
        for number in range(25):
            for count in ((0, 2), (2, 3)):
                talk.say(modbus.adu(number + 1, 1, modbus.read(4, *count)), 0.0)
            time.sleep(1.0)


def versions_read(to: str) -> None:
    """The engineering station reads what firmware machines have, as ordered."""
    asked = struct.pack("!BBBB", 43, 14, 1, 0)
    for address in ("10.77.1.10", "10.77.1.11"):
        with Talk(address, 502) as talk:
            talk.say(modbus.adu(1, 1, asked), 1.0)
    with Talk(to, 44818) as talk:
        session = cip.session_of(talk.say(cip.register()))
        talk.say(cip.unconnected(session, cip.request(1, cip.object_path(1, 1)), 1), 1.0)
    with Talk("10.77.1.12", 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        talk.say(s7comm.szl(2, 0x11), 0.5)
        talk.say(s7comm.szl(3, 0x1C), 0.5)


def power_dipped(to: str) -> None:
    """A machine is without power for a quarter of a minute, and announces itself when it is back."""
    _run("ip", "link", "set", INTERFACE, "down")
    time.sleep(15.0)
    _run("ip", "link", "set", INTERFACE, "up")
    time.sleep(1.0)
    mine = next(machine.end for machine in BY_NAME.values() if machine.ip == to)
    send_frames([ethernet(_EVERYBODY.mac, mine.mac, ARP, arp(1, mine, End(bytes(6), mine.ip)))] * 2, 1.0)


def online_in_order(to: str) -> None:
    """The engineering station looks at the boiler's controller online, as ordered: lists and values."""
    item = b"\x12\x0a\x10\x02\x00\x18\x00\x01\x84\x00\x00\x00"
    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        for number in range(2, 20):
            talk.say(s7comm.szl(number, (0x11, 0x424, 0x74)[number % 3]), 0.3)
            talk.say(s7comm.job(number, b"\x04\x01" + item), 0.3)


def saved_by_maker(to: str) -> None:
    """The maker's laptop saves a block of the boiler's controller, as ordered."""
    start = b"\x1d\x00\x00\x00\x00\x00\x00\x00\x09_0800001A"
    more, end = b"\x1e\x00\x00\x00\x00\x00\x00\x07", b"\x1f\x00\x00\x00\x00\x00\x00\x07"
    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        for number, parameter in enumerate((start, more, end), 2):
            talk.say(s7comm.job(number, parameter), 1.0)


def caught_up(to: str) -> None:
    """The historian reads what it always reads in a second session, twice as often for a while."""

    async def do() -> None:
        async with Client(f"opc.tcp://{to}:4840", timeout=2) as client:
            for _ in range(8):
                for name in ("Temperature", "Flow"):
                    with contextlib.suppress(Exception):
                        await client.get_node(f"ns=2;s=Pasteuriser.{name}").read_value()
                await asyncio.sleep(2.0)

    with contextlib.suppress(Exception):
        asyncio.run(do())


def office_noise(to: str) -> None:  # noqa: ARG001 - to everybody
    """What a desktop system says by itself after its network came: names, groups, browsers, a printer's search."""
    mine = BY_NAME["engineering"].end

    def group(ip: str) -> End:
        octets = socket.inet_aton(ip)
        return End(b"\x01\x00\x5e" + bytes((octets[1] & 0x7F,)) + octets[2:], octets)

    near = End(_EVERYBODY.mac, bytes((10, 77, 1, 255)))
    coded = b"".join(bytes((65 + (c >> 4), 65 + (c & 15))) for c in b"ENGINEERING".ljust(15) + b"\0")
    name = b"\x20" + coded + b"\0"
    registered = struct.pack("!HHHHHH", 0x8001, 0x2910, 1, 0, 0, 1) + name + b"\0\x20\0\1"
    registered += b"\xc0\x0c\0\x20\0\1" + struct.pack("!IHH", 300000, 6, 0) + mine.ip
    asked = struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0) + b"\x04wpad\0\0\1\0\1"
    local = struct.pack("!HHHHHH", 0, 0, 1, 0, 0, 0) + b"\x04wpad\x05local\0\0\1\0\1"
    frames = [udp(mine, near, (137, 137), registered)] * 3
    frames += [udp(mine, group("224.0.0.252"), (51000, 5355), asked)] * 2
    frames += [udp(mine, group("224.0.0.251"), (5353, 5353), local)] * 2
    send_frames(frames, 0.7)


def cable_lossy(to: str) -> None:  # noqa: ARG001 - its own cable
    """A bad cable: an eighth of the panel's frames is lost, half a minute."""
    at_its_card("numgen random mod 8 == 0 drop", 28.0)


def link_slow(to: str) -> None:  # noqa: ARG001 - itself
    """A busy controller: its answers come late and unevenly, half a minute."""
    held_up(40, 0.3, 0.4)


def sessions_dropped(to: str) -> None:  # noqa: ARG001 - all of its own
    """The panel's program is restarted: all of its connections end and are opened again."""
    _run("ss", "-K", "-t", "state", "established")
    time.sleep(10.0)


def port_locked(to: str) -> None:  # noqa: ARG001 - to the switch
    """The panel's card looks for an authenticator that the switch does not have (EAPOL-Start, 802.1X)."""
    frame = ethernet(bytes.fromhex("0180c2000003"), BY_NAME["hmi"].end.mac, 0x888E, b"\x01\x01\0\0")
    send_frames([frame] * 3, 3.0)


def switch_monitored(to: str) -> None:
    """The historian begins to ask the switch by SNMP, as ordered: what it is, its ports."""
    asked = snmp_get("public", 0x4E2A, ("1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.2.1.0"))
    tell(to, 161, *[asked] * 6, pause_s=0.8)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "lease-renewed": lease_renewed,
    "page-opened": page_opened,
    "versions-read": versions_read,
    "power-dipped": power_dipped,
    "online-in-order": online_in_order,
    "saved-by-maker": saved_by_maker,
    "caught-up": caught_up,
    "office-noise": office_noise,
    "cable-lossy": cable_lossy,
    "link-slow": link_slow,
    "sessions-dropped": sessions_dropped,
    "port-locked": port_locked,
    "switch-monitored": switch_monitored,
}
