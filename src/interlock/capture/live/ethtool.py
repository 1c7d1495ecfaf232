"""What a network card does to frames before they are seen, read and set as `ethtool -k`, `-K`, `-a` and `-A` do.

Source: Linux, include/uapi/linux/ethtool.h.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
from struct import Struct, pack_into, unpack_from
from typing import TYPE_CHECKING, Final

from interlock.capture.live import kernel
from interlock.capture.live.link import check_name

if TYPE_CHECKING:
    import socket

__all__ = ["features", "pause", "set_features", "set_pause"]

_GET_PAUSE, _SET_PAUSE, _STRINGS, _COUNT, _GET_FEATURES, _SET_FEATURES = 0x12, 0x13, 0x1B, 0x37, 0x3A, 0x3B
_FEATURE_NAMES: Final = 4
_NAME_OCTETS: Final = 32
_MOST: Final = 1024
_ABSENT: Final = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENODEV})
_PAUSE: Final = Struct("=4I")
"""command, and whether pause frames are negotiated, heeded, sent."""


def _call(sock: socket.socket, interface: str, request: bytearray) -> bool:
    """Ask the driver; the answer is in `request`. False where it does not know the question."""
    buffer = (ctypes.c_char * len(request)).from_buffer(request)
    pointer = Struct("16sP").pack(check_name(interface), ctypes.addressof(buffer))
    try:
        fcntl.ioctl(sock, kernel.SIOCETHTOOL, pointer.ljust(kernel.IFREQ_OCTETS, b"\0"))
    except OSError as error:
        if error.errno in _ABSENT:
            return False
        raise
    finally:
        del buffer
    return True


def _names(sock: socket.socket, interface: str) -> list[str]:
    """The features' names by their numbers."""
    request = bytearray(20)
    pack_into("=IIQI", request, 0, _COUNT, 0, 1 << _FEATURE_NAMES, 0)
    if not _call(sock, interface, request):
        return []
    count = min(unpack_from("=I", request, 16)[0], _MOST)
    request = bytearray(12 + count * _NAME_OCTETS)
    pack_into("=III", request, 0, _STRINGS, _FEATURE_NAMES, count)
    if not _call(sock, interface, request):
        return []
    texts = (request[12 + k * _NAME_OCTETS : 12 + (k + 1) * _NAME_OCTETS] for k in range(count))
    return [bytes(text).split(b"\0")[0].decode("ascii", "replace") for text in texts]


def features(sock: socket.socket, interface: str) -> dict[str, bool]:
    """What may be switched here, and whether it is on; empty where the driver knows no features."""
    names = _names(sock, interface)
    groups = -(-len(names) // 32)
    request = bytearray(8 + 16 * groups)
    pack_into("=II", request, 0, _GET_FEATURES, groups)
    if not groups or not _call(sock, interface, request):
        return {}
    found = {}
    for number, name in enumerate(names):
        available, _, active, never = unpack_from("=4I", request, 8 + 16 * (number // 32))
        bit = 1 << number % 32
        if name and available & bit and not never & bit:
            found[name] = bool(active & bit)
    return found


def set_features(sock: socket.socket, interface: str, wanted: dict[str, bool]) -> None:
    """Switch features on or off; names that are not there are passed over."""
    names = _names(sock, interface)
    groups = -(-len(names) // 32)
    request = bytearray(8 + 8 * groups)
    pack_into("=II", request, 0, _SET_FEATURES, groups)
    for number, name in enumerate(names):
        if name in wanted:
            at, bit = 8 + 8 * (number // 32), 1 << number % 32
            valid, on = unpack_from("=II", request, at)
            pack_into("=II", request, at, valid | bit, on | (bit if wanted[name] else 0))
    if groups:
        _call(sock, interface, request)


def pause(sock: socket.socket, interface: str) -> list[int] | None:
    """Whether pause frames (IEEE 802.3 annex 31B) are negotiated, heeded, sent; None where the card knows none."""
    request = bytearray(_PAUSE.size)
    pack_into("=I", request, 0, _GET_PAUSE)
    if not _call(sock, interface, request):
        return None
    return list(_PAUSE.unpack(request)[1:])


def set_pause(sock: socket.socket, interface: str, wanted: list[int]) -> None:
    """Set what `pause` gives."""
    _call(sock, interface, bytearray(_PAUSE.pack(_SET_PAUSE, *wanted)))
