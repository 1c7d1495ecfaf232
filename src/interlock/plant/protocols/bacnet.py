"""BACnet/IP: a client's datagrams, and a device whose objects are an image's process variables.

Source: ANSI/ASHRAE 135, clauses 6 (network layer), 15 and 16 (services), 20 (encoding), annex J (BVLL).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.process.tags import State

__all__ = ["BacnetDevice", "Object", "read_present", "real_of", "who_is", "write_present"]

ANALOG_INPUT: Final = 0
ANALOG_OUTPUT: Final = 1
ANALOG_VALUE: Final = 2
DEVICE: Final = 8
PRESENT_VALUE: Final = 85
_READ: Final = 12
_WRITE: Final = 15
_I_AM: Final = 0
_WHO_IS: Final = 8
_UNKNOWN_OBJECT: Final = (1, 31)
_UNKNOWN_PROPERTY: Final = (2, 32)
_ACCESS_DENIED: Final = (2, 40)


@dataclass(frozen=True, slots=True)
class Object:
    """A tag as an analog object. type: 0 input, 1 output, 2 value."""

    tag: str
    type: int
    instance: int
    name: str

    @property
    def id(self) -> int:
        """Object identifier: type and instance."""
        return self.type << 22 | self.instance


def _datagram(apdu: bytes, *, broadcast: bool = False, expects: bool = False) -> bytes:
    npdu = bytes((1, 0x04 if expects else 0)) + apdu
    return struct.pack("!BBH", 0x81, 0x0B if broadcast else 0x0A, 4 + len(npdu)) + npdu


def who_is() -> bytes:
    """Who-Is to everybody."""
    return _datagram(bytes((0x10, _WHO_IS)), broadcast=True)


def _reference(object_id: int, property_id: int) -> bytes:
    return b"\x0c" + object_id.to_bytes(4, "big") + b"\x19" + bytes((property_id,))


def read_present(invoke: int, obj: Object, property_id: int = PRESENT_VALUE) -> bytes:
    """ReadProperty of an object."""
    return _datagram(
        bytes((0x00, 0x05, invoke & 0xFF, _READ)) + _reference(obj.id, property_id), expects=True
    )


def write_present(invoke: int, obj: Object, value: float, priority: int = 16) -> bytes:
    """WriteProperty of a present value. priority: 1 (life safety) to 16."""
    tagged = b"\x3e\x44" + struct.pack("!f", value) + b"\x3f\x49" + bytes((priority,))
    apdu = bytes((0x00, 0x05, invoke & 0xFF, _WRITE)) + _reference(obj.id, PRESENT_VALUE) + tagged
    return _datagram(apdu, expects=True)


def real_of(answer: bytes) -> float:
    """The REAL in an answer to read_present. Raises ValueError where there is none."""
    at = answer.find(b"\x3e\x44", 6)
    if len(answer) < 9 or answer[6] & 0xF0 != 0x30 or at < 0 or len(answer) < at + 6:
        raise ValueError(f"no value in the answer: {answer.hex()}")
    return float(struct.unpack_from("!f", answer, at + 2)[0])


def _character_string(text: str) -> bytes:
    octets = b"\0" + text.encode("utf-8")
    head = bytes((0x70 | len(octets),)) if len(octets) < 5 else bytes((0x75, len(octets)))
    return head + octets


class BacnetDevice:
    """A device. wrote: told the tag and the value of every accepted write."""

    def __init__(
        self,
        image: State,
        objects: Sequence[Object],
        instance: int,
        named: dict[int, str],
        vendor: int = 999,
        wrote: Callable[[str, float], None] = lambda _tag, _value: None,
    ) -> None:
        """named: property → text of the device object: 77 name, 70 model, 121 vendor, 44 firmware."""
        self._image = image
        self._objects = {o.id: o for o in objects}
        self._device = DEVICE << 22 | instance
        self._named = named
        self._vendor = vendor
        self._wrote = wrote

    def open(self) -> BacnetDevice:
        """See Service; datagrams have no connection."""
        return self

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. What isn't BACnet is ignored."""
        if len(octets) < 8 or octets[0] != 0x81 or octets[4] != 1 or octets[5] & 0xA8:
            return ()
        if int.from_bytes(octets[2:4], "big") != len(octets):
            return ()
        apdu = octets[6:]
        if apdu[0] == 0x10 and apdu[1] == _WHO_IS:
            told = b"\xc4" + self._device.to_bytes(4, "big") + b"\x22\x05\xc4\x91\x03"
            vendor = b"\x22" + self._vendor.to_bytes(2, "big")
            return (_datagram(bytes((0x10, _I_AM)) + told + vendor, broadcast=True),)
        if apdu[0] & 0xF0 == 0 and len(apdu) >= 4:
            return (_datagram(self._confirmed(apdu[2], apdu[3], apdu[4:])),)
        return ()

    def _confirmed(self, invoke: int, service: int, rest: bytes) -> bytes:
        if service not in (_READ, _WRITE) or len(rest) < 7 or rest[0] != 0x0C or rest[5] != 0x19:
            return bytes((0x60, invoke, 9))  # reject: unrecognized service
        object_id, property_id = int.from_bytes(rest[1:5], "big"), rest[6]
        if service == _READ:
            value = self._read(object_id, property_id)
            if isinstance(value, bytes):
                return (
                    bytes((0x30, invoke, _READ))
                    + _reference(object_id, property_id)
                    + b"\x3e"
                    + value
                    + b"\x3f"
                )
            return self._error(invoke, service, value)
        refused = self._write(object_id, property_id, rest[7:])
        return self._error(invoke, service, refused) if refused else bytes((0x20, invoke, service))

    @staticmethod
    def _error(invoke: int, service: int, reason: tuple[int, int]) -> bytes:
        return bytes((0x50, invoke, service, 0x91, reason[0], 0x91, reason[1]))

    def _read(self, object_id: int, property_id: int) -> bytes | tuple[int, int]:
        if object_id == self._device:
            text = self._named.get(property_id)
            return _UNKNOWN_PROPERTY if text is None else _character_string(text)
        found = self._objects.get(object_id)
        if found is None:
            return _UNKNOWN_OBJECT
        if property_id == 77:
            return _character_string(found.name)
        if property_id != PRESENT_VALUE:
            return _UNKNOWN_PROPERTY
        return b"\x44" + struct.pack("!f", self._image[found.tag])

    def _write(self, object_id: int, property_id: int, rest: bytes) -> tuple[int, int] | None:
        found = self._objects.get(object_id)
        if found is None:
            return _UNKNOWN_OBJECT
        if (
            property_id != PRESENT_VALUE
            or found.type == ANALOG_INPUT
            or rest[:2] != b"\x3e\x44"
            or len(rest) < 7
        ):
            return _ACCESS_DENIED
        value = struct.unpack_from("!f", rest, 2)[0]
        self._wrote(found.tag, value)
        self._image[found.tag] = value
        return None
