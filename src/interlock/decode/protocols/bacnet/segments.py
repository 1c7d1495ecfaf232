"""Segmented APDUs, put together again: bounded in number and size for every flow.

Source: ANSI/ASHRAE 135, clauses 5.2 (segmentation) and 20.1.2.7 (sequence number).
"""

from __future__ import annotations

__all__ = ["MAX_OCTETS", "MAX_TRANSFERS", "Segments"]

MAX_TRANSFERS = 16
MAX_OCTETS = 65536


class Segments:
    """The unfinished APDUs of one flow, by whatever the caller knows an APDU by."""

    def __init__(self):
        self._parts = {}

    def add(self, key, sequence, part, *, last):
        """One segment. Returns (done, octets): done once the last one is here; octets None where some are missing.

        sequence: 0 to 255, modulo. A repeated segment changes nothing; one that is ahead loses the APDU.
        """
        if sequence == 0 and self._fresh(key):
            self._parts[key] = [0, bytearray()]
        transfer = self._parts.get(key)
        if transfer is None:
            return last, None
        expected = transfer[0] & 0xFF
        if sequence != expected:
            if (expected - sequence) & 0xFF < 128:
                return False, None
            del self._parts[key]
            return last, None
        transfer[0] += 1
        transfer[1] += part
        if len(transfer[1]) > MAX_OCTETS:
            del self._parts[key]
            return last, None
        if not last:
            return False, None
        del self._parts[key]
        return True, bytes(transfer[1])

    def _fresh(self, key):
        """Whether segment 0 begins an APDU: none is under way, or only its beginning was there."""
        transfer = self._parts.get(key)
        if transfer is not None:
            return transfer[0] & 0xFF != 0
        if len(self._parts) >= MAX_TRANSFERS:
            del self._parts[next(iter(self._parts))]
        return True
