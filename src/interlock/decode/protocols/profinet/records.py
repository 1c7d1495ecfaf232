"""Records: reading and writing a submodule's parameters, diagnosis and identity.

Source: IEC 61158-6-10, 5.2.3 (IODReadReq, IODWriteReq, IODWriteMultipleReq and their answers).
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.protocols.profinet.blocks import Record, each_block, read_record
from interlock.decode.protocols.profinet.identity import read_identity
from interlock.decode.protocols.profinet.rpc import uuid_text
from interlock.decode.protocols.profinet.status import read_status
from interlock.decode.safety.profisafe import TRAILER_OCTETS, read_f_parameters
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["Records"]

_READ_REQUEST, _READ_ANSWER, _WRITE_REQUEST, _WRITE_ANSWER = 0x0009, 0x8009, 0x0008, 0x8008
_MULTIPLE: Final = 0xE040
_IDENTITY: Final = range(0xAFF0, 0xB000)
_HEADER_OCTETS: Final = 64
_OWN_RECORDS: Final = 0x8000
"""Records below are a submodule's own parameters, the others are the specification's."""
_MAX_RAW: Final = 1024
"""Larger records are named, their octets are not kept."""
_WRITTEN, _READ = 0, 1
_REFUSED: Final = 2


class Records:
    """One row per record: a Write of several makes an item of each."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def read(self, m: Any, i: int, out: Any, row: int, c: Any) -> None:
        """A Read request: which record."""
        for kind in each_block(c):
            if kind == _READ_REQUEST:
                self._name(out, row, read_record(c))

    def _name(self, out: Any, row: int, record: Record) -> None:
        out.set_object(row, self._decoder.objects.code(record.name), 1)
        if record.index in _IDENTITY and VERBS[out.verb_of(row)] == "read":
            out.set_verb(row, VERBS.index("identify"))

    def was_read(self, m: Any, i: int, out: Any, row: int, c: Any, status: int) -> None:
        """A Read's answer: the header's block, then the record's octets."""
        if c.left() < _HEADER_OCTETS or c.u16be() != _READ_ANSWER:
            return
        c.skip(4)
        record = read_record(c)
        c.skip(_HEADER_OCTETS - 40)
        if out.object_of(row) < 0:
            self._name(out, row, record)
        if status or not record.length:
            return
        if record.length > c.left():
            raise DecodeError("truncated", c.offset())
        c.end = c.position + record.length
        if record.index in _IDENTITY:
            self._identity(m, i, c, record)
        else:
            self._keep(m, i, out.operation_of(row), record, _READ, c.rest())

    def _identity(self, m: Any, i: int, c: Any, record: Record) -> None:
        facts = self._decoder.facts
        who = facts.sender(m, i)
        if record.slot:
            unit = f"{record.slot}.{record.subslot}"
            facts.clue(m, i, who, "unit", unit, "pnio-cm", 0.9)
            who = f"{who}/{unit}"
        for field, value, confidence in read_identity(c):
            facts.clue(m, i, who, field, value, "pnio-cm", confidence)

    def write(self, m: Any, i: int, out: Any, row: int, c: Any) -> None:
        """A Write request: one header with its octets, or a frame of several, each aligned to four octets."""
        written: list[tuple[Record, bytes]] = []
        try:
            while c.left() >= _HEADER_OCTETS:
                record = _write_header(c)
                if record.index != _MULTIPLE:
                    written.append((record, c.take(record.length)))
                    c.skip(min(-record.length % 4, c.left()))
        finally:  # what stands before a cut is good
            for n, (record, _) in enumerate(written):
                self._name(out, row if n == 0 else out.more(row), record)
            out.notes[out.operation_of(row)] = [record for record, _ in written]
            for record, octets in written:
                self._keep(m, i, out.operation_of(row), record, _WRITTEN, octets)
                self._safety(m, i, record, octets)

    def _safety(self, m: Any, i: int, record: Record, octets: bytes) -> None:
        """F-parameters written to a submodule make both ends speak PROFIsafe.

        Without a CRC that fits, only where the submodule's data has room for the trailer both ways.
        """
        if record.index >= _OWN_RECORDS:
            return
        found = read_f_parameters(octets)
        if found is None:
            return
        d = self._decoder
        relation = uuid_text(record.relation)
        octets_both = d.bonds.room(d.flows.realm_of(m.flow[i]), relation, record.slot, record.subslot)
        room = octets_both >= TRAILER_OCTETS
        if not (found.proven or room):
            return
        sure = 0.95 if found.proven and room else 0.85 if found.proven else 0.7
        for who in (d.facts.receiver(m, i), d.facts.sender(m, i)):
            d.facts.clue(m, i, who, "safety", "PROFIsafe (F-parameters written)", "pnio-cm", sure)

    def _keep(self, m: Any, i: int, operation: int, record: Record, direction: int, octets: bytes) -> None:
        d = self._decoder
        if not octets or len(octets) > _MAX_RAW or not d.values.wanted:
            return
        code = d.objects.code(record.name)
        block = d.values.block(m, i, d.cm_code, operation, -1, code, direction, d.names.code("record"))
        d.values.set_raw(block, octets)

    def was_written(self, out: Any, row: int, c: Any, asked: list[Record] | None) -> None:
        """A Write's answer: a header with a status of its own for each record."""
        seen: dict[tuple[int, ...], int] = {}
        for kind in each_block(c):
            if kind != _WRITE_ANSWER:
                continue
            record = read_record(c)
            c.skip(4)
            status = read_status(c, little=False)
            if asked is None and out.object_of(row) < 0 and record.index != _MULTIPLE:
                self._name(out, row, record)
            if status and record.index != _MULTIPLE:
                seen[_place(record)] = status
        for n, record in enumerate(asked or ()):
            if _place(record) in seen:
                out.settle_item(row, n, _REFUSED, seen[_place(record)])


def _write_header(c: Any) -> Record:
    if c.u16be() != _WRITE_REQUEST:
        raise DecodeError("block-type-unknown", c.offset() - 2)
    if c.u16be() != _HEADER_OCTETS - 4:
        raise DecodeError("block-length-invalid", c.offset() - 2)
    c.skip(2)
    record = read_record(c)
    c.skip(_HEADER_OCTETS - 40)
    return record


def _place(record: Record) -> tuple[int, ...]:
    """What a record and its result share."""
    return record.api, record.slot, record.subslot, record.index
