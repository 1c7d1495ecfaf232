"""Modbus: what CIC Modbus 2023, Electra, Lemay and Fernandez, Frazão and others, smod and FrostyGoop do to it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.blind.chance import anybody, attacker, count, one_of, pace, sent, some_of
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import end_of, knock
from interlock.plant.protocols import modbus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_SERVERS: Final = ("plc-water", "drive-pump")
_FORCED: Final = ("T0806", "T0855", "T0836", "T0831")


def _asked(who: str, victim: str, pdus: Iterable[bytes], pause: float, unit: int = 1) -> Script:
    messages = (modbus.adu(k, unit, pdu) for k, pdu in enumerate(pdus, 1))
    yield from sent(Link(who, victim, 502), messages, pause)


def _recon(draws: Draws) -> Scenario:
    victim = one_of(draws, _SERVERS)
    who, pause = attacker(draws, victim), pace(draws, 0.01, 0.5)
    functions = some_of(draws, [f for f in range(1, 128) if f not in {5, 6, 15, 16}], 20)[:90]
    starts = [count(draws, 0, 400) for _ in range(count(draws, 5, 40))]

    def script(_scene: Scene) -> Script:
        yield from _asked(who, victim, (bytes((f, 0, 0, 0, 1)) for f in functions), pause)
        yield from _asked(who, victim, (modbus.read(3, at, 1) for at in starts), pause)

    return drawn("modbus-recon", ("T0888", "T0846", "T0861", "T0840", "T0802"), who, [victim], script)


def _units(draws: Draws) -> Scenario:
    victim, pause = one_of(draws, _SERVERS), pace(draws, 0.02, 0.4)
    who, last = anybody(draws, victim), count(draws, 30, 247)

    def script(_scene: Scene) -> Script:
        link = Link(who, victim, 502)
        yield from sent(link, (modbus.adu(u, u, modbus.read(3, 0, 1)) for u in range(1, last)), pause)

    return drawn("modbus-units", ("T0846", "T0888", "T0840", "T0861"), who, [victim], script)


def _flood(draws: Draws) -> Scenario:
    victim = one_of(draws, _SERVERS)
    who, times, pause = anybody(draws, victim), count(draws, 800, 2500), pace(draws, 0.003, 0.02)
    function, at = one_of(draws, (1, 2, 3, 4)), count(draws, 0, 3)

    def script(_scene: Scene) -> Script:
        yield from _asked(who, victim, (modbus.read(function, at, 1) for _ in range(times)), pause)

    return drawn("modbus-flood", ("T0814", "T0802", "T0801", "T0848"), who, [victim], script)


def _payload(draws: Draws) -> Scenario:
    victim = one_of(draws, _SERVERS)
    who, pause = attacker(draws, victim), pace(draws, 0.02, 1.0)
    size, blocks, record = count(draws, 8, 100), count(draws, 4, 60), draws.uniform() < 0.3

    def script(scene: Scene) -> Script:
        def pdus() -> Iterable[bytes]:
            for k in range(blocks):
                octets = bytes(scene.draws.number(8) for _ in range(2 * size))
                if record:
                    yield struct.pack("!BBBHHH", 21, 7 + 2 * size, 6, 1, k * size, size) + octets
                else:
                    yield struct.pack("!BHHB", 16, (k * size) % 60, size, 2 * size) + octets

        yield from _asked(who, victim, pdus(), pause)

    ids = ("T0843", "T0836", "T0855", "T0831", "T0867", "T0806", "T0889")
    return drawn("modbus-payload", ids, who, [victim], script)


def _length(draws: Draws) -> Scenario:
    victim = one_of(draws, _SERVERS)
    who, times, pause = anybody(draws, victim), count(draws, 3, 40), pace(draws, 0.2, 4.0)

    def script(scene: Scene) -> Script:
        for k in range(times):
            link = Link(who, victim, 502)
            lie = one_of(scene.draws, (0, 1, 3, 20, 255, 1000, 65535))
            yield Ask(link, struct.pack("!HHHB", k, 0, lie, 1) + modbus.read(3, 0, 1))
            yield Close(link)
            yield Wait(pause)

    return drawn("modbus-length", ("T0814", "T0866", "T0855", "T0846", "T0888"), who, [victim], script)


def _stacked(draws: Draws) -> Scenario:
    victim = one_of(draws, _SERVERS)
    who, times, pause = anybody(draws, victim), count(draws, 3, 60), pace(draws, 0.1, 3.0)
    many, writes = count(draws, 5, 40), draws.uniform() < 0.5

    def script(scene: Scene) -> Script:
        link = Link(who, victim, 502)
        for _ in range(times):
            pdu = modbus.write_register(1, scene.draws.number(12)) if writes else modbus.read(3, 0, 2)
            yield Ask(link, b"".join(modbus.adu(k, 1, pdu) for k in range(many)))
            yield Wait(pause)
        yield Close(link)

    ids = (
        ("T0855", "T0836", "T0831", "T0806", "T0814", "T0848")
        if writes
        else ("T0814", "T0801", "T0802", "T0848")
    )
    return drawn("modbus-stacked", ids, who, [victim], script)


def _brute(draws: Draws) -> Scenario:
    victim, pause = one_of(draws, _SERVERS), pace(draws, 0.02, 0.6)
    who, last, rounds = anybody(draws, victim), count(draws, 10, 120), count(draws, 1, 3)
    coils = draws.uniform() < 0.5

    def script(scene: Scene) -> Script:
        def pdus() -> Iterable[bytes]:
            for _ in range(rounds):
                for at in range(last):
                    on = bool(scene.draws.number(1))
                    yield (
                        modbus.write_coil(at, on=on)
                        if coils
                        else modbus.write_register(at, scene.draws.number(16))
                    )

        yield from _asked(who, victim, pdus(), pause)

    return drawn("modbus-brute", _FORCED, who, [victim], script)


def _diagnostic(draws: Draws) -> Scenario:
    victim, sub = one_of(draws, _SERVERS), one_of(draws, (1, 4, 10))
    who, times = anybody(draws, victim), count(draws, 1, 20)

    def script(_scene: Scene) -> Script:
        yield from _asked(who, victim, (struct.pack("!BHH", 8, sub, 0) for _ in range(times)), 0.5)

    ids = ("T0814", "T0803", "T0804", "T0816", "T0813", "T0855", "T0881", "T0872", "T0815")
    return drawn("modbus-diagnostic", ids, who, [victim], script)


def _parameter(draws: Draws) -> Scenario:
    """The panel, taken over, sets what it may set: but to a value beyond its limit, or again and again."""
    hard, times = draws.uniform() < 0.5, count(draws, 1, 40)
    value = count(draws, 2600, 60_000) if hard else count(draws, 300, 1900)
    pause = pace(draws, 0.5, 5.0)

    def script(scene: Scene) -> Script:
        values = (value if hard else max(0, value + round(400 * scene.draws.gauss())) for _ in range(times))
        yield from _asked(
            "hmi", "plc-water", (modbus.write_register(0, v) for v in values), min(pause, 150 / times)
        )

    return drawn("modbus-parameter", ("T0836", "T0831", "T0855", "T0806"), "hmi", ["plc-water"], script)


def _state(draws: Draws) -> Scenario:
    """The panel, taken over, switches what it had never switched."""
    on, speed, coil = draws.uniform() < 0.5, count(draws, 0, 5000), draws.uniform() < 0.5
    pdu = modbus.write_coil(0, on=on) if coil else modbus.write_register(1, speed)
    times, pause = count(draws, 1, 10), pace(draws, 1.0, 10.0)

    def script(_scene: Scene) -> Script:
        yield from _asked("hmi", "plc-water", [pdu] * times, pause)

    return drawn("modbus-state", ("T0831", "T0855", "T0836", "T0835"), "hmi", ["plc-water"], script)


def _masters(draws: Draws) -> Scenario:
    """Connections that are opened and kept, until nobody else gets one."""
    victim = one_of(draws, _SERVERS)
    who, many, pause = attacker(draws, victim), count(draws, 40, 250), pace(draws, 0.01, 0.3)

    def script(_scene: Scene) -> Script:
        for k in range(many):
            yield knock(who, end_of(who), end_of(victim), (20_000 + k, 502), k * 7919)
            yield Wait(pause)

    return drawn("modbus-connections", ("T0814", "T0846", "T0840", "T0813"), who, [victim], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "modbus-recon": _recon, "modbus-units": _units, "modbus-flood": _flood, "modbus-payload": _payload,
    "modbus-length": _length, "modbus-stacked": _stacked, "modbus-brute": _brute,
    "modbus-diagnostic": _diagnostic, "modbus-parameter": _parameter, "modbus-state": _state,
    "modbus-connections": _masters,
}  # fmt: skip
