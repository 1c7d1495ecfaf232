"""Tables of C37.118 alone: every frame, what configurations say of PMUs, what PMUs say in data frames."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["DETAILS"]

_NUMBERS: Final = pa.list_(pa.float64())
_TEXTS: Final = pa.list_(pa.utf8())


def _column(name: str, kind: pa.DataType, meaning: str, unit: str = "") -> Column:
    return Column(name=name, type=kind, nullable=True, meaning=meaning, unit=unit)


_OPERATION: Final = Column(name="operation", type=pa.uint64(), meaning="joins operations")
_IDCODE: Final = Column(name="idcode", type=pa.uint16(), meaning="IDCODE of the stream")

_FRAMES: Final = Table(
    name="synchrophasor_frames",
    version=1,
    meaning="One row per C37.118 frame.",
    columns=(
        *DETAIL,
        _OPERATION,
        Column(name="frame_type", type=text(), meaning="Data, Header, CFG-1, CFG-2, CFG-3 or Command"),
        Column(name="version", type=pa.uint8(), meaning="version number of the frame"),
        Column(name="frame_size", type=pa.uint16(), unit="octet", meaning="FRAMESIZE"),
        _IDCODE,
        Column(name="soc", type=pa.uint32(), unit="s", meaning="SOC: seconds of UTC since 1970"),
        Column(name="fraction", type=pa.uint32(), meaning="FRACSEC: parts of TIME_BASE"),
        Column(name="time_quality", type=pa.uint8(), meaning="time quality octet of FRACSEC"),
        _column("command", pa.uint16(), "CMD of a command frame"),
        _column("extended", pa.binary(), "EXTFRAME of a command frame"),
        _column("text", pa.utf8(), "what a header frame says"),
        _column("continuation", pa.uint16(), "CONT_IDX of CFG-3"),
        _column(
            "pmus_said", pa.uint16(), "PMUs that the frame, or the configuration of its stream, announces"
        ),
        _column("pmus", pa.uint16(), "PMUs that were read"),
        _column("data_rate", pa.int16(), "frames a second, or seconds a frame where negative"),
    ),
)
_CONFIGURATION: Final = Table(
    name="synchrophasor_configuration",
    version=1,
    meaning="One row per PMU of each configuration frame.",
    columns=(
        *DETAIL,
        _OPERATION,
        Column(name="frame_type", type=text(), meaning="CFG-1, CFG-2 or CFG-3"),
        _IDCODE,
        Column(name="pmu", type=pa.uint16(), meaning="index of the PMU, from 0"),
        Column(name="station", type=text(), meaning="STN: station name"),
        Column(name="pmu_idcode", type=pa.uint16(), meaning="IDCODE of the PMU"),
        _column("gpmuid", pa.binary(), "G_PMU_ID (CFG-3)"),
        Column(name="polar", type=pa.bool_(), meaning="phasors are magnitude and angle"),
        Column(name="phasor_float", type=pa.bool_(), meaning="phasors are floating point numbers"),
        Column(name="analog_float", type=pa.bool_(), meaning="analog values are floating point numbers"),
        Column(name="frequency_float", type=pa.bool_(), meaning="frequencies are floating point numbers"),
        Column(name="phasors", type=_TEXTS, meaning="names of the phasors"),
        Column(name="analogs", type=_TEXTS, meaning="names of the analog values"),
        Column(name="digitals", type=_TEXTS, meaning="names of the digital bits, 16 a word"),
        Column(name="phasor_kinds", type=_TEXTS, meaning="V or A for each phasor"),
        Column(
            name="phasor_factors", type=pa.list_(pa.uint32()), meaning="PHUNIT's 24 bits, 10^-5 V or A a bit"
        ),
        Column(name="phasor_scales", type=_NUMBERS, meaning="V or A of one unit of an integer phasor"),
        Column(
            name="analog_types", type=pa.list_(pa.uint8()), meaning="ANUNIT: 0 single point, 1 rms, 2 peak"
        ),
        Column(name="analog_factors", type=pa.list_(pa.int32()), meaning="ANUNIT's 24 bits, user-defined"),
        Column(
            name="normal", type=pa.list_(pa.uint16()), meaning="DIGUNIT: normal state of each digital word"
        ),
        Column(name="valid", type=pa.list_(pa.uint16()), meaning="DIGUNIT: bits in use of each digital word"),
        Column(
            name="phasor_modifications",
            type=pa.list_(pa.uint16()),
            meaning="PHSCALE's flags (CFG-3): bit 1 upsampled by interpolation, 2 by extrapolation, 3 downsampled by "
            "reselection, 4 with, 5 without FIR filter, 6 filtered, 7 magnitude, 8 phase calibrated, 9 phase rotated, "
            "10 pseudo-phasor, 15 otherwise modified",
        ),
        Column(
            name="phasor_components",
            type=pa.list_(pa.uint8()),
            meaning="PHSCALE (CFG-3): 0 zero, 1 positive, 2 negative sequence, 4 phase A, 5 B, 6 C",
        ),
        Column(
            name="phasor_designations",
            type=pa.list_(pa.uint8()),
            meaning="PHSCALE (CFG-3): the user's own designation",
        ),
        Column(
            name="phasor_angles",
            type=_NUMBERS,
            unit="rad",
            meaning="PHSCALE (CFG-3): what to add to the angle",
        ),
        _column("latitude", pa.float64(), "PMU_LAT (CFG-3)", "degree"),
        _column("longitude", pa.float64(), "PMU_LON (CFG-3)", "degree"),
        _column("elevation", pa.float64(), "PMU_ELEV (CFG-3)", "m"),
        _column("service_class", pa.utf8(), "SVC_CLASS: M or P (CFG-3)"),
        _column("window", pa.int32(), "WINDOW (CFG-3)", "us"),
        _column("group_delay", pa.int32(), "GRP_DLY (CFG-3)", "us"),
        Column(name="nominal_hz", type=pa.uint8(), unit="Hz", meaning="FNOM"),
        Column(name="changes", type=pa.uint16(), meaning="CFGCNT: count of configuration changes"),
    ),
)
_DATA: Final = Table(
    name="synchrophasor_data",
    version=1,
    meaning="One row per PMU of each data frame whose configuration was seen.",
    columns=(
        *DETAIL,
        _OPERATION,
        _IDCODE,
        Column(name="pmu", type=pa.uint16(), meaning="index of the PMU, from 0"),
        Column(name="station", type=text(), meaning="STN of its configuration"),
        Column(
            name="data_error", type=pa.uint8(), meaning="STAT: 0 good, 1 error, 2 test mode, 3 do not use"
        ),
        Column(name="not_in_sync", type=pa.bool_(), meaning="STAT: the PMU is not in sync with UTC"),
        Column(
            name="sorted_by_arrival", type=pa.bool_(), meaning="STAT: data are sorted by arrival, not by time"
        ),
        Column(name="trigger", type=pa.bool_(), meaning="STAT: trigger detected"),
        Column(name="configuration_change", type=pa.bool_(), meaning="STAT: configuration will change"),
        Column(name="modified", type=pa.bool_(), meaning="STAT: data were modified by post processing"),
        Column(name="time_quality", type=pa.uint8(), meaning="STAT: PMU_TQ"),
        Column(name="unlocked_time", type=pa.uint8(), meaning="STAT: for how long it has not been locked"),
        Column(name="trigger_reason", type=pa.uint8(), meaning="STAT: trigger reason"),
        Column(name="phasors", type=_NUMBERS, meaning="two numbers a phasor"),
        Column(name="frequency", type=pa.float64(), unit="Hz", meaning="FREQ"),
        Column(name="rate", type=pa.float64(), unit="Hz/s", meaning="DFREQ"),
        Column(name="analogs", type=_NUMBERS, meaning="analog values"),
        Column(name="digitals", type=pa.list_(pa.uint16()), meaning="digital status words"),
    ),
)
DETAILS: Final = (_FRAMES, _CONFIGURATION, _DATA)
