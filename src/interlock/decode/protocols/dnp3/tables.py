"""The protocol's own tables: controls point by point, and internal indications as they change."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["CONTROLS", "DETAILS", "INDICATIONS"]

_OPERATION = Column(name="operation", type=pa.uint64(), meaning="joins operations")
_OUTSTATION = Column(name="outstation", type=pa.uint16(), meaning="address of the outstation")

CONTROLS: Final = Table(
    name="dnp3_controls",
    version=1,
    meaning="One row per control relay output block or analog output block, of requests and of their answers.",
    columns=(
        *DETAIL,
        _OPERATION,
        _OUTSTATION,
        Column(name="function", type=pa.uint8(), meaning="application function of the message"),
        Column(name="object", type=pa.utf8(), meaning="the point, as operations.object"),
        Column(name="block", type=text(), meaning="group and variation, as g12v1"),
        Column(
            name="operation_type",
            type=text(),
            nullable=True,
            meaning="NUL, PULSE_ON, PULSE_OFF, LATCH_ON or LATCH_OFF",
        ),
        Column(name="trip_close", type=text(), nullable=True, meaning="NUL, CLOSE or TRIP"),
        Column(name="queue", type=pa.bool_(), nullable=True, meaning="obsolete queue bit"),
        Column(
            name="clear",
            type=pa.bool_(),
            nullable=True,
            meaning="running and queued operations are cancelled",
        ),
        Column(name="repeats", type=pa.uint8(), nullable=True, meaning="how often it is executed"),
        Column(name="on_ms", type=pa.uint32(), unit="ms", nullable=True, meaning="on-time"),
        Column(name="off_ms", type=pa.uint32(), unit="ms", nullable=True, meaning="off-time"),
        Column(name="value", type=pa.float64(), nullable=True, meaning="value of an analog output block"),
        Column(name="status", type=pa.uint8(), nullable=True, meaning="control status code, of answers"),
        Column(name="status_name", type=text(), nullable=True, meaning="what the standard calls it"),
    ),
)

INDICATIONS: Final = Table(
    name="dnp3_indications",
    version=1,
    meaning="One row per response whose internal indications are not those of the outstation's response before.",
    columns=(
        *DETAIL,
        _OPERATION,
        _OUTSTATION,
        Column(name="master", type=pa.uint16(), meaning="address of the master"),
        Column(
            name="iin", type=pa.uint16(), meaning="the bits: IIN1 in the lower octet, IIN2 in the upper one"
        ),
        Column(name="names", type=pa.utf8(), meaning="names of those that are set"),
    ),
)

DETAILS: Final = (CONTROLS, INDICATIONS)
