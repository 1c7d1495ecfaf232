"""Floods, clocks that are set, names and echoes that carry data, words that open a switch."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Link, Wait
from interlock.plant.blind.chance import attacker, count, one_of, pace
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import EVERYBODY, datagram, end_of, knock, raw
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import ber
from interlock.plant.wire.frames import End, ethernet, internet_checksum

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_SINCE_1900: Final = 2_208_988_800


def _host(draws: Draws) -> str:
    return one_of(draws, ("vendor-laptop", "engineering", "historian", "plc-filler", "hvac-hall"))


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


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "names-tunnel": _names, "echo": _pings, "half-open": _half_open, "datagram-flood": _datagrams, "snmp": _snmp,
    "time-told": _time_told,
}  # fmt: skip
