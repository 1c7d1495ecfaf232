"""The whole process: every part stepped together, what its transmitters say, and what is being harmed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from interlock.plant.process.building import step_building
from interlock.plant.process.filling import step_filling
from interlock.plant.process.steam import step_steam
from interlock.plant.process.tags import BY_NAME, TAGS, first_state
from interlock.plant.process.water import step_water

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.plant.process.tags import State

__all__ = ["STEP_S", "Process"]

STEP_S: Final = 0.2
_DAY_S: Final = 86_400.0
_SPANS: Final = {t.name: (t.low, t.high, t.noise) for t in TAGS}
_GUARDED: Final = tuple(t for t in TAGS if math.isfinite(t.safe_low) or math.isfinite(t.safe_high))


class Process:
    """All tags and how they move. Equal noise and equal settings give equal values, step for step.

    gauss: draws from the normal distribution with mean 0 and deviation 1. start_s: time of day at the start, seconds.
    """

    def __init__(self, gauss: Callable[[], float], start_s: float = 0.0) -> None:
        self.state: State = first_state()
        self.elapsed_s = 0.0
        self._simulated: dict[str, float] = {}

        self._gauss = gauss
        self._start_s = start_s

    def step(self) -> None:
        """Move on by STEP_S seconds."""
        state = self.state
        self.elapsed_s += STEP_S
        step_filling(state, STEP_S)
        step_water(state, STEP_S)
        step_steam(state, STEP_S)
        step_building(state, STEP_S, self.outside_c())

    def outside_c(self) -> float:
        """Air outside: coldest at 5 in the morning, warmest at 17."""
        turn = (self._start_s + self.elapsed_s - 5 * 3600.0) / _DAY_S * 2.0 * math.pi
        return 14.0 - 5.0 * math.cos(turn)

    def set(self, name: str, value: float) -> None:
        """Move an actuator or a set point, within its span. Raises KeyError where there is no such tag."""
        self.state[name] = BY_NAME[name].clamp(value)

    def simulate(self, name: str, value: float | None) -> None:
        """A tag's transmitter is at a calibrator that gives this value; None: back at the process."""
        if value is None:
            self._simulated.pop(name, None)
        else:
            self._simulated[name] = value

    def actuate(self, names: Iterable[str], image: State) -> None:
        """Move actuators as an image has them, see `set`. Raises KeyError where there is no such tag."""
        state = self.state
        for name in names:
            value, (low, high, _) = image[name], _SPANS[name]
            state[name] = value if low <= value <= high else BY_NAME[name].clamp(value)

    def measure(self, names: Iterable[str], image: State) -> None:
        """What transmitters say, into an image: values with their noise, within their spans.

        Raises KeyError where there is no such tag.
        """
        state, simulated, gauss = self.state, self._simulated, self._gauss
        for name in names:
            value = simulated[name] if name in simulated else state[name]
            low, high, noise = _SPANS[name]
            if noise:
                value += noise * gauss()
                if not low <= value <= high:
                    value = BY_NAME[name].clamp(value)
            image[name] = value

    def harmed(self) -> dict[str, float]:
        """Tags beyond what is safe, with their true values; a filler that stands harms no bottle."""
        state = self.state
        beyond = {t.name: state[t.name] for t in _GUARDED if not t.safe_low <= state[t.name] <= t.safe_high}
        if state["filler.speed"] < 1.0:
            beyond.pop("filler.volume", None)
        if not state["power.breaker"]:
            beyond.pop("power.voltage", None)
        if state["filler.speed"] >= 1.0 and state["pasteuriser.temperature"] < 72.0:
            beyond["pasteuriser.temperature"] = state["pasteuriser.temperature"]
        return beyond
