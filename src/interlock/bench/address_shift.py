"""Other machines with the same conversations: addresses moved, checksums kept as right or wrong as they were.

Copy k flips the bits of k in the fourth octet of unicast Ethernet addresses and in the second octet of
unicast IPv4 addresses, in headers and in ARP. What lies deeper stays: tunnels, IPv6, addresses in payloads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    _Test = Callable[[NDArray[np.uint8], NDArray[np.int64]], NDArray[np.bool_]]

__all__ = ["shifted"]

_MAC_OCTET, _IP_OCTET = 3, 1
_ARP_MACS, _ARP_IPS = (8, 18), (14, 24)


def shifted(
    octets: NDArray[np.uint8], offset: NDArray[np.int64], caplen: NDArray[np.int32], copy: int
) -> NDArray[np.uint8]:
    """Give a copy of `octets` in which the Ethernet frames at `offset` belong to the machines of copy k.

    octets: uint8, the frames' buffer. offset: int64 (n). caplen: int32 (n). copy: 1 to 255.
    """
    moved = octets.copy()
    end = offset + caplen
    whole = caplen >= 14
    for at in (0, 6):
        _move(moved, offset[whole] + at, _MAC_OCTET, copy, unicast=_mac_is_unicast)
    ethertype, body = _network(octets, offset[whole], end[whole])
    _move_ipv4(octets, moved, body[ethertype == 0x0800], end[whole][ethertype == 0x0800], copy)
    arp = body[(ethertype == 0x0806) & (body + 28 <= end[whole])]
    for at in _ARP_MACS:
        _move(moved, arp + at, _MAC_OCTET, copy, unicast=_mac_is_unicast)
    for at in _ARP_IPS:
        _move(moved, arp + at, _IP_OCTET, copy, unicast=_ip_is_unicast)
    return moved


def _network(
    octets: NDArray[np.uint8], offset: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """EtherType and first octet of what it announces, behind up to two 802.1Q tags; 0 where it is cut off."""
    at = offset + 12
    ethertype = _word(octets, at)
    for _ in range(2):
        tagged = ((ethertype == 0x8100) | (ethertype == 0x88A8)) & (at + 6 <= end)
        at = at + 4 * tagged
        ethertype = np.where(tagged, _word(octets, np.minimum(at, end - 2)), ethertype)
    return ethertype, at + 2


def _move_ipv4(
    octets: NDArray[np.uint8],
    moved: NDArray[np.uint8],
    at: NDArray[np.int64],
    end: NDArray[np.int64],
    copy: int,
) -> None:
    whole = at + 20 <= end
    at, end = at[whole], end[whole]
    difference = np.zeros(len(at), np.int64)
    for field in (12, 16):
        difference += _move(moved, at + field, _IP_OCTET, copy, unicast=_ip_is_unicast)
    _adjust(moved, at + 10, difference)
    first = (_word(octets, at + 6) & 0x1FFF) == 0
    protocol = octets[at + 9]
    transport = at + 4 * (octets[at] & 15).astype(np.int64)
    for number, field in ((6, 16), (17, 6)):
        summed = first & (protocol == number) & (transport + field + 2 <= end)
        # A UDP checksum of zero says that there is none (RFC 768).
        summed[summed] &= (number == 6) | (_word(octets, transport[summed] + field) != 0)
        _adjust(moved, transport[summed] + field, difference[summed])


def _move(
    moved: NDArray[np.uint8], address: NDArray[np.int64], octet: int, copy: int, *, unicast: _Test
) -> NDArray[np.int64]:
    """Flip the copy's bits in one octet of unicast addresses; give by how much each one's value grew."""
    chosen = unicast(moved, address)
    place = address + octet
    before = moved[place].astype(np.int64)
    after = np.where(chosen, before ^ copy, before)
    moved[place] = after
    return after - before


def _adjust(moved: NDArray[np.uint8], at: NDArray[np.int64], difference: NDArray[np.int64]) -> None:
    """Correct Internet checksums for words that grew by `difference` (RFC 1624, equation 3)."""
    total = (~_word(moved, at) & 0xFFFF) + difference
    total = np.where(total < 0, total + 0xFFFF, total)
    total = (total & 0xFFFF) + (total >> 16)
    summed = ~total & 0xFFFF
    # Both zeros mean the same to a receiver, but in UDP the plain one means "none": write the other.
    summed[summed == 0] = 0xFFFF
    changed = difference != 0
    moved[at[changed]] = summed[changed] >> 8
    moved[at[changed] + 1] = summed[changed] & 0xFF


def _word(octets: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    words: NDArray[np.int64] = octets[at].astype(np.int64) << 8 | octets[at + 1]
    return words


def _mac_is_unicast(octets: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.bool_]:
    individual: NDArray[np.bool_] = np.equal(octets[at] & 1, 0)
    known: NDArray[np.bool_] = octets[at[:, None] + np.arange(6)].any(axis=1)
    return np.asarray(individual & known, np.bool_)


def _ip_is_unicast(octets: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray((octets[at] < 224) & (octets[at] != 0), np.bool_)
