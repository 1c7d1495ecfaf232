"""Parameters of HART-IP messages and of the commands in them, beside objects and values.

Sources: HCF SPEC-085 (header, sessions, audit log), HCF SPEC-081 (token passing PDU), HCF SPEC-127 clause 6
(universal commands), HCF SPEC-151 clause 7 (common practice commands).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from interlock.decode.layouts import parameters_table
from interlock.decode.protocols.hart_ip.units import packed_text

if TYPE_CHECKING:
    from interlock.decode.layouts import Reader

__all__ = ["ANSWERS", "DETAILS", "DIRECT", "HEAD", "KINDS", "REQUESTS", "SESSION", "TOKEN"]

DETAILS: Final = (parameters_table("hart_ip", "HART-IP"),)

HEAD: Final = "version:1 message-type:1 message-id:1 status:1 2 length:2"
TOKEN: Final = ("delimiter:1 address:address 1 octets:1", "response-code:1 device-status:1")
"""A token passing PDU up to its data; what only a response has."""
DIRECT: Final = "device-status:1 extended-status:1"

SESSION: Final = {
    (0, False): "master-type:1 inactivity-timer:4",
    (0, True): "master-type:1 inactivity-timer:4",
    (5, False): "start-record:1 records:1",
    (5, True): "start-record:1 records:1 power-up-time:8 last-security-change:8 server-status:2 record-size:2 "
               "*( client-ip4:ip4 client-ip6:ip6 client-port:2 server-port:2 connected:8 disconnected:8 "
               "session-status:2 changes-before:2 changes-after:2 published:4 requests:4 responses:4 )",
}  # fmt: skip
"""Message id and whether it is a response."""

REQUESTS: Final = {9: "*( code:1 )", 54: "code:1"}

ANSWERS: Final = {
    0: "constant:1 expanded-type:2 preambles:1 protocol-revision:1 device-revision:1 software-revision:1 hardware:1 "
       "flags:1 device-id:3 response-preambles:1 last-variable:1 change-counter:2 extended-status:1 manufacturer:2 "
       "distributor:2 profile:1",
    1: "unit-code:1 value:f32",
    2: "current:f32 percent:f32",
    3: "current:f32 *( unit-code:1 value:f32 )",
    9: "extended-status:1 slots:slots *slots( code:1 class:1 unit-code:1 value:f32 variable-status:1 ) time:4",
    12: "message:packed24",
    13: "tag:packed6 descriptor:packed12 day:1 month:1 year:1",
    20: "long-tag:t32",
    48: "specific-0:h6 extended-status:1 mode:1 standardized-0:1 standardized-1:1 saturated:1 standardized-2:1 "
        "standardized-3:1 fixed:1 specific-1:h*",
    54: "code:1 transducer-serial:3 unit-code:1 upper-limit:f32 lower-limit:f32 damping:f32 minimum-span:f32 class:1 "
        "family:1 period:4 properties:1",
}  # fmt: skip


def _address(reader: Reader) -> str:
    """Five octets after a delimiter with bit 7, one after another."""
    wide = reader.octets[reader.at - 1] & 0x80
    return f"0x{reader.take(5 if wide else 1).hex()}"


def _slots(reader: Reader) -> int:
    """Slots of eight octets before the time; nothing is taken."""
    return max(0, reader.left() - 4) // 8


KINDS: Final = {
    "address": _address,
    "slots": _slots,
    "ip4": lambda reader: str(ipaddress.IPv4Address(reader.take(4))),
    "ip6": lambda reader: str(ipaddress.IPv6Address(reader.take(16))),
    "packed6": lambda reader: packed_text(reader.take(6)),
    "packed12": lambda reader: packed_text(reader.take(12)),
    "packed24": lambda reader: packed_text(reader.take(24)),
}
