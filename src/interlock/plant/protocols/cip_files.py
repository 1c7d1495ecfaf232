"""The CIP File object: how firmware reaches a device over EtherNet/IP.

Source: CIP Volume 1, 5A-42 (File object, class 0x37): Initiate_Download (0x4C) and Download_Transfer (0x50).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols.cip import object_path, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["FILE_CLASS", "FileObject", "download"]

FILE_CLASS: Final = 0x37
FIRMWARE: Final = 200
"""Instance for the device's firmware; instances from 0xC9 on are the vendor's (0xC8 the device's EDS and icons)."""

INITIATE_DOWNLOAD: Final = 0x4C
DOWNLOAD_TRANSFER: Final = 0x50
_FIRST, _MIDDLE, _LAST, _ONLY = 0, 1, 2, 4
_SHORT_STRING: Final = 0xDA
_ASCII: Final = 4
_PART: Final = 220
"""Octets in a transfer; the object says so itself."""

_SERVICE_UNKNOWN: Final = 0x08
_STATE_CONFLICT: Final = 0x0C
_TOO_LITTLE: Final = 0x13


def download(name: str, octets: bytes) -> Iterator[bytes]:
    """Requests that download a file: announced, then in parts."""
    path, text = object_path(FILE_CLASS, FIRMWARE), name.encode("ascii")
    named = b"\x01eng" + bytes((_SHORT_STRING,)) + struct.pack("<HB", _ASCII, len(text)) + text
    yield request(INITIATE_DOWNLOAD, path, struct.pack("<IBBBB", len(octets), 1, 0, 6, 6) + named)
    parts = [octets[at : at + _PART] for at in range(0, len(octets), _PART)]
    for k, part in enumerate(parts):
        kind = _ONLY if len(parts) == 1 else _FIRST if k == 0 else _LAST if k == len(parts) - 1 else _MIDDLE
        yield request(DOWNLOAD_TRANSFER, path, bytes((k & 0xFF, kind)) + part)


class FileObject:
    """Takes one file at a time. written: told its octets when all are there."""

    def __init__(self, written: Callable[[bytes], None]) -> None:
        self._written = written
        self._octets = b""
        self._size = -1
        self._next = 0

    def serve(self, service: int, data: bytes) -> tuple[int, bytes]:
        """General status and body of the answer to a service."""
        if service == INITIATE_DOWNLOAD:
            if len(data) < 16:
                return _TOO_LITTLE, b""
            self._octets, self._size, self._next = b"", struct.unpack_from("<I", data)[0], 0
            return 0, struct.pack("<IHB", 0, 0, _PART)
        if service != DOWNLOAD_TRANSFER:
            return _SERVICE_UNKNOWN, b""
        if len(data) < 2 or self._size < 0 or data[0] != self._next & 0xFF:
            return _STATE_CONFLICT, b""
        self._octets += data[2:]
        self._next += 1
        if len(self._octets) >= self._size:
            whole, self._size = self._octets[: self._size], -1
            self._written(whole)
        return 0, data[:1]
