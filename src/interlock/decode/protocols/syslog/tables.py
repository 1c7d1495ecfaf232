"""The table `syslog`: what machines report of themselves."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["SYSLOG"]

SYSLOG: Final = Table(
    name="syslog",
    version=1,
    meaning="One row per syslog message.",
    columns=(
        *DETAIL,
        Column(name="facility", type=pa.uint8(), meaning="0 to 23 (RFC 5424 6.2.1)"),
        Column(name="severity", type=pa.uint8(), meaning="0 emergency to 7 debug"),
        Column(
            name="host",
            type=text(),
            nullable=True,
            meaning="name or address that the message says it is from",
        ),
        Column(name="app", type=text(), nullable=True, meaning="program: APP-NAME or TAG"),
        Column(name="process", type=text(), nullable=True, meaning="PROCID"),
        Column(name="message_id", type=text(), nullable=True, meaning="MSGID"),
        Column(name="text", type=pa.utf8(), meaning="what it says, at most 512 characters"),
    ),
)
