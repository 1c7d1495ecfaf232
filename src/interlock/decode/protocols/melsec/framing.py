"""Cuts MC protocol frames: 3E and 4E say their length, binary or in characters; 1E answers need their request.

    3E  50 00 | network, station, I/O 2, multidrop | length 2 | …       D0 00 | …      characters: "5000", "D000"
    4E  54 00 | serial 2 | 00 00 | as 3E                                D4 00 | …      characters: "5400", "D400"
    1E  subheader (answer: + 80) | PC number | timer 2 | device 4, code 2 | points 1 | 00 | data

Sources: SLMP reference manual SH-080956ENG clause 4 and 5, MELSEC communication protocol manual SH-080008 (1E).
"""

from __future__ import annotations

from interlock.decode.framing import Framer

__all__ = ["ANSWERS", "HEADS", "HEX", "MelsecFramer", "head_of", "old_request"]

HEADS = {
    b"\x50\x00": (9, 7, False), b"\xd0\x00": (9, 7, False), b"\x54\x00": (13, 11, False), b"\xd4\x00": (13, 11, False),
    b"50": (18, 14, True), b"D0": (18, 14, True), b"54": (26, 22, True), b"D4": (26, 22, True),
    b"\x57\x00": (21, 19, False), b"\x57\x01": (21, 19, False), b"\xd7\x00": (21, 19, False),
    b"\xd7\x01": (21, 19, False),
}  # fmt: skip
"""First two octets → octets before the part that the length counts, where the length stands, whether in characters."""

ANSWERS = frozenset({b"\xd0\x00", b"\xd4\x00", b"D0", b"D4", b"\xd7\x00", b"\xd7\x01"})
MAX_OCTETS = 8192
HEX = frozenset(b"0123456789ABCDEF")
_FIXED = {0x13: 4, 0x14: 4, 0x15: 4}


def head_of(octets: bytes) -> int:
    """Octets of the whole frame that these begin, 0 where more are needed, -1 where it is no frame with a length."""
    head = HEADS.get(octets[:2])
    if head is None:
        return -1
    before, at, characters = head
    if len(octets) < before:
        return 0
    if characters:
        if octets[2:4] != b"00" or not HEX.issuperset(octets[2:before]):
            return -1
        return before + int(octets[at : at + 4], 16)
    return before + (octets[at] | octets[at + 1] << 8)


def old_request(octets: bytes) -> tuple[int, int]:
    """Length of a 1E request (0: more are needed, -1: none) and the octets of data its answer has."""
    subheader = octets[0]
    if subheader in _FIXED:
        return _FIXED[subheader], 2 if subheader == 0x15 else 0
    if subheader > 3:
        return -1, 0
    if len(octets) < 12:
        return 0, 0
    points = octets[10] or 256
    data = (points + 1) // 2 if subheader in (0, 2) else 2 * points
    return (12, data) if subheader < 2 else (12 + data, 0)


class MelsecFramer(Framer):
    """asked: flow → subheader of the last 1E request and the octets of data that its answer has."""

    def __init__(self):
        Framer.__init__(self, MAX_OCTETS)
        self.asked = {}

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        octets = bytes(self.octets[start : min(end, start + 26)])
        length = head_of(octets) if len(octets) > 1 else 0
        if length < 0:
            length = self._old(octets)
        if length < 0 or length > MAX_OCTETS:
            return start - end
        if length == 0 or length > end - start:
            self.want = length or end - start + 1
            return 0
        return length

    def _old(self, octets):
        subheader = octets[0]
        if subheader < 0x80:
            length, data = old_request(octets)
            if length > 0:
                self.asked[self.slot] = (subheader, data)
            return length
        asked = self.asked.get(self.slot)
        if asked is None or asked[0] != subheader & 0x7F:
            return -1
        return 2 + asked[1] if octets[1] == 0 else 4 if octets[1] == 0x5B else 2

    def begins(self, start, end):
        """See Framer.begins."""
        octets = bytes(self.octets[start : min(end, start + 26)])
        return (
            1 if len(octets) > 1 and (head_of(octets) >= 0 or (octets[0] < 0x16 and octets[1] == 0xFF)) else 0
        )

    def forget(self, slot):
        """See Framer.forget."""
        self.asked.pop(slot, None)
