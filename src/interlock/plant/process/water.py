"""Water: a well, the raw water tank, the pump behind it, and the buffer tank that the filler draws from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.plant.process.tags import State

__all__ = ["step_water"]

WELL_AREA_M2: Final = 6.0
WELL_RECHARGE_M3H: Final = 48.0
"""Into an empty well; nothing into a full one."""

WELL_FULL_M: Final = 15.0
WELL_PUMP_M3H: Final = 22.0
RAW_AREA_M2: Final = 5.0
RAW_HEIGHT_M: Final = 3.0
BUFFER_AREA_M2: Final = 2.0
BUFFER_HEIGHT_M: Final = 2.5
PUMP_MOST_M3H: Final = 24.0
PUMP_S: Final = 4.0
"""Time in which the drive comes nearer to what is asked of it by a factor e."""

DRY_M: Final = 0.05
BOTTLE_L: Final = 0.5


def step_water(s: State, dt_s: float) -> None:
    """One step of `dt_s` seconds, 0.05 to 1."""
    hours = dt_s / 3600.0
    powered = s["power.breaker"]
    pumped = WELL_PUMP_M3H * s["well.pump"] * powered if s["well.level"] > 0.2 and s["raw.inlet"] else 0.0
    s["well.flow"] = pumped
    recharge = WELL_RECHARGE_M3H * max(0.0, 1.0 - s["well.level"] / WELL_FULL_M)
    s["well.level"] = _within(s["well.level"] + (recharge - pumped) * hours / WELL_AREA_M2, 0.0, 20.0)
    _turn_pump(s, dt_s, powered)
    drawn = s["filler.speed"] * BOTTLE_L / 1000.0 * 60.0
    overflow = s["raw.level"] >= RAW_HEIGHT_M and pumped > s["pump.flow"]
    net = 0.0 if overflow else pumped - s["pump.flow"]
    s["raw.level"] = _within(s["raw.level"] + net * hours / RAW_AREA_M2, 0.0, RAW_HEIGHT_M)
    change = (s["pump.flow"] - drawn) * hours / BUFFER_AREA_M2
    s["buffer.level"] = _within(s["buffer.level"] + change, 0.0, BUFFER_HEIGHT_M)


def _turn_pump(s: State, dt_s: float, powered: float) -> None:
    """The drive follows its set point; a pump that runs dry turns lightly, one at full speed takes most current."""
    asked = s["pump.speed_setpoint"] * powered
    s["pump.speed"] += (asked - s["pump.speed"]) * min(1.0, dt_s / PUMP_S)
    share = s["pump.speed"] / 100.0
    wet = 1.0 if s["raw.level"] > DRY_M else 0.0
    s["pump.flow"] = PUMP_MOST_M3H * share * wet
    accelerating = max(0.0, asked - s["pump.speed"]) * 0.12
    s["pump.current"] = (2.0 + 26.0 * share**2.2 * (0.35 + 0.65 * wet) + accelerating) * powered


def _within(value: float, low: float, high: float) -> float:
    return low if value < low else min(value, high)
