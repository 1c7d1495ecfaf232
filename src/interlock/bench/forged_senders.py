"""Floods of senders that do not exist: each frame from an address nobody has seen, as `macof` and its kin send them.

What is kept of them has to be bounded, in memory and in time; whoever floods a plant hides behind what he makes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from interlock.plant.twin.mirror import PCAP_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Octets = NDArray[np.uint8]

__all__ = ["KINDS", "write_forged_senders"]

_AT_ONCE: Final = 65_536
_BEGIN_S: Final = 1_700_000_000
_GAP_NS: Final = 10_000
_SENDER, _RECEIVER = (10, 0, 0, 9), (10, 0, 0, 1)


def _ethernet(rng: np.random.Generator, n: int, length: int, ethertype: int) -> Octets:
    """Frames from unicast addresses drawn at chance, to everybody."""
    frames = np.zeros((n, length), np.uint8)
    frames[:, 0:6] = 255
    frames[:, 6:12] = _drawn(rng, n, 6)
    frames[:, 6] &= 0xFE
    frames[:, 12:14] = list(struct.pack(">H", ethertype))
    return frames


def _ipv4(rng: np.random.Generator, n: int, length: int, protocol: int) -> Octets:
    """IPv4 without a checksum, which no capture is asked to have right; from one address to another."""
    frames = _ethernet(rng, n, length, 0x0800)
    frames[:, 14], frames[:, 22], frames[:, 23] = 0x45, 64, protocol
    frames[:, 16:18] = list(struct.pack(">H", length - 14))
    frames[:, 26:30], frames[:, 30:34] = _SENDER, _RECEIVER
    return frames


def _drawn(rng: np.random.Generator, n: int, octets: int) -> Octets:
    return rng.integers(0, 256, (n, octets), dtype=np.uint8)


def _macs(rng: np.random.Generator, n: int) -> Octets:
    """Ethernet and IPv4 addresses at chance, in UDP to ports at chance."""
    frames = _ipv4(rng, n, 60, 17)
    frames[:, 26:30], frames[:, 34:38] = _drawn(rng, n, 4), _drawn(rng, n, 4)
    frames[:, 38:40] = (0, 26)
    return frames


def _arp(rng: np.random.Generator, n: int) -> Octets:
    """Answers that nobody asked for."""
    frames = _ethernet(rng, n, 60, 0x0806)
    frames[:, 14:22] = (0, 1, 8, 0, 6, 4, 0, 2)
    frames[:, 22:28] = frames[:, 6:12]
    frames[:, 28:32], frames[:, 38:42] = _drawn(rng, n, 4), _drawn(rng, n, 4)
    return frames


def _syn(rng: np.random.Generator, n: int) -> Octets:
    """Connections to a controller's Modbus port that are never completed."""
    frames = _ipv4(rng, n, 54, 6)
    frames[:, 26:30], frames[:, 34:36], frames[:, 38:42] = (
        _drawn(rng, n, 4),
        _drawn(rng, n, 2),
        _drawn(rng, n, 4),
    )
    frames[:, 36:38] = list(struct.pack(">H", 502))
    frames[:, 46], frames[:, 47], frames[:, 48] = 0x50, 0x02, 0x10
    return frames


def _dcp(rng: np.random.Generator, n: int) -> Octets:
    """PROFINET DCP Identify of everybody (IEC 61158-6-10), each from another station."""
    frames = _ethernet(rng, n, 60, 0x8892)
    frames[:, 0:6] = (0x01, 0x0E, 0xCF, 0, 0, 0)
    frames[:, 14:18] = (0xFE, 0xFE, 5, 0)
    frames[:, 18:22] = _drawn(rng, n, 4)
    frames[:, 24:30] = (0, 4, 255, 255, 0, 0)
    return frames


def _bacnet(rng: np.random.Generator, n: int) -> Octets:
    """BACnet WriteProperty of chance from one client, each to another address."""
    frames = _ipv4(rng, n, 62, 17)
    frames[:, 30:34] = _drawn(rng, n, 4)
    frames[:, 34:40] = (0xBA, 0xC0, 0xBA, 0xC0, 0, 28)
    frames[:, 42:] = list(bytes.fromhex("810a001401040005010f0c0080000119553e4400"))
    frames[:, 52:57] = _drawn(rng, n, 5)
    return frames


KINDS: Final[dict[str, Callable[[np.random.Generator, int], Octets]]] = {
    "macs": _macs, "arp": _arp, "syn": _syn, "dcp": _dcp, "bacnet": _bacnet,
}  # fmt: skip


def write_forged_senders(target: BinaryIO, kind: str, frames: int, seed: int) -> None:
    """Write a capture (pcap, nanoseconds) of that many frames, one each 10 µs."""
    rng = np.random.default_rng(seed)
    target.write(PCAP_HEADER)
    for begin in range(0, frames, _AT_ONCE):
        some = KINDS[kind](rng, min(_AT_ONCE, frames - begin))
        time = (begin + np.arange(len(some), dtype=np.uint64)) * _GAP_NS
        heads = np.empty((len(some), 4), "<u4")
        heads[:, 0], heads[:, 1] = _BEGIN_S + time // 1_000_000_000, time % 1_000_000_000
        heads[:, 2:] = some.shape[1]
        target.write(np.hstack([heads.view(np.uint8), some]).tobytes())
