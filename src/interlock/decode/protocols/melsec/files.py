"""File control of SLMP: which file, under which password.

    password | …fields… | characters 2 | name           password: 4 octets (Q), 32 (L, subcommand 4), length 2 and
                                                         octets (iQ-R, subcommand 40, whose names are UTF-16)
    1810 Read Directory 4 zeros | drive 2 | first file 2 (iQ-R: 4) | files 2 | characters 2 | directory
    1811 Search Directory   password 4 | drive 2 | characters 2 (0: no directory) | name
    1820 New File       password 4 | drive 2 | size 4 | name        1822 Delete File     password | drive 2 | name
    1825 Change File State  password | drive 2 | attribute 2 | name 1827 Open File  password | mode 2 | drive 2 | name
    1826 Change File Date   4 zeros | drive 2 | date 2 | time 2 | name
    1824 Copy File      8 zeros | password | drive 2 | name, twice: where to, where from
    1828 Read File      pointer 2 | offset 4 | octets 2             1829 Write File      the same | data
    182A Close File     pointer 2 | mode 2                          Open's answer: pointer 2

Passwords of 1811 and 1820 are four octets for every series; iQ-R has none there. The zeros of an iQ-R controller are
characters `0` in ASCII frames. Source: SLMP reference manual SH-080956ENG clause 5.8, MELSEC communication protocol
manual SH-080008 clause 12.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.protocols.melsec import session
from interlock.records.vocabulary import VERBS

__all__ = ["COMMANDS", "OPEN", "opened", "say"]

DIRECTORY, SEARCH, NEW, DELETE, COPY, CHANGE, DATE, OPEN, READ, WRITE, CLOSE = (
    0x1810, 0x1811, 0x1820, 0x1822, 0x1824, 0x1825, 0x1826, 0x1827, 0x1828, 0x1829, 0x182A,
)  # fmt: skip
COMMANDS: Final = frozenset({DIRECTORY, SEARCH, NEW, DELETE, COPY, CHANGE, DATE, OPEN, READ, WRITE, CLOSE})
_L_SERIES, _IQ_R = 0x0004, 0x0040
_OPEN_TO_WRITE: Final = 0x0100
_FIELDS: Final = {SEARCH: (2,), NEW: (2, 4), DELETE: (2,), CHANGE: (2, 2), DATE: (2, 2, 2), OPEN: (2, 2)}
"""Octets of the fields between password and name; the drive is the second of Open, the first of the others."""
_FOUR: Final = frozenset({SEARCH, NEW, DATE})
"""Commands whose password takes four octets whatever the series."""
_LONGEST: Final = 256


def say(d: Any, m: Any, i: int, out: Any, row: int, command: int, sub: int) -> None:
    """Give the request's row its file, and leave in the notes what Open's answer needs. d: the Melsec decoder."""
    if command in (READ, WRITE, CLOSE):
        _by_pointer(d, m, i, out, row, command)
        return
    if command == DIRECTORY:
        _directory(d, out, row, sub)
        return
    if command == COPY:
        d.cursor.skip(16 if d.ascii else 8)
        for k in range(2):
            _password(d, m, i, command, sub)
            name = f"{d.r.u16()}:{_name(d, sub)}"
            out.set_object(row if k == 0 else out.more(row), d.objects.code("file:" + name), 1)
        return
    _password(d, m, i, command, sub)
    fields = [d.r.u16() if width == 2 else (d.r.u16(), d.r.u16()) for width in _FIELDS[command]]
    name = f"{fields[command == OPEN]}:{_found(d, sub) if command == SEARCH else _name(d, sub)}"
    out.set_object(row, d.objects.code("file:" + name), 1)
    if command == OPEN:
        if fields[0] == _OPEN_TO_WRITE:
            out.set_verb(row, VERBS.index("file-write"))
        out.notes[out.operation_of(row)] = name


def opened(d: Any, m: Any, i: int, name: str) -> None:
    """The answer to Open: its pointer stands for the file from now on."""
    if d.cursor.left() >= (4 if d.ascii else 2):
        session.of(d, m.flow[i]).open(d.r.u16(), name)


def _by_pointer(d: Any, m: Any, i: int, out: Any, row: int, command: int) -> None:
    pointer = d.r.u16()
    files = session.of(d, m.flow[i]).files
    name = files.get(pointer)
    octets = 1
    if command != CLOSE:
        d.r.u16(), d.r.u16()
        octets = d.r.u16()
    out.set_object(row, d.objects.code(f"file:{name}" if name else f"file-pointer:{pointer}"), octets)


def _directory(d: Any, out: Any, row: int, sub: int) -> None:
    """Which directory is listed, and how many files of it are asked for; the root has no name."""
    d.r.text(4)
    drive = d.r.u16()
    for _ in range(2 if sub == _IQ_R else 1):
        d.r.u16()
    files = d.r.u16()
    path = _name(d, sub) if d.cursor.left() else ""
    out.set_object(row, d.objects.code(f"directory:{drive}:{path}" if path else f"directory:{drive}"), files)


def _found(d: Any, sub: int) -> str:
    """The name that is looked for, behind its directory's, which is empty in all that the manual shows."""
    name = _name(d, sub)
    if not d.cursor.left():
        return name
    return f"{name}\\{_name(d, sub)}" if name else _name(d, sub)


def _password(d: Any, m: Any, i: int, command: int, sub: int) -> None:
    """A file's password in clear; blanks and zeros are none, and iQ-R has characters `0` where it has none."""
    if command in _FOUR:
        length, has_one = 4, command != DATE and sub != _IQ_R
    else:
        length, has_one = 32 if sub == _L_SERIES else d.r.u16() if sub == _IQ_R else 4, True
    secret = bytes(d.r.text(length)).strip(b" \0")
    if secret and has_one:
        d.facts.credential(m, i, "melsec", "file-password", None, secret)


def _name(d: Any, sub: int) -> str:
    """The name behind its number of characters; those of iQ-R are UTF-16, in ASCII frames four digits each."""
    count = min(d.r.u16(), _LONGEST)
    if sub != _IQ_R:
        return str(bytes(d.r.text(count)).decode("ascii", "backslashreplace"))
    units = [d.r.u16() for _ in range(count)]
    return b"".join(unit.to_bytes(2, "little") for unit in units).decode("utf-16-le", "replace")
