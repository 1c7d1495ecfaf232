"""How long 1E frames are: a request says its own length, an answer's follows from what was asked.

    subheader | PC number | timer 2 | …          answer: subheader + 80 | completion code | [5B: code | 00] or data
    00-03        device 6 | points | 00 [| data]                    17, 18  device 6 | block 2 | points | 00 [| data]
    04, 05       points | 00 | (device 6 | bit 1 or word 2)*        19      points | 00 | (device 6 | block 2 | word 2)*
    06, 07       points | 00 | (device 6)*                          1A      points | 00 | (device 6 | block 2)*
    08, 09, 1B   nothing: what 06, 07 and 1A registered             3B, 3C  device 6 | points | 00 [| data]
    0E, 0F       address 3 | octets | module | 00 [| data]          16      octets | data
    13, 14, 15   nothing

Source: MELSEC communication protocol manual SH-080008, clause 18.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HEAD", "MONITORS", "REGISTERS", "SUBHEADERS", "answer_octets", "request"]

HEAD: Final = 4
_NO_DATA: Final = frozenset({0x08, 0x09, 0x13, 0x14, 0x15, 0x1B})
_EACH: Final = {0x04: 7, 0x05: 8, 0x06: 6, 0x07: 6, 0x19: 10, 0x1A: 8}
"""Commands that name their points one by one: octets of each."""
_RANGES: Final = {0x00: 12, 0x01: 12, 0x02: 12, 0x03: 12, 0x3B: 12, 0x3C: 12, 0x17: 14, 0x18: 14}
"""Commands on a range: octets up to the data; the number of points is the last but one."""
_BUFFER: Final = 10
_TYPE_OCTETS: Final = 2
_TEST, _READ_BUFFER, _WRITE_BUFFER = 0x16, 0x0E, 0x0F
MONITORS: Final = {0x08: 0x06, 0x09: 0x07, 0x1B: 0x1A}
"""Commands that read what another one registered."""
REGISTERS: Final = frozenset(MONITORS.values())
SUBHEADERS: Final = _NO_DATA | _EACH.keys() | _RANGES.keys() | {_TEST, _READ_BUFFER, _WRITE_BUFFER}


def request(octets: bytes) -> int:
    """Length of the 1E request that these octets begin, 0 where more are needed, -1 where it is none."""
    kind = octets[0]
    if kind not in SUBHEADERS:
        return -1
    if kind in _NO_DATA:
        return HEAD
    head = _RANGES.get(kind, _BUFFER if kind in (_READ_BUFFER, _WRITE_BUFFER) else HEAD + 1)
    if len(octets) < head:
        return 0
    if kind in _EACH:
        return HEAD + 2 + octets[HEAD] * _EACH[kind]
    if kind == _TEST:
        return head + octets[HEAD]
    return head + _carried(kind, octets, write=True)


def answer_octets(octets: bytes, registered: dict[int, int]) -> int:
    """Octets of data in the good answer to this whole request's head; -1 where the capture does not tell.

    registered: command that registers → points, as noted by the flow's earlier requests.
    """
    kind = octets[0]
    if kind == 0x15:
        return _TYPE_OCTETS
    if kind == _TEST:
        return 1 + octets[HEAD]
    if kind in MONITORS:
        points = registered.get(MONITORS[kind], -1)
        return points if points < 0 else _packed(points, bits=kind == 0x08)
    return _carried(kind, octets, write=False) if kind in _RANGES or kind == _READ_BUFFER else 0


def _carried(kind: int, octets: bytes, *, write: bool) -> int:
    """Octets of data that a request on a range brings (write) or asks for; 0 where it goes the other way."""
    if kind in (_READ_BUFFER, _WRITE_BUFFER):
        return (octets[7] or 256) if write == (kind == _WRITE_BUFFER) else 0
    points = octets[_RANGES[kind] - 2] or 256
    return _packed(points, bits=kind in (0x00, 0x02)) if write == (kind in _WRITES) else 0


_WRITES: Final = frozenset({0x02, 0x03, 0x18, 0x3C})


def _packed(points: int, *, bits: bool) -> int:
    return (points + 1) // 2 if bits else 2 * points
