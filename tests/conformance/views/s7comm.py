"""S7comm and S7comm-plus as ICSNPP's logs of messages and of devices have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.views.port import Row, Tables, View, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VIEWS"]

_USERDATA: Final = 0x100
"""Functions from here on are 256 times the group of a user data message and its subfunction."""


def _messages(tables: Tables) -> Iterator[Row]:
    for row in messages(tables, "s7comm"):
        asked, function = row["kind"] == "request", row["function"]
        userdata = function >= _USERDATA
        # Below 256 it is the return code of an item, and the header has no error.
        code = row["code"] if (row["code"] or 0) > 0xFF else 0
        yield row | {
            "rosctr": 7 if userdata else 1 if asked else 3,
            "reference": int.from_bytes(int(row["transaction"]).to_bytes(2, "little"), "big"),
            # The log has the type of a user data message in the upper half of the octet.
            "group": (0x40 if asked else 0x80) | function >> 8 if userdata else function,
            "subfunction": function & 0xFF if userdata else None,
            "error_class": None if asked else code >> 8,
            "error_code": None if asked else code & 0xFF,
        }


_OPCODES: Final = {"request": 0x31, "answer": 0x32, "notice": 0x33}


def _plus(tables: Tables) -> Iterator[Row]:
    for row in messages(tables, "s7comm-plus"):
        kind = row["kind"]
        notice = kind == "notice"
        yield row | {
            "opcode": _OPCODES[kind],
            "opcode_name": {"request": "Request", "answer": "Response", "notice": "Notification"}[kind],
            "said_function": None if notice else row["function"],
            "said_name": None if notice else row["function_name"],
        }


def _devices(tables: Tables) -> Iterator[Row]:
    """One row per server with what its identification lists say."""
    facts: dict[str, Row] = {}
    for clue in tables("clues"):
        if clue["protocol"] == "s7comm":
            facts.setdefault(clue["who"].partition("/")[0], {})[clue["field"]] = clue["value"]
    for row in messages(tables, "s7comm"):
        said = facts.pop(row["server"], None)
        if said is not None:
            yield row | {name: said.get(name) for name in ("name", "product", "serial")}


VIEWS: Final[dict[str, View]] = {"messages": _messages, "plus": _plus, "devices": _devices}
