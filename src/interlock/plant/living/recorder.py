"""What the mirror port hears, as a pcap with nanoseconds: for people without a sensor."""

from __future__ import annotations

import socket
import struct
import time
from typing import TYPE_CHECKING, Final

from interlock.errors import SourceError
from interlock.plant.twin.mirror import PCAP_HEADER

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["record"]

_RECORD: Final = struct.Struct("<IIII")
_SOL_PACKET: Final = 263
_PACKET_AUXDATA: Final = 8
_PACKET_OUTGOING: Final = 4
_SO_TIMESTAMPNS: Final = 35
_AUX: Final = struct.Struct("=IIIHHHH")
_STAMP: Final = struct.Struct("@qq")
_VLAN_VALID: Final = 0x10
_VLAN_TPID_VALID: Final = 0x40
_DOT1Q: Final = 0x8100
_BUFFER: Final = 8 << 20
_ETH_P_ALL: Final = 3


def record(interface: str, seconds: float, target: BinaryIO) -> tuple[int, int, bool]:
    """Record; gives how many frames were written, how many the kernel could not keep, and whether it was to the end.

    It ends early where the interface goes away. Raises SourceError where there is none, or one may not listen.
    """
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    except PermissionError as error:
        raise SourceError(f"{interface}: only root may listen to an interface") from error
    with sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        try:
            sock.bind((interface, _ETH_P_ALL))
        except OSError as error:
            raise SourceError(f"{interface}: no such interface; `interlock plant status` names it") from error
        target.write(PCAP_HEADER)
        frames, whole = _until(sock, time.monotonic() + seconds, target)
        dropped = struct.unpack("II", sock.getsockopt(_SOL_PACKET, 6, 8))[1]  # PACKET_STATISTICS
    return frames, int(dropped), whole


def _until(sock: socket.socket, end: float, target: BinaryIO) -> tuple[int, bool]:
    frames = 0
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(min(left, 0.5))
        try:
            octets, aux, _, source = sock.recvmsg(65536, 256)
        except TimeoutError:
            continue
        except OSError:
            return frames, False  # the mirror port is gone: the plant went down
        if source[2] == _PACKET_OUTGOING:  # what somebody here sent into it: the plant never sees it
            continue
        when_ns, frame = _told(octets, aux)
        frames += 1
        size = len(frame)
        target.write(_RECORD.pack(when_ns // 1_000_000_000, when_ns % 1_000_000_000, size, size) + frame)
    return frames, True


def _told(octets: bytes, aux: list[tuple[int, int, bytes]]) -> tuple[int, bytes]:
    """Time of arrival, and the frame with the 802.1Q tag that the kernel keeps beside it."""
    when_ns = time.time_ns()
    for level, kind, data in aux:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, rest = _STAMP.unpack_from(data)
            when_ns = seconds * 1_000_000_000 + rest
        elif level == _SOL_PACKET and kind == _PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = _AUX.unpack_from(data)
            if status & _VLAN_VALID:
                tag = struct.pack("!HH", tpid if status & _VLAN_TPID_VALID else _DOT1Q, tci)
                octets = octets[:12] + tag + octets[12:]
    return when_ns, octets
