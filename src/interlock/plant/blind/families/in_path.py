"""Who stands between two machines: answers and commands changed, held back, played again, or answered first.

As in CIC Modbus 2023 (false data, delayed response, baseline replay), Electra (response and command modification, force
error), the gas pipeline and water tank of Morris and others (NMRI, CMRI, MSCI, MPCI), SWaT and the tower of HITL.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Cast, Wait
from interlock.plant.blind.chance import count, one_of, pace
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import InPath, end_of, raw
from interlock.plant.protocols import modbus
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.wire.frames import ACK, PSH, End, tcp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_VIEW: Final = ("T0856", "T0832", "T0830", "T0831")
_HIDDEN: Final = ("vendor-laptop", "engineering", "hvac-hall")


def _adus(octets: bytes) -> list[bytes]:
    """Each ADU of a payload that begins with one."""
    found = []
    while len(octets) >= 8:
        size = 6 + int.from_bytes(octets[4:6], "big")
        found.append(octets[:size])
        octets = octets[size:]
    return found


def _registers(adu: bytes, change: Callable[[int, int], int]) -> bytes:
    """An answer to function 4 with other registers. change: takes number and value."""
    size = adu[8] // 2
    words = struct.unpack_from(f"!{size}H", adu, 9)
    return adu[:9] + struct.pack(f"!{size}H", *(change(k, w) & 0xFFFF for k, w in enumerate(words)))


def _read_by_panel(adu: bytes) -> bool:
    return len(adu) >= 19 and adu[7] == 4 and adu[8] == 10


def _for_a_while(scene: Scene, change: InPath, seconds: float) -> Script:
    scene.path().alter(change)
    yield Wait(seconds)
    scene.path().alter(None)


def _answers(change: Callable[[int, int], int]) -> Callable[[int, bytes], bytes | None]:
    """The five registers that the panel reads of the water controller, changed."""

    def told(side: int, payload: bytes) -> bytes | None:
        if side == 0 or not any(map(_read_by_panel, adus := _adus(payload))):
            return None
        return b"".join(_registers(a, change) if _read_by_panel(a) else a for a in adus)

    return told


def _naive(draws: Draws) -> Scenario:
    """Values that no process has (naive malicious response injection)."""
    which, lasts = count(draws, 0, 4), draws.uniform(60.0, 240.0)

    def script(scene: Scene) -> Script:
        def change(k: int, value: int) -> int:
            return scene.draws.number(16) if k == which else value

        yield from _for_a_while(scene, InPath("hmi", "plc-water", 502, _answers(change)), lasts)

    return drawn("answers-wild", _VIEW, one_of(draws, _HIDDEN), ["plc-water", "hmi"], script)


def _frozen(draws: Draws) -> Scenario:
    """Values as they were a moment ago, whatever happens since (complex malicious response injection)."""
    lasts, held = draws.uniform(150.0, 300.0), dict[int, int]()

    def script(scene: Scene) -> Script:
        held.clear()
        change = InPath("hmi", "plc-water", 502, _answers(held.setdefault))
        yield from _for_a_while(scene, change, lasts)

    return drawn("answers-frozen", _VIEW, one_of(draws, _HIDDEN), ["plc-water", "hmi"], script)


def _biased(draws: Draws) -> Scenario:
    """The buffer's level is said to be higher or lower by a constant (single point attacks of SWaT)."""
    which, by, lasts = one_of(draws, (0, 1)), count(draws, 200, 700), draws.uniform(100.0, 300.0)
    by = by if draws.uniform() < 0.5 else -by

    def script(scene: Scene) -> Script:
        change = _answers(lambda k, value: max(0, value + by) if k == which else value)
        yield from _for_a_while(scene, InPath("hmi", "plc-water", 502, change), lasts)

    return drawn("answers-biased", _VIEW, one_of(draws, _HIDDEN), ["plc-water", "hmi"], script)


