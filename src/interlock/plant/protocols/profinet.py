"""PROFINET: cyclic data of an established relation, and the discovery and configuration protocol (DCP).

Source: IEC 61158-6-10 (frames of RT class 1, DCP), IEC 61784-2.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "ETHERTYPE",
    "IDENTIFY_GROUP",
    "DcpDevice",
    "cyclic",
    "data_of",
    "find",
    "identify",
    "set_ip",
    "set_name",
]

ETHERTYPE: Final = 0x8892
IDENTIFY_GROUP: Final = bytes.fromhex("010ecf000000")
_IDENTIFY: Final = 0xFEFE
_IDENTIFIED: Final = 0xFEFF
_GET_SET: Final = 0xFEFD
_RUNNING: Final = 0x35
"""Data status: valid, primary, provider runs, no problem."""

_LEAST_DATA: Final = 40


def cyclic(frame_id: int, data: bytes, counter: int, *, valid: bool = True) -> bytes:
    """One frame of cyclic data. counter: cycles of 31.25 µs, 16 bits."""
    status = _RUNNING if valid else _RUNNING & ~0x04
    return (
        struct.pack("!H", frame_id)
        + data.ljust(_LEAST_DATA, b"\0")
        + struct.pack("!HBB", counter & 0xFFFF, status, 0)
    )


def data_of(payload: bytes, frame_id: int) -> bytes | None:
    """Data of a frame with this id; None where it is another one, or not to be used."""
    if (
        len(payload) < 6 + _LEAST_DATA
        or struct.unpack_from("!H", payload)[0] != frame_id
        or not payload[-2] & 0x04
    ):
        return None
    return payload[2:-4]


def _dcp(frame_id: int, service: int, kind: int, xid: int, blocks: bytes, delay: int = 0) -> bytes:
    return struct.pack("!HBBIHH", frame_id, service, kind, xid, delay, len(blocks)) + blocks


def _block(option: int, suboption: int, octets: bytes) -> bytes:
    return struct.pack("!BBH", option, suboption, len(octets)) + octets + bytes(len(octets) % 2)


def identify(xid: int) -> bytes:
    """Identify request to all stations."""
    return _dcp(_IDENTIFY, 5, 0, xid, _block(255, 255, b""), 1)


def find(xid: int, name: str) -> bytes:
    """Identify request to the station of this name."""
    return _dcp(_IDENTIFY, 5, 0, xid, _block(2, 2, name.encode("ascii")), 1)


def set_name(xid: int, name: str) -> bytes:
    """Set the name of station, permanently."""
    return _dcp(_GET_SET, 4, 0, xid, _block(2, 2, b"\0\1" + name.encode("ascii")))


def set_ip(xid: int, address: bytes, mask: bytes, gateway: bytes) -> bytes:
    """Set the IP parameters, for the time being."""
    return _dcp(_GET_SET, 4, 0, xid, _block(1, 2, b"\0\0" + address + mask + gateway))


class DcpDevice:
    """A station that can be found and named. renamed: told the new name."""

    def __init__(
        self, name: str, kind: str, ids: tuple[int, int], role: int, address: bytes,
        renamed: Callable[[str], None] = lambda _name: None,
    ) -> None:  # fmt: skip
        """ids: vendor and device. role: 1 device, 2 controller."""
        self.name = name
        self._kind = kind
        self._ids = ids
        self._role = role
        self._address = address
        self._renamed = renamed

    def receive(self, payload: bytes) -> Sequence[bytes]:
        """Answers to a DCP frame that was for everybody, or for this station."""
        if len(payload) < 12:
            return ()
        frame_id, service, kind, xid = struct.unpack_from("!HBBI", payload)
        if kind:
            return ()
        if frame_id == _IDENTIFY and service == 5:
            if payload[12:14] == b"\2\2":
                length = struct.unpack_from("!H", payload, 14)[0]
                if payload[16 : 16 + length] != self.name.encode("ascii", "replace"):
                    return ()
            return (_dcp(_IDENTIFIED, 5, 1, xid, self._described()),)
        if frame_id == _GET_SET and service == 4 and len(payload) >= 18:
            return (_dcp(_GET_SET, 4, 1, xid, self._set(payload[12:])),)
        return ()

    def _described(self) -> bytes:
        return (
            _block(2, 1, b"\0\0" + self._kind.encode("ascii"))
            + _block(2, 2, b"\0\0" + self.name.encode("ascii"))
            + _block(2, 3, b"\0\0" + struct.pack("!HH", *self._ids))
            + _block(2, 4, b"\0\0" + bytes((self._role, 0)))
            + _block(1, 2, b"\0\1" + self._address + b"\xff\xff\xff\0" + bytes(4))
        )

    def _set(self, block: bytes) -> bytes:
        option, suboption, length = struct.unpack_from("!BBH", block)
        octets = block[6 : 4 + length]
        fault = 0
        if (option, suboption) == (2, 2):
            self.name = octets.decode("ascii", "replace")
            self._renamed(self.name)
        elif (option, suboption) == (1, 2) and len(octets) >= 4:
            self._address = octets[:4]
        else:
            fault = 2
        return _block(5, 4, bytes((option, suboption, fault)))
