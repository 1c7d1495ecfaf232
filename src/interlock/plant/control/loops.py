"""The two loops that programs are made of: proportional-integral, and two-point with a dead band."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PiLoop", "two_point"]


@dataclass(slots=True, kw_only=True)
class PiLoop:
    """A proportional-integral loop, held within its output's span without winding up.

    gain: output per error. integral_s: time after which the integral part equals the proportional one.
    """

    gain: float
    integral_s: float
    low: float = 0.0
    high: float = 100.0
    output: float = 0.0
    _error: float = 0.0

    def step(self, setpoint: float, measured: float, dt_s: float) -> float:
        """The new output; the velocity form needs no memory but the last error."""
        error = setpoint - measured
        change = self.gain * (error - self._error + error * dt_s / self.integral_s)
        self._error = error
        self.output = min(max(self.output + change, self.low), self.high)
        return self.output


def two_point(measured: float, low: float, high: float, before: float) -> float:
    """1.0 at or below `low`, 0.0 at or above `high`, in between what it was before."""
    if measured <= low:
        return 1.0
    return 0.0 if measured >= high else before
