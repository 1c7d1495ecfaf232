"""Filling: bottles on a conveyor, filled at a pace; and what filling needs of product and of power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.plant.process.tags import State

__all__ = ["step_filling"]

FILLER_S: Final = 45.0
MOST_PER_MIN: Final = 300.0
BOTTLE_PITCH_M: Final = 0.30
COLD_C: Final = 72.0
"""Product below this temperature isn't pasteurised: its bottles are thrown out."""

STARVED_M: Final = 0.1


def step_filling(s: State, dt_s: float) -> None:
    """One step of `dt_s` seconds, 0.05 to 1."""
    asked = s["filler.speed_setpoint"] * s["filler.run"] * s["power.breaker"]
    asked = min(asked, MOST_PER_MIN)
    if s["buffer.level"] < STARVED_M:
        asked = 0.0
    s["filler.speed"] += (asked - s["filler.speed"]) * min(1.0, dt_s / FILLER_S)
    s["conveyor.speed"] = s["filler.speed"] / 60.0 * BOTTLE_PITCH_M
    # The faster the filler turns, the shorter its valves are open; little head fills slowly.
    head = min(1.0, s["buffer.level"] / 0.5)
    s["filler.volume"] = 500.0 * (0.9 + 0.1 * head) - max(0.0, s["filler.speed"] - 220.0) * 0.22
    filled = s["filler.speed"] / 60.0 * dt_s
    s["filler.bottles"] += filled
    if s["pasteuriser.temperature"] < COLD_C or not 490.0 <= s["filler.volume"] <= 512.0:
        s["filler.rejects"] += filled
