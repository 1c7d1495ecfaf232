"""What a configuration frame says: which PMUs a stream carries, and how their data are laid out.

    CFG-1, CFG-2   time base 4 | PMUs 2 | PMU … | data rate 2
    PMU            station 16 | IDCODE 2 | format 2 | phasors 2 | analogs 2 | digitals 2 | names 16 each, 16 a digital
                   | phasor units 4 each | analog units 4 each | digital masks 4 each | nominal frequency 2 | changes 2
    CFG-3          continuation 2 | time base 4 | PMUs 2 | PMU … | data rate 2; names with a length before them,
                   a global id 16 behind IDCODE, scales of 12 (phasor) and 8 (analog) octets, place, class, window

Source: IEEE C37.118.2-2011, 6.4 (tables 8 to 11).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from interlock.errors import DecodeError

__all__ = ["Configuration", "Pmu", "read_configuration"]

NAME: Final = 16
DIGITAL_NAMES: Final = 16
"""Names of one digital status word: one a bit."""
_POLAR, _PHASOR_FLOAT, _ANALOG_FLOAT, _FREQUENCY_FLOAT = 1, 2, 4, 8
_PER_BIT: Final = 1e-5
_CURRENT_2: Final = 1
_CURRENT_3: Final = 0x08
_COMPONENT: Final = 0x07
_NO_PLACE: Final = float("inf")


@dataclass(slots=True, kw_only=True)
class Pmu:
    """One PMU of a configuration.

    format: bits 0 polar, 1 phasors, 2 analogs, 3 frequency in floating point. kinds: `V` or `A` for each phasor.
    scales: volts or amperes of one unit of each integer phasor.
    CFG-3 only, for each phasor: modifications (16 flags), components (0 zero, 1 positive, 2 negative sequence, 4 to 6
    phases A to C), user designations, angles to add (rad); analog_scales: (factor, offset).
    """

    station: str
    idcode: int
    format: int
    gpmuid: bytes = b""
    phasors: list[str] = field(default_factory=list)
    analogs: list[str] = field(default_factory=list)
    digitals: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)
    factors: list[int] = field(default_factory=list)
    modifications: list[int] = field(default_factory=list)
    components: list[int] = field(default_factory=list)
    designations: list[int] = field(default_factory=list)
    angles: list[float] = field(default_factory=list)
    analog_types: list[int] = field(default_factory=list)
    analog_factors: list[int] = field(default_factory=list)
    analog_scales: list[tuple[float, float]] = field(default_factory=list)
    normal: list[int] = field(default_factory=list)
    valid: list[int] = field(default_factory=list)
    place: tuple[float, float, float] | None = None
    service_class: str = ""
    window_us: int | None = None
    delay_us: int | None = None
    nominal_hz: int = 60
    changes: int = 0

    @property
    def polar(self) -> bool:
        """Phasors are magnitude and angle, not real and imaginary part."""
        return bool(self.format & _POLAR)

    @property
    def phasor_float(self) -> bool:
        """Phasors are floating point numbers."""
        return bool(self.format & _PHASOR_FLOAT)

    @property
    def analog_float(self) -> bool:
        """Analog values are floating point numbers."""
        return bool(self.format & _ANALOG_FLOAT)

    @property
    def frequency_float(self) -> bool:
        """Frequency and its rate of change are floating point numbers."""
        return bool(self.format & _FREQUENCY_FLOAT)


@dataclass(slots=True, kw_only=True)
class Configuration:
    """A configuration: the parts that FRACSEC counts of a second, PMUs, frames a second (negative: seconds a frame).

    said: how many PMUs it announces. broken: what stopped the reading, None where all was read.
    """

    time_base: int
    said: int
    pmus: list[Pmu]
    rate: int | None = None
    broken: DecodeError | None = None


def read_configuration(c: Any, version: int) -> Configuration:
    """Read the body of a configuration frame (without its check word) at the cursor.

    version: 1, 2 or 3; of CFG-3 what stands behind the continuation index. Raises DecodeError where not even the
    number of PMUs is there; what comes later and is cut stands in `broken`.
    """
    base, said = c.u32be() & 0xFFFFFF, c.u16be()
    found = Configuration(time_base=base, said=said, pmus=[])
    try:
        for _ in range(said):
            found.pmus.append(_pmu_3(c) if version == 3 else _pmu_2(c))
        found.rate = c.i16be()
    except DecodeError as error:
        found.broken = error
    return found


def _pmu_2(c: Any) -> Pmu:
    pmu = Pmu(station=_text(c.take(NAME)), idcode=c.u16be(), format=c.u16be())
    phasors, analogs, digitals = c.u16be(), c.u16be(), c.u16be()
    pmu.phasors, pmu.analogs = _names(c, phasors), _names(c, analogs)
    pmu.digitals = _names(c, digitals * DIGITAL_NAMES)
    for _ in range(phasors):
        word = c.u32be()
        pmu.kinds.append("A" if word >> 24 == _CURRENT_2 else "V")
        pmu.factors.append(word & 0xFFFFFF)
        pmu.scales.append((word & 0xFFFFFF) * _PER_BIT)
    for _ in range(analogs):
        word = c.u32be()
        pmu.analog_types.append(word >> 24)
        pmu.analog_factors.append((word & 0xFFFFFF) - ((word & 0x800000) << 1))
    _rest(c, pmu, digitals)
    return pmu


def _pmu_3(c: Any) -> Pmu:
    station, idcode, gpmuid = _text(c.take(c.u8())), c.u16be(), c.take(16)
    pmu = Pmu(station=station, idcode=idcode, gpmuid=gpmuid, format=c.u16be())
    phasors, analogs, digitals = c.u16be(), c.u16be(), c.u16be()
    pmu.phasors = [_text(c.take(c.u8())) for _ in range(phasors)]
    pmu.analogs = [_text(c.take(c.u8())) for _ in range(analogs)]
    pmu.digitals = [_text(c.take(c.u8())) for _ in range(digitals * DIGITAL_NAMES)]
    for _ in range(phasors):
        _scale_3(c, pmu)
    for _ in range(analogs):
        pmu.analog_scales.append((c.f32be(), c.f32be()))
    _masks(c, pmu, digitals)
    place = (c.f32be(), c.f32be(), c.f32be())
    pmu.place = None if _NO_PLACE in place else place
    pmu.service_class = _text(c.take(1))
    pmu.window_us, pmu.delay_us = c.i32be(), c.i32be()
    _end(c, pmu)
    return pmu


def _scale_3(c: Any, pmu: Pmu) -> None:
    """PHSCALE: flags 2, kind and component 1, user designation 1, scale 4, angle 4 (table 10)."""
    word = c.u32be()
    pmu.modifications.append(word >> 16)
    pmu.kinds.append("A" if word >> 8 & _CURRENT_3 else "V")
    pmu.components.append(word >> 8 & _COMPONENT)
    pmu.designations.append(word & 0xFF)
    pmu.scales.append(c.f32be())
    pmu.angles.append(c.f32be())


def _rest(c: Any, pmu: Pmu, digitals: int) -> None:
    _masks(c, pmu, digitals)
    _end(c, pmu)


def _masks(c: Any, pmu: Pmu, digitals: int) -> None:
    for _ in range(digitals):
        pmu.normal.append(c.u16be())
        pmu.valid.append(c.u16be())


def _end(c: Any, pmu: Pmu) -> None:
    pmu.nominal_hz = 50 if c.u16be() & 1 else 60
    pmu.changes = c.u16be()


def _names(c: Any, count: int) -> list[str]:
    c.need(count * NAME)
    return [_text(c.take(NAME)) for _ in range(count)]


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace").strip(" \0")
