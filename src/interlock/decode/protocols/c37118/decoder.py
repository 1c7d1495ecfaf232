"""IEEE C37.118: synchrophasors from phasor measurement units (PMU) to data concentrators (PDC), over TCP and UDP.

    | 0xAA | type and version 1 | size 2 | IDCODE 2 | SOC 4 | time quality 1, FRACSEC 3 | body … | CRC 2 |

Who sends data, header and configuration frames is the server, who sends commands the client, whoever opened the
connection. A stream's configuration is kept beyond its flow: commands may go over TCP and data over UDP.
Source: IEEE C37.118.2-2011, 6.2 (common fields), 6.3 to 6.6, annex B (CRC-CCITT); annex E (transport).
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.protocols.c37118.configuration import read_configuration
from interlock.decode.protocols.c37118.data import Layout, data_error, quality
from interlock.decode.protocols.c37118.record import facts_of, pmu_row, reading_row
from interlock.decode.protocols.c37118.tables import DETAILS
from interlock.decode.sheet import NO_NUMBER, UNKNOWN, UNSOLICITED
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.decode.values import REPORTED
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.decode.protocols.c37118.configuration import Configuration
    from interlock.decode.protocols.c37118.data import Reading

__all__ = ["C37118", "SPEC"]

DATA, HEADER, CFG_1, CFG_2, COMMAND, CFG_3 = range(6)
TYPES: Final = ("Data", "Header", "CFG-1", "CFG-2", "Command", "CFG-3")
COMMAND_BASE: Final = 256
ASKED: Final = {3: HEADER, 4: CFG_1, 5: CFG_2, 6: CFG_3}
"""Commands that are answered, and the type of the answering frame."""
HEAD: Final = 14
SHORTEST: Final = 16
SYNC: Final = 0xAA
LOOKED_AT: Final = 512
"""Octets that a probe sees at most."""
PORTS: Final = frozenset({4712, 4713})
LAST: Final = 0xFFFF
MAX_PIECES: Final = 1 << 18
"""Octets of one CFG-3 in several frames that are kept."""
MAX_STREAMS: Final = 256
MAX_CHANNELS: Final = 1 << 16
"""Streams, and channels of all of them, whose layout is kept; the oldest are forgotten."""
NS: Final = 1_000_000_000


class Stream:
    """What is known of one stream: its last configuration's octets, and how its data are read."""

    __slots__ = ("layout", "octets", "said")

    def __init__(self, octets: bytes, layout: Layout, said: int) -> None:
        self.octets = octets
        self.layout = layout
        self.said = said


