"""What a rule may ask about: log sources, and the fields of each.

A field is a column of the log source's table, or one of the words that the site file and the inventory add.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from interlock.records.tables import TABLES

__all__ = ["FIELDS", "GATES", "LATE", "SOURCES", "Field", "Kind", "needs_of"]

Kind = Literal["word", "number", "flag"]

SOURCES: Final[dict[str, str]] = {
    "ot_operation": "operations",
    "ot_flow": "flows",
    "ot_oddity": "oddities",
    "ot_value": "values",
}
"""Sigma's `logsource: category` → the table whose rows a rule looks at."""

GATES: Final[dict[str, tuple[str, ...]]] = {
    "operations": ("protocol", "verb", "outcome", "function_name"),
    "flows": ("protocol", "transport"),
    "oddities": ("protocol", "oddity"),
    "values": ("protocol", "direction", "quality"),
}
"""Table → columns by whose few words rules are chosen before any other column is looked at."""

_NO_FIELDS: Final = frozenset({
    "operation", "flow", "frame", "response_frame", "time", "first", "last", "first_frame", "last_frame", "octets",
    "confidence", "number", "raw", "device_time", "client_first", "client_last", "server_first", "server_last",
})  # fmt: skip
"""Columns that number or date a row, which no rule can know beforehand, and those that are no single word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """kind: how it is compared. ends: of which ends of a row it speaks, where it is no column. meaning: for people."""

    kind: Kind
    meaning: str
    ends: tuple[str, ...] = ()
    late: bool = False


def _columns(table: str) -> dict[str, Field]:
    found = {}
    for column in TABLES[table].columns:
        if column.name not in _NO_FIELDS:
            text = "dictionary" in str(column.type) or str(column.type) == "string"
            found[column.name] = Field(kind="word" if text else "number", meaning=column.meaning)
    return found


def _of_ends() -> dict[str, Field]:
    found = {}
    for end in ("client", "server"):
        ends, other = (end,), "server" if end == "client" else "client"
        found[f"{end}_zone"] = Field(
            kind="word", ends=ends, meaning=f"zone of the site file that the {end} lies in; empty: in none"
        )
        found[f"{end}_scope"] = Field(
            kind="word",
            ends=ends,
            meaning=f"what kind of address the {end} has: plant (private, or the site file's own), public, group "
            "(multicast or broadcast), local (link-local or loopback), mac",
        )
        found[f"{end}_in_lab"] = Field(
            kind="flag", ends=ends, meaning=f"the site file puts the {end} on a test bench"
        )
        found[f"{end}_role"] = Field(
            kind="word",
            ends=ends,
            late=True,
            meaning=f"role that the inventory gives the {end} (plc, hmi, …)",
        )
        found[f"{end}_safety"] = Field(
            kind="flag", ends=ends, late=True, meaning=f"the {end} belongs to a safety system"
        )
        found[f"{end}_named_engineering"] = Field(
            kind="flag",
            ends=(end, other),
            meaning=f"the site file names the {end} as engineering station for the {other}",
        )
    found["in_window"] = Field(
        kind="flag",
        ends=("server",),
        meaning="a maintenance window of the site file covers the server at that time, or a work order allows this "
        "client and verb there",
    )
    return found


_OPERATIONS_ONLY: Final = {
    "answering_back": Field(
        kind="flag",
        meaning="the request comes from a control port: a controller fetches what its client began (S7 downloads)",
    ),
    "client_was_first": Field(
        kind="flag",
        meaning="nobody was served by this station of telecontrol (DNP3, IEC 60870-5, DLMS) before the client, which "
        "has done ordinary work there already: its master, as far as can be seen",
    ),
}

FIELDS: Final[dict[str, dict[str, Field]]] = {
    "operations": {**_columns("operations"), **_of_ends(), **_OPERATIONS_ONLY},
    "flows": {**_columns("flows"), **_of_ends()},
    "oddities": {**_columns("oddities"), **_of_ends()},
    "values": {**_columns("values"), **_of_ends()},
}
"""Table → field → what it is."""

LATE: Final = frozenset(name for name, field in FIELDS["operations"].items() if field.late)
"""Fields that only the inventory knows: asked when a cause is judged, since a machine's role shows with time."""


def needs_of(table: str) -> tuple[str, ...]:
    """Give the columns of a table that rules may look at, and those that a finding is made of."""
    own = tuple(name for name in FIELDS[table] if any(c.name == name for c in TABLES[table].columns))
    more = {
        "operations": ("operation", "flow", "time", "frame", "response_frame", "item"),
        "flows": ("flow", "first", "last", "first_frame"),
        "oddities": ("flow", "time", "frame"),
        "values": ("flow", "operation", "time", "frame"),
    }[table]
    return tuple(dict.fromkeys((*own, *more)))
