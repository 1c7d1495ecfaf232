"""The network under the plant: false announcements, floods, clocks that are set, names that carry data."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Cast, Link, Wait
from interlock.plant.blind.chance import attacker, count, one_of, pace
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import EVERYBODY, datagram, end_of, knock, raw
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import ber
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
_SINCE_1900: Final = 2_208_988_800


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


def _addresses_given(draws: Draws) -> Scenario:
    """A second server gives addresses and says where the way out is."""
    who, times = _host(draws), count(draws, 1, 8)

    def script(scene: Scene) -> Script:
        me, victim = end_of(who), End(bytes.fromhex("3c5282aabb01"), bytes(4))
        for k in range(times):
            xid = scene.draws.number(32)

            def message(op: int, kind: int, given: bytes, more: bytes, xid: int = xid) -> bytes:
                head = (
                    struct.pack("!BBBBIHH", op, 1, 6, 0, xid, 0, 0x8000) + bytes(4) + given + me.ip + bytes(4)
                )
                body = (
                    victim.mac.ljust(16, b"\0")
                    + bytes(192)
                    + b"\x63\x82\x53\x63"
                    + b"\x35\x01"
                    + bytes((kind,))
                )
                return (head + body + more + b"\xff").ljust(300, b"\0")

            given = bytes((10, 77, 1, 200 + k))
            options = (
                b"\x36\x04"
                + me.ip
                + b"\x01\x04\xff\xff\xff\0\x03\x04"
                + me.ip
                + b"\x06\x04"
                + me.ip
                + b"\x33\x04\0\0\x0e\x10"
            )
            yield datagram("engineering", victim, _ALL, (68, 67), message(1, 1, bytes(4), b""))
            yield Wait(0.02)
            yield datagram(who, me, _ALL, (67, 68), message(2, 2, given, options))
            yield Wait(0.02)
            yield datagram(
                "engineering", victim, _ALL, (68, 67), message(1, 3, bytes(4), b"\x32\x04" + given)
            )
            yield Wait(0.02)
            yield datagram(who, me, _ALL, (67, 68), message(2, 5, given, options))
            yield Wait(4.0)

    ids = ("T0830", "T0849", "T0848", "T0842", "T0836", "T0814")
    return drawn("addresses-given", ids, who, ["engineering"], script)


def _time_told(draws: Draws) -> Scenario:
    """A time server that nobody knew tells another time, or the time is broadcast."""
    who, times = _host(draws), count(draws, 3, 40)
    client = one_of(draws, tuple(m for m in ("plc-pasteuriser", "hmi", "plc-boiler") if m != who))
    away, alone = one_of(draws, (-1, 1)) * pace(draws, 60.0, 1e8), draws.uniform() < 0.5

    def script(scene: Scene) -> Script:
        me, asker = end_of(who), end_of(client)
        for k in range(times):
            stamp = struct.pack("!II", int(scene.now_s() + away + _SINCE_1900) & 0xFFFFFFFF, 0)
            true = struct.pack("!II", int(scene.now_s() + _SINCE_1900) & 0xFFFFFFFF, 0)
            if alone:
                told = b"\x25\x01\x06\xec" + bytes(8) + b"LOCL" + stamp * 1 + bytes(16) + stamp
                yield datagram(who, me, End(EVERYBODY, b"\x0a\x4d\x01\xff"), (123, 123), told, k)
            else:
                yield datagram(client, asker, me, (123, 123), b"\x23\0\x06\xec" + bytes(36) + true, k)
                yield Wait(0.003)
                told = b"\x24\x01\x06\xec" + bytes(8) + b"LOCL" + stamp + true + stamp + stamp
                yield datagram(who, me, asker, (123, 123), told, k)
            yield Wait(4.0)

    ids = ("T0830", "T0856", "T0872", "T0849", "T0836", "T0855", "T0832")
    return drawn("time-told", ids, who, [client], script)


def _names(draws: Draws) -> Scenario:
    """Data leaves, and orders come, in names that are asked for."""
    who, times, pause = _host(draws), count(draws, 40, 400), pace(draws, 0.05, 3.0)
    size, kind = count(draws, 24, 60), one_of(draws, (16, 10, 1, 5))
    domain = f"{draws.number(24):06x}"

    def script(scene: Scene) -> Script:
        outside = End(end_of("switch").mac, BY_NAME["outside"].end.ip)
        for k in range(times):
            label = bytes(one_of(scene.draws, b"abcdefghijklmnopqrstuvwxyz234567") for _ in range(size))
            labels = (label, label[::-1][:30], domain.encode("ascii"), b"example")
            name = b"".join(bytes((len(part),)) + part for part in labels) + b"\0"
            head = struct.pack("!HHHHHH", k, 0x0100, 1, 0, 0, 0)
            asked = head + name + struct.pack("!HH", kind, 1)
            ports = (40_000 + k, 53)
            yield datagram(who, end_of(who), outside, ports, asked, k)
            yield Wait(0.03)
            data = bytes((40,)) + label[:40].ljust(40, b"x")
            answer = struct.pack("!HHHHHH", k, 0x8180, 1, 1, 0, 0) + name + struct.pack("!HH", kind, 1)
            answer += b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 1, len(data)) + data
            yield datagram("switch", outside, end_of(who), ports[::-1], answer, k)
            yield Wait(min(pause, 150 / times))

    ids = ("T0869", "T0885", "T0884", "T0882", "T0802")
    return drawn("names-tunnel", ids, who, ["outside"], script)


def _pings(draws: Draws) -> Scenario:
    """Data in echo requests to the outside, or a flood of them to a controller."""
    who, flood = _host(draws), draws.uniform() < 0.5
    victim = one_of(draws, ("plc-water", "plc-boiler")) if flood else "outside"
    times, pause = (
        count(draws, 600, 3000) if flood else count(draws, 30, 120),
        0.01 if flood else pace(draws, 0.5, 3.0),
    )

    def script(scene: Scene) -> Script:
        here, there = end_of(who), end_of(victim)
        for k in range(times):
            for side, kind in ((0, 8), (1, 0)):
                size = 48 if flood else count(scene.draws, 100, 1200)
                data = bytes(scene.draws.number(8) for _ in range(8)) * (size // 8)
                body = struct.pack("!BBHHH", kind, 0, 0, 0x77, k) + data
                body = body[:2] + internet_checksum(body).to_bytes(2, "big") + body[4:]
                source, target = (here, there) if side == 0 else (there, here)
                head = struct.pack(
                    "!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), k & 0xFFFF, 0, 64, 1, 0, source.ip, target.ip
                )
                head = head[:10] + internet_checksum(head).to_bytes(2, "big") + head[12:]
                yield raw(
                    (who, victim)[side] if victim != "outside" else who,
                    ethernet(target.mac, source.mac, 0x0800, head + body),
                )
                yield Wait(0.001)
            yield Wait(pause)

    ids = ("T0814", "T0846") if flood else ("T0869", "T0885", "T0884", "T0882")
    return drawn("echo-flood" if flood else "echo-tunnel", ids, who, [victim], script)


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


def _half_open(draws: Draws) -> Scenario:
    """Requests for connections that nobody completes, from one address or from many."""
    who = _host(draws)
    victim, port = one_of(
        draws, (("plc-boiler", 102), ("plc-filler", 44818), ("plc-pasteuriser", 4840), ("hmi", 445))
    )
    times, pause, spread = count(draws, 800, 4000), pace(draws, 0.0005, 0.01), draws.uniform() < 0.5

    def script(scene: Scene) -> Script:
        me = end_of(who)
        for k in range(times):
            ip = bytes((10, 77, 1, 60 + scene.draws.number(7))) if spread else me.ip
            yield knock(
                who, End(me.mac, ip), end_of(victim), (1024 + k % 60_000, port), scene.draws.number(32)
            )
            yield Wait(pause)

    return drawn("half-open", ("T0814", "T0846", "T0840", "T0813"), who, [victim], script)


def _datagrams(draws: Draws) -> Scenario:
    """Datagrams without sense, as many as fit."""
    who, times, pause = _host(draws), count(draws, 800, 3000), pace(draws, 0.0005, 0.01)
    victim, port, size = (
        one_of(draws, ("plc-water", "plc-boiler", "rio-boiler")),
        draws.number(16) | 1,
        count(draws, 20, 1200),
    )

    def script(scene: Scene) -> Script:
        for k in range(times):
            octets = bytes(scene.draws.number(8) for _ in range(8)) * (size // 8 + 1)
            yield datagram(who, end_of(who), end_of(victim), (40_000, port), octets, k)
            yield Wait(pause)

    return drawn("datagram-flood", ("T0814", "T0846", "T0840", "T0885"), who, [victim], script)


def _snmp(draws: Draws) -> Scenario:
    """Settings of the switch are written with a word that all know, or words are tried out."""
    who, guess, times = attacker(draws, "switch"), draws.uniform() < 0.5, count(draws, 1, 60)
    words = (
        "public",
        "private",
        "cisco",
        "admin",
        "manager",
        "snmp",
        "write",
        "secret",
        "siemens",
        "default",
    )

    def script(scene: Scene) -> Script:
        for k in range(max(times, 10) if guess else min(times, 6)):
            word = (
                words[k % len(words)] + (str(k) if k >= len(words) else "")
                if guess
                else one_of(scene.draws, words[:2])
            )
            binding = ber.tagged(
                0x30, ber.object_id("1.3.6.1.2.1.1.5.0") + (b"\5\0" if guess else ber.tagged(4, b"evil"))
            )
            numbers = ber.integer(2, k + 1) + ber.integer(2, 0) + ber.integer(2, 0)
            pdu = ber.tagged(0xA0 if guess else 0xA3, numbers + ber.tagged(0x30, binding))
            octets = ber.tagged(0x30, ber.integer(2, 1) + ber.tagged(4, word.encode("ascii")) + pdu)
            yield Ask(Link(who, "switch", 161, "udp"), octets)
            yield Wait(1.0)

    ids = (
        ("T0812", "T0859", "T0846", "T0888", "T0891")
        if guess
        else ("T0836", "T0855", "T0812", "T0859", "T0891")
    )
    return drawn("snmp-guessed" if guess else "snmp-set", ids, who, ["switch"], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "spanning-tree-root": _spanning_tree, "hardware-addresses": _hardware_addresses,
    "neighbour-announced": _announced, "tags-doubled": _tags, "addresses-given": _addresses_given,
    "time-told": _time_told, "names-tunnel": _names, "echo": _pings, "way-redirected": _redirect,
    "names-poisoned": _names_poisoned, "half-open": _half_open, "datagram-flood": _datagrams, "snmp": _snmp,
}  # fmt: skip
