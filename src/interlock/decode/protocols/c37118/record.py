"""Rows of the tables that C37.118 has for itself, and what a configuration tells of machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.decode.protocols.c37118.data import data_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.decode.protocols.c37118.configuration import Configuration, Pmu
    from interlock.decode.protocols.c37118.data import Reading

__all__ = ["Fact", "facts_of", "pmu_row", "reading_row"]

Fact = tuple[str, str, str, float]
"""Unit behind the sender (empty: the sender itself), field, value, confidence."""


def pmu_row(index: int, pmu: Pmu) -> dict[str, Any]:
    """A row of synchrophasor_configuration but for what its frame says."""
    latitude, longitude, elevation = pmu.place or (None, None, None)
    return {
        "pmu": index,
        "station": pmu.station,
        "pmu_idcode": pmu.idcode,
        "gpmuid": pmu.gpmuid or None,
        "polar": pmu.polar,
        "phasor_float": pmu.phasor_float,
        "analog_float": pmu.analog_float,
        "frequency_float": pmu.frequency_float,
        "phasors": pmu.phasors,
        "analogs": pmu.analogs,
        "digitals": pmu.digitals,
        "phasor_kinds": pmu.kinds,
        "phasor_factors": pmu.factors,
        "phasor_scales": pmu.scales,
        "phasor_modifications": pmu.modifications,
        "phasor_components": pmu.components,
        "phasor_designations": pmu.designations,
        "phasor_angles": pmu.angles,
        "analog_types": pmu.analog_types,
        "analog_factors": pmu.analog_factors,
        "normal": pmu.normal,
        "valid": pmu.valid,
        "latitude": latitude,
        "longitude": longitude,
        "elevation": elevation,
        "service_class": pmu.service_class or None,
        "window": pmu.window_us,
        "group_delay": pmu.delay_us,
        "nominal_hz": pmu.nominal_hz,
        "changes": pmu.changes,
    }


def reading_row(index: int, reading: Reading) -> dict[str, Any]:
    """A row of synchrophasor_data but for what its frame says."""
    stat = reading.stat
    return {
        "pmu": index,
        "station": reading.pmu.station,
        "data_error": data_error(stat),
        "not_in_sync": bool(stat & 0x2000),
        "sorted_by_arrival": bool(stat & 0x1000),
        "trigger": bool(stat & 0x0800),
        "configuration_change": bool(stat & 0x0400),
        "modified": bool(stat & 0x0200),
        "time_quality": stat >> 6 & 7,
        "unlocked_time": stat >> 4 & 3,
        "trigger_reason": stat & 0x0F,
        "phasors": reading.phasors,
        "frequency": reading.frequency_hz,
        "rate": reading.rate_hz_s,
        "analogs": reading.analogs,
        "digitals": reading.digitals,
    }


def facts_of(idcode: int, found: Configuration) -> Iterator[Fact]:
    """What a configuration tells: one PMU is the sender itself; several stand behind a data concentrator."""
    yield "", "device-id", f"c37118:{idcode}", 0.8
    single = len(found.pmus) == 1
    if found.pmus:
        yield "", "device-type", "PMU" if single else "PDC", 0.8
    for pmu in found.pmus:
        yield from _facts_of_pmu("" if single else str(pmu.idcode), pmu, found.rate)


def _facts_of_pmu(unit: str, pmu: Pmu, rate: int | None) -> Iterator[Fact]:
    yield unit, "name", pmu.station, 0.85
    if any(pmu.gpmuid):
        yield unit, "device-id", f"c37118:{pmu.gpmuid.hex()}", 0.85
    channels = f"{len(pmu.phasors)} phasors, {len(pmu.analogs)} analogs, {len(pmu.normal)} digitals"
    speed = "" if rate is None else f"{rate}/s, " if rate >= 0 else f"every {-rate} s, "
    yield unit, "description", f"PMU, {pmu.nominal_hz} Hz nominal, {speed}{channels}", 0.6
    if pmu.place is not None:
        latitude, longitude, elevation = pmu.place
        yield unit, "location", f"{latitude:.5f}, {longitude:.5f}, {elevation:.0f} m", 0.7
