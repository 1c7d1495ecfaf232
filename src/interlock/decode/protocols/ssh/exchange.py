"""SSH's key exchange offer: the algorithms an end can do, and what they tell of its software.

    | length 4 | padding 1 | 20 | cookie 16 | ten name-lists: length 4, names joined by commas | … |

HASSH is the MD5 of four of the lists in the order in which their sender prefers them: a client's for what it sends, a
server's for what it sends. Source: RFC 4253 clauses 6 and 7.1; the public HASSH specification.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

__all__ = ["MAX_PACKET", "Offer", "begins_offer", "read_offer"]

MAX_PACKET: Final = 35000
"""Octets that a packet may have (RFC 4253 6.1)."""
_KEXINIT: Final = 20
_LISTS_AT: Final = 4 + 1 + 1 + 16
_LISTS: Final = 10
_PER_DIRECTION: Final = {0: (2, 4, 6), 1: (3, 5, 7)}
"""Encryption, integrity and compression, for who sends: 0 the client, 1 the server."""


class Offer(NamedTuple):
    """lists: the ten name-lists in wire order, each as its text."""

    lists: tuple[str, ...]

    def hassh(self, direction: int) -> str:
        """32 hexadecimal digits; direction: 0 from the client, 1 from the server."""
        chosen = (0, *_PER_DIRECTION[direction])
        text = ";".join(self.lists[k] for k in chosen)
        return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def begins_offer(octets: bytes) -> int:
    """Length of the offer's packet that begins here; 0 where another begins, -1 where too few octets tell."""
    if len(octets) < 6:
        return -1
    length = int.from_bytes(octets[:4], "big")
    return 4 + length if octets[5] == _KEXINIT and 64 <= length <= MAX_PACKET else 0


def read_offer(packet: bytes) -> Offer | None:
    """The lists of a whole packet; None where they do not fit in it."""
    found, at = [], _LISTS_AT
    for _ in range(_LISTS):
        length = int.from_bytes(packet[at : at + 4], "big")
        if at + 4 + length > len(packet):
            return None
        found.append(packet[at + 4 : at + 4 + length].decode("ascii", "backslashreplace"))
        at += 4 + length
    return Offer(tuple(found))
