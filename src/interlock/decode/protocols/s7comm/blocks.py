"""Program blocks on the move, program invocation services, and PLC stop: jobs 0x1A to 0x29.

While a block is downloaded the controller asks the engineering station for it: whoever sends the job
is the client.
Source: the published analyses of S7 communication (no public specification exists).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.s7comm.block_format import BLOCK_TYPES, text_of
from interlock.decode.protocols.s7comm.connection import keep
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from interlock.decode.protocols.s7comm.connection import Connection

__all__ = ["BLOCK_TYPES", "answer_block", "ask_block", "block_name", "text_of"]

REQUEST_DOWNLOAD, DOWNLOAD_BLOCK, DOWNLOAD_ENDED = 0x1A, 0x1B, 0x1C
START_UPLOAD, UPLOAD, END_UPLOAD, PI_SERVICE, PLC_STOP = 0x1D, 0x1E, 0x1F, 0x28, 0x29
REFUSED, STATUS_ERROR = 2, 0x02

_SECRETIVE: Final = frozenset({"_N_LOGIN_", "_N_NEWPWD"})
"""Services whose second argument is a password."""


def block_name(octets: bytes) -> str:
    """Spell `0A00001P` (type 2, number 5, file system 1) as DB1/P; other texts stay as they are.

    File systems: P passive, A active, B both.
    """
    kind, number, place = octets[:2], octets[2:7], octets[7:8]
    try:
        known = BLOCK_TYPES.get(int(kind, 16)) if len(octets) == 8 else None
    except ValueError:
        known = None
    if known is None or not number.isdigit():
        return text_of(octets)
    return f"{known}{int(number)}/{text_of(place)}" if place.strip() else f"{known}{int(number)}"


def _file_name(octets: bytes) -> str:
    """`_0A00001P`, or `$` where only the header is asked for; NC files have paths instead."""
    return block_name(octets[1:]) if len(octets) == 9 and octets[:1] in b"_$" else text_of(octets)


def ask_block(
    s7: Any, m: Any, i: int, out: Any, *, row: int, link: Connection, function: int, end: int
) -> None:
    """Read the parameters of a job; the cursor stands behind the function, `end` behind the parameters."""
    c = s7.cursor
    if function == PI_SERVICE:
        _program_invocation(s7, m, i, out, row)
    elif function == PLC_STOP:
        c.skip(5)
        out.set_object(row, s7.objects.code(text_of(c.take(c.u8())) or "P_PROGRAM"), 1)
    elif START_UPLOAD < function <= END_UPLOAD:
        c.skip(3)
        upload = c.u32be()
        out.set_object(row, s7.objects.code(link.uploads.get(upload, f"upload:{upload}")), 1)
        if function == END_UPLOAD:
            link.uploads.pop(upload, None)
            s7.loads.over(m, i, link, ("upload", upload))
        else:
            out.notes[out.operation_of(row)] = upload
    elif REQUEST_DOWNLOAD <= function <= START_UPLOAD:
        c.skip(7)
        name = _file_name(c.take(c.u8()))
        size = -1
        if function == REQUEST_DOWNLOAD and c.offset() < end:
            size = _length(c.take(c.u8()))
        out.set_object(row, s7.objects.code(name), size)
        out.notes[out.operation_of(row)] = name
        _loading(s7, m, i, link, function, (name, size), out.operation_of(row))


def _length(octets: bytes) -> int:
    """`1` + octets of load memory (6 digits) + octets of MC7 code (6 digits): the former, or -1."""
    return int(octets[1:7]) if octets[1:7].isdigit() else -1


def _loading(
    s7: Any, m: Any, i: int, link: Connection, function: int, told: tuple[str, int], operation: int
) -> None:
    name, size = told
    if function == REQUEST_DOWNLOAD:
        s7.loads.download(m, i, link, name, stated=size, operation=operation)
    elif function == DOWNLOAD_BLOCK:
        s7.loads.asked_for(m, i, link, name, operation=operation)
    elif function == DOWNLOAD_ENDED:
        s7.loads.over(m, i, link, ("download", name))


def answer_block(
    s7: Any, m: Any, i: int, out: Any, *, row: int, link: Connection, function: int, end: int, error: int
) -> None:
    """Read an acknowledgement's parameters: its status, and the id that an upload goes by; its part of a block."""
    c = s7.cursor
    known = out.notes.pop(out.operation_of(row), None)
    if function == REQUEST_DOWNLOAD and error and isinstance(known, str):
        s7.loads.refused(link, known)
    if function in (PI_SERVICE, PLC_STOP) or c.offset() >= end:
        return
    status = c.u8()
    if status & STATUS_ERROR:
        out.settle(row, REFUSED, -(1 << 31))
    if function == START_UPLOAD and end - c.offset() >= 6:
        c.skip(2)
        upload = c.u32be()
        if isinstance(known, str):
            keep(link.uploads, upload, known)
            stated = _digits(c.take(min(c.u8(), c.left()))) if c.offset() < end else -1
            s7.loads.upload(m, i, link, upload, known, stated=stated, operation=out.operation_of(row))
    elif function in (DOWNLOAD_BLOCK, UPLOAD):
        c.seek(end)
        kind, noted = ("download", str) if function == DOWNLOAD_BLOCK else ("upload", int)
        if isinstance(known, noted):  # not what a job of another function left
            s7.loads.part(m, i, link, key=(kind, known), status=status)
        else:
            s7.loads.lost(link)


def _digits(octets: bytes) -> int:
    """An announced number of octets, or -1."""
    return int(octets) if octets.isdigit() else -1


def _program_invocation(s7: Any, m: Any, i: int, out: Any, row: int) -> None:
    """Unknown 7, parameter length 2, parameters, name length 1, name."""
    c = s7.cursor
    c.skip(7)
    length = c.u16be()
    if length > c.left():  # raised where no octets follow: they may be a password
        raise DecodeError("truncated", m.length[i])
    parameters = c.take(length)
    name = text_of(c.take(c.u8()))
    known = s7.services.get(name)
    if known is not None:
        out.set_verb(row, known[0])
        out.set_name(row, known[1])
    if name in ("_INSE", "_INS2", "_DELE"):
        blocks = [block_name(parameters[k : k + 8]) for k in range(2, len(parameters) - 7, 8)]
        for k, block in enumerate(blocks or [name]):
            out.set_object(out.more(row) if k else row, s7.objects.code(block), 1)
        return
    if name.startswith("_N_"):
        told = _arguments(parameters)
        if name in _SECRETIVE and len(told) > 1:
            secret = told.pop(1)
            s7.facts.credential(m, i, "s7comm", "password", None, secret)
        words = [text_of(t) for t in told]
    else:
        words = [text_of(parameters)]
    out.set_object(row, s7.objects.code(" ".join([name, *filter(None, words)])), 1)


def _arguments(octets: bytes) -> list[bytes]:
    """Strings with a length octet before each, padded so that each takes an even number of octets."""
    found, at = [], 0
    while at < len(octets):
        length = octets[at]
        found.append(octets[at + 1 : at + 1 + length])
        at += 1 + length + (length % 2 == 0)
    return found
