"""Connectionless DCE/RPC: UUIDs, the header as a row of its own, and fragments joined to one body.

    | version 4 | type 1 | flags 1 | flags 1 | data representation 3 | serial 1 | object 16 | interface 16 |
    | activity 16 | boot time 4 | interface version 4 | sequence 4 | operation 2 | hints 2 + 2 | length 2 |
    | fragment 2 | authentication 1 | serial 1 |                                            80 octets

Numbers and the first three fields of a UUID stand in the byte order that the data representation names.
Source: Open Group C706, 12.5 (connectionless PDUs), 14.1 (byte order); IEC 61158-6-10, 4.10.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from interlock.decode.protocols.profinet.wire import Header

__all__ = [
    "CONTROLLER",
    "ENDPOINT_MAPPER",
    "FAULT",
    "HEADER_OCTETS",
    "REJECT",
    "REQUEST",
    "RESPONSE",
    "Fragments",
    "is_profinet",
    "uuid_text",
    "wire_uuid",
]

HEADER_OCTETS: Final = 80
REQUEST, RESPONSE, FAULT, REJECT = 0, 2, 3, 6
ENDPOINT_MAPPER: Final = bytes.fromhex("e1af83085d1f11c991a408002b14a0fa")
CONTROLLER: Final = bytes.fromhex("dea00002")
"""How the UUID of a controller's own interface begins."""
_INTERFACES: Final = frozenset(
    bytes.fromhex(f"{role}6c9711d1827100a02442df7d")
    for role in ("dea00001", "dea00002", "dea00003", "dea00004")
)
_MAX_BODY: Final = 1 << 17
_MAX_BODIES: Final = 64


def wire_uuid(octets: bytes, *, little: bool) -> bytes:
    """16 octets off the wire → the same UUID in the order that its text has."""
    if not little:
        return octets
    return octets[3::-1] + octets[5:3:-1] + octets[7:5:-1] + octets[8:]


def uuid_text(octets: bytes) -> str:
    """16 octets in text order → `dea00001-6c97-11d1-8271-00a02442df7d`."""
    digits = octets.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def is_profinet(interface: bytes) -> bool:
    """Whether it is an IO device's, controller's, supervisor's or parameter server's interface (4.10.3.2)."""
    return interface in _INTERFACES


_LITTLE, _BIG = (struct.Struct(order + "4B3xB16s16s16sIII5H2B") for order in "<>")


def describe(octets: bytes) -> dict[str, int | bool | str]:
    """80 octets of a header that `read_header` took → columns of tables.RPC, but for who sent it."""
    little = octets[4] == 0x10
    _, kind, flags, more, high, *uuids_and_more = (_LITTLE if little else _BIG).unpack(octets)
    thing, interface, activity, boot, version, sequence, *rest = uuids_and_more
    operation, interface_hint, activity_hint, body, fragment, authentication, low = rest
    uuids = {"object": thing, "interface": interface, "activity": activity}
    return {
        "packet_type": kind,
        "flags": flags,
        "more_flags": more,
        "little_endian": little,
        **{name: uuid_text(wire_uuid(raw, little=little)) for name, raw in uuids.items()},
        "boot_time": boot,
        "interface_version": version,
        "sequence": sequence,
        "operation_number": operation,
        "interface_hint": interface_hint,
        "activity_hint": activity_hint,
        "body": body,
        "fragment": fragment,
        "authentication": authentication,
        "serial": high << 8 | low,
    }


class Fragments:
    """Bodies under reassembly: at most 64 at once, of at most 128 KiB each; the oldest is dropped."""

    def __init__(self) -> None:
        self._bodies: dict[Hashable, dict[int, bytes]] = {}

    def add(self, who: Hashable, header: Header, octets: bytes) -> bytes | None:
        """Keep one fragment; the whole body with the last one, None while it goes on.

        Raises DecodeError("fragment-missing") where the last one comes and others are not there,
        DecodeError("fragments-too-large") where the body outgrows its bound.
        """
        key = (who, header.kind, header.key)
        parts = self._bodies.pop(key, {})
        parts[header.fragment] = octets
        if sum(map(len, parts.values())) > _MAX_BODY:
            raise DecodeError("fragments-too-large", HEADER_OCTETS)
        if header.goes_on:
            self._bodies[key] = parts
            while len(self._bodies) > _MAX_BODIES:
                del self._bodies[next(iter(self._bodies))]
            return None
        if sorted(parts) != list(range(header.fragment + 1)):
            raise DecodeError("fragment-missing", HEADER_OCTETS)
        return b"".join(parts[n] for n in range(header.fragment + 1))
