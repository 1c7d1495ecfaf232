"""File transfer (group 70): authentication, commands, blocks and their statuses.

Source: IEEE 1815-2012, A.26; status codes in Table A-7.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.records.vocabulary import VERBS

__all__ = ["read"]

_REFUSED = 2
_ASKED, _ANSWERED = 0, 1
_AUTHENTICATION, _COMMAND, _COMMAND_STATUS, _TRANSPORT, _TRANSPORT_STATUS, _DESCRIPTOR, _SPECIFICATION = (
    range(2, 9)
)
_WRITES: Final = (2, 3)
"""Modes of a file command: write, append (1 reads)."""
_READ, _WRITE, _OPEN = 1, 2, 25
_NUMBER: Final = 0x7FFFFFFF


def _u16(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[at : at + 2], "little")


def _u32(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[at : at + 4], "little")


def read(d: Any, m: Any, i: int, out: Any, row: int, mode: int, variation: int, octets: bytes) -> None:
    """Read one object of group 70 into row; d: the decoder. A short one is an oddity."""
    smallest = {
        _AUTHENTICATION: 12,
        _COMMAND: 26,
        _COMMAND_STATUS: 13,
        _TRANSPORT: 8,
        _TRANSPORT_STATUS: 9,
        _DESCRIPTOR: 20,
    }
    name: str | None = None
    if len(octets) < smallest.get(variation, 0):
        d.facts.oddity(m, i, "dnp3", "file-object-short", 0)
    elif variation == _AUTHENTICATION:
        _credential(d, m, i, out, row, mode, octets)
    elif variation == _COMMAND:
        name = _command(d, out, row, octets)
    elif variation == _COMMAND_STATUS:
        name = _command_status(d, out, row, mode, octets)
    elif variation in (_TRANSPORT, _TRANSPORT_STATUS):
        name = _transport(d, out, row, mode, variation, octets)
        if variation == _TRANSPORT:
            _part(d, m, i, out, row, mode, octets, name)
    elif variation == _DESCRIPTOR:
        name = _text(octets, _u16(octets, 0), _u16(octets, 2))
    elif variation == _SPECIFICATION:
        name = _text(octets, 0, len(octets))
    if mode != _ANSWERED:
        code = d.objects.code(f"file:{name}") if name else d.named(70, variation, -1)
        d.item(out, row, code, 1)


def _text(octets: bytes, at: int, length: int) -> str:
    """The string that an offset and a length point at, as far as it is there."""
    return octets[at : at + length].decode("utf-8", "backslashreplace").strip("\x00")[:256]


def _credential(d: Any, m: Any, i: int, out: Any, row: int, mode: int, octets: bytes) -> None:
    """User name and password in clear; an answer has the key instead."""
    if mode != _ASKED:
        return
    user = _text(octets, _u16(octets, 0), _u16(octets, 2))
    at, length = _u16(octets, 4), _u16(octets, 6)
    if user:
        out.set_user(row, d.names.code(user))
    d.facts.credential(m, i, "dnp3", "file-authentication", user, octets[at : at + length])


def _command(d: Any, out: Any, row: int, octets: bytes) -> str:
    """Open or delete: the file's name, and whether it is opened to be written."""
    name = _text(octets, _u16(octets, 0), _u16(octets, 2))
    if d.function == _OPEN and _u16(octets, 20) in _WRITES:
        out.set_verb(row, VERBS.index("file-write"))
    if d.function == _OPEN:
        out.notes[out.operation_of(row)] = name
    return name


def _command_status(d: Any, out: Any, row: int, mode: int, octets: bytes) -> str:
    """Which handle stands for the file from now on, or why there is none; a request closes it."""
    handle, status = _u32(octets, 0), octets[12]
    if mode == _ASKED:
        return str(d.session_files().get(handle) or f"#{handle}")
    opened = out.notes.pop(out.operation_of(row), None)
    if status:
        out.settle(row, _REFUSED, status)
    elif opened:
        d.session_open(handle, opened)
    return str(opened or f"#{handle}")


def _part(d: Any, m: Any, i: int, out: Any, row: int, mode: int, octets: bytes, name: str) -> None:
    """Handle 4, block number 4 (its first bit: the last one), octets of the file."""
    way = {(_ASKED, _WRITE): "written", (_ANSWERED, _READ): "read"}.get((mode, out.function_of(row)))
    if way is None or len(octets) < 8:
        return
    number, last = _u32(octets, 4) & _NUMBER, _u32(octets, 4) & ~_NUMBER
    unit = out.unit_of(row)
    key = (m.flow[i], unit, _u32(octets, 0), way)
    told = {"unit": d.names.texts[unit] if unit >= 0 else None, "operation": out.operation_of(row)}
    if number == 0 and d.files.find(key) is None:
        d.files.begin(key, m, i, "dnp3", "file", name, way, **told)
    file = d.files.find(key)
    if file is not None and file.number == number:
        return  # sent again
    if file is not None and file.number + 1 != number:
        d.files.gap(key)
    file = d.files.add(key, m, i, octets[8:], "dnp3", "file", name, way, **told)
    file.number = number
    if last:
        d.files.end(key, m, i)


def _transport(d: Any, out: Any, row: int, mode: int, variation: int, octets: bytes) -> str:
    """A block that is read or written, or what became of one."""
    handle = _u32(octets, 0)
    if variation == _TRANSPORT_STATUS and octets[8]:
        out.settle(row, _REFUSED, octets[8])
    if mode == _ASKED and d.function in (_READ, _WRITE):
        out.set_verb(row, VERBS.index("file-read" if d.function == _READ else "file-write"))
    return str(d.session_files().get(handle) or f"#{handle}")
