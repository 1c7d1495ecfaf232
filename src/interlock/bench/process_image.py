"""The registers of the practice PLCs: values that move as a process does, not white noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["REGISTERS", "ProcessImage"]

REGISTERS = 512
"""Registers of one PLC."""

_SETPOINT_SHARE = 0.55
_COUNTER_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessImage:
    """What every register of every PLC does over time; all arrays are float32 (plcs x REGISTERS, flat).

    A register is a set-point (constant), a measurement (slow sine with one count of sensor noise) or a
    counter (rising); about 55, 40 and 5 of a hundred. Periods lie between 20 s and 15 min.
    """

    offset: NDArray[np.float32]
    amplitude: NDArray[np.float32]
    omega: NDArray[np.float32]
    phase: NDArray[np.float32]
    rate: NDArray[np.float32]

    @classmethod
    def draw(cls, plcs: int, rng: np.random.Generator) -> ProcessImage:
        """Draw a plant of `plcs` controllers from `rng`."""
        size = plcs * REGISTERS
        kind = rng.random(size)
        measured = (kind >= _SETPOINT_SHARE) & (kind < 1 - _COUNTER_SHARE)
        period_s = 20 + 880 * rng.random(size)
        return cls(
            offset=(2000 + 28000 * rng.random(size)).astype(np.float32),
            amplitude=(np.where(measured, 20 + 1500 * rng.random(size), 0)).astype(np.float32),
            omega=(2 * np.pi / period_s).astype(np.float32),
            phase=(2 * np.pi * rng.random(size)).astype(np.float32),
            rate=np.where(kind >= 1 - _COUNTER_SHARE, 5 * rng.random(size), 0).astype(np.float32),
        )

    def read(
        self,
        plc: NDArray[np.int64],
        address: NDArray[np.int64],
        width: int,
        time_s: NDArray[np.floating],
        rng: np.random.Generator,
    ) -> NDArray[np.uint16]:
        """Read `width` registers from `address` on for each of n reads; (n x width) native uint16."""
        index = (plc * REGISTERS + address)[:, None] + np.arange(width)
        index = np.minimum(index, len(self.offset) - 1)
        time = time_s.astype(np.float32)[:, None]
        amplitude = self.amplitude[index]
        value = self.offset[index] + amplitude * np.sin(self.omega[index] * time + self.phase[index])
        value += self.rate[index] * time
        value += (amplitude > 0) * (rng.random(index.shape, dtype=np.float32) * 2)
        counts: NDArray[np.uint16] = (value.astype(np.int64) & 0xFFFF).astype(np.uint16)
        return counts