def _drifting(draws: Draws) -> Scenario:
    """A value that leaves the true one little by little (stealthy attacks of WADI and the like)."""
    which, lasts = one_of(draws, (0, 1)), draws.uniform(200.0, 300.0)
    by = draws.uniform(2.0, 6.0) * (1 if draws.uniform() < 0.5 else -1)

    def script(scene: Scene) -> Script:
        begun = scene.now_s()

        def change(k: int, value: int) -> int:
            return max(0, round(value + by * (scene.now_s() - begun))) if k == which else value

        yield from _for_a_while(scene, InPath("hmi", "plc-water", 502, _answers(change)), lasts)

    return drawn("answers-drifting", _VIEW, one_of(draws, _HIDDEN), ["plc-water", "hmi"], script)


def _looped(draws: Draws) -> Scenario:
    """What was recorded for some seconds is told over and over (as Stuxnet showed operators)."""
    kept, lasts, tape = count(draws, 10, 40), draws.uniform(150.0, 300.0), list[list[int]]()

    def script(scene: Scene) -> Script:
        tape.clear()
        at = [0]

        def change(k: int, value: int) -> int:
            if k == 0:
                at[0] += 1
                if len(tape) < kept:
                    tape.append([])
            if len(tape) < kept or at[0] <= kept:
                tape[-1].append(value)
                return value
            return tape[at[0] % kept][k]

        yield from _for_a_while(scene, InPath("hmi", "plc-water", 502, _answers(change)), lasts + kept)

    return drawn("answers-looped", _VIEW, one_of(draws, _HIDDEN), ["plc-water", "hmi"], script)


def _errors(draws: Draws) -> Scenario:
    """Answers become exceptions (Electra: force error)."""
    share, code, lasts = draws.uniform(0.3, 1.0), one_of(draws, (1, 2, 3, 4, 6)), draws.uniform(60.0, 240.0)

    def script(scene: Scene) -> Script:
        def change(side: int, payload: bytes) -> bytes | None:
            if side == 0 or len(payload) < 9 or scene.draws.uniform() > share:
                return None
            return payload[:4] + b"\0\3" + payload[6:7] + bytes((payload[7] | 0x80, code))

        yield from _for_a_while(scene, InPath("hmi", "plc-water", 502, change), lasts)

    ids = ("T0830", "T0814", "T0815", "T0804", "T0832", "T0829", "T0856")
    return drawn("answers-refused", ids, one_of(draws, _HIDDEN), ["plc-water", "hmi"], script)


class _Commands:
    """Writes of a speed, changed on their way: the value, the register, or the function by which it is written.

    hides: what the drive answers is made to fit, as where only the last leg is seen; else it answers as it was asked
    before, as where somebody changes answers back.
    """

    def __init__(self, draws: Draws) -> None:
        self.how = one_of(draws, ("value", "shift", "register", "function"))
        self.hides = draws.uniform() < 0.5
        self._speed, self._by, self._register = (
            count(draws, 0, 6000),
            count(draws, 400, 2500),
            count(draws, 1, 40),
        )
        self._by = self._by if draws.uniform() < 0.5 else -self._by
        self._asked: dict[bytes, bytes] = {}

    def __call__(self, side: int, payload: bytes) -> bytes | None:
        """See InPath."""
        if len(payload) != 12 or payload[7] != 6:
            return None
        if side:
            return self._answer(payload) if self.hides else None
        value = int.from_bytes(payload[10:], "big")
        if self.how == "value":
            made = payload[:10] + self._speed.to_bytes(2, "big")
        elif self.how == "shift":
            made = payload[:10] + min(6000, max(0, value + self._by)).to_bytes(2, "big")
        elif self.how == "register":
            made = payload[:8] + self._register.to_bytes(2, "big") + payload[10:]
        else:
            made = payload[:4] + b"\0\x09" + payload[6:7] + b"\x10" + payload[8:10] + b"\0\1\2"
            made += self._speed.to_bytes(2, "big")
        self._asked = {payload[:2]: made}
        return made

    def _answer(self, payload: bytes) -> bytes | None:
        asked = self._asked.get(payload[:2])
        if asked is None or len(asked) == 12:
            return asked
        return asked[:4] + b"\0\6" + asked[6:12]


