"""Calls of the context manager: connect, release, read, write, control, and who offers what (endpoint mapper).

A device answers from a port of its own choice, so an answer may stand in another flow than its request:
both are paired by activity and sequence number. Read IEC 61158-6-10, 4.10 (RPC), 5.2 (services).

    request  | arguments' maximum 4 | length 4 | maximum, offset, actual count 4 4 4 | blocks … |
    answer   | PNIO status 4        | length 4 | maximum, offset, actual count 4 4 4 | blocks … |
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.cursor import Cursor
from interlock.decode.protocols.profinet.identity import annotation_facts, read_annotation
from interlock.decode.protocols.profinet.records import Records
from interlock.decode.protocols.profinet.relations import Relations
from interlock.decode.protocols.profinet.rpc import (
    CONTROLLER,
    ENDPOINT_MAPPER,
    FAULT,
    HEADER_OCTETS,
    REJECT,
    REQUEST,
    RESPONSE,
    Fragments,
    describe,
    is_profinet,
)
from interlock.decode.protocols.profinet.status import read_status
from interlock.decode.protocols.profinet.tables import RPC
from interlock.decode.protocols.profinet.wire import Asked, Header, read_header
from interlock.errors import DecodeError

__all__ = ["Calls"]

_CONNECT, _RELEASE, _READ, _WRITE, _CONTROL, _READ_IMPLICIT = range(6)
_MAPPER: Final = 256
"""Added to the endpoint mapper's operations, whose numbers would mean others of PROFINET's."""
_LOOKUP: Final = _MAPPER + 2
_REFUSED: Final = 2
_COUNTS_OCTETS: Final = 16
_MAX_OPEN: Final = 4096


class Calls:
    """Pairs calls and hands their blocks to what reads them."""

    def __init__(self, decoder: Any) -> None:
        self._facts, self._flows = decoder.facts, decoder.flows
        self._functions = decoder.tools.functions("pnio-cm")
        self._fragments = Fragments()
        self._open: dict[tuple[int, str, str, int], int] = {}
        self._relations = Relations(decoder)
        self._records = Records(decoder)

    def message(self, m: Any, i: int, out: Any, c: Any) -> None:
        """One packet; what belongs to the RPC transport alone (pings, acknowledgements) makes no row."""
        header = read_header(c)
        facts = self._facts
        if facts.wants(RPC.name):
            begin = m.offset[i]
            row = describe(m.array[begin : begin + HEADER_OCTETS].tobytes())
            facts.detail(RPC.name, m, i, {**row, "sender": facts.sender(m, i)})
        if header.kind not in (REQUEST, RESPONSE, FAULT, REJECT):
            return
        mapper = header.interface == ENDPOINT_MAPPER
        if not mapper and not is_profinet(header.interface):
            raise DecodeError("interface-unknown", 24)
        if header.goes_on:
            self._body(m, i, c, header)
            return
        function = header.operation + (_MAPPER if mapper else 0)
        if header.kind == REQUEST:
            self._request(m, i, out, c, header, function)
        else:
            self._answer(m, i, out, c, header, function)

    def _body(self, m: Any, i: int, c: Any, header: Header) -> Any:
        """A cursor on the whole body of a packet that ends it; None where fragments follow."""
        if header.length > c.left():
            raise DecodeError("truncated", c.offset())
        c.end = c.position + header.length
        if not header.goes_on and header.fragment == 0:
            return c
        whole = self._fragments.add((m.flow[i], m.side[i]), header, c.rest())
        if whole is None:
            return None
        joined = Cursor()
        joined.bind(whole)
        joined.begin(0, len(whole))
        return joined

    def _request(self, m: Any, i: int, out: Any, c: Any, header: Header, function: int) -> None:
        facts, flows, slot = self._facts, self._flows, m.flow[i]
        flows.orient(slot, _client_side(header, m.side[i]))
        row = out.ask(m, i, self._functions, function, header.key)
        out.set_transaction(row, header.sequence)
        caller = (flows.realm_of(slot), facts.sender(m, i), facts.receiver(m, i), header.key)
        if len(self._open) >= _MAX_OPEN:
            del self._open[next(iter(self._open))]
        self._open[caller] = slot
        c = self._body(m, i, c, header)
        if function >= _MAPPER:
            return
        c.skip(4 + _COUNTS_OCTETS)
        if function == _CONNECT:
            self._relations.asked(m, i, out, row, c, header)
        elif function in (_RELEASE, _CONTROL):
            self._relations.controlled(m, i, out, row, c)
        elif function in (_READ, _READ_IMPLICIT):
            self._records.read(m, i, out, row, c)
        elif function == _WRITE:
            self._records.write(m, i, out, row, c)

    def _row(self, m: Any, i: int, out: Any, header: Header, function: int) -> tuple[int, Any]:
        """The row that message i answers, wherever its request was, and what was noted of it."""
        row = out.answer(m, i, header.key)
        if row < 0:
            facts = self._facts
            realm = self._flows.realm_of(m.flow[i])
            caller = (realm, facts.receiver(m, i), facts.sender(m, i), header.key)
            elsewhere = self._open.get(caller)
            if elsewhere is not None:
                row = out.heard(m, i, elsewhere, header.key)
            if row >= 0:  # one machine was asked: its answer is the answer, though in another flow
                out.columns["response_frame"][row : row + out.items_of(row)] = m.frame[i]
        if row >= 0:
            note = out.notes.pop(out.operation_of(row), None)
            if out.function_of(row) == function:
                return row, note
            self._facts.oddity(m, i, "pnio-cm", "operation-mismatch", 68)
            return row, None
        row = out.orphan(m, i, self._functions, function, header.key)
        out.set_transaction(row, header.sequence)
        return row, None

    def _answer(self, m: Any, i: int, out: Any, c: Any, header: Header, function: int) -> None:
        self._flows.orient(m.flow[i], _client_side(header, 1 - m.side[i]))
        row, note = self._row(m, i, out, header, function)
        c = self._body(m, i, c, header)
        if header.kind != RESPONSE:
            status = (c.u32le() if header.little else c.u32be()) if c.left() >= 4 else 0
            out.settle(row, _REFUSED, status & 0x7FFFFFFF)
            return
        if function >= _MAPPER:
            if function == _LOOKUP:
                self._annotation(m, i, c, header)
            return
        status = read_status(c, little=header.little)
        if status:
            out.settle(row, _REFUSED, status)
        c.skip(_COUNTS_OCTETS)
        if function == _CONNECT:
            self._relations.answered(m, i, out, row, c, note if isinstance(note, Asked) else None, status)
        elif function in (_READ, _READ_IMPLICIT):
            self._records.was_read(m, i, out, row, c, status)
        elif function == _WRITE:
            self._records.was_written(out, row, c, note)

    def _annotation(self, m: Any, i: int, c: Any, header: Header) -> None:
        facts = self._facts
        for field, value, confidence in annotation_facts(read_annotation(c, little=header.little)):
            facts.clue(m, i, facts.sender(m, i), field, value, "pnio-cm", confidence)


def _client_side(header: Header, asker: int) -> int:
    """Who is the client of the relation: a device that calls its controller (ApplicationReady) is not."""
    return 1 - asker if header.interface[:4] == CONTROLLER else asker
