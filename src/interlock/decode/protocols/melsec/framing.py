"""Cuts MC protocol frames: 3E and 4E say their length, binary or in characters; 1E answers need their request.

    3E  50 00 | network, station, I/O 2, multidrop | length 2 | …       D0 00 | …      characters: "5000", "D000"
    4E  54 00 | serial 2 | 00 00 | as 3E                                D4 00 | …      characters: "5400", "D400"
    1E  subheader (answer: + 80) | …: see lengths.py

Sources: SLMP reference manual SH-080956ENG clause 4 and 5, MELSEC communication protocol manual SH-080008 (1E).
"""

from __future__ import annotations

from interlock.decode.framing import Framer
from interlock.decode.protocols.melsec import lengths

__all__ = ["ANSWERS", "HEADS", "HEX", "MelsecFramer", "head_of"]

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
REFUSED_WITH_CODE = 0x5B


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


class MelsecFramer(Framer):
    """Answers of 1E frames have no length: what was asked last tells it."""

    def __init__(self):
        Framer.__init__(self, MAX_OCTETS)
        self.asked = {}
        self.registered = {}

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        octets = bytes(self.octets[start : min(end, start + 26)])
        length = head_of(octets) if len(octets) > 1 else 0
        if length < 0:
            length = self._old(octets, end - start)
        if length < 0 or length > MAX_OCTETS:
            return start - end
        if length == 0 or length > end - start:
            self.want = length or end - start + 1
            return 0
        return length

    def _old(self, octets, there):
        kind = octets[0]
        if kind >= 0x80:
            return self._old_answer(octets)
        length = lengths.request(octets)
        if 0 < length <= there:
            registered = self.registered.setdefault(self.slot, {})
            if kind in lengths.REGISTERS:
                registered[kind] = octets[lengths.HEAD]
            self.asked[self.slot] = (kind, lengths.answer_octets(octets, registered))
        return length

    def _old_answer(self, octets):
        asked = self.asked.get(self.slot)
        if asked is None or asked[0] != octets[0] & 0x7F:
            return -1
        if octets[1]:
            return 4 if octets[1] == REFUSED_WITH_CODE else 2
        return 2 + asked[1] if asked[1] >= 0 else -1

    def begins(self, start, end):
        """See Framer.begins."""
        octets = bytes(self.octets[start : min(end, start + 26)])
        if len(octets) < 2:
            return 0
        if octets[0] >= 0x80 and head_of(octets) < 0:
            return 1 if self._old_answer(octets) > 0 else 0
        return 1 if head_of(octets) >= 0 or (octets[0] in lengths.SUBHEADERS and octets[1] == 0xFF) else 0

    def forget(self, slot):
        """See Framer.forget."""
        self.asked.pop(slot, None)
        self.registered.pop(slot, None)
