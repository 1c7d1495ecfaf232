"""Random numbers drawn one at a time from blocks: as cheap as a list, and equal for equal seeds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Draws"]

_BLOCK = 8192


class Draws:
    """Streams of one seed; what is drawn for one purpose (`of`) does not shift what is drawn for another."""

    def __init__(self, seed: int, purpose: str = "") -> None:
        words = np.frombuffer(
            purpose.encode("utf-8").ljust(4 * -(-len(purpose.encode("utf-8")) // 4), b"\0"), "<u4"
        )
        self._seed = seed
        self._rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words.tolist()])))
        self._even = self._evens()
        self.gauss: Callable[[], float] = self._normals().__next__
        """Normally distributed, mean 0, deviation 1."""

    def of(self, purpose: str) -> Draws:
        """A stream of its own."""
        return Draws(self._seed, purpose)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Evenly distributed, low to high."""
        return low + (high - low) * next(self._even)

    def wait(self, mean: float) -> float:
        """A pause between things that happen by chance, `mean` on average (exponentially distributed)."""
        return -mean * math.log(1.0 - self.uniform())

    def number(self, bits: int) -> int:
        """Any number of so many bits, at most 48."""
        return int(next(self._even) * (1 << bits))

    def _normals(self) -> Iterator[float]:
        while True:
            yield from self._rng.standard_normal(_BLOCK).tolist()

    def _evens(self) -> Iterator[float]:
        while True:
            yield from self._rng.random(_BLOCK).tolist()