def _commands(draws: Draws) -> Scenario:
    """The speed that the water controller tells its drive is another one on the way (MSCI, MPCI, Electra)."""
    lasts, changed = draws.uniform(60.0, 240.0), _Commands(draws)

    def script(scene: Scene) -> Script:
        yield from _for_a_while(scene, InPath("plc-water", "drive-pump", 502, changed), lasts)

    ids = ("T0831", "T0830", "T0836", "T0855")
    return drawn("commands-changed", ids, one_of(draws, _HIDDEN), ["drive-pump", "plc-water"], script)


def _dropped(draws: Draws) -> Scenario:
    """Answers do not arrive (UOWM: MITM denial of service; HITL and SWaT: blocked)."""
    ends = one_of(draws, (("hmi", "plc-water", 502), ("hmi", "rtu-well", 20000), ("hmi", "plc-boiler", 102)))
    share, lasts = draws.uniform(0.5, 1.0), draws.uniform(90.0, 300.0)

    def script(scene: Scene) -> Script:
        def change(side: int, _payload: bytes) -> bytes | None:
            return b"" if side and scene.draws.uniform() < share else None

        yield from _for_a_while(scene, InPath(*ends, change), lasts)

    ids = ("T0815", "T0804", "T0814", "T0830", "T0829", "T0813", "T0803", "T0826")
    return drawn("answers-dropped", ids, one_of(draws, _HIDDEN), [ends[1], "hmi"], script)


def _late(draws: Draws) -> Scenario:
    """Answers come late, in time for nobody (CIC Modbus 2023: delayed response)."""
    victim, port = one_of(draws, (("plc-water", 502), ("plc-boiler", 102), ("rtu-well", 20000)))
    late, lasts = pace(draws, 0.15, 2.5), draws.uniform(90.0, 300.0)

    def script(scene: Scene) -> Script:
        path = scene.path()
        path.lag(victim, late)
        path.alter(InPath("hmi", victim, port, lambda side, payload: payload if side else None))
        yield Wait(lasts)
        path.lag(victim, 0.0)
        path.alter(None)

    ids = ("T0814", "T0804", "T0830", "T0815", "T0829", "T0827", "T0813")
    return drawn("answers-late", ids, one_of(draws, _HIDDEN), [victim, "hmi"], script)


def _raced(draws: Draws) -> Scenario:
    """A forged answer comes before the true one, with the right numbers (injection beside the path)."""
    which, who = count(draws, 0, 4), one_of(draws, _HIDDEN)
    value, lasts = draws.number(14), draws.uniform(40.0, 200.0)

    def script(scene: Scene) -> Script:
        panel, plc = end_of("hmi"), end_of("plc-water")

        def change(when: int, frame: bytes) -> Sequence[tuple[int, bytes]] | None:
            if (
                frame[12:14] != b"\x08\x00"
                or frame[23] != 6
                or frame[26:30] != panel.ip
                or frame[30:34] != plc.ip
            ):
                return None
            payload = frame[54 : 14 + int.from_bytes(frame[16:18], "big")]
            if len(payload) != 12 or payload[7] != 4:
                return None
            ports, numbers = struct.unpack_from("!HH", frame, 34), struct.unpack_from("!II", frame, 38)
            words = [value if k == which else 0 for k in range(5)]
            told = modbus.adu(int.from_bytes(payload[:2], "big"), 1, struct.pack("!BB5H", 4, 10, *words))
            back = (numbers[1], numbers[0] + len(payload))
            forged = tcp(plc, panel, (ports[1], ports[0]), back, ACK | PSH, told, when & 0xFFFF)
            return [(when, frame), (when + 400_000, forged)]

        scene.path().alter(change)
        yield Wait(lasts)
        scene.path().alter(None)

    return drawn("answers-raced", _VIEW, who, ["hmi", "plc-water"], script)


