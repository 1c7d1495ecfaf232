"""Modbus functions by verb and table, for firewalls that know them: App-IDs of PAN-OS, function lists of Hirschmann.

Sources: Modbus Application Protocol V1.1b3; Palo Alto Networks, App-IDs for ICS and SCADA (names of App-IDs);
Hirschmann, RM GUI HiSecOS EAGLE20/30, Modbus Enforcer (function code list: `code|range|range`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.records.conduit import ANY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.conduit import Conduit

__all__ = ["FUNCTIONS", "Function", "allowed", "ranges_of"]

_OBJECT: Final = re.compile(r"(?P<table>coil|discrete|holding|input|fifo):(?P<low>\d+)(?:\.\.(?P<high>\d+))?")
_LAST: Final = 65_535


@dataclass(frozen=True, slots=True)
class Function:
    """code: as on the wire. app: the App-ID, where there is one. verbs: all that it does. tables: that it asks for.

    ranged: whether a function list can narrow it to addresses.
    """

    code: int
    app: str | None
    verbs: frozenset[str]
    tables: tuple[str, ...] = ()
    ranged: bool = True


def _of(code: int, app: str | None, verbs: str, *tables: str, ranged: bool = True) -> Function:
    return Function(code, app, frozenset(verbs.split()), tables, ranged)


FUNCTIONS: Final = (
    _of(1, "modbus-read-coils", "read", "coil"),
    _of(2, "modbus-read-discrete-inputs", "read", "discrete"),
    _of(3, "modbus-read-holding-registers", "read", "holding"),
    _of(4, "modbus-read-input-registers", "read", "input"),
    _of(5, "modbus-write-single-coil", "write", "coil"),
    _of(6, "modbus-write-single-register", "write", "holding"),
    _of(7, None, "diagnose"),
    _of(8, None, "diagnose reset configure mode-set"),
    _of(11, None, "diagnose"),
    _of(12, None, "diagnose"),
    _of(15, "modbus-write-multiple-coils", "write", "coil"),
    _of(16, "modbus-write-multiple-registers", "write", "holding"),
    _of(17, None, "identify"),
    _of(20, "modbus-read-file-record", "file-read"),
    _of(21, "modbus-write-file-record", "file-write"),
    _of(22, "modbus-mask-write-register", "write", "holding"),
    _of(23, "modbus-read-write-register", "read write", "holding", "holding"),
    _of(24, "modbus-read-fifo-queue", "read", "fifo"),
    _of(43, "modbus-encapsulated-transport", "identify"),
)


def allowed(conduit: Conduit) -> tuple[Function, ...]:
    """The functions of which a conduit's verbs allow all that they do."""
    everything = ANY in conduit.verbs
    return tuple(f for f in FUNCTIONS if everything or f.verbs <= set(conduit.verbs))


def ranges_of(objects: Iterable[str]) -> dict[str, tuple[int, int]] | None:
    """Table → from the first to the last address that patterns name; None where they name anything.

    Tables that no pattern names are left out. What lies between two patterns of one table is within its range.
    """
    found: dict[str, tuple[int, int]] = {}
    texts = tuple(objects)
    for text in texts:
        match = _OBJECT.fullmatch(text)
        if match is None:
            table = text.partition(":")[0]
            if text != f"{table}:*" or "*" in table:
                return None
            low, high = 0, _LAST
        else:
            table, low = match["table"], int(match["low"])
            high = int(match["high"] or low)
        before = found.get(table, (low, high))
        found[table] = min(before[0], low), max(before[1], high)
    return found if texts else None
