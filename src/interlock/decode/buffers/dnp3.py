r"""DNP3's application fragments, and what rules ask of them: function, objects, internal indications.

    link      | 05 64 | length | control | to 2 | from 2 | sum 2 | { up to 16 octets | sum 2 } |
    transport | FIN 80, FIR 40, sequence |
    fragment  | control | function | indications 2, of answers | { group | variation | qualifier | range | objects } |

Source: IEEE 1815-2012 clauses 9.2, 8.2, 4.2 and Annex A; Suricata's user guide, "DNP3 Keywords": dnp3_data is the whole
fragment without sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.decode.buffers.pieces import PieceReader
from interlock.decode.protocols.dnp3.library import LAYOUTS, MAX_VARIATION
from interlock.records.buffers import DNP3_INDICATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.decode.buffers.sink import Sink

__all__ = ["Dnp3Reader"]

_START: Final = b"\x05\x64"
_HEADER: Final = 10
_BLOCK: Final = 16
_FIR, _FIN = 0x40, 0x80
_LONGEST: Final = 4_096
_MOST_HEADERS: Final = 64
_RESPONSE: Final = 129
_WITH_DATA: Final = frozenset({2, 3, 4, 5, 6, 129, 130})
"""Functions whose objects carry values; others name objects alone."""
_COUNTS: Final = {7: 1, 8: 2, 9: 4, 11: 1}
_RANGES: Final = {0: 1, 1: 2, 2: 4}
_PREFIXES: Final = {0: 0, 1: 1, 2: 2, 3: 4}


class Dnp3Reader(PieceReader):
    """See PieceReader."""

    def __init__(self, sink: Sink, *, stream: bool) -> None:
        super().__init__(sink, stream=stream)
        self._fragment = [b"", b""]

    def feed(self, side: int, octets: bytes, *, lost: bool) -> bool:
        """See Reader.feed. Octets before the next start of a frame are passed over."""
        if lost:
            self._fragment[side] = b""
        data = self._joined(side, octets, lost=lost)
        at = data.find(_START)
        while at >= 0 and len(data) - at >= _HEADER:
            size = _size(data[at + 2])
            if len(data) - at < size:
                break
            self._segment(side, _without_sums(data[at + _HEADER : at + size]))
            at = data.find(_START, at + size)
        self._held[side] = data[at:] if at >= 0 else data[-1:]
        return True

    def _segment(self, side: int, octets: bytes) -> None:
        if not octets:
            return
        begun = b"" if octets[0] & _FIR else self._fragment[side]
        whole = begun + octets[1:]
        self._fragment[side] = b""
        if octets[0] & _FIN:
            if len(whole) >= 2 and (begun or octets[0] & _FIR):
                self._message(side, whole)
        elif len(whole) <= _LONGEST:
            self._fragment[side] = whole

    def _message(self, side: int, fragment: bytes) -> None:
        self._count += 1
        function, at = fragment[1], 2
        self._put(side, "dnp3.data", fragment)
        self._put(side, "dnp3.any_function", str(function).encode())
        if function >= _RESPONSE and len(fragment) >= 4:
            at = 4
            bits = int.from_bytes(fragment[2:4], "little")
            for bit, name in enumerate(DNP3_INDICATIONS):
                if bits >> bit & 1:
                    self._put(side, "dnp3.indication", name.encode())
        for group, variation in _objects(fragment[at:], values=function in _WITH_DATA):
            self._put(side, "dnp3.object", str(group << 8 | variation).encode())

    def _put(self, side: int, buffer: str, octets: bytes) -> None:
        self._sink.put(side, self._count, buffer, octets)


def _size(length: int) -> int:
    """Octets of a frame, sums included. length: what its header says, from the control octet on."""
    data = max(0, length - 5)
    return _HEADER + data + 2 * -(-data // _BLOCK)


def _without_sums(blocks: bytes) -> bytes:
    return b"".join(blocks[at : at + _BLOCK + 2][:-2] for at in range(0, len(blocks), _BLOCK + 2))


def _objects(octets: bytes, *, values: bool) -> Iterator[tuple[int, int]]:
    """Group and variation of each header, as far as what stands between them has a known size."""
    at = 0
    for _ in range(_MOST_HEADERS):
        if len(octets) - at < 3:
            return
        group, variation, qualifier = octets[at : at + 3]
        yield group, variation
        size = _between(octets[at + 3 :], group, variation, qualifier, values=values)
        if size < 0:
            return
        at += 3 + size


def _between(octets: bytes, group: int, variation: int, qualifier: int, *, values: bool) -> int:
    """Octets of a range and of the objects behind it; -1 where that is not known."""
    code, prefix = qualifier & 15, _PREFIXES.get(qualifier >> 4 & 7, -1)
    if code == 6:
        return 0
    if prefix < 0 or (code not in _COUNTS and code not in _RANGES):
        return -1
    if code in _COUNTS:
        width = _COUNTS[code]
        count = int.from_bytes(octets[:width], "little")
    else:
        each = _RANGES[code]
        width = 2 * each
        count = int.from_bytes(octets[each:width], "little") - int.from_bytes(octets[:each], "little") + 1
    if len(octets) < width or count < 0:
        return -1
    if not values:
        return width + count * prefix
    if group >= len(LAYOUTS) // MAX_VARIATION or variation >= MAX_VARIATION:
        return -1
    size = LAYOUTS[group * MAX_VARIATION + variation][0]
    if size < 0:
        return width + -(-count * -size // 8) if not prefix else -1
    return width + count * (prefix + size) if size else -1
