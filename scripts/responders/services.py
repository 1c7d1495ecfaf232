"""The cell's small server: DHCP, DNS and NTP, answered by hand; and the questions machines ask it."""

from __future__ import annotations

import select
import socket
import struct
import sys
import time

from responders.frames import BROADCAST, ethernet, mac, raw_socket, udp_in_ip
from responders.network import BY_NAME, GATEWAYS, ip_of

NAMES = {
    "historian.plant.example": ip_of("historian"),
    "plc-b.plant.example": ip_of("plc-b"),
    "updates.vendor.example": ip_of("public"),
}
_COOKIE = b"\x63\x82\x53\x63"
_NTP_EPOCH = 2_208_988_800


def dns_name(name: str) -> bytes:
    """A name as labels."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def dns_query(name: str, identifier: int, kind: int = 1) -> bytes:
    """One question."""
    return struct.pack(">6H", identifier, 0x0100, 1, 0, 0, 0) + dns_name(name) + struct.pack(">HH", kind, 1)


def dns_answer(query: bytes) -> bytes:
    """The answer: an address, or that the name does not exist."""
    name, at = [], 12
    while length := query[at]:
        name.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    question, address = query[12 : at + 5], NAMES.get(".".join(name))
    if address is None:
        return query[:2] + struct.pack(">5H", 0x8183, 1, 0, 0, 0) + question
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 300, 4) + socket.inet_aton(address)
    return query[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0) + question + record


def ntp(mode: int, origin: bytes = bytes(8)) -> bytes:
    """An NTP message: mode 3 asks, 4 answers."""
    now = time.time() + _NTP_EPOCH  # noqa: TID251 - an adapter: the clock itself
    stamp = struct.pack(">II", int(now), int(now % 1 * (1 << 32)))
    answered = mode == 4
    head = struct.pack(">BBbb", 4 << 3 | mode, 2 if answered else 0, 6, -20) + bytes(8)
    reference = socket.inet_aton("192.0.2.123") if answered else bytes(4)
    return head + reference + (stamp + origin + stamp if answered else bytes(24)) + stamp


def dhcp(kind: int, host: str, reply: bool, extra: bytes = b"", xid: int = 0x3903F326) -> bytes:
    """A DHCP message: 1 discover, 2 offer, 3 request, 5 acknowledge."""
    offered = socket.inet_aton(ip_of(host)) if reply else bytes(4)
    head = struct.pack(">BBBBIHH", 2 if reply else 1, 1, 6, 0, xid, 0, 0x8000)
    head += bytes(4) + offered + bytes(8) + mac(BY_NAME[host].mac) + bytes(10 + 192) + _COOKIE
    return (head + bytes([53, 1, kind]) + extra + b"\xff").ljust(300, b"\0")


def dhcp_lease(host: str, hostname: str, vendor_class: str) -> None:
    """Lease an address as a machine does that has none yet: discover and request from 0.0.0.0."""
    own = mac(BY_NAME[host].mac)
    names = (
        bytes([12, len(hostname)])
        + hostname.encode()
        + bytes([60, len(vendor_class)])
        + vendor_class.encode()
    )
    asked = names + bytes([55, 4, 1, 3, 6, 42])
    chosen = (
        bytes([50, 4]) + socket.inet_aton(ip_of(host)) + bytes([54, 4]) + socket.inet_aton(ip_of("services"))
    )
    with raw_socket(0x0800) as sender:
        for kind, extra in ((1, asked), (3, chosen + asked)):
            packet = udp_in_ip(("0.0.0.0", 68), ("255.255.255.255", 67), dhcp(kind, host, False, extra))
            sender.send(ethernet(BROADCAST, own, 0x0800, packet))
            time.sleep(0.3)


def ask_name(name: str, identifier: int = 0x1B2D) -> None:
    """Resolve one name at the cell's server."""
    _ask(dns_query(name, identifier), 53)


def ask_time() -> None:
    """Ask the cell's server for the time."""
    _ask(ntp(3), 123)


def announce_mdns(name: str, address: str, service: str) -> None:
    """Announce a name and a service by mDNS (RFC 6762)."""
    host, kind = dns_name(f"{name}.local"), dns_name(f"{service}.local")
    instance = dns_name(f"{name}.{service}.local")
    records = kind + struct.pack(">HHIH", 12, 1, 4500, len(instance)) + instance
    records += host + struct.pack(">HHIH", 1, 0x8001, 120, 4) + socket.inet_aton(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        sender.bind((address, 5353))
        sender.sendto(struct.pack(">6H", 0, 0x8400, 0, 2, 0, 0) + records, ("224.0.0.251", 5353))


def ask_llmnr(name: str, own: str) -> None:
    """Ask the neighbours for a name by LLMNR and by NetBIOS, as office machines do."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        sender.sendto(
            dns_query(name, 0x5A01).replace(b"\x01\x00\x00\x01", b"\x00\x00\x00\x01", 1),
            ("224.0.0.252", 5355),
        )
        folded = name.upper().ljust(15)[:15].encode() + b"\x00"
        letters = bytes(ord("A") + half for octet in folded for half in (octet >> 4, octet & 15))
        query = (
            struct.pack(">6H", 0x5A02, 0x0110, 1, 0, 0, 0)
            + b"\x20"
            + letters
            + b"\0"
            + struct.pack(">HH", 0x20, 1)
        )
        sender.sendto(query, ("192.168.10.255", 137))


def serve() -> None:
    """Answer DNS, NTP and DHCP until ended."""
    sockets = {}
    for port in (53, 67, 123):
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        opened.bind(("0.0.0.0", port))
        sockets[opened] = port
    hosts = {mac(host.mac): name for name, host in BY_NAME.items()}
    options = bytes([54, 4]) + socket.inet_aton(ip_of("services")) + bytes([51, 4]) + struct.pack(">I", 86400)
    options += bytes([1, 4, 255, 255, 255, 0, 3, 4]) + socket.inet_aton(GATEWAYS["cell"])
    options += bytes([6, 4]) + socket.inet_aton(ip_of("services"))
    while True:
        for ready in select.select(list(sockets), [], [])[0]:
            octets, peer = ready.recvfrom(2048)
            if sockets[ready] == 53:
                ready.sendto(dns_answer(octets), peer)
            elif sockets[ready] == 123:
                ready.sendto(ntp(4, octets[40:48]), peer)
            elif (host := hosts.get(octets[28:34])) is not None:
                kind = 2 if octets[242] == 1 else 5
                ready.sendto(dhcp(kind, host, True, options), ("255.255.255.255", 68))


def _ask(query: bytes, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(1)
        asker.sendto(query, (ip_of("services"), port))
        try:
            asker.recv(2048)
        except TimeoutError:
            print("no answer from the cell's server", file=sys.stderr)


if __name__ == "__main__":
    serve()
