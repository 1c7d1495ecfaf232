"""Captures with other ports: the TCP and UDP ports of each frame are rewritten, everything else is left.

    link header | VLAN tags | IPv4 or IPv6 | source port  destination port | ...
                                             ^ these four octets are what is changed

Checksums are not mended: the decoder counts those that do not fit and goes on (docs/decoding.md). Ports inside
tunnels and of IP fragments after the first stay; such flows are not counted.
Sources: RFC 791; RFC 8200; IEEE 802.1Q; LINKTYPE_ numbers of the pcap project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from interlock.records.frames import Frames

__all__ = ["Ports", "move"]

Ports = dict[str, "NDArray[np.uint16]"]
"""Per transport (`tcp`, `udp`) the new port of each of the 65,536 old ones."""

_ETHERNET, _RAW, _SLL, _SLL2 = 1, (12, 14, 101, 228, 229), 113, 276
_LOOPBACK = (0, 108)
_VLAN: Final = (0x8100, 0x88A8, 0x9100)
_TRANSPORT: Final = {6: "tcp", 17: "udp"}


def move(frames: Frames, ports: Mapping[str, NDArray[np.uint16]]) -> None:
    """Rewrite the ports of a batch in place."""
    octets = frames.octets
    at: dict[str, list[int]] = {"tcp": [], "udp": []}
    kinds = frames.linktype.tolist()
    for start, length, kind in zip(frames.offset.tolist(), frames.caplen.tolist(), kinds, strict=True):
        found = _transport(octets[start : start + min(length, 128)].tobytes(), kind)
        if found is not None:
            at[found[0]].append(start + found[1])
    for transport, places in at.items():
        _rewrite(octets, np.array(places, np.int64), ports[transport])


def _rewrite(octets: NDArray[np.uint8], places: NDArray[np.int64], new: NDArray[np.uint16]) -> None:
    for high in (places, places + 2):
        ports = new[(octets[high].astype(np.uint16) << 8) | octets[high + 1]]
        octets[high] = ports >> 8
        octets[high + 1] = ports & 0xFF


def _transport(head: bytes, linktype: int) -> tuple[str, int] | None:
    """Where the ports stand, and whose; None where a frame has none, or not all of them."""
    at = _network(head, linktype)
    if at is None or len(head) < at + 40:
        return None
    version = head[at] >> 4
    if version == 4:
        protocol, behind = head[at + 9], at + 4 * (head[at] & 0x0F)
        if int.from_bytes(head[at + 6 : at + 8], "big") & 0x1FFF:  # a later fragment carries no ports
            return None
    elif version == 6:
        protocol, behind = head[at + 6], at + 40
    else:
        return None
    if protocol not in _TRANSPORT or len(head) < behind + 4:
        return None
    return _TRANSPORT[protocol], behind


def _network(head: bytes, linktype: int) -> int | None:
    if linktype in _RAW:
        return 0
    if linktype in _LOOPBACK:
        return 4
    if linktype == _SLL2:
        return 20 if head[:2] in (b"\x08\x00", b"\x86\xdd") else None
    at = {_ETHERNET: 12, _SLL: 14}.get(linktype)
    while at is not None and len(head) >= at + 2:
        kind = int.from_bytes(head[at : at + 2], "big")
        if kind not in _VLAN:
            return at + 2 if kind in (0x0800, 0x86DD) else None
        at += 4
    return None
