# cython: compiled
"""Cuts TLS records; of application data only the header, and the SSL 2.0 form of a ClientHello as it is.

    | type 1 | version 2 | length 2 | fragment … |

Source: RFC 5246 clause 6.2.1, RFC 8446 clause 5.1, RFC 5246 appendix E.2.
"""

from __future__ import annotations

import cython

from interlock.decode.framing import Framer

__all__ = ["APPLICATION_DATA", "TlsFramer"]

APPLICATION_DATA = 23
HEADER = 5


class TlsFramer(Framer):
    """Without state: a record says how long it is."""

    def __init__(self):
        Framer.__init__(self, 32768)

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left: cython.Py_ssize_t = end - start
        kind: cython.int = self.octets[start]
        length: cython.Py_ssize_t
        if left < HEADER:
            if kind == 0x80 or 20 <= kind <= 24:
                self.want = HEADER
                return 0
            return -left
        if kind == 0x80 and self.octets[start + 2] == 1 and self.octets[start + 3] <= 3:
            length = 2 + self.octets[start + 1]
        else:
            if kind < 20 or kind > 24 or self.octets[start + 1] != 3 or self.octets[start + 2] > 4:
                return -left
            length = HEADER + ((self.octets[start + 3] << 8) | self.octets[start + 4])
            if length > HEADER + 18432:  # RFC 5246 6.2.3: 2^14 + 2048
                return -left
            if kind == 23:
                self.leap = length - HEADER
                return HEADER
        if length > left:
            self.want = length
            return 0
        return length

    def begins(self, start, end):
        """See Framer.begins: a record's header stands here."""
        if end - start < HEADER:
            return 0
        kind: cython.int = self.octets[start]
        return (
            1
            if 20 <= kind <= 24
            and self.octets[start + 1] == 3
            and self.octets[start + 2] <= 4
            and self.octets[start + 3] <= 72
            else 0
        )
