# cython: compiled
"""IEEE C37.118: synchrophasors from phasor measurement units (PMU) to data concentrators (PDC), over TCP and UDP.

    | 0xAA | type and version 1 | size 2 | IDCODE 2 | SOC 4 | time quality 1, FRACSEC 3 | body … | CRC 2 |

Who sends data, header and configuration frames is the server, who sends commands the client, whoever opened the
connection. Data frames come 10 to 60 times a second and only say that they came, unless somebody asks for more.
Source: IEEE C37.118.2-2011, 6.2 (common fields), 6.3 to 6.6, annex B (CRC-CCITT); annex E (transport).
"""

from __future__ import annotations

import cython

from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.protocols.c37118.data import quality
from interlock.decode.protocols.c37118.record import reading_row
from interlock.decode.protocols.c37118.streams import (
    CFG_3,
    SYNC,
    TYPES,
    Streams,
    checked,
)
from interlock.decode.protocols.c37118.tables import DETAILS
from interlock.decode.sheet import NO_NUMBER, UNKNOWN, UNSOLICITED
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.decode.values import REPORTED
from interlock.errors import DecodeError

__all__ = ["C37118", "SPEC"]

ASKED = {3: 1, 4: 2, 5: 3, 6: 5}
"""Commands that are answered, and the type of the answering frame."""
SHORTEST = 16
LOOKED_AT = 512
"""Octets that a probe sees at most."""
PORTS = frozenset({4712, 4713})
NS = 1_000_000_000


