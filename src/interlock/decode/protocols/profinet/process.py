"""Process data of cyclic frames: what each submodule says, where the connect told how the frame is laid out.

    | data of a submodule | IOPS 1 | … | IOCS 1 | … |         at the offsets that the IOCR block gives
    IOPS, IOCS: | good 1 | where it was found bad 2 | - 4 | more follows 1 |

A frame comes every millisecond: a row is made of what is new, at most once a second for each frame id. What changed
once and does not any more is told every ten seconds: that it stands still is a fact, too.
Source: IEC 61158-6-10, 4.7.2 (IOxS), 5.2.3 (IOCRBlockReq).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.decode.protocols.profinet.gsdml import DataItem
    from interlock.decode.protocols.profinet.wire import Part

__all__ = ["GAP_NS", "ProcessData"]

GAP_NS: Final = 1_000_000_000
"""Between two rows of one frame id, capture time."""
STILL_NS: Final = 10_000_000_000
"""After so long what has not changed since is told once more."""
_WRITTEN, _REPORTED = 0, 2
_GOOD: Final = 0x80
_FOUND_BAD: Final = ("by subslot", "by slot", "by device", "by controller")
_VALID, _RUN, _OK = 0x04, 0x10, 0x20
_NUMBERS: Final = {
    "Boolean": "B", "Integer8": "b", "Integer16": "h", "Integer32": "i", "Integer64": "q", "Unsigned8": "B",
    "Unsigned16": "H", "Unsigned32": "I", "Unsigned64": "Q", "Float32": "f", "Float64": "d",
    "Float32+Unsigned8": "fB", "Unsigned8+Unsigned8": "BB",
}  # fmt: skip


class ProcessData:
    """Writes values for the cyclic frames of known relations."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def moved(self, m: Any, i: int, lane: Any, octets: bytes, status: int) -> None:
        """A lane's data is not what it was (lane.data; None: all of it is new). octets: without the APDU status."""
        before, lane.data, lane.due, now = lane.data, octets, m.time[i] + GAP_NS, m.time[i]
        bond = lane.bond
        for number, part in enumerate(bond.layout):
            end = part.offset + part.octets
            if end >= len(octets):
                continue
            piece = octets[part.offset : end + 1]
            new = before is None or before[part.offset : end + 1] != piece
            if new and before is not None:
                lane.told[number] = now
            if new or now - lane.told.get(number, now) >= STILL_NS:
                self._tell(m, i, bond.kind, part, piece, status)
                if number in lane.told:
                    lane.told[number] = now
        lane.again = min(lane.told.values(), default=-STILL_NS) + STILL_NS

    def _tell(self, m: Any, i: int, kind: str, part: Part, octets: bytes, status: int) -> None:
        good = bool(octets[-1] & _GOOD)
        state = "good" if good else f"bad {_FOUND_BAD[octets[-1] >> 5 & 3]}"
        if part.state_only:
            # The consumer's state is about the data that goes the other way.
            other = "output" if kind == "input" else "input"
            row = self._block(m, i, kind, f"{other}:{_place(part)}/IOCS", "IOCS", state)
            self._decoder.values.set_text(row, state)
            return
        quality = ", ".join([state, *_doubts(status)])
        if part.octets == 0:
            row = self._block(m, i, kind, f"{kind}:{_place(part)}/IOPS", "IOPS", quality)
            self._decoder.values.set_text(row, state)
        elif part.items:
            self._items(m, i, kind, part, octets[:-1], quality)
        else:
            row = self._block(m, i, kind, f"{kind}:{_place(part)}", "octets", quality)
            self._decoder.values.set_raw(row, octets[:-1])

    def _items(self, m: Any, i: int, kind: str, part: Part, octets: bytes, quality: str) -> None:
        at = 0
        for item in part.items:
            piece = octets[at : at + item.octets]
            if len(piece) < item.octets:
                return
            row = self._block(m, i, kind, f"{kind}:{_place(part)}/{item.name}", item.type, quality)
            numbers = _numbers(item, piece)
            if numbers is None:
                self._decoder.values.set_raw(row, piece)
            for number in numbers or ():
                self._decoder.values.number(number)
            at += item.octets

    def _block(self, m: Any, i: int, kind: str, text: str, type_name: str, quality: str) -> Any:
        d = self._decoder
        way = _REPORTED if kind == "input" else _WRITTEN
        row = d.values.block(m, i, d.rt_code, 0, -1, d.objects.code(text), way, d.names.code(type_name))
        d.values.set_quality(row, d.names.code(quality))
        return row


def _place(part: Part) -> str:
    return f"{part.slot}/0x{part.subslot:04x}"


def _doubts(status: int) -> list[str]:
    """What the frame's data status says against its data."""
    pairs = ((_RUN, "stop"), (_VALID, "invalid"), (_OK, "problem"))
    return [word for bit, word in pairs if not status & bit]


def _numbers(item: DataItem, octets: bytes) -> list[float] | None:
    layout = _NUMBERS.get(item.type)
    if layout is None or struct.calcsize(">" + layout) != len(octets):
        return None
    return [float(number) for number in struct.unpack(">" + layout, octets)]
