"""Numbers in the headers of packets: of many at once for what they rule out, of one exactly.

    IPv4  | version, size | tos | length 2 | id 2 | flags, offset 2 | ttl | protocol | sum 2 | from 4 | to 4 | options |
    IPv6  | version, class, label 4 | length 2 | next | hop limit | from 16 | to 16 | extensions |
    TCP   | ports 4 | seq 4 | ack 4 | size | flags | window 2 | sum 2 | urgent 2 | options |
    ICMP  | type | code | sum 2 | id 2 | seq 2 |

Source: Suricata user guide, "IP Keywords", "TCP keywords", "ICMP keywords": ttl and fragoffset are read of both
versions of IP, tos, id, fragbits and ipopts of version 4. RFC 791, 8200, 9293, 792, 4443.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interlock.decode.fragments import JOINED
from interlock.detect.signatures.language.checks import Field, Flags, FragBits
from interlock.detect.signatures.language.packets import IP_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interlock.detect.signatures.language.checks import Check

__all__ = ["Headers", "buffers_of", "carrier_of", "fields_of", "flags_of", "joined_of"]

_ICMP, _TCP, _UDP, _ICMP6 = 1, 6, 17, 58
_EXTENSIONS: Final = frozenset({0, 43, 44, 51, 60, 135})
_MOST_EXTENSIONS: Final = 12
_WITH_ID: Final = {_ICMP: frozenset({0, 8, 13, 14, 15, 16, 17, 18}), _ICMP6: frozenset({128, 129})}
"""Types of ICMP that have an identifier and a sequence number."""
_OF_IP: Final = {"ttl": (8, 1), "tos": (1, 1), "id": (4, 2)}
_OF_TRANSPORT: Final = {
    "flags": (13, 1), "seq": (4, 4), "ack": (8, 4), "window": (14, 2),
    "itype": (0, 1), "icode": (1, 1), "icmp_id": (4, 2), "icmp_seq": (6, 2),
}  # fmt: skip
"""Word → where it begins in its header, and how many octets it has."""
_OF_TCP: Final = frozenset({"flags", "seq", "ack", "window"})
_FRAGMENT: Final = 44
_AUTHENTICATION: Final = 51
_NAMED: Final = {131: "lsrr", 137: "ssrr", 7: "rr", 68: "ts", 130: "sec", 133: "esec", 136: "satid", 0: "eol", 1: "nop",
                 25: "qs", 148: "rtralt", 134: "cipso"}  # fmt: skip
"""Number of an option of IPv4 → its word."""


class _Parts(NamedTuple):
    """version of IP, number of the transport, where its header begins, offset and flags of a fragment (RFC 791).

    joined: it is a datagram that was put together from fragments (decode.fragments).
    """

    version: int
    transport: int
    at: int
    offset: int
    bits: int
    joined: bool


def _parts(octets: bytes) -> _Parts | None:
    if len(octets) >= 20 and octets[0] >> 4 == 4:
        piece = int.from_bytes(octets[6:8], "big")
        joined = piece & JOINED == JOINED
        offset = 0 if joined else piece & JOINED
        return _Parts(4, octets[9], (octets[0] & 15) * 4, offset, piece >> 13, joined)
    if len(octets) < 40 or octets[0] >> 4 != 6:
        return None
    after, at, offset = octets[6], 40, 0
    for _ in range(_MOST_EXTENSIONS):
        if after not in _EXTENSIONS or at + 8 > len(octets):
            break
        if after == _FRAGMENT:
            offset = int.from_bytes(octets[at + 2 : at + 4], "big") >> 3
        units = 8 if after == _FRAGMENT else 8 + (4 if after == _AUTHENTICATION else 8) * octets[at + 1]
        after, at = octets[at], at + units
    joined = offset == JOINED
    return _Parts(6, after, at, 0 if joined else offset, 0, joined)


def fields_of(octets: bytes) -> dict[str, int]:
    """Word → number, of the headers of one packet; nothing where they are none of IP."""
    parts = _parts(octets)
    if parts is None:
        return {}
    found = {"ttl": octets[8] if parts.version == 4 else octets[7], "fragoffset": parts.offset}
    if parts.version == 4:
        found |= {"tos": octets[1], "id": int.from_bytes(octets[4:6], "big"), "fragbits": parts.bits}
        found["ipopts"] = _options_of(octets[20 : parts.at])
    return found | _transport(octets[parts.at :], parts.transport)


def carrier_of(octets: bytes) -> tuple[int, int, int] | None:
    """Source and target as numbers (of IPv6 behind those of IPv4), and what these headers say that they carry."""
    parts = _parts(octets)
    if parts is None:
        return None
    first, last, more = (12, 16, 0) if parts.version == 4 else (8, 24, 1 << 32)
    width = 4 if parts.version == 4 else 16
    source, target = (int.from_bytes(octets[at : at + width], "big") + more for at in (first, last))
    return source, target, parts.transport


def joined_of(octets: bytes) -> bool:
    """Whether these are the headers of a datagram that was put together from fragments."""
    parts = _parts(octets)
    return parts is not None and parts.joined


def flags_of(octets: bytes) -> int:
    """Flags of TCP, as fields_of says; 0 where there are none."""
    if len(octets) >= 40 and octets[0] >> 4 == 4 and octets[9] == _TCP:
        at = (octets[0] & 15) * 4
        return octets[at + 13] if len(octets) >= at + 20 else 0
    return fields_of(octets).get("flags", 0)


def _transport(header: bytes, transport: int) -> dict[str, int]:
    if transport == _TCP and len(header) >= 20:
        return {name: _read(header, name) for name in _OF_TCP} | dict(_tcp_options(header[20:]))
    if transport not in _WITH_ID or len(header) < 2:
        return {}
    found = {"itype": header[0], "icode": header[1]}
    if header[0] in _WITH_ID[transport] and len(header) >= 8:
        found |= {name: _read(header, name) for name in ("icmp_id", "icmp_seq")}
    if (transport, header[0]) == (_ICMP6, 2) and len(header) >= 8:
        found["icmpv6.mtu"] = int.from_bytes(header[4:8], "big")
    return found


def _read(header: bytes, name: str) -> int:
    at, width = _OF_TRANSPORT[name]
    return int.from_bytes(header[at : at + width], "big")


def _tcp_options(options: bytes) -> Iterator[tuple[str, int]]:
    """Kind 2 is the largest segment, kind 3 the window's scale (RFC 9293 clause 3.1, RFC 7323 clause 2.2)."""
    at = 0
    while at + 1 < len(options) and options[at]:
        size = 1 if options[at] == 1 else options[at + 1]
        if options[at] == 2 and size == 4 and at + 4 <= len(options):
            yield "tcp.mss", int.from_bytes(options[at + 2 : at + 4], "big")
        elif options[at] == 3 and size == 3 and at + 3 <= len(options):
            yield "tcp.wscale", options[at + 2]
        at += max(1, size)


