# cython: compiled
"""UA TCP: how message chunks are cut out of a stream and told from other protocols.

    | type 3: HEL ACK ERR RHE OPN CLO MSG | chunk 1: F final, C continued, A aborted | size 4, little-endian | … |

Source: OPC 10000-6, 7.1.2 (UA TCP), 6.7.2 (chunks).
"""

from __future__ import annotations

import cython

from interlock.decode.framing import Framer
from interlock.decode.spec import NEED_MORE

__all__ = ["ACK", "CLO", "ERR", "HEL", "MAX_CHUNK", "MSG", "OPN", "PORT", "RHE", "UaFramer", "probe"]

HEL, ACK, ERR, RHE = 0x48454C, 0x41434B, 0x455252, 0x524845
OPN, CLO, MSG = 0x4F504E, 0x434C4F, 0x4D5347

MAX_CHUNK = 1 << 18
"""Octets a chunk may have here: stacks negotiate 8 to 64 KiB; a larger one is no chunk but a broken stream."""

SMALLEST = {b"HEL": 32, b"ACK": 28, b"ERR": 16, b"RHE": 16, b"OPN": 32, b"CLO": 24, b"MSG": 24}
LARGEST = {b"HEL": 8192, b"ACK": 28, b"ERR": 8192, b"RHE": 16384}
PORT = 4840
POLICY = b"http://opcfoundation.org/UA/SecurityPolicy#"


class UaFramer(Framer):
    """Cuts chunks by their size field; a type that does not exist, or an impossible size, is no chunk."""

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left: cython.Py_ssize_t = end - start
        kind: cython.int
        if left < 8:
            self.want = 8
            if self._plausible(start, end) == 0:
                return -left
            return 0
        kind = (self.octets[start] << 16) | (self.octets[start + 1] << 8) | self.octets[start + 2]
        if not (
            kind == 0x4D5347
            or kind == 0x4F504E
            or kind == 0x434C4F
            or kind == 0x48454C
            or kind == 0x41434B
            or kind == 0x455252
            or kind == 0x524845
        ):
            return -left
        chunk: cython.int = self.octets[start + 3]
        if chunk != 0x46 and chunk != 0x43 and chunk != 0x41:
            return -left
        size: cython.Py_ssize_t = self.octets[start + 7]
        size = (size << 8) | self.octets[start + 6]
        size = (size << 8) | self.octets[start + 5]
        size = (size << 8) | self.octets[start + 4]
        if size < 8 or size > self.maximum:
            return -left
        if size > left:
            self.want = size
            return 0
        return size

    def begins(self, start, end):
        """See Framer.begins: a chunk's type stands here."""
        if end - start < 8:
            return 0
        return 0 if self.cut(start, end) < 0 else 1

    def _plausible(self, start, end):
        """0 where the first octets, fewer than 8, cannot begin a chunk."""
        head = bytes([self.octets[k] for k in range(start, min(end, start + 3))])
        return 1 if any(name.startswith(head) for name in SMALLEST) else 0


def probe(octets, hint):
    """Type, chunk letter and a size that fits the type; more certain where what must follow stands there."""
    name = octets[:3]
    if len(octets) < 12:
        known = any(kind.startswith(name) for kind in SMALLEST) and octets[3:4] in (b"", b"F", b"C", b"A")
        if not (octets and known and octets[7:8] in (b"", b"\x00")):
            return 0
        return 40 if len(octets) > 3 and PORT in (hint.source_port, hint.target_port) else NEED_MORE
    size = int.from_bytes(octets[4:8], "little")
    if name not in SMALLEST or not SMALLEST[name] <= size <= LARGEST.get(name, MAX_CHUNK):
        return 0
    if octets[3:4] != b"F" and (name != b"MSG" or octets[3:4] not in (b"C", b"A")):
        return 0
    if name == b"OPN":
        return 95 if octets[16 : 16 + len(POLICY)] == POLICY[: max(0, len(octets) - 16)] else 0
    if name in (b"HEL", b"ACK"):
        return 95 if int.from_bytes(octets[8:12], "little") < 16 else 0
    if name in (b"MSG", b"CLO") and octets[24:26] == b"\1\0" and octets[26:28] != b"\0\0":
        return 90  # the type id of a service in the core namespace
    fits = size == len(octets) or octets[size : size + 3] in SMALLEST
    return 75 if fits else 45
