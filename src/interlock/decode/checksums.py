# cython: compiled
"""The Internet checksum of headers and payloads: what fits, what is damaged, what a network card would have filled in.

Sources: RFC 1071 (the sum, its byte order independence); RFC 791 clause 3.1; RFC 9293 clause 3.1; RFC 768;
RFC 8200 clause 8.1 (pseudo-header); RFC 6935 (zero over IPv6 in tunnels).
"""

from __future__ import annotations

import sys

import cython

__all__ = ["BAD", "FITS", "OFFLOADED", "Summing"]

FITS, OFFLOADED, BAD = range(3)
LITTLE = sys.byteorder == "little"


class Summing:
    """Sums over stretches of `octets` (uint8), whose ends the caller has checked.

    One with the packet that reads the headers (its subclass), because handing a buffer over costs more than summing.
    """

    def internet_sum(self, start, end):
        """One's complement sum (0 to 65535) of octets[start:end] as 16-bit numbers; an odd last octet is a high one."""
        total: cython.ulonglong = 0
        high: cython.ulonglong
        at: cython.Py_ssize_t = start
        if cython.compiled:
            word: cython.ulonglong = 0
            part: cython.ulonglong = 0xFFFFFFFF
            if end - at >= 8:
                word = self.octets[
                    end - 1
                ]  # both ends lie in the buffer, so what is between needs no check each
                first: cython.p_uchar = cython.cast(cython.p_uchar, cython.address(self.octets[start]))
                while end - at >= 8:
                    memcpy(cython.address(word), first + (at - start), 8)
                    total += (word & part) + (word >> 32)
                    at += 8
                total = folded(total)
                if LITTLE:
                    total = ((total & 0xFF) << 8) | (total >> 8)
        while end - at >= 2:
            high = self.octets[at]
            total += (high << 8) | self.octets[at + 1]
            at += 2
        if end - at == 1:
            high = self.octets[at]
            total += high << 8
        return folded(total)

    def verdict(self, start, end, at, pseudo):
        """FITS, OFFLOADED or BAD: the checksum at `at` of the segment or datagram octets[start:end].

        pseudo: sum of its pseudo-header without the length. A sender's own capture shows segments before its
        network card has summed them: then the field holds the pseudo-header's sum (with the length, or without
        where the card also cuts the segment), or nothing.
        """
        length: cython.Py_ssize_t = end - start
        if folded(pseudo + length + self.internet_sum(start, end)) == 0xFFFF:
            return 0
        high: cython.ulonglong = self.octets[at]
        field: cython.ulonglong = (high << 8) | self.octets[at + 1]
        return 1 if field == 0 or field == folded(pseudo + length) or field == folded(pseudo) else 2


def folded(total):
    """A sum with its carries added in: 16 bits."""
    mask: cython.ulonglong = 0xFFFF
    while total > mask:
        total = (total & mask) + (total >> 16)
    return total


def halves(number):
    """Sum of the four 16-bit parts of a 64-bit number: an address in a pseudo-header."""
    half: cython.ulonglong = 0xFFFF
    return (number >> 48) + ((number >> 32) & half) + ((number >> 16) & half) + (number & half)
