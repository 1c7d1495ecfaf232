"""What is rare on the wire: system commands, parameters, files and security, and the table of commands.

Source: IEC 60870-5-101, 7.3.4 to 7.3.6 and 7.4.11; IEC 60870-5-104, clause 8; IEC/TS 60870-5-7.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from interlock.decode.protocols.iec104.elements import CAUSES, QUALIFIER_AT
from interlock.records.vocabulary import VERBS

__all__ = ["arguments", "days_since_1970", "detail", "message"]

_OK, _REFUSED = 1, 2
_UNKNOWN_TYPE: Final = 44
_WRITTEN, _REPORTED = 0, 2
_EPOCH: Final = date(1970, 1, 1).toordinal()
_CENTURY: Final = 2000

_QUALIFIED: Final = {100: "qoi", 101: "qcc", 105: "qrp"}
_FREEZE: Final = {1: "write", 2: "reset", 3: "reset"}
"""FRZ of a counter interrogation: freeze, freeze and reset, reset; 0 only reads."""

_SELECT_FILE, _REQUEST_FILE, _DELETE_FILE, _REQUEST_SECTION = 1, 2, 4, 6
_LAST, _DIRECTORY, _LAST_SECTION = 8, 9, 10
_ANSWERS: Final = {
    120: (_SELECT_FILE,),
    121: (_REQUEST_FILE, 5),
    125: (_REQUEST_SECTION,),
    126: (_DIRECTORY,),
}
"""Type of a file ASDU → the steps it answers (SCQ of the call, or one of the numbers above)."""

_REPLIES: Final = {82: (81,), 85: (84, 86), 92: (91,), 95: (93, 94)}
"""Security ASDU → those it answers: reply, session key status, update key reply, update key confirmation."""
_ASKS: Final = frozenset(asked for kinds in _REPLIES.values() for asked in kinds)


def days_since_1970(packed: int) -> int:
    """Days of day << 16 | month << 8 | year of the century; -1 where there is no such day."""
    try:
        return date(_CENTURY + (packed & 0x7F), packed >> 8 & 0xFF, packed >> 16).toordinal() - _EPOCH
    except ValueError:
        return -1


def arguments(d: Any, m: Any, i: int, out: Any, row: int, written: bool) -> None:
    """Read the object of a system command or parameter (types from 100); d: the decoder, its cursor at the object.

    written: whether its values are to be kept, as of an activation.
    """
    kind, c = d.kind, d.cursor
    if not d.vsq & 0x7F:
        return
    if 110 <= kind <= 113:
        d.objects_of(m, i, out, row, _WRITTEN if written else -1)
        return
    if kind > 107:
        return
    address = c.u16le() | c.u8() << 16
    if kind in _QUALIFIED:
        qualifier = c.u8()
        out.set_object(row, d.objects.code(f"{_QUALIFIED[kind]}:{qualifier}"), 1)
        if kind == 101 and qualifier >> 6 in _FREEZE:
            out.set_verb(row, VERBS.index(_FREEZE[qualifier >> 6]))
        return
    out.set_object(row, d.objects.code(f"ioa:{address}"), 1)
    if kind == 103 and written:
        _clock(d, m, i, out, row)


def _clock(d: Any, m: Any, i: int, out: Any, row: int) -> None:
    """Keep the time that a clock synchronisation sets, as text and as device time."""
    c = d.cursor
    milliseconds, minute, hour, day = c.u16le(), c.u8() & 0x3F, c.u8() & 0x1F, c.u8() & 0x1F
    month, year = c.u8() & 0x0F, c.u8() & 0x7F
    days = days_since_1970(day << 16 | month << 8 | year)
    if days < 0 or hour > 23 or minute > 59 or milliseconds > 59_999:
        d.facts.oddity(m, i, "iec104", "time-invalid", 15)
        return
    if not d.values.wanted:
        return
    block = d.values.block(
        m,
        i,
        d.f.protocol_code,
        out.operation_of(row),
        d.unit,
        out.object_of(row),
        _WRITTEN,
        d.names.code("CP56Time2a"),
    )
    seconds, rest = divmod(milliseconds, 1000)
    d.values.set_text(
        block, f"{_CENTURY + year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{seconds:02}.{rest:03}"
    )
    d.values.set_device_time(
        block, ((days * 24 + hour) * 60 + minute) * 60_000_000_000 + milliseconds * 1_000_000
    )


def detail(d: Any, m: Any, i: int, operation: int) -> None:
    """Write the row of `iec104_commands` of message i."""
    octets = m.bytes(i)
    row = {
        "operation": operation,
        "type_id": d.kind,
        "cause": d.cause,
        "cause_name": CAUSES.get(d.cause),
        "negative": bool(octets[8] & 0x40),
        "test": bool(octets[8] & 0x80),
    }
    if d.standard:
        row["originator"] = octets[9]
        at = QUALIFIER_AT.get(d.kind)
        if at is not None and len(octets) > 15 + at:
            octet = octets[15 + at]
            row["select"] = bool(octet & 0x80)
            row["qualifier"] = octet & 0x7F if at else octet >> 2 & 0x1F
        elif d.kind in _QUALIFIED or d.kind == 113:
            row["qualifier"] = octets[15] if len(octets) > 15 else None
        elif 110 <= d.kind <= 112 and len(octets) > 15:
            row["qualifier"] = octets[-1]
    d.facts.detail("iec104_commands", m, i, row)


def message(d: Any, m: Any, i: int, out: Any) -> None:
    """Read an ASDU of file transfer or security; d: the decoder, its cursor behind the ASDU's header."""
    if d.kind < 120 or not d.standard:
        row = _security(d, m, i, out)
        out.set_transaction(row, d.number)
        if d.unit >= 0:
            out.set_unit(row, d.unit)
        return
    _file(d, m, i, out)


