"""What a handler of userdata is given: one request, answer or indication, its data under the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.decode.protocols.s7comm.connection import Connection

__all__ = ["ANSWER", "INDICATION", "REFUSED", "REQUEST", "SUCCESS", "Exchange"]

INDICATION: Final = 0
REQUEST: Final = 1
ANSWER: Final = 2
SUCCESS: Final = 0xFF
REFUSED: Final = 2
_WRITTEN, _READ, _REPORTED = 0, 1, 2


@dataclass(slots=True, kw_only=True)  # not frozen: making it would cost more than most messages
class Exchange:
    """One userdata message whose data is complete.

    s7: the decoder (cursor begun on `octets`, which exclude return code, size and length). m, i, out, row: as
    everywhere. method: INDICATION, REQUEST or ANSWER. function: 256 times group plus sub-function.
    code: return code. note: what the request left for its answer.
    """

    s7: Any
    m: Any
    i: int
    out: Any
    link: Connection
    row: int
    method: int
    function: int
    sequence: int
    code: int
    octets: bytes
    note: Any

    @property
    def direction(self) -> int:
        """Direction of the process values that this message carries."""
        return {REQUEST: _WRITTEN, ANSWER: _READ}.get(self.method, _REPORTED)

    def name(self, text: str, count: int = -1) -> None:
        """Say what the message is about."""
        self.out.set_object(self.row, self.s7.objects.code(text), count)

    def name_each(self, texts: list[tuple[str, int]]) -> None:
        """One item for each (object, count); for messages that began their row."""
        for k, (text, count) in enumerate(texts):
            self.out.set_object(self.out.more(self.row) if k else self.row, self.s7.objects.code(text), count)

    def keep_note(self, note: Any) -> None:
        """Leave something for the answer."""
        self.out.notes[self.out.operation_of(self.row)] = note

    def text(self, thing: str, value: str, kind: str) -> None:
        """Keep a value that is text."""
        values = self.s7.values
        if values.wanted and value:
            values.set_text(self._block(thing, kind), value)

    def raw(self, thing: str, octets: bytes) -> None:
        """Keep a value that only whoever programmed it understands."""
        values = self.s7.values
        if values.wanted and octets:
            values.set_raw(self._block(thing, "OCTET STRING"), octets)

    def _block(self, thing: str, kind: str) -> int:
        s7, out = self.s7, self.out
        row: int = s7.values.block(
            self.m,
            self.i,
            s7.code,
            out.operation_of(self.row),
            out.unit_of(self.row),
            s7.objects.code(thing),
            self.direction,
            s7.names.code(kind),
        )
        return row

    def values(self, things: list[tuple[str, int]], *, padded: bool, settle: bool = True) -> None:
        """Read data items, one for each (object, transport size).

        padded: the last one is padded to even length, too. settle: they are the row's items, one by one.
        """
        s7, out, c = self.s7, self.out, self.s7.cursor
        operation, unit = out.operation_of(self.row), out.unit_of(self.row)
        for k, (thing, kind) in enumerate(things):
            if c.left() < 4:
                break
            s7.items.head()
            if s7.items.code not in (SUCCESS, 0):
                if settle:
                    out.settle_item(self.row, k, REFUSED, s7.items.code)
                continue
            s7.items.block(self.m, self.i, operation, unit, s7.objects.code(thing), self.direction, kind)
            if s7.items.octets % 2 and (padded or k + 1 < len(things)) and c.left():
                c.skip(1)

    def clue(self, field: str, value: str, confidence: float) -> None:
        """Tell an identity fact about whoever sent the message."""
        who = self.s7.who(self.m, self.i, self.link)
        self.s7.facts.clue(self.m, self.i, who, field, value, "s7comm", confidence)
