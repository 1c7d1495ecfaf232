"""Data frames read with the configuration that describes them: one block of values a channel.

    PMU            STAT 2 | phasors 4 or 8 each | FREQ 2 or 4 | DFREQ 2 or 4 | analogs 2 or 4 each | digitals 2 each

Integers are scaled as the configuration says; a phasor is a pair: magnitude and angle in rad, or
real and imaginary part.
Source: IEEE C37.118.2-2011, 6.3 (tables 5 to 7).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.decode.protocols.c37118.configuration import Configuration, Pmu

__all__ = ["Layout", "Reading", "data_error", "quality"]

_ERRORS: Final = ("good", "pmu-error", "test-mode", "do-not-use")
_RADIAN: Final = 1e-4
_MILLI: Final = 1e-3
_CENTI: Final = 1e-2


def data_error(stat: int) -> int:
    """Bits 15 and 14 of STAT: 0 good, 1 PMU error, 2 test mode or no data, 3 PMU error, do not use."""
    return stat >> 14 & 3


def quality(stat: int) -> str:
    """What STAT says of the values: `good`, or what is wrong with them."""
    words = [_ERRORS[data_error(stat)]]
    words += ["not-in-sync"] if stat & 0x2000 else []
    words += ["sorted-by-arrival"] if stat & 0x1000 else []
    words += ["modified"] if stat & 0x0200 else []
    return ",".join(words)


@dataclass(slots=True)
class Reading:
    """What one PMU says in one data frame; phasors: their numbers in pairs."""

    pmu: Pmu
    stat: int
    phasors: list[float]
    frequency_hz: float
    rate_hz_s: float
    analogs: list[float]
    digitals: list[int]


class Layout:
    """How the data frames of one configuration are read; size: octets of a data frame's body.

    stats: where each PMU's STAT begins.
    """

    def __init__(self, configuration: Configuration, objects: Any, names: Any) -> None:
        self.time_base = configuration.time_base
        self.pmus = [_Block(pmu, names) for pmu in configuration.pmus]
        self._objects = objects
        self._generation = -1
        *stats, self.size = accumulate((block.form.size for block in self.pmus), initial=0)
        self.stats = tuple(stats)
        self.channels = sum(len(block.types) for block in self.pmus)

    def read(self, octets: bytes) -> list[Reading]:
        """Read a body of `size` octets."""
        found, at = [], 0
        for block in self.pmus:
            found.append(block.read(block.form.unpack_from(octets, at)))
            at += block.form.size
        return found

    def write(self, values: Any, readings: list[Reading], begin: Any, qualities: dict[int, int]) -> None:
        """Write every channel as a block of values; begin(object, type) → the row of a new block.

        qualities: STAT without its trigger bits → code of its quality.
        """
        if self._generation != self._objects.generation:  # its codes were numbered anew
            self._generation = self._objects.generation
            for block in self.pmus:
                block.name(self._objects)
        for block, reading in zip(self.pmus, readings, strict=True):
            block.write(values, reading, begin, qualities[reading.stat & 0xF200])


class _Block:
    """One PMU's part of a data frame."""

    def __init__(self, pmu: Pmu, names: Any) -> None:
        self.pmu = pmu
        pair = ("ff" if pmu.phasor_float else "Hh" if pmu.polar else "hh") * len(pmu.phasors)
        rest = "ff" if pmu.frequency_float else "hh"
        analogs = ("f" if pmu.analog_float else "h") * len(pmu.analogs)
        self.form = struct.Struct(f">H{pair}{rest}{analogs}{'H' * len(pmu.normal)}")
        self.pairs = 1 + 2 * len(pmu.phasors)
        self.codes: list[int] = []
        way = "polar" if pmu.polar else "rectangular"
        kinds = [f"{kind} {way}" for kind in pmu.kinds] + ["Hz", "Hz/s"]
        kinds += ["analog"] * len(pmu.analogs) + ["digital"] * len(pmu.normal)
        self.types = [names.code(kind) for kind in kinds]

    def name(self, objects: Any) -> None:
        """Look the codes of its channels up."""
        self.codes = [objects.code(f"{self.pmu.station}:{name}") for name in _channels(self.pmu)]

    def read(self, found: tuple[Any, ...]) -> Reading:
        pmu, at = self.pmu, self.pairs
        phasors = list(found[1:at])
        if not pmu.phasor_float:
            for k, scale in enumerate(pmu.scales):
                phasors[2 * k] *= scale
                phasors[2 * k + 1] *= _RADIAN if pmu.polar else scale
        frequency, rate = found[at], found[at + 1]
        if not pmu.frequency_float:
            frequency, rate = pmu.nominal_hz + frequency * _MILLI, rate * _CENTI
        end = at + 2 + len(pmu.analogs)
        analogs = list(found[at + 2 : end])
        if pmu.analog_scales and not pmu.analog_float:
            pairs = zip(analogs, pmu.analog_scales, strict=True)
            analogs = [a * factor + offset for a, (factor, offset) in pairs]
        return Reading(pmu, found[0], phasors, frequency, rate, analogs, list(found[end:]))

    def write(self, values: Any, reading: Reading, begin: Any, quality_code: int) -> None:
        numbers = iter(reading.phasors)
        pairs = list(zip(numbers, numbers, strict=True))
        single = [reading.frequency_hz, reading.rate_hz_s, *reading.analogs, *reading.digitals]
        for code, kind, content in zip(
            self.codes, self.types, [*pairs, *((s,) for s in single)], strict=True
        ):
            row = begin(code, kind)
            for number in content:
                values.number(number)
            values.set_quality(row, quality_code)


def _channels(pmu: Pmu) -> list[str]:
    words = [f"digital:{k}" for k in range(len(pmu.normal))]
    return [*pmu.phasors, "FREQ", "DFREQ", *pmu.analogs, *words]
