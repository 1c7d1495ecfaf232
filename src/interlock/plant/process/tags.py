"""Every process variable of the practice plant, with its unit, its span and what is safe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["BY_NAME", "TAGS", "Kind", "State", "Tag", "first_state"]

Kind = Literal["measured", "actuator", "setpoint", "counter"]
State = dict[str, float]
"""Tag → value, in the tag's unit; switches are 0.0 or 1.0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One process variable.

    low, high: what its transmitter or actuator can say. safe_low, safe_high: beyond these something is harmed.
    noise: standard deviation of the measurement, in the unit. first: value when the plant starts.
    """

    name: str
    kind: Kind
    unit: str
    low: float
    high: float
    first: float
    text: str
    safe_low: float = -math.inf
    safe_high: float = math.inf
    noise: float = 0.0

    def clamp(self, value: float) -> float:
        """The value within the span; not-a-number becomes the low end, as a transmitter in fault says it."""
        if self.low <= value <= self.high:
            return value
        return self.high if value > self.high else self.low


def _measured(name: str, unit: str, span: tuple[float, float], first: float, noise: float, text: str,
              safe: tuple[float, float] = (-math.inf, math.inf)) -> Tag:  # fmt: skip
    return Tag(name=name, kind="measured", unit=unit, low=span[0], high=span[1], first=first, noise=noise,
               text=text, safe_low=safe[0], safe_high=safe[1])  # fmt: skip


def _set(name: str, kind: Kind, unit: str, span: tuple[float, float], first: float, text: str) -> Tag:
    return Tag(name=name, kind=kind, unit=unit, low=span[0], high=span[1], first=first, text=text)


TAGS: Final = (
    _measured("well.level", "m", (0, 20), 14.0, 0.01, "water above the well's pump", (2.0, 20.0)),
    _set("well.pump", "actuator", "", (0, 1), 1.0, "the well's pump runs"),
    _measured("well.flow", "m3/h", (0, 40), 0.0, 0.05, "from the well to the raw water tank"),
    _measured("raw.level", "m", (0, 3), 1.8, 0.004, "raw water tank", (0.2, 2.8)),
    _set("raw.inlet", "actuator", "", (0, 1), 1.0, "inlet valve of the raw water tank is open"),
    _set("pump.speed_setpoint", "setpoint", "%", (0, 100), 40.0, "asked of the pump's drive"),
    _measured("pump.speed", "%", (0, 100), 40.0, 0.05, "the pump's drive, as it turns"),
    _measured("pump.current", "A", (0, 60), 9.0, 0.08, "the pump's motor", (0.0, 32.0)),
    _measured("pump.flow", "m3/h", (0, 30), 0.0, 0.05, "from the raw water tank to the buffer tank"),
    _set("buffer.level_setpoint", "setpoint", "m", (0, 2.5), 1.5, "buffer tank of the filler"),
    _measured("buffer.level", "m", (0, 2.5), 1.5, 0.004, "buffer tank of the filler", (0.15, 2.35)),
    _measured("boiler.pressure", "bar", (0, 16), 7.0, 0.01, "steam drum, above the atmosphere", (0.0, 10.0)),
    _measured("boiler.level", "%", (0, 100), 60.0, 0.15, "water in the steam drum", (25.0, 90.0)),
    _measured("boiler.temperature", "degC", (0, 250), 170.0, 0.1, "steam drum"),
    _set("boiler.pressure_setpoint", "setpoint", "bar", (0, 12), 7.0, "asked of the burner's control loop"),
    _set("boiler.burner", "actuator", "%", (0, 100), 30.0, "fuel valve of the burner"),
    _set("boiler.feed", "actuator", "", (0, 1), 0.0, "feed water pump of the boiler runs"),
    _set("boiler.permit", "actuator", "", (0, 1), 1.0, "the safety controller lets the burner burn"),
    _measured("boiler.relief", "", (0, 1), 0.0, 0.0, "the relief valve blows off"),
    _set("pasteuriser.temperature_setpoint", "setpoint", "degC", (20, 98), 76.0, "asked of the steam valve's loop"),
    _measured("pasteuriser.temperature", "degC", (0, 120), 76.0, 0.05, "product behind the pasteuriser"),
    _set("pasteuriser.steam", "actuator", "%", (0, 100), 35.0, "steam valve of the pasteuriser"),
    _set("filler.speed_setpoint", "setpoint", "1/min", (0, 300), 180.0, "bottles asked of the filler"),
    _set("filler.run", "actuator", "", (0, 1), 0.0, "filler and conveyor run"),
    _measured("filler.speed", "1/min", (0, 300), 0.0, 0.2, "bottles filled"),
    _measured("filler.volume", "ml", (0, 600), 500.0, 0.4, "in a bottle, mean of a minute", (490.0, 512.0)),
    _set("filler.bottles", "counter", "", (0, 4e9), 0.0, "bottles since the counter was last set"),
    _set("filler.rejects", "counter", "", (0, 4e9), 0.0, "bottles thrown out: too cold, too full, too empty"),
    _measured("conveyor.speed", "m/s", (0, 2), 0.0, 0.002, "the belt behind the filler"),
    _set("hall.temperature_setpoint", "setpoint", "degC", (10, 30), 21.0, "asked of the hall's air handling"),
    _measured("hall.temperature", "degC", (-20, 60), 21.0, 0.03, "air in the hall"),
    _set("hall.fan", "actuator", "%", (0, 100), 30.0, "supply fan of the hall"),
    _set("power.breaker", "actuator", "", (0, 1), 1.0, "circuit breaker of the plant's feeder is closed"),
    _measured("power.voltage", "kV", (0, 24), 20.0, 0.02, "feeder", (18.0, 22.0)),
    _measured("power.load", "kW", (0, 2000), 0.0, 0.5, "all that the plant takes"),
    _measured("power.current", "A", (0, 120), 0.0, 0.05, "feeder"),
)  # fmt: skip
BY_NAME: Final = {tag.name: tag for tag in TAGS}


def first_state() -> State:
    """All tags as they are when the plant starts."""
    return {tag.name: tag.first for tag in TAGS}
