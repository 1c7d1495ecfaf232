"""What the network's own machines say: ARP (RFC 826), LLDP (IEEE 802.1AB), SNMP version 2c (RFC 1901, 3416)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols import ber

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.wire.frames import End

__all__ = ["ARP", "LLDP", "LLDP_GROUP", "SnmpAgent", "arp", "lldp", "snmp_get"]

ARP: Final = 0x0806
LLDP: Final = 0x88CC
LLDP_GROUP: Final = bytes.fromhex("0180c200000e")
_GET: Final = 0xA0
_RESPONSE: Final = 0xA2
_NO_SUCH_OBJECT: Final = b"\x80\x00"


def arp(operation: int, sender: End, target: End) -> bytes:
    """operation: 1 request, in which the target's hardware address isn't known; 2 reply."""
    known = target.mac if operation == 2 else bytes(6)
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + sender.mac + sender.ip + known + target.ip


def lldp(chassis: bytes, port: str, name: str, described: str) -> bytes:
    """A switch's announcement. chassis: its hardware address."""

    def tlv(kind: int, octets: bytes) -> bytes:
        return struct.pack("!H", kind << 9 | len(octets)) + octets

    return (
        tlv(1, b"\x04" + chassis)
        + tlv(2, b"\x05" + port.encode("ascii"))
        + tlv(3, (120).to_bytes(2, "big"))
        + tlv(5, name.encode("utf-8"))
        + tlv(6, described.encode("utf-8"))
        + tlv(7, struct.pack("!HH", 0x0004, 0x0004))
        + tlv(0, b"")
    )


def snmp_get(community: str, request: int, names: Sequence[str]) -> bytes:
    """GetRequest."""
    return _message(
        community.encode("ascii"), _GET, request, [(ber.object_id(n), b"\x05\x00") for n in names]
    )


def _message(community: bytes, kind: int, request: int, bindings: Sequence[tuple[bytes, bytes]]) -> bytes:
    listed = b"".join(ber.tagged(0x30, name + value) for name, value in bindings)
    numbers = ber.integer(2, request) + ber.integer(2, 0) + ber.integer(2, 0)
    pdu = ber.tagged(kind, numbers + ber.tagged(0x30, listed))
    return ber.tagged(0x30, ber.integer(2, 1) + ber.tagged(4, community) + pdu)


class SnmpAgent:
    """Answers GetRequests of who knows the community; others hear nothing."""

    def __init__(self, community: str, objects: dict[str, Callable[[], bytes]]) -> None:
        """objects: dotted name → its value, encoded."""
        self._community = community.encode("ascii")
        self._objects = {ber.object_id(name): value for name, value in objects.items()}

    def open(self) -> SnmpAgent:
        """See Service; datagrams have no connection."""
        return self

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. What isn't a GetRequest of version 2c is ignored."""
        try:
            _, message, _ = ber.read(octets)
            _, version, at = ber.read(message)
            _, community, at = ber.read(message, at)
            kind, pdu, _ = ber.read(message, at)
            if version != b"\x01" or community != self._community or kind != _GET:
                return ()
            _, request, at = ber.read(pdu)
            _, _, at = ber.read(pdu, at)
            _, _, at = ber.read(pdu, at)
            _, listed, _ = ber.read(pdu, at)
            bindings, at = [], 0
            while at < len(listed):
                _, binding, at = ber.read(listed, at)
                _, _, end = ber.read(binding)
                value = self._objects.get(binding[:end])
                bindings.append((binding[:end], value() if value else _NO_SUCH_OBJECT))
        except ValueError:
            return ()
        return (_message(self._community, _RESPONSE, int.from_bytes(request, "big"), bindings),)