class C37118(Decoder):
    """One row a frame; a configuration or header that a command asked for answers that command's row."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.streams = Streams(self)
        self.units = {}
        self.qualities = {bits: self.names.code(quality(bits)) for bits in _quality_bits()}

    def message(self, m, i, out):
        """See Decoder.message."""
        c: Cursor = self.cursor
        if c.u8() != 0xAA:
            raise DecodeError("sync-wrong", 0)
        kind: cython.int = c.u8()
        size: cython.int = c.u16be()
        idcode: cython.int = c.u16be()
        soc: cython.longlong = c.u32be()
        fraction: cython.longlong = c.u32be()
        frame_type: cython.int = kind >> 4
        if frame_type > 5:  # CFG-3
            raise DecodeError("frame-type-unknown", 1)
        side: cython.int = m.side[i]
        self._orient(m, i, side if frame_type == 4 else 1 - side)
        whole: cython.int = m.length[i]
        sound: cython.bint = size == whole and checked(m.bytes(i))
        if size != whole:
            self.facts.oddity(m, i, "c37118", "size-mismatch", 2)
        elif not sound:
            self.facts.oddity(m, i, "c37118", "check-wrong", whole - 2)
        body: cython.Py_ssize_t = max(0, min(size, whole) - 16)
        told = None
        if frame_type != 0 or self.facts.wants("synchrophasor_frames"):
            told = {
                "frame_type": TYPES[frame_type],
                "version": kind & 0x0F,
                "frame_size": size,
                "idcode": idcode,
                "soc": soc,
                "fraction": fraction & 0xFFFFFF,
                "time_quality": fraction >> 24,
            }
        if frame_type == 0:
            self._data(m, i, out, idcode, c.take(min(body, c.left())), told, soc, fraction & 0xFFFFFF, sound)
        elif frame_type == 4:
            self._command(m, i, out, idcode, body, told)
        elif frame_type == 1:
            self.streams.header(m, i, out, idcode, body, told, sound=sound)
        else:
            self.streams.configuration(m, i, out, idcode, body, told, frame_type, sound=sound)

    def _orient(self, m, i, client_side):
        slot: cython.int = m.flow[i]
        if not self.flows.oriented[slot] or self.flows.client_side[slot] != client_side:
            self.flows.orient(slot, client_side)
        m.direction[i] = m.side[i] ^ client_side
        return 0

    def unit(self, idcode):
        """Code of a stream's number."""
        known = self.units.get(idcode)
        if known is None:
            known = self.units[idcode] = self.names.code(str(idcode))
        return known

    def _command(self, m, i, out, idcode, body, told):
        c: Cursor = self.cursor
        command: cython.int = c.u16be()
        row: cython.int = out.ask(m, i, self.f, 256 + command, (idcode << 8) | ASKED.get(command, 0xFF))
        out.set_transaction(row, -1)
        out.set_unit(row, self.unit(idcode))
        if command not in ASKED:
            out.settle(row, UNKNOWN, NO_NUMBER)  # nothing answers it but the data that flow, or do not
        told["command"] = command
        told["extended"] = c.take(min(body - 2, c.left())) if body > 2 else None
        self.tell(m, i, out, row, told)

    def tell(self, m, i, out, row, told):
        """A row of synchrophasor_frames, where somebody asked for it; told: its columns but for the operation."""
        if self.facts.wants("synchrophasor_frames"):
            self.facts.detail("synchrophasor_frames", m, i, {**told, "operation": out.operation_of(row)})

    def _data(self, m, i, out, idcode, octets, told, soc, fraction, sound):
        """octets: the body; told: None where nobody wants the frame's own row."""
        row: cython.int = out.tell(m, i, self.f, 0)
        out.set_unit(row, self.unit(idcode))
        slot: cython.int = m.flow[i]
        key = (self.flows.realm_of(slot), self.flows.address_of(slot, m.side[i]), idcode)
        stream = self.streams.find(key) if sound else None
        layout = None if stream is None else stream.layout
        if layout is not None and layout.size != len(octets):
            self.facts.oddity(m, i, "c37118", "data-not-as-configured", 14)
            layout = None
        worst: cython.int = 0
        if layout is not None:
            for at in layout.stats:
                worst = max(worst, octets[at] >> 6)
        elif octets:
            worst = octets[0] >> 6
        if worst:
            out.settle(row, UNSOLICITED, worst)
        if layout is not None and layout.pmus:
            self._readings(m, i, out.operation_of(row), idcode, layout, octets, soc, fraction)
            if told is not None:
                told |= {"pmus_said": stream.said, "pmus": len(layout.pmus)}
        if told is not None:
            self.tell(m, i, out, row, told)

    def _readings(self, m, i, operation, idcode, layout, octets, soc, fraction):
        """What the PMUs say, for whoever asked."""
        detailed: cython.bint = self.facts.wants("synchrophasor_data")
        if not (detailed or self.values.wanted):
            return
        readings = layout.read(octets)
        if self.values.wanted:
            base = layout.time_base
            when = soc * NS + (fraction * NS // base if base else 0)
            self._values(m, i, operation, self.unit(idcode), when, layout, readings)
        if detailed:
            about = {"operation": operation, "idcode": idcode}
            for k, reading in enumerate(readings):
                self.facts.detail("synchrophasor_data", m, i, {**about, **reading_row(k, reading)})

    def _values(self, m, i, operation, unit, when, layout, readings):
        values, protocol = self.values, self.f.protocol_code

        def begin(code, kind):
            row = values.block(m, i, protocol, operation, unit, code, REPORTED, kind)
            values.set_device_time(row, when)
            return row

        layout.write(values, readings, begin, self.qualities)


def _quality_bits():
    """Every STAT that says something else of the values: error, sync, sorting, modified."""
    return [
        e << 14 | s << 13 | o << 12 | d << 9 for e in range(4) for s in (0, 1) for o in (0, 1) for d in (0, 1)
    ]


def _probe(octets, hint):
    """The check word proves it; a frame longer than what is seen is believed on its own ports only."""
    if len(octets) < 4:
        return NEED_MORE if octets[:1] == b"\xaa" and hint.transport == "tcp" else 0
    if octets[0] != SYNC or octets[1] >> 4 > CFG_3 or not 1 <= octets[1] & 0x0F <= 3:
        return 0
    size = octets[2] << 8 | octets[3]
    if size < SHORTEST:
        return 0
    if size <= len(octets):
        return 97 if checked(octets[:size]) else 30
    if len(octets) < LOOKED_AT:
        return NEED_MORE if hint.transport == "tcp" else 0
    return 40


SPEC = ProtocolSpec(
    name="c37118",
    names=("c37118",),
    probe=_probe,
    decoder=C37118,
    tcp=PORTS,
    udp=PORTS,
    framer=lambda: LengthFramer(
        header=4, at=2, width=2, minimum=SHORTEST, magic=((0, 0xFF, SYNC), (1, 0x80, 0), (1, 0x0C, 0))
    ),
    details=DETAILS,
    control=True,
)
