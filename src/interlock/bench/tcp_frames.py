"""TCP segments in Ethernet frames as pcap records, written for thousands of packets at once.

One row of a structured array is one packet with everything a packet can have; what a packet does not have
(the VLAN tag, the room behind its payload) is left out when the rows are flattened.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PAYLOAD_OCTETS", "PCAP_HEADER", "blank", "flatten"]

PAYLOAD_OCTETS = 432
"""Room for two of the longest ADUs in one segment."""

PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
"""Classic pcap, microseconds, little-endian, link type Ethernet."""

_PACKET = np.dtype(
    [
        ("seconds", "<u4"),
        ("micros", "<u4"),
        ("caplen", "<u4"),
        ("wirelen", "<u4"),
        ("mac_to", "u1", (6,)),
        ("mac_from", "u1", (6,)),
        ("tpid", ">u2"),
        ("tci", ">u2"),
        ("ethertype", ">u2"),
        ("version_ihl", "u1"),
        ("tos", "u1"),
        ("total_length", ">u2"),
        ("ip_id", ">u2"),
        ("fragment", ">u2"),
        ("ttl", "u1"),
        ("ip_protocol", "u1"),
        ("ip_checksum", ">u2"),
        ("ip_from", ">u4"),
        ("ip_to", ">u4"),
        ("port_from", ">u2"),
        ("port_to", ">u2"),
        ("seq", ">u4"),
        ("ack", ">u4"),
        ("offset_flags", ">u2"),
        ("window", ">u2"),
        ("tcp_checksum", ">u2"),
        ("urgent", ">u2"),
        ("payload", "u1", (PAYLOAD_OCTETS,)),
    ]
)
_TAG, _ETHERTYPE, _IP, _TCP, _PAYLOAD = 28, 32, 34, 54, 74
_LEAST_FRAME_OCTETS = 60


def blank(packets: int) -> NDArray[np.void]:
    """Make `packets` rows with everything set that is the same in all of them."""
    rows = np.zeros(packets, _PACKET)
    rows["tpid"], rows["ethertype"], rows["version_ihl"] = 0x8100, 0x0800, 0x45
    rows["fragment"], rows["ttl"], rows["ip_protocol"] = 0x4000, 64, 6
    rows["window"] = 8192
    return rows


def flatten(
    rows: NDArray[np.void], payload_octets: NDArray[np.int64], tagged: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Fill in lengths and checksums and return the rows as consecutive pcap records.

    payload_octets: TCP payload of each row, zero behind it. tagged: rows that carry the 802.1Q tag.
    Frames shorter than 60 octets are padded as a network card pads them (IEEE 802.3, 3.2.8).
    """
    rows["total_length"] = 40 + payload_octets
    frame_octets = np.maximum(54 + 4 * tagged + payload_octets, _LEAST_FRAME_OCTETS)
    rows["caplen"] = rows["wirelen"] = frame_octets
    octets = rows.view(np.uint8).reshape(len(rows), _PACKET.itemsize)
    rows["ip_checksum"] = _checksum(_words(octets, _IP, _TCP))
    segment = _words(octets, _TCP, _PACKET.itemsize) + _words(octets, 46, _TCP)
    rows["tcp_checksum"] = _checksum(segment + 6 + 20 + payload_octets)
    column = np.arange(_PACKET.itemsize)
    kept = column < (16 + frame_octets + 4 * ~tagged)[:, None]
    kept[~tagged, _TAG:_ETHERTYPE] = False
    flat: NDArray[np.uint8] = octets[kept]
    return flat


def _words(octets: NDArray[np.uint8], begin: int, end: int) -> NDArray[np.int64]:
    words = np.ascontiguousarray(octets[:, begin:end]).view(">u2")
    total: NDArray[np.int64] = words.sum(axis=1, dtype=np.int64)
    return total


def _checksum(total: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fold sums of 16-bit words into the Internet checksum (RFC 1071)."""
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