def _security(d: Any, m: Any, i: int, out: Any) -> int:
    base = d.station << 28
    if d.kind in _ASKS:
        return int(out.ask(m, i, d.f, d.kind, d.kind << 44 | base))
    for asked in _REPLIES.get(d.kind, ()):
        row = out.answer(m, i, asked << 44 | base)
        if row >= 0:
            return int(row)
    if d.kind in _REPLIES:
        return int(out.orphan(m, i, d.f, d.kind, -1))
    return int(out.tell(m, i, d.f, d.kind))


def _file(d: Any, m: Any, i: int, out: Any) -> None:
    """Read a file ASDU: whose step it is, which step it answers, and whether it is a refusal."""
    c = d.cursor
    if c.left() < 5:
        row = out.tell(m, i, d.f, d.kind)
        out.set_transaction(row, d.number)
        d.facts.oddity(m, i, "iec104", "truncated", c.offset())
        return
    address, name = c.u16le() | c.u8() << 16, c.u16le()
    step, refused = _step(d, c)
    base = 1 << 61 | d.station << 45 | name << 29 | address << 4
    # Who knows no files sends back what was asked, with what it does not know (60870-5-101, 7.2.3).
    mirrored = d.cause if d.negative or d.cause >= _UNKNOWN_TYPE else 0
    row = out.answer(m, i, base | step) if mirrored else -1
    if row >= 0:
        out.settle(row, _REFUSED, mirrored)
        return
    if mirrored:
        row, refused = out.tell(m, i, d.f, d.kind), mirrored
        out.settle(row, _REFUSED, refused)
    elif d.kind in (122, 123, 127):
        row = out.ask(m, i, d.f, d.kind, base | step)
    else:
        for asked in (step,) if d.kind == 124 else _ANSWERS[d.kind]:
            row = row if row >= 0 else out.answer(m, i, base | asked)
        if row >= 0:
            if refused:
                out.settle(row, _REFUSED, refused)
            return
        row = out.tell(m, i, d.f, d.kind)
        if refused:
            out.settle(row, _REFUSED, refused)
    out.set_transaction(row, d.number)
    out.set_unit(row, d.unit)
    out.set_object(row, d.objects.code(f"file:{address}/{name}"), 1)
    if _writes(d.kind, step, m.direction[i] ^ bool(mirrored)):
        out.set_verb(row, VERBS.index("file-write"))


def _step(d: Any, c: Any) -> tuple[int, int]:
    """Which step of a transfer it is, and the qualifier's code where it refuses (0 where not)."""
    left, kind = c.left(), d.kind
    octets = c.take(left)
    if kind == 120 and left >= 4:
        return 0, octets[3] if octets[3] & 0x80 else 0
    if kind == 121 and left >= 5:
        return 0, octets[4] if octets[4] & 0x80 else 0
    if kind == 122 and left >= 2:
        step = octets[1] & 0x0F
        return (_DIRECTORY if step == 0 else step), 0
    if kind == 123 and left >= 2:
        return (_LAST_SECTION if octets[1] in (3, 4) else _LAST), 0
    if kind == 124 and left >= 2:
        answer = octets[1] & 0x0F
        return (_LAST_SECTION if answer in (3, 4) else _LAST), octets[1] if answer in (2, 4) else 0
    return (_SELECT_FILE if kind == 127 else 0), 0


def _writes(kind: int, step: int, from_server: int) -> bool:
    """Whether the file changes at the controlled station: it is sent to it, or deleted there."""
    if kind == 122 and step == _DELETE_FILE and not from_server:
        return True
    fetches = kind in (122, 124, 127)
    return bool(fetches == bool(from_server))
