"""File commands of access type A, which older modules have: which file, by its name of 8 + 3 characters.

    password 4 | drive 2 | name               0203 Search File
    password 4 | drive 2 | file 2 | name      0206 Read File, 1203 Write File, 1204 Change File Information,
                                              1205 Delete File
    password 4 | drive 2 | 4 zeros | name     1202 New File
    mode 2 | drive 2 | file 2 | name          0808 File Lock
    password 4 | drive 2 | file 2 | name | offset 4 | octets 2 | mode 2, then the same of the target     1206 Copy File
    name      characters 8 | extension 3 | attribute 1

The four octets of a password are a keyword and whether there is one. Two characters an octet in ASCII frames, names
one. Source: MELSEC communication protocol reference manual SH-080008ENG, clause 15.3 (QnACPU, file control: fields, an
example of 1202 in octets); 1206 as implementations of BAP-C2006 have it.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["COMMANDS", "say"]

_SEARCH, _READ, _NEW, _WRITE, _CHANGE, _DELETE, _COPY = 0x0203, 0x0206, 0x1202, 0x1203, 0x1204, 0x1205, 0x1206
_LOCK: Final = 0x0808
_BEFORE: Final = {_SEARCH: 0, _READ: 2, _WRITE: 2, _CHANGE: 2, _DELETE: 2, _COPY: 2, _NEW: 4, _LOCK: 2}
"""Octets between drive and name."""
COMMANDS: Final = frozenset(_BEFORE)
_BETWEEN: Final = 8
"""Octets between the two names of Copy File, up to the second password."""


def say(d: Any, out: Any, row: int, command: int) -> None:
    """Give the request's row its file, the copy's source and target an item each. d: the Melsec decoder."""
    _named(d, out, row, command)
    if command == _COPY:
        _skip(d, _BETWEEN)
        _named(d, out, out.more(row), command)


def _named(d: Any, out: Any, row: int, command: int) -> None:
    _skip(d, 2 if command == _LOCK else 4)
    drive = d.r.u16()
    _skip(d, _BEFORE[command])
    stem, extension = (bytes(d.r.text(count)).rstrip(b" \0") for count in (8, 3))
    d.r.u8()
    name = b".".join(filter(None, (stem, extension))).decode("ascii", "backslashreplace")
    if name:
        out.set_object(row, d.objects.code(f"file:{drive}:{name}"), 1)


def _skip(d: Any, octets: int) -> None:
    d.cursor.skip(octets * 2 if d.ascii else octets)
