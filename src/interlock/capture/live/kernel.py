"""Numbers and structures of the kernel's interface, as its headers have them for x86, ARM and RISC-V.

Source: Linux, include/uapi/linux/{if_packet,if,sockios,net_tstamp,filter}.h, include/uapi/asm-generic/socket.h.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

__all__: list[str] = []

SOL_PACKET: Final = 263
PACKET_ADD_MEMBERSHIP: Final = 1
PACKET_DROP_MEMBERSHIP: Final = 2
PACKET_RX_RING: Final = 5
PACKET_STATISTICS: Final = 6
PACKET_VERSION: Final = 10
PACKET_TIMESTAMP: Final = 17
PACKET_FANOUT: Final = 18
PACKET_IGNORE_OUTGOING: Final = 23
PACKET_MR_PROMISC: Final = 1
TPACKET_V3: Final = 2
FANOUT_HASH: Final = 0
FANOUT_ROLLOVER: Final = 0x1000
FANOUT_DEFRAG: Final = 0x8000
ETH_P_ALL: Final = 3

SO_TIMESTAMPNS: Final = 35
SO_ATTACH_FILTER: Final = 26
SO_DETACH_FILTER: Final = 27
SOF_TIMESTAMPING_SOFTWARE: Final = 1 << 4

SIOCGIFFLAGS: Final = 0x8913
SIOCSIFFLAGS: Final = 0x8914
SIOCGIFHWADDR: Final = 0x8927
SIOCGIFINDEX: Final = 0x8933
SIOCETHTOOL: Final = 0x8946

IFF_UP: Final = 0x1
IFF_LOOPBACK: Final = 0x8
IFF_RUNNING: Final = 0x40
IFF_NOARP: Final = 0x80
IFF_PROMISC: Final = 0x100
IFF_MULTICAST: Final = 0x1000
ARPHRD_ETHER: Final = 1
ARPHRD_LOOPBACK: Final = 772

RING: Final = Struct("7I")
"""tpacket_req3: octets of a block, blocks, octets of a frame, frames, ms until a block is handed over, private
octets, features."""
MEMBERSHIP: Final = Struct("iHH8s")
"""packet_mreq: interface, kind, octets of the address, address."""
STATISTICS: Final = Struct("3I")
"""tpacket_stats_v3: packets (dropped ones among them), drops, times that the ring was full."""
FLAGS: Final = Struct("16sH22x")
INDEX: Final = Struct("16si20x")
"""ifreq with flags, with an index."""
IFREQ_OCTETS: Final = 40
NAME_OCTETS: Final = 16