def _replayed(draws: Draws) -> Scenario:
    """What was recorded between panel and controller is sent again, frame by frame (CIC: baseline replay)."""
    who, kept, rounds = one_of(draws, _HIDDEN), draws.uniform(8.0, 40.0), count(draws, 1, 4)
    ends = one_of(draws, (("hmi", "plc-water"), ("hmi", "plc-boiler"), ("plc-water", "drive-pump")))

    def script(scene: Scene) -> Script:
        ips, tape = {end_of(name).ip for name in ends}, list[tuple[int, bytes]]()

        def listen(when: int, frame: bytes) -> None:
            if frame[12:14] == b"\x08\x00" and {frame[26:30], frame[30:34]} == ips:
                tape.append((when, frame))

        scene.path().alter(listen)
        yield Wait(kept)
        scene.path().alter(None)
        scene.shows()
        for _ in range(rounds):
            last = tape[0][0] if tape else 0
            for when, frame in sorted(tape):
                yield Wait(max(0.0, (when - last) / 1e9))
                yield raw(who, frame)
                last = when

    ids = ("T0830", "T0856", "T0855", "T0831", "T0848", "T0849")
    return drawn("traffic-replayed", ids, who, list(ends), script, slow=True)


def _arp_altered(draws: Draws) -> Scenario:
    """By false ARP between panel and controller, and then changing what passes."""
    who, lasts = one_of(draws, _HIDDEN), draws.uniform(60.0, 200.0)
    which, by = count(draws, 0, 4), count(draws, 100, 900)

    def script(scene: Scene) -> Script:
        mac, panel, plc = end_of(who).mac, end_of("hmi"), end_of("plc-water")
        inner = InPath("hmi", "plc-water", 502, _answers(lambda k, v: v + by if k == which else v))

        def change(when: int, frame: bytes) -> Sequence[tuple[int, bytes]] | None:
            return inner(when, frame) if frame[6:12] == mac else None

        scene.path().alter(change)
        begun = scene.now_s()
        while scene.now_s() - begun < lasts:
            for victim, other in ((panel, plc), (plc, panel)):
                yield Cast(who, victim.mac, ARP, arp(2, End(mac, other.ip), victim))
            yield Wait(scene.draws.uniform(1.0, 3.0))
        scene.path().alter(None)
        for victim, other in ((panel, plc), (plc, panel)):
            yield Cast(who, victim.mac, ARP, arp(2, other, victim))

    return drawn("arp-altered", ("T0830", "T0856", "T0832", "T0831"), who, ["hmi", "plc-water"], script)


def _cut_off(draws: Draws) -> Scenario:
    """Forged resets end the connections of panel and controllers, again and again."""
    who = one_of(draws, _HIDDEN)
    ends = one_of(
        draws, (("hmi", "plc-water", 502), ("hmi", "plc-boiler", 102), ("plc-water", "drive-pump", 502))
    )
    lasts, every = draws.uniform(40.0, 150.0), pace(draws, 1.0, 8.0)

    def script(scene: Scene) -> Script:
        client, server = end_of(ends[0]), end_of(ends[1])
        seen: list[tuple[tuple[int, int], tuple[int, int]]] = []

        def listen(_when: int, frame: bytes) -> None:
            if (
                frame[12:14] != b"\x08\x00"
                or frame[23] != 6
                or (frame[26:30], frame[30:34]) != (client.ip, server.ip)
            ):
                return
            ports, numbers = struct.unpack_from("!HH", frame, 34), struct.unpack_from("!II", frame, 38)
            size = 14 + int.from_bytes(frame[16:18], "big") - 54
            if ports[1] == ends[2]:
                seen[:] = [((ports[0], ports[1]), (numbers[0] + size, numbers[1]))]

        scene.path().alter(listen)
        begun = scene.now_s()
        while scene.now_s() - begun < lasts:
            yield Wait(every)
            for (there, here), (following, acknowledged) in seen:
                yield raw(who, tcp(client, server, (there, here), (following, 0), 4))
                yield raw(who, tcp(server, client, (here, there), (acknowledged, 0), 4))
        scene.path().alter(None)

    ids = ("T0814", "T0830", "T0803", "T0804", "T0815", "T0813", "T0826", "T0829")
    return drawn("connections-reset", ids, who, [ends[0], ends[1]], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "answers-wild": _naive, "answers-frozen": _frozen, "answers-biased": _biased, "answers-drifting": _drifting,
    "answers-looped": _looped, "answers-refused": _errors, "answers-dropped": _dropped, "answers-late": _late,
    "answers-raced": _raced, "commands-changed": _commands, "traffic-replayed": _replayed,
    "arp-altered": _arp_altered, "connections-reset": _cut_off,
}  # fmt: skip
