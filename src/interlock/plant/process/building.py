"""The building: air of the hall, and the feeder that all machines take their power from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.plant.process.tags import State

__all__ = ["step_building"]

HALL_S: Final = 900.0
"""Time in which the hall's air comes nearer to where it tends by a factor e."""

BASE_KW: Final = 60.0
FAN_KW: Final = 15.0
PUMP_KW: Final = 11.0
WELL_PUMP_KW: Final = 7.5
FEED_KW: Final = 4.0
FILLER_KW: Final = 45.0
NOMINAL_KV: Final = 20.0


def step_building(s: State, dt_s: float, outside_c: float) -> None:
    """One step of `dt_s` seconds, 0.05 to 1. outside_c: air outside, degrees Celsius."""
    powered = s["power.breaker"]
    warmth = 6.0 + s["boiler.burner"] * 0.05 + s["filler.speed"] * 0.015
    cooling = s["hall.fan"] / 100.0 * powered * 0.8
    tends_to = outside_c + warmth * (1.0 - cooling)
    s["hall.temperature"] += (tends_to - s["hall.temperature"]) * min(1.0, dt_s / HALL_S)
    load = BASE_KW + FAN_KW * (s["hall.fan"] / 100.0) ** 3 + PUMP_KW * (s["pump.speed"] / 100.0) ** 2.2
    load += WELL_PUMP_KW * s["well.pump"] + FEED_KW * s["boiler.feed"] + FILLER_KW * s["filler.speed"] / 180.0
    s["power.load"] = load * powered
    s["power.voltage"] = (NOMINAL_KV - s["power.load"] * 0.0004) * powered
    s["power.current"] = s["power.load"] / (1.732 * NOMINAL_KV * 0.92) * powered
