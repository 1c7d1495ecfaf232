"""Who stands between the panel and controllers that speak CIP, DNP3 or IEC 60870-5-104: what they tell is changed.

As false data are injected in the published sets of SWaT, WADI and EPIC (EtherNet/IP) and of power grids.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.power import FEEDER_MEASURED
from interlock.plant.actors.steps import Wait
from interlock.plant.blind.chance import one_of
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.families.told import HIDDEN, VIEW, Lie
from interlock.plant.blind.forge import InPath
from interlock.plant.protocols import dnp3

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_FILLER_SPANS: Final = (1.0, 300.0, 100.0, 0.0, 0.0, 2.0)
"""Of what the panel polls of the filler: runs, speed (1/min), volume (ml), two counters, belt (m/s)."""
_FEEDER_SPANS: Final = (24.0, 10.0, 400.0)
"""Voltage (kV), current (A), load (kW)."""
_WELL_SPANS: Final = (20.0, 40.0)
"""Level (m), flow (m3/h)."""
_REAL: Final = b"\xcc\x00\x00\x00\xca\x00"
"""Read Tag answered: no error, a REAL follows."""
_FLOATS: Final = {13: 8, 36: 15}
"""IEC 104 types of float32 → octets of an object."""
_ANALOGS: Final = b"\x1e\x05\x00"
"""DNP3 group 30 variation 5, 8-bit start and stop."""


def _tags(lie: Lie) -> Callable[[int, bytes], bytes | None]:
    """What the panel polls of the filler, as its controller answers in one message."""

    def told(side: int, payload: bytes) -> bytes | None:
        if side == 0 or payload[:1] != b"\x6f" or payload.count(_REAL) != len(_FILLER_SPANS):
            return None
        at, places = -1, []
        while (at := payload.find(_REAL, at + 1)) >= 0:
            places.append(at + len(_REAL))
        made = bytearray(payload)
        numbers = [struct.unpack_from("<f", payload, place)[0] for place in places]
        for place, number in zip(places, lie(numbers), strict=True):
            struct.pack_into("<f", made, place, number)
        return bytes(made)

    return told


def _reports(lie: Lie) -> Callable[[int, bytes], bytes | None]:
    """Measured values that the bay controller reports, by object; what was not reported yet is 0."""
    last = [0.0] * len(FEEDER_MEASURED)
    places = {measured.address: k for k, measured in enumerate(FEEDER_MEASURED)}

    def told(side: int, payload: bytes) -> bytes | None:
        kind = payload[6] if len(payload) > 12 and payload[0] == 0x68 and not payload[2] & 1 else 0
        if side == 0 or kind not in _FLOATS or payload[1] + 2 != len(payload):
            return None
        made, found = bytearray(payload), []
        for at in range(12, len(payload) - 7, _FLOATS[kind]):
            place = places.get(int.from_bytes(payload[at : at + 3], "little"))
            if place is not None:
                (last[place],) = struct.unpack_from("<f", payload, at + 3)
                found.append((at + 3, place))
        said = lie(tuple(last)) if found else ()
        for at, place in found:
            struct.pack_into("<f", made, at, said[place])
        return bytes(made)

    return told


def _points(lie: Lie) -> Callable[[int, bytes], bytes | None]:
    """Analog inputs that the well's station answers its master with, in one frame."""

    def told(side: int, payload: bytes) -> bytes | None:
        user = dnp3.user_data(payload) if side and payload[:2] == b"\x05\x64" else b""
        at = user.find(_ANALOGS)
        if at < 0 or len(user) < at + 5:
            return None
        places = [at + 6 + 5 * k for k in range(user[at + 4] - user[at + 3] + 1)]
        if places[-1] + 4 > len(user):
            return None
        made = bytearray(user)
        numbers = [struct.unpack_from("<f", user, place)[0] for place in places]
        for place, number in zip(places, lie(numbers), strict=True):
            struct.pack_into("<f", made, place, number)
        return dnp3.link_frame(
            payload[3], payload[4] | payload[5] << 8, payload[6] | payload[7] << 8, bytes(made)
        )

    return told


def _changed(
    name: str,
    server: tuple[str, int],
    change: Callable[[Lie], Callable[[int, bytes], bytes | None]],
    spans: Sequence[float],
) -> Callable[[Draws], Scenario]:
    """Numbers that a machine tells the panel, changed by who stands between them."""

    def family(draws: Draws) -> Scenario:
        lasts, who = draws.uniform(200.0, 320.0), one_of(draws, HIDDEN)
        which = one_of(draws, [k for k, span in enumerate(spans) if span > 1])
        lies = f"lie {draws.number(40)}"

        def script(scene: Scene) -> Script:
            lie = Lie(draws.of(lies), which, scene.now_s, spans)
            scene.path().alter(InPath("hmi", *server, change(lie)))
            yield Wait(lasts)
            scene.path().alter(None)

        return drawn(name, VIEW, who, [server[0], "hmi"], script)

    return family


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "cip-tags-changed": _changed("cip-tags-changed", ("plc-filler", 44818), _tags, _FILLER_SPANS),
    "iec104-reports-changed": _changed(
        "iec104-reports-changed", ("rtu-feeder", 2404), _reports, _FEEDER_SPANS
    ),
    "dnp3-points-changed": _changed("dnp3-points-changed", ("rtu-well", 20000), _points, _WELL_SPANS),
}
