# cython: compiled
"""BSAP: Bristol's remote terminal units and controllers asked for signals, over IP and in serial frames.

Over IP a datagram carries parts, each a request or an answer with the request's sequence; serial frames carry one.
Polls and acknowledgements of the line make no rows. See wire.py for the layouts and sources.
"""

from __future__ import annotations

import cython

from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names
from interlock.decode.protocols.bsap.database import READS, Database
from interlock.decode.protocols.bsap.wire import (
    ANSWERS,
    POLL,
    RDB_EXTENSION,
    REQUESTS,
    SERIAL_BEGIN,
    SERVICES,
    BsapFramer,
    serial_of,
)
from interlock.decode.sheet import NO_NUMBER, REFUSED, UNKNOWN
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Bsap"]

PORTS = frozenset({1234, 1235})
EXTENSION, OTHER = 65536, 131072
HEADERS = (14, 22)
PART_HEAD = 11
SERIAL_HEAD = 16
"""Octets after which a serial frame's functions have been seen, global and with a few doubled DLE."""
MAX_PARTS = 64
SERIAL_KEY = 1 << 40


class Bsap(Decoder):
    """Requests and answers of either end."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.signals = Names(self.objects)
        self.units = Names(self.names)
        self.kinds = {name: self.names.code(name) for name in ("logical", "analog")}
        self.database = Database(self)

    def message(self, m, i, out):
        """See Decoder.message."""
        octets: bytes = self.cursor.rest()
        try:
            if octets[:2] == SERIAL_BEGIN:
                self._serial(m, i, out, octets)
            else:
                self._over_ip(m, i, out, octets)
        except IndexError:
            raise DecodeError("truncated", len(octets)) from None

    def _over_ip(self, m, i, out, octets):
        size: cython.Py_ssize_t = len(octets)
        if size < 14:
            raise DecodeError("truncated", size)
        at: cython.longlong = octets[0] | octets[1] << 8
        parts: cython.int = octets[2] | octets[3] << 8
        kind: cython.int = octets[4] | octets[5] << 8
        asks: cython.bint = kind in REQUESTS
        answers: cython.bint = kind in ANSWERS
        if asks:
            self._orient(m, i, 0)
        elif answers:
            self._orient(m, i, 1)
        elif kind != 0:
            raise DecodeError("kind-unknown", 4)
        length: cython.longlong
        for _ in range(min(parts, 64)):
            if at == size:
                break
            if size < at + 11:
                raise DecodeError("truncated", at)
            length = _u32(octets, at)
            if length < 11 or at + length > size:
                raise DecodeError("part-length-wrong", at)
            if asks:
                self._ask(
                    m, i, out, _u32(octets, at + 5), octets[at + 9], octets[at + 11 : at + length], None, -1
                )
            elif answers:
                self._answer(m, i, out, _u32(octets, at + 5), octets[at + 9 : at + length], None, -1)
            at += length

    def _orient(self, m, i, direction):
        """Both ports are 1234: the first message's kind tells who asks."""
        slot: cython.int = m.flow[i]
        if self.flows.state[slot] is None:
            self.flows.state[slot] = True
            if m.direction[i] != direction and not self.flows.oriented[slot]:
                self.flows.orient(slot, m.side[i] ^ direction)
                m.direction[i] = direction

    def _serial(self, m, i, out, octets):
        try:
            frame = serial_of(octets)
        except ValueError:
            raise DecodeError("frame-broken", 2) from None
        if frame is None:
            return
        node = frame.address
        if frame.target_function in SERVICES:
            if frame.destination is not None:
                node = frame.destination
            key = SERIAL_KEY | frame.source_function << 16 | frame.sequence
            self._orient(m, i, 0)
            self._ask(m, i, out, key, frame.target_function, frame.data, f"{node}", frame.sequence)
        elif frame.source_function in SERVICES:
            if frame.source is not None:
                node = frame.source
            key = SERIAL_KEY | frame.target_function << 16 | frame.sequence
            self._orient(m, i, 1)
            self._answer(m, i, out, key, frame.data, f"{node}", frame.sequence)

    def _ask(self, m, i, out, key, service, data, unit, sequence):
        """sequence: -1 where the key is it."""
        function: cython.longlong = OTHER + service
        read: cython.bint = service == 0xA0 and len(data) > 0
        if read:
            function = data[0]
        elif service == RDB_EXTENSION and len(data) > 1:
            function = EXTENSION + (data[0] | data[1] << 8)
        row: cython.int = out.ask(m, i, self.f, function, key)
        out.set_transaction(row, key if sequence < 0 else sequence)
        if unit is not None:
            out.set_unit(row, self.units.code(unit))
        if not read:
            return
        if function in READS:
            self._name(out, row, self.database.reading(data))
        else:
            self.database.ask(m, i, out, row, data)

    def _name(self, out, row, reading):
        """A row a signal; what its answer needs is noted."""
        codes, selectors = reading
        first: cython.bint = True
        for code in codes:
            out.set_object(row if first else out.more(row), code, 1)
            first = False
        if selectors is not None:
            out.notes[out.operation_of(row)] = (codes, *selectors)

    def _answer(self, m, i, out, key, body, unit, sequence):
        row: cython.int = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self.f, NO_NUMBER, key)
            out.set_transaction(row, key if sequence < 0 else sequence)
            if unit is not None:
                out.set_unit(row, self.units.code(unit))
        function: cython.int = out.function_of(row)
        if not 0 <= function < 65536 or len(body) == 0:
            return
        error: cython.int = body[0]
        number: cython.int = body[1] if len(body) > 1 else 0
        if error:
            out.settle(row, UNKNOWN if number else REFUSED, error)
            return
        note = out.notes.pop(out.operation_of(row), None)
        if note is not None and self.values.wanted:
            self.database.answer(m, i, out, row, body[2:], number, note)


