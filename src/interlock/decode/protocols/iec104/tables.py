"""The protocol's own table: what a command and its replies say beside their type and object."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["COMMANDS", "DETAILS"]

COMMANDS: Final = Table(
    name="iec104_commands",
    version=1,
    meaning="One row per ASDU in control direction and per confirmation, refusal and termination of one.",
    columns=(
        *DETAIL,
        Column(name="operation", type=pa.uint64(), meaning="joins operations"),
        Column(name="type_id", type=pa.uint8(), meaning="type identification"),
        Column(name="cause", type=pa.uint8(), meaning="cause of transmission"),
        Column(name="cause_name", type=text(), nullable=True, meaning="what the standard calls it"),
        Column(name="negative", type=pa.bool_(), meaning="P/N: the confirmation is negative"),
        Column(name="test", type=pa.bool_(), meaning="T: sent for a test"),
        Column(name="originator", type=pa.uint8(), nullable=True, meaning="originator address, 0 for none"),
        Column(
            name="qualifier",
            type=pa.uint8(),
            nullable=True,
            meaning="QU, QL, QOI, QCC, QRP, QPM or QPA: the qualifier that belongs to the type",
        ),
        Column(name="select", type=pa.bool_(), nullable=True, meaning="S/E: select (true) or execute"),
    ),
)

DETAILS: Final = (COMMANDS,)
