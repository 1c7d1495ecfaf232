"""Streams of synchrophasors: header and configuration frames, and what they say of the data frames to come.

A stream's configuration is kept beyond its flow: commands may go over TCP and data over UDP.
Source: IEEE C37.118.2-2011, 6.4 (configuration), 6.5 (header), annex B (CRC-CCITT).
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.c37118.configuration import read_configuration
from interlock.decode.protocols.c37118.data import Layout
from interlock.decode.protocols.c37118.record import facts_of, pmu_row

if TYPE_CHECKING:
    from interlock.decode.protocols.c37118.configuration import Configuration

__all__ = ["CFG_3", "SYNC", "TYPES", "Stream", "Streams", "checked"]

DATA, HEADER, CFG_1, CFG_2, COMMAND, CFG_3 = range(6)
TYPES: Final = ("Data", "Header", "CFG-1", "CFG-2", "Command", "CFG-3")
_VERSIONS: Final = {CFG_1: 1, CFG_2: 2, CFG_3: 3}
_HEAD: Final = 14
SYNC: Final = 0xAA
_LAST: Final = 0xFFFF
MAX_PIECES: Final = 1 << 18
"""Octets of one CFG-3 in several frames that are kept."""
MAX_STREAMS: Final = 256
MAX_CHANNELS: Final = 1 << 16
"""Streams, and channels of all of them, whose layout is kept; the oldest are forgotten."""

_Key = tuple[int, str, int]
"""Realm and address of the sender, IDCODE."""


def checked(octets: bytes) -> bool:
    """Whether a frame ends with its CRC-CCITT: then that of all its octets is 0."""
    return binascii.crc_hqx(octets, 0xFFFF) == 0


class Stream:
    """What is known of one stream: its last configuration's octets, and how its data are read."""

    __slots__ = ("layout", "octets", "said")

    def __init__(self, octets: bytes, layout: Layout, said: int) -> None:
        self.octets = octets
        self.layout = layout
        self.said = said


class Streams:
    """Reads what announces data, and keeps what describes them."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._streams: dict[_Key, Stream] = {}
        self._channels = 0

    def find(self, key: _Key) -> Stream | None:
        """The stream of this realm, address and IDCODE; None where its configuration was not seen."""
        return self._streams.get(key)

    def _reply(self, m: Any, i: int, out: Any, idcode: int, frame_type: int) -> int:
        row: int = out.answer(m, i, (idcode << 8) | frame_type)
        if row < 0:
            row = out.tell(m, i, self._decoder.f, frame_type)
            out.set_unit(row, self._decoder.unit(idcode))
        return row

    def header(
        self, m: Any, i: int, out: Any, idcode: int, body: int, told: dict[str, Any], *, sound: bool
    ) -> None:
        """A header frame: text for people."""
        d = self._decoder
        row = self._reply(m, i, out, idcode, HEADER)
        told["text"] = d.cursor.take(min(body, d.cursor.left())).decode("utf-8", "backslashreplace")
        if sound:
            text = told["text"].strip(" \0\r\n")
            d.facts.clue(m, i, d.facts.sender(m, i), "description", text, "c37118", 0.8)
        d.tell(m, i, out, row, told)

    def configuration(
        self,
        m: Any,
        i: int,
        out: Any,
        idcode: int,
        body: int,
        told: dict[str, Any],
        frame_type: int,
        *,
        sound: bool,
    ) -> None:
        """A configuration frame, or the piece of one."""
        d = self._decoder
        row = self._reply(m, i, out, idcode, frame_type)
        octets = d.cursor.take(min(body, d.cursor.left()))
        if frame_type == CFG_3:
            told["continuation"] = int.from_bytes(octets[:2], "big")
            octets = self._joined(m, i, idcode, octets, told["continuation"]) if len(octets) > 1 else b""
            if not octets:
                d.tell(m, i, out, row, told)
                return
        found = self._read(m, octets, _VERSIONS[frame_type])
        told |= {"pmus_said": found.said, "pmus": len(found.pmus), "data_rate": found.rate}
        if found.broken is not None:
            d.facts.oddity(m, i, "c37118", "configuration-truncated", _HEAD + found.broken.offset)
        d.tell(m, i, out, row, told)
        if d.facts.wants("synchrophasor_configuration"):
            about = {"operation": out.operation_of(row), "frame_type": told["frame_type"], "idcode": idcode}
            for k, pmu in enumerate(found.pmus):
                d.facts.detail("synchrophasor_configuration", m, i, {**about, **pmu_row(k, pmu)})
        if sound:
            self._identity(m, i, idcode, found)
            if frame_type != CFG_1 and found.broken is None:
                realm = d.flows.realm_of(m.flow[i])
                self._keep((realm, d.facts.sender(m, i), idcode), octets, found)

    def _read(self, m: Any, octets: bytes, version: int) -> Configuration:
        """Read a configuration's body, which may have come in pieces."""
        c = self._decoder.cursor
        c.bind(octets)
        c.begin(0, len(octets))
        try:
            return read_configuration(c, version)
        finally:
            c.bind(m.octets)

    def _joined(self, m: Any, i: int, idcode: int, octets: bytes, index: int) -> bytes:
        """The whole body of a CFG-3 once its last frame came (continuation index 0 or 65535); empty before."""
        state = self._decoder.flows.state[m.flow[i]]
        if index == 0:
            return octets[2:]
        if state is None:
            state = self._decoder.flows.state[m.flow[i]] = {}
        if index == 1:
            if len(state) >= MAX_STREAMS:
                state.clear()
            state[idcode] = [1, octets[2:]]
            return b""
        begun = state.get(idcode)
        if begun is None or (index not in (begun[0] + 1, _LAST)) or len(begun[1]) > MAX_PIECES:
            state.pop(idcode, None)
            self._decoder.facts.oddity(m, i, "c37118", "continuation-wrong", _HEAD)
            return b""
        begun[0], begun[1] = index, begun[1] + octets[2:]
        return state.pop(idcode)[1] if index == _LAST else b""

    def _keep(self, key: _Key, octets: bytes, found: Configuration) -> None:
        known = self._streams.pop(key, None)
        if known is None or known.octets != octets:
            if known is not None:
                self._channels -= known.layout.channels
            known = Stream(octets, Layout(found, self._decoder.objects, self._decoder.names), found.said)
            self._channels += known.layout.channels
        self._streams[key] = known
        while len(self._streams) > MAX_STREAMS or (self._channels > MAX_CHANNELS and self._streams):
            self._channels -= self._streams.pop(next(iter(self._streams))).layout.channels

    def _identity(self, m: Any, i: int, idcode: int, found: Configuration) -> None:
        facts = self._decoder.facts
        sender = facts.sender(m, i)
        for unit, field, value, confidence in facts_of(idcode, found):
            who = f"{sender}/{unit}" if unit else sender
            facts.clue(m, i, who, field, value, "c37118", confidence)