def _u32(octets, at):
    high: cython.longlong = octets[at + 3]
    return octets[at] | octets[at + 1] << 8 | octets[at + 2] << 16 | high << 24


def _probe(octets, hint):
    """Over IP: a header length, a kind and parts that fit each other. Serial: its first octets, on its ports."""
    own = hint.source_port in PORTS or hint.target_port in PORTS
    if octets[:2] == SERIAL_BEGIN[: len(octets)]:
        if not own or not octets:
            return 0
        if len(octets) < SERIAL_HEAD and b"\x10\x03" not in octets and hint.transport == "tcp":
            return NEED_MORE
        return 50 if _served(octets) else 0
    if hint.transport != "udp" or len(octets) < 14 or octets[0] not in HEADERS or octets[1]:
        return 0
    parts, kind = octets[2] | octets[3] << 8, octets[4] | octets[5] << 8
    head = octets[0]
    if kind == POLL:
        return 40 if own and parts == 0 and len(octets) == head else 0
    if kind not in REQUESTS and kind not in ANSWERS:
        return 0
    length = int.from_bytes(octets[head : head + 4], "little")
    if not 1 <= parts <= MAX_PARTS or not length >= PART_HEAD:
        return 0
    fits = head + length == len(octets) if parts == 1 and len(octets) < 512 else head + length <= len(octets)
    return (90 if own else 70) if fits else 0


def _served(octets):
    """Whether a serial frame's functions are ones that exist: local and global frames have them in other places."""
    if len(octets) < 3:
        return False
    at = 9 if octets[2] & 0x80 else 4
    return len(octets) > at + 3 and (octets[at] in SERVICES or octets[at + 3] in SERVICES)


SPEC = ProtocolSpec(
    name="bsap",
    names=("bsap",),
    probe=_probe,
    decoder=Bsap,
    tcp=PORTS,
    udp=PORTS,
    framer=BsapFramer,
    control=True,
)
