"""Transport service access points: who is called, and as what.

A called TSAP of two octets is connection type and rack times 32 plus slot; TIA Portal calls by name.
Source: RFC 1006; ISO 8073 clause 13.3.4; SIMATIC NET, S7 connections.
"""

from __future__ import annotations

from typing import Final

__all__ = ["connection_type", "rack_slot", "role_of", "tsap_text"]

_TYPES: Final = {1: "PG", 2: "OP", 3: "S7 basic"}
_NAMED: Final = {"SIMATIC-ROOT-ES": ("engineering-station", 0.7), "SIMATIC-ROOT-HMI": ("hmi", 0.6)}
_S7_200: Final = b"MW"
"""What an S7-200 is called by: no rack and slot in it."""


def tsap_text(tsap: bytes) -> str:
    """Printable TSAPs as text, others in hexadecimal."""
    if len(tsap) > 2 and all(32 <= o < 127 for o in tsap):
        return tsap.decode("ascii")
    return f"0x{tsap.hex()}"


def rack_slot(tsap: bytes) -> tuple[int, int] | None:
    """Rack and slot that a called TSAP means, None where it means none."""
    if len(tsap) != 2 or tsap == _S7_200 or tsap[0] == 0:
        return None
    return tsap[1] >> 5, tsap[1] & 31


def connection_type(tsap: bytes) -> str | None:
    """PG (programming device), OP (operator panel), S7 basic, or `S7` for a configured connection."""
    if len(tsap) != 2 or tsap == _S7_200:
        return None
    return _TYPES.get(tsap[0]) or ("S7" if tsap[0] >= 0x10 else None)


def role_of(tsap: bytes) -> tuple[str, float] | None:
    """Role that whoever calls this TSAP claims by it, and how much that says.

    PG and OP say little: every library calls as one of them.
    """
    named = _NAMED.get(tsap_text(tsap))
    if named is not None or len(tsap) != 2:
        return named
    return {1: ("engineering-station", 0.2), 2: ("hmi", 0.3)}.get(tsap[0])