def _options_of(options: bytes) -> int:
    """A bit for each option that is there, in the order of IP_OPTIONS; the last one is any."""
    bits = at = 0
    while at < len(options):
        kind = options[at]
        bits |= 1 << IP_OPTIONS.index("any")
        if kind in _NAMED:
            bits |= 1 << IP_OPTIONS.index(_NAMED[kind])
        if not kind:
            break
        at += 1 if kind == 1 or at + 1 >= len(options) else max(2, options[at + 1])
    return bits


def buffers_of(octets: bytes) -> dict[str, tuple[bytes, ...]]:
    """The headers themselves, by the names of their buffers."""
    parts = _parts(octets)
    if parts is None:
        return {}
    header = octets[parts.at :]
    transport = {_TCP: "tcp.hdr", _UDP: "udp.hdr", _ICMP: "icmpv4.hdr", _ICMP6: "icmpv6.hdr"}.get(
        parts.transport
    )
    network = octets[: parts.at]
    if parts.joined:
        network = network[:6] + bytes(2) + network[8:] if parts.version == 4 else network[:40]
    found: dict[str, tuple[bytes, ...]] = {f"ipv{parts.version}.hdr": (network,)}
    return found | {transport: (header,)} if transport and header else found


class Headers:
    """octets: of all packets, one behind the other, and at least one more.

    starts: where each begins, and where the last one ends.
    """

    def __init__(self, octets: NDArray[np.uint8], starts: NDArray[np.int64]) -> None:
        self._cells = octets
        self._starts = starts

    def of(self, packet: int) -> bytes:
        """The headers of one packet; nothing where they are not known."""
        return self._cells[int(self._starts[packet]) : int(self._starts[packet + 1])].tobytes()

    def may(self, check: Check, packets: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Per packet whether a check may hold. Of IPv6 and of what is not looked at here it always may."""
        there = self._plain[packets]
        every: NDArray[np.bool_] = self._lengths[packets] > 0
        if isinstance(check, Field) and (check.name in _OF_IP or check.name in _OF_TRANSPORT):
            values, whole = self._number(check.name, packets)
            fits = whole & check.bound.hold(values)
        elif isinstance(check, Flags):
            values, whole = self._number("flags", packets)
            fits = whole & check.hold(values)
        elif isinstance(check, FragBits):
            values = self._cells[np.where(there, self._starts[packets] + 6, 0)].astype(np.int64) >> 5
            fits = check.hold(values)
        else:
            return every
        found: NDArray[np.bool_] = every & (~there | fits)
        return found

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        return np.diff(self._starts)

    @cached_property
    def _plain(self) -> NDArray[np.bool_]:
        """Those of IPv4."""
        long = self._lengths >= 20
        found: NDArray[np.bool_] = long & (self._cells[np.where(long, self._starts[:-1], 0)] >> 4 == 4)
        return found

    def _number(self, name: str, packets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Its values in headers of IPv4, and whether it is there."""
        starts, there = self._starts[packets], self._plain[packets]
        begins = np.where(there, starts, 0)
        if name in _OF_IP:
            place, width = _OF_IP[name]
            at = begins + place
            fits = there
        else:
            place, width = _OF_TRANSPORT[name]
            at = begins + (self._cells[begins].astype(np.int64) & 15) * 4 + place
            fits = there & (at + width <= starts + self._lengths[packets])
            protocol = self._cells[np.where(there, begins + 9, 0)]
            fits &= (protocol == _TCP) if name in _OF_TCP else (protocol == _ICMP) | (protocol == _ICMP6)
        at = np.where(fits, at, 0)
        values = np.zeros(len(packets), np.int64)
        for octet in range(width):
            values = values << 8 | self._cells[np.minimum(at + octet, len(self._cells) - 1)]
        return values, fits
