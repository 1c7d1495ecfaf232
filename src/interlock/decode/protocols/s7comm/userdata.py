"""Userdata: answers in several PDUs joined, then each group's functions to what they are about.

| return code 1 | transport size 1 | length 2 | data … |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.s7comm import alarms, directory, jobs, szl
from interlock.decode.protocols.s7comm.blocks import text_of
from interlock.decode.protocols.s7comm.connection import MAX_JOINED, keep
from interlock.decode.protocols.s7comm.exchange import ANSWER, INDICATION, REFUSED, REQUEST, SUCCESS, Exchange
from interlock.decode.protocols.s7comm.timestamps import bcd_text
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.protocols.s7comm.connection import Connection

__all__ = ["Userdata", "password"]

NO_DATA: Final = 0x0A
"""Return code of a message that has no data: no error by itself."""
NO_NUMBER: Final = -(1 << 31)
PASSWORD, BSEND = 0x0501, 0x0600
_OUTCOMES: Final = {True: "refused", False: "ok"}


def password(octets: bytes) -> bytes:
    """Give the eight octets of a password as they were typed, padding taken off.

    Each is XORed with 0x55, from the third on also with the one two before it: no secret, so no protection.
    """
    plain = bytes(o ^ 0x55 ^ (octets[k - 2] if k > 1 else 0) for k, o in enumerate(octets[:8]))
    return plain.rstrip(b" \x00")


class Userdata:
    """Decodes what stands behind the head of userdata. s7: whose cursor, pools and sinks it uses."""

    def __init__(self, s7: Any, tools: Any) -> None:
        self._s7 = s7
        self._modes = {
            mode: (VERBS.index(verb), tools.names.code(name))
            for mode, (name, verb) in tools.verb_rows("s7comm-mode").items()
        }
        self._usend = tools.names.code("USEND")

    def mode_transition(self, m: Any, i: int, out: Any, link: Connection) -> None:
        """Read the controller's new mode: unknown 4, mode 1; the cursor stands behind the item count."""
        c = self._s7.cursor
        c.skip(4)
        mode = c.u8()
        self._mode(out, out.tell(m, i, self._s7.f, mode), link, mode)

    def _mode(self, out: Any, row: int, link: Connection, mode: int) -> None:
        verb, name = self._modes.get(mode, (0, -1))
        out.set_verb(row, verb)
        out.set_name(row, name)
        out.set_object(row, self._s7.objects.code("operating-mode"), 1)
        if link.unit >= 0:
            out.set_unit(row, link.unit)

    def usend(self, m: Any, i: int, out: Any, link: Connection, end: int) -> None:
        """Read data sent to a partner: reserved 1, R_ID 4; then unknown 2, items 2, data items."""
        s7 = self._s7
        c = s7.cursor
        row = out.tell(m, i, s7.f, NO_NUMBER)
        out.set_verb(row, VERBS.index("write"))
        out.set_name(row, self._usend)
        if link.unit >= 0:
            out.set_unit(row, link.unit)
        c.skip(1)
        name = f"r-id:0x{c.u32be():x}"
        out.set_object(row, s7.objects.code(name), 1)
        c.seek(end)
        c.skip(2)
        count = min(c.u16be(), c.left() // 4)
        x = self._exchange(m, i, out, link, row, INDICATION, NO_NUMBER, 0, SUCCESS, b"", None)
        x.values([(name, 0)] * count, padded=False)

    def _exchange(self, m: Any, i: int, out: Any, link: Connection, row: int, *rest: Any) -> Exchange:
        method, function, sequence, code, octets, note = rest
        return Exchange(
            s7=self._s7,
            m=m,
            i=i,
            out=out,
            link=link,
            row=row,
            method=method,
            function=function,
            sequence=sequence,
            code=code,
            octets=octets,
            note=note,
        )

    def receive(
        self,
        m: Any,
        i: int,
        out: Any,
        link: Connection,
        row: int,
        *,
        method: int,
        function: int,
        sequence: int,
        part: int,
        last: int,
        error: int,
    ) -> None:
        """Read the data at the cursor. part: reference of an answer in several PDUs, last: 0 at its end."""
        s7 = self._s7
        c = s7.cursor
        note = out.notes.pop(out.operation_of(row), None) if method == ANSWER else None
        if method == ANSWER and out.function_of(row) != function:
            s7.oddity(m, i, "function-mismatch")
            note = None
        if function < 256:
            self._mode(out, row, link, function)
            return
        code, octets = self._data(m, i)
        if method == ANSWER and not error and code not in (SUCCESS, NO_DATA, 0):
            out.settle(row, REFUSED, code)
        if method == ANSWER and function == PASSWORD and isinstance(note, list):
            s7.facts.answered(note, _OUTCOMES[error != 0])
        handler = _HANDLERS.get(function)
        if handler is None or error:
            return
        if method == REQUEST and code == NO_DATA and sequence:
            out.set_object(row, s7.objects.code(link.asked.get((function, sequence), f"part:{sequence}")), 1)
            return
        if method == ANSWER:
            joined = self._join(out, link, row, (function, part), sequence, last, octets)
            if joined is None:
                return
            octets = joined
        c.bind(octets)
        c.begin(0, len(octets))
        try:
            handler(self._exchange(m, i, out, link, row, method, function, sequence, code, octets, note))
        finally:
            c.bind(m.octets)

    def _data(self, m: Any, i: int) -> tuple[int, bytes]:
        """Return code and octets of the data; code 0 where there is none."""
        c = self._s7.cursor
        if c.left() < 4:
            return 0, b""
        code = c.u8()
        c.skip(1)
        length = c.u16be()
        if length > c.left():
            self._s7.oddity(m, i, "length-mismatch")
        return code, c.take(min(length, c.left()))

    def _join(
        self,
        out: Any,
        link: Connection,
        row: int,
        key: tuple[int, int],
        sequence: int,
        last: int,
        octets: bytes,
    ) -> bytes | None:
        """Give the whole answer, or None while parts are missing, whose request gets this one's object."""
        if last == 0:
            before = link.parts.pop(key, None) if key[1] else None
            return octets if before is None else before + octets
        named = out.object_of(row)
        if named >= 0:
            keep(link.asked, (key[0], sequence), self._s7.objects.texts[named])
        before = link.parts.get(key, b"")
        if len(before) + len(octets) <= MAX_JOINED:
            keep(link.parts, key, before + octets)
        return None


def _clock(x: Exchange) -> None:
    """Reserved 1, century 1, then a DATE_AND_TIME."""
    x.name("clock", 1)
    if len(x.octets) >= 10:
        x.text("clock", bcd_text(x.octets[2:10]), "DATE_AND_TIME")


def _password(x: Exchange) -> None:
    if x.method == REQUEST and len(x.octets) >= 8:
        index = x.s7.facts.credential(x.m, x.i, "s7comm", "password", None, password(x.octets))
        x.keep_note(x.s7.facts.hold(index))


def _bsend(x: Exchange) -> None:
    """0x12, length, 0x13, reserved, R_ID 4; then, in the first part only, octets 2; then data."""
    c = x.s7.cursor
    if c.left() >= 8 and x.method != ANSWER:
        c.skip(4)
        name = f"r-id:0x{c.u32be():x}"
        x.name(name, 1)
        x.raw(name, c.rest())


def _nc_file(x: Exchange) -> None:
    """Read the file that requests to begin name; an upload's after two octets."""
    begins = {0x3F01: 0, 0x3F06: 2}.get(x.function)
    if x.method == REQUEST and begins is not None:
        x.name(text_of(x.octets[begins:]), 1)


_HANDLERS: Final[dict[int, Callable[[Exchange], None]]] = {
    **dict.fromkeys(
        (0x0101, 0x0102, 0x0108, 0x0109, 0x010D, 0x010E, 0x010F, 0x0111, 0x0112, 0x0113), jobs.test_job
    ),
    **dict.fromkeys((0x0201, 0x0205, 0x0207), jobs.cyclic),
    0x0204: jobs.unsubscribe,
    0x0208: jobs.read_record,
    0x0301: directory.list_blocks,
    0x0302: directory.list_blocks_of_type,
    0x0303: directory.block_info,
    0x0401: szl.read_szl,
    0x0402: alarms.message_service,
    0x0403: alarms.diagnostic_message,
    **dict.fromkeys(
        (
            0x0405,
            0x0406,
            0x0407,
            0x0408,
            0x0409,
            0x040B,
            0x040C,
            0x040D,
            0x040E,
            0x0411,
            0x0412,
            0x0413,
            0x0416,
        ),
        alarms.alarm,
    ),
    PASSWORD: _password,
    BSEND: _bsend,
    **dict.fromkeys((0x0701, 0x0702, 0x0703, 0x0704), _clock),
    **dict.fromkeys(range(0x3F01, 0x3F09), _nc_file),
}
"""Function → what reads its data; others keep their row, without an object."""