class C37118(Decoder):
    """One row a frame; a configuration or header that a command asked for answers that command's row."""

    def __init__(self, spec: Any, tools: Any) -> None:
        Decoder.__init__(self, spec, tools)
        self.streams: dict[tuple[str, str, int], Stream] = {}
        self.channels = 0
        self.units: dict[int, int] = {}
        self.qualities = {bits: self.names.code(quality(bits)) for bits in _quality_bits()}

    def message(self, m: Any, i: int, out: Any) -> None:
        """See Decoder.message."""
        c = self.cursor
        if c.u8() != SYNC:
            raise DecodeError("sync-wrong", 0)
        kind, size, idcode = c.u8(), c.u16be(), c.u16be()
        soc, fraction = c.u32be(), c.u32be()
        frame_type = kind >> 4
        if frame_type > CFG_3:
            raise DecodeError("frame-type-unknown", 1)
        self._orient(m, i, m.side[i] if frame_type == COMMAND else 1 - m.side[i])
        whole = m.length[i]
        sound = size == whole and _checked(m.bytes(i))
        if size != whole:
            self.facts.oddity(m, i, "c37118", "size-mismatch", 2)
        elif not sound:
            self.facts.oddity(m, i, "c37118", "check-wrong", whole - 2)
        body = max(0, min(size, whole) - SHORTEST)
        told = {
            "frame_type": TYPES[frame_type],
            "version": kind & 0x0F,
            "frame_size": size,
            "idcode": idcode,
            "soc": soc,
            "fraction": fraction & 0xFFFFFF,
            "time_quality": fraction >> 24,
        }
        if frame_type == DATA:
            self._data(m, i, out, idcode, body, told, sound)
        elif frame_type == COMMAND:
            self._command(m, i, out, idcode, body, told)
        elif frame_type == HEADER:
            self._header(m, i, out, idcode, body, told, sound)
        else:
            self._configuration(m, i, out, idcode, body, told, sound)

    def _orient(self, m: Any, i: int, client_side: int) -> None:
        slot = m.flow[i]
        if not self.flows.oriented[slot] or self.flows.client_side[slot] != client_side:
            self.flows.orient(slot, client_side)
        m.direction[i] = m.side[i] ^ client_side

    def _unit(self, idcode: int) -> int:
        if idcode not in self.units:
            self.units[idcode] = self.names.code(str(idcode))
        return self.units[idcode]

    def _key(self, m: Any, i: int, idcode: int) -> tuple[str, str, int]:
        return (self.flows.realm_of(m.flow[i]), self.facts.sender(m, i), idcode)

    def _command(self, m: Any, i: int, out: Any, idcode: int, body: int, told: dict[str, Any]) -> None:
        c = self.cursor
        command = c.u16be()
        row = out.ask(m, i, self.f, COMMAND_BASE + command, (idcode << 8) | ASKED.get(command, 0xFF))
        out.set_transaction(row, -1)
        out.set_unit(row, self._unit(idcode))
        if command not in ASKED:
            out.settle(row, UNKNOWN, NO_NUMBER)  # nothing answers it but the data that flow, or do not
        told["command"] = command
        told["extended"] = c.take(min(body - 2, c.left())) if body > 2 else None
        self._tell(m, i, out, row, told)

    def _reply(self, m: Any, i: int, out: Any, idcode: int, frame_type: int) -> int:
        row: int = out.answer(m, i, (idcode << 8) | frame_type)
        if row < 0:
            row = out.tell(m, i, self.f, frame_type)
            out.set_unit(row, self._unit(idcode))
        return row

    def _tell(self, m: Any, i: int, out: Any, row: int, told: dict[str, Any]) -> None:
        if self.facts.wants("synchrophasor_frames"):
            self.facts.detail("synchrophasor_frames", m, i, {**told, "operation": out.operation_of(row)})

    def _header(
        self, m: Any, i: int, out: Any, idcode: int, body: int, told: dict[str, Any], sound: bool
    ) -> None:
        row = self._reply(m, i, out, idcode, HEADER)
        told["text"] = self.cursor.take(min(body, self.cursor.left())).decode("utf-8", "backslashreplace")
        if sound:
            text = told["text"].strip(" \0\r\n")
            self.facts.clue(m, i, self.facts.sender(m, i), "description", text, "c37118", 0.8)
        self._tell(m, i, out, row, told)

    def _configuration(
        self, m: Any, i: int, out: Any, idcode: int, body: int, told: dict[str, Any], sound: bool
    ) -> None:
        frame_type = TYPES.index(told["frame_type"])
        row = self._reply(m, i, out, idcode, frame_type)
        octets = self.cursor.take(min(body, self.cursor.left()))
        if frame_type == CFG_3:
            told["continuation"] = int.from_bytes(octets[:2], "big")
            octets = self._joined(m, i, idcode, octets, told["continuation"]) if len(octets) > 1 else b""
            if not octets:
                self._tell(m, i, out, row, told)
                return
        found = self._read(m, octets, {CFG_1: 1, CFG_2: 2, CFG_3: 3}[frame_type])
        told |= {"pmus_said": found.said, "pmus": len(found.pmus), "data_rate": found.rate}
        if found.broken is not None:
            self.facts.oddity(m, i, "c37118", "configuration-truncated", HEAD + found.broken.offset)
        self._tell(m, i, out, row, told)
        about = {"operation": out.operation_of(row), "frame_type": told["frame_type"], "idcode": idcode}
        rows = (pmu_row(k, pmu) for k, pmu in enumerate(found.pmus))
        self._tell_all(m, i, "synchrophasor_configuration", about, rows)
        if sound:
            self._identity(m, i, idcode, found)
            if frame_type != CFG_1 and found.broken is None:
                self._keep(self._key(m, i, idcode), octets, found)

    def _read(self, m: Any, octets: bytes, version: int) -> Configuration:
        """Read a configuration's body, which may have come in pieces."""
        c = self.cursor
        c.bind(octets)
        c.begin(0, len(octets))
        try:
            return read_configuration(c, version)
        finally:
            c.bind(m.octets)

    def _joined(self, m: Any, i: int, idcode: int, octets: bytes, index: int) -> bytes:
        """The whole body of a CFG-3 once its last frame came (continuation index 0 or 65535); empty before."""
        state = self.flows.state[m.flow[i]]
        if index == 0:
            return octets[2:]
        if state is None:
            state = self.flows.state[m.flow[i]] = {}
        if index == 1:
            if len(state) >= MAX_STREAMS:
                state.clear()
            state[idcode] = [1, octets[2:]]
            return b""
        begun = state.get(idcode)
        if begun is None or (index not in (begun[0] + 1, LAST)) or len(begun[1]) > MAX_PIECES:
            state.pop(idcode, None)
            self.facts.oddity(m, i, "c37118", "continuation-wrong", HEAD)
            return b""
        begun[0], begun[1] = index, begun[1] + octets[2:]
        return state.pop(idcode)[1] if index == LAST else b""

    def _keep(self, key: tuple[str, str, int], octets: bytes, found: Configuration) -> None:
        known = self.streams.pop(key, None)
        if known is None or known.octets != octets:
            if known is not None:
                self.channels -= known.layout.channels
            known = Stream(octets, Layout(found, self.objects, self.names), found.said)
            self.channels += known.layout.channels
        self.streams[key] = known
        while len(self.streams) > MAX_STREAMS or (self.channels > MAX_CHANNELS and self.streams):
            self.channels -= self.streams.pop(next(iter(self.streams))).layout.channels

    def _data(
        self, m: Any, i: int, out: Any, idcode: int, body: int, told: dict[str, Any], sound: bool
    ) -> None:
        c = self.cursor
        row = out.tell(m, i, self.f, DATA)
        out.set_unit(row, self._unit(idcode))
        octets = c.take(min(body, c.left()))
        stream = self.streams.get(self._key(m, i, idcode))
        fits = sound and stream is not None and stream.layout.size == len(octets)
        if sound and stream is not None and not fits:
            self.facts.oddity(m, i, "c37118", "data-not-as-configured", HEAD)
        readings = stream.layout.read(octets) if fits and stream is not None else []
        worst = max((data_error(r.stat) for r in readings), default=octets[0] >> 6 if octets else 0)
        if worst:
            out.settle(row, UNSOLICITED, worst)
        if readings and stream is not None:
            told |= {"pmus_said": stream.said, "pmus": len(readings)}
            if self.values.wanted:
                self._values(m, i, out.operation_of(row), told, stream.layout, readings)
            about = {"operation": out.operation_of(row), "idcode": idcode}
            self._tell_all(
                m, i, "synchrophasor_data", about, (reading_row(k, r) for k, r in enumerate(readings))
            )
        self._tell(m, i, out, row, told)

    def _values(
        self, m: Any, i: int, operation: int, told: dict[str, Any], layout: Layout, readings: list[Reading]
    ) -> None:
        values, unit, protocol = self.values, self._unit(told["idcode"]), self.f.protocol_code
        base = layout.time_base
        when = told["soc"] * NS + (told["fraction"] * NS // base if base else 0)

        def begin(code: int, kind: int) -> int:
            row: int = values.block(m, i, protocol, operation, unit, code, REPORTED, kind)
            values.set_device_time(row, when)
            return row

        layout.write(values, readings, begin, self.qualities)

    def _tell_all(
        self, m: Any, i: int, table: str, about: dict[str, Any], rows: Iterable[dict[str, Any]]
    ) -> None:
        if self.facts.wants(table):
            for row in rows:
                self.facts.detail(table, m, i, {**about, **row})

    def _identity(self, m: Any, i: int, idcode: int, found: Configuration) -> None:
        sender = self.facts.sender(m, i)
        for unit, field, value, confidence in facts_of(idcode, found):
            who = f"{sender}/{unit}" if unit else sender
            self.facts.clue(m, i, who, field, value, "c37118", confidence)


def _checked(octets: bytes) -> bool:
    return binascii.crc_hqx(octets[:-2], 0xFFFF) == octets[-2] << 8 | octets[-1]


def _quality_bits() -> list[int]:
    """Every STAT that says something else of the values: error, sync, sorting, modified."""
    return [
        e << 14 | s << 13 | o << 12 | d << 9 for e in range(4) for s in (0, 1) for o in (0, 1) for d in (0, 1)
    ]


def _probe(octets: bytes, hint: Any) -> int:
    """The check word proves it; a frame longer than what is seen is believed on its own ports only."""
    if len(octets) < 4:
        return NEED_MORE if octets[:1] == b"\xaa" and hint.transport == "tcp" else 0
    if octets[0] != SYNC or octets[1] >> 4 > CFG_3 or not 1 <= octets[1] & 0x0F <= 3:
        return 0
    size = octets[2] << 8 | octets[3]
    if size < SHORTEST:
        return 0
    if size <= len(octets):
        return 97 if _checked(octets[:size]) else 30
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
