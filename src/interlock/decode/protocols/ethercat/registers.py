"""Registers of an EtherCAT slave controller: their names, and what reading and writing them does.

Source: IEC 61158-4-12, clause 6 (attributes of the data link layer); ETG.1000.4; IEC 61158-6-12, 5.3 (AL registers).
"""

from __future__ import annotations

from typing import Final

from interlock.records.vocabulary import VERBS

__all__ = ["AL_CONTROL", "REGISTERS", "SII_CONTROL", "SII_DATA", "register_name", "verb_tables"]

REGISTERS: Final = 0x1000
AL_CONTROL: Final = 0x0120
SII_CONTROL: Final = 0x0502
SII_DATA: Final = 0x0508

_READ, _WRITE = "read", "write"
_KNOWN: Final = (
    (0x0000, 0x0010, "DL Information", "identify", _WRITE),
    (0x0010, 0x0012, "Configured Station Address", _READ, "configure"),
    (0x0012, 0x0014, "Configured Station Alias", _READ, "configure"),
    (0x0020, 0x0032, "Write Protection", _READ, "configure"),
    (0x0040, 0x0042, "ESC Reset", _READ, "reset"),
    (0x0100, 0x0108, "DL Control", _READ, "configure"),
    (0x0108, 0x0110, "Physical Read/Write Offset", _READ, "configure"),
    (0x0110, 0x0112, "DL Status", "diagnose", _WRITE),
    (AL_CONTROL, 0x0122, "AL Control", _READ, "mode-set"),
    (0x0130, 0x0132, "AL Status", "diagnose", _WRITE),
    (0x0134, 0x0136, "AL Status Code", "diagnose", _WRITE),
    (0x0140, 0x0160, "PDI Control", _READ, "configure"),
    (0x0200, 0x0210, "Event Mask", _READ, "configure"),
    (0x0210, 0x0300, "Event Request", "diagnose", _WRITE),
    (0x0300, 0x0400, "Error Counter", "diagnose", "diagnose"),
    (0x0400, 0x0500, "Watchdog", "diagnose", "configure"),
    (0x0500, SII_CONTROL, "SII Access", _READ, "configure"),
    (SII_CONTROL, SII_DATA, "SII Control", _READ, "configure"),
    (SII_DATA, 0x0510, "SII Data", _READ, "configure"),
    (0x0510, 0x0520, "MII Management", "diagnose", "configure"),
    (0x0600, 0x0700, "FMMU", _READ, "configure"),
    (0x0800, 0x0880, "Sync Manager", _READ, "configure"),
    (0x0900, 0x0A00, "Distributed Clock", _READ, "configure"),
)
"""First, end, name, verb of reading, verb of writing; the rest of the first 4 Ki octets is the maker's own."""


def verb_tables() -> tuple[bytes, bytes]:
    """Verbs (indices into VERBS) of reading and of writing each register."""
    reading = bytearray([VERBS.index(_READ)]) * REGISTERS
    writing = bytearray([VERBS.index(_WRITE)]) * REGISTERS
    for first, end, _, read, write in _KNOWN:
        reading[first:end] = bytes([VERBS.index(read)]) * (end - first)
        writing[first:end] = bytes([VERBS.index(write)]) * (end - first)
    return bytes(reading), bytes(writing)


def register_name(offset: int) -> str:
    """`AL Control`, `Sync Manager:0x0808`, `register:0x0f00`, `memory:0x1000`."""
    if offset >= REGISTERS:
        return f"memory:0x{offset:04x}"
    for first, end, name, _, _ in _KNOWN:
        if first <= offset < end:
            return name if offset == first else f"{name}:0x{offset:04x}"
    return f"register:0x{offset:04x}"
