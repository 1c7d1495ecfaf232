"""How HDLC frames of DLMS and its TCP wrapper are cut out of a stream.

    HDLC     | 0x7E | format 4 bits, S 1, length 11 | destination 1, 2, 4 | source 1, 2, 4 | control 1
             | [HCS 2 | information …] | FCS 2 | 0x7E |
    wrapper  | version 2 (1) | source wPort 2 | destination wPort 2 | length 2 | APDU |

Source: IEC 62056-46 clauses 6.4 (frame format) and 6.4.2 (addresses); IEC 62056-47 clause 7.3 (wrapper).
"""

from __future__ import annotations

from interlock.decode.framing import Framer

__all__ = ["FLAG", "StreamFramer", "checksum_holds"]

FLAG = 0x7E
MAX_WRAPPED = 65544


def checksum_holds(octets):
    """Whether octets (a frame without its flags) end with the right FCS (ISO/IEC 13239, CRC-16/X.25)."""
    value = 0xFFFF
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return value == 0xF0B8


class StreamFramer(Framer):
    """Cuts HDLC frames (with their flags; one flag may close one and open the next) and wrapped APDUs."""

    def __init__(self):
        Framer.__init__(self, MAX_WRAPPED)

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left = end - start
        first = self.octets[start]
        if first == FLAG or first & 0xF0 == 0xA0:
            return self._hdlc(start, left, 1 if first == FLAG else 0)
        if first != 0 or (left > 1 and self.octets[start + 1] != 1):
            return -self._until_flag(start, left)
        if left < 8:
            self.want = 8
            return 0
        size = 8 + (self.octets[start + 6] << 8 | self.octets[start + 7])
        if left < size:
            self.want = size
            return 0
        return size

    def _hdlc(self, start, left, flag):
        if left < flag + 2:
            self.want = flag + 2
            return 0
        form = self.octets[start + flag]
        if flag and form == FLAG:  # flags between frames
            return self._flags(start, left)
        if form & 0xF0 != 0xA0:
            return -self._until_flag(start, left)
        size = ((form & 7) << 8 | self.octets[start + flag + 1]) + flag + 1
        if size < flag + 8:
            return -self._until_flag(start, left)
        if left < size:
            self.want = size
            return 0
        if self.octets[start + size - 1] != FLAG:
            return -self._until_flag(start, left)
        return size

    def _flags(self, start, left):
        """How many flags stand before the last one, which opens a frame."""
        at = 1
        while at < left - 1 and self.octets[start + at + 1] == FLAG:
            at += 1
        return at

    def _until_flag(self, start, left):
        """Octets that are no message: up to the next flag."""
        for at in range(1, left):
            if self.octets[start + at] == FLAG:
                return at
        return left

    def begins(self, start, end):
        """See Framer.begins: a whole frame, or the beginning of a wrapper."""
        first = self.octets[start]
        if first != FLAG and (first != 0 or end - start < 8 or self.octets[start + 1] != 1):
            return 0
        return 0 if self.cut(start, end) < 0 else 1
