"""IP datagrams from their fragments, bounded in number, size and time.

Sources: RFC 791 clause 3.2, RFC 8200 clause 4.5, RFC 5722 (overlaps are not to be trusted).
"""

from __future__ import annotations

from typing import Any

__all__ = ["JOINED", "MAX_AGE_NS", "MAX_DATAGRAMS", "Fragments", "header_of_joined"]

JOINED = 0x1FFF
"""Fragment offset, in units of 8 octets, that marks the header of a datagram that was joined: no piece stands alone."""

MAX_DATAGRAMS = 512
MAX_AGE_NS = 30_000_000_000
MAX_OCTETS = 65_535
MAX_PIECES = 256
_FRAGMENT = 44
"""Number of IPv6's fragment header (RFC 8200 clause 4.5)."""


class _Datagram:
    """Pieces of one datagram: what is first wins where pieces overlap."""

    __slots__ = ("began", "octets", "pieces", "total")

    def __init__(self, began: int) -> None:
        self.began = began
        self.total = -1
        self.octets = bytearray()
        self.pieces: list[tuple[int, int]] = []

    def add(self, offset: int, octets: bytes, *, last: bool) -> bool:
        """Keep a piece; True where it overlaps octets that are here already."""
        end = offset + len(octets)
        overlap = any(a < end and offset < b for a, b in self.pieces)
        if last and self.total < 0:
            self.total = end
        if len(self.octets) < end:
            self.octets.extend(bytes(end - len(self.octets)))
        at = offset
        for a, b in sorted(p for p in self.pieces if p[0] < end and p[1] > offset):
            if a > at:
                self.octets[at:a] = octets[at - offset : a - offset]
            at = max(at, b)
        if at < end:
            self.octets[at:end] = octets[at - offset :]
        self.pieces.append((offset, end))
        return overlap

    def whole(self) -> bytes | None:
        """The datagram where every octet is here, else None."""
        if self.total < 0:
            return None
        reach = 0
        for begin, end in sorted(self.pieces):
            if begin > reach:
                return None
            reach = max(reach, end)
        return bytes(self.octets[: self.total]) if reach >= self.total else None


class Fragments:
    """Datagrams under construction, oldest first."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, ...], _Datagram] = {}
        self.lost = 0

    def join(self, packet: Any, octets: Any, facts: Any) -> bytes | None:
        """Add the fragment that `packet` stands on; the datagram's payload once it is whole: that has no header."""
        p = packet
        self._age(p.time)
        key = (
            p.realm,
            p.family,
            p.source_high,
            p.source_low,
            p.target_high,
            p.target_low,
            p.protocol,
            p.fragment_id,
        )
        datagram = self._open.setdefault(key, _Datagram(p.time))
        end = p.fragment_offset + (p.end - p.start)
        if end > MAX_OCTETS or len(datagram.pieces) >= MAX_PIECES:
            self._odd(p, octets, facts, "oversized-fragments")
            del self._open[key]
            return None
        piece = bytes(octets[p.start : p.end])
        if datagram.add(p.fragment_offset, piece, last=not p.fragment_more):
            self._odd(p, octets, facts, "overlapping-fragments")
        whole = datagram.whole()
        if whole is not None:
            del self._open[key]
        return whole

    def _odd(self, p: Any, octets: Any, facts: Any, oddity: str) -> None:
        sample = bytes(octets[p.start : min(p.end, p.start + 32)])
        facts.oddity_at(p.source, p.time, p.frame, -1, f"ipv{p.family}", oddity, p.fragment_offset, sample)

    def _age(self, now: int) -> None:
        """Drop the oldest datagrams past their time or number."""
        while self._open:
            key = next(iter(self._open))
            if len(self._open) < MAX_DATAGRAMS and abs(now - self._open[key].began) <= MAX_AGE_NS:
                return
            del self._open[key]
            self.lost += 1


def header_of_joined(header: bytes, protocol: int, length: int) -> bytes:
    """A header of IP for a datagram that was joined, made of that of the piece that came last.

    protocol: of what it carries; length: octets of that. The rest stands as it was but for the fields that speak of
    fragments: no more of them follow, and the offset is JOINED (in IPv6 in a fragment header of its own).
    """
    if header[0] >> 4 == 4:
        size = (len(header) + length).to_bytes(3, "big")[1:]
        return header[:2] + size + header[4:6] + JOINED.to_bytes(2, "big") + header[8:]
    size = (8 + length).to_bytes(3, "big")[1:]
    fragment = bytes([protocol, 0]) + (JOINED << 3).to_bytes(2, "big") + bytes(4)
    return header[:4] + size + bytes([_FRAGMENT]) + header[7:40] + fragment
