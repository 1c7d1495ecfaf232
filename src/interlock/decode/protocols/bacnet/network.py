"""The network layer: who sends through which router to whom, and the messages of routers among themselves.

    | version 1 | control 1 | [DNET 2, DLEN 1, DADR] | [SNET 2, SLEN 1, SADR] | [hop count 1] |
    then an APDU, or | message type 1 | [vendor 2] | …

Source: ANSI/ASHRAE 135, clause 6.2 (NPDU), 6.4 (network layer messages).
"""

from __future__ import annotations

__all__ = ["NETWORK_MESSAGES", "address_text", "unit_text"]

NETWORK_MESSAGES = 768
"""`function` of a network layer message is this + its message type."""
BROADCAST = 0xFFFF
"""The network number that means every network."""


def address_text(address):
    """An address within a network: MS/TP and ARCNET 1 octet decimal, B/IP 6 octets with its port, else hex."""
    if len(address) == 1:
        return str(address[0])
    if len(address) == 6 and 0xBAC0 <= int.from_bytes(address[4:], "big") <= 0xBACF:
        return f"{address[0]}.{address[1]}.{address[2]}.{address[3]}:{int.from_bytes(address[4:], 'big')}"
    return f"0x{address.hex()}"


def unit_text(end):
    """`network:address` of a machine behind a router; `network:*` for all of a network; None for a global one."""
    network, address = end
    if network == BROADCAST:
        return None
    return f"{network}:{address_text(address)}" if address else f"{network}:*"
