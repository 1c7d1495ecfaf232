"""Addresses as text: the one spelling that every table uses."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address

__all__ = ["address_text", "ipv4_text", "mac_text"]

_KEPT = 8192
"""Spellings of each kind that are kept; a network speaks of the same machines again and again."""


@lru_cache(_KEPT)
def mac_text(number: int) -> str:
    """48 bits → `00:1b:1b:12:34:56`."""
    return number.to_bytes(6, "big").hex(":")


@lru_cache(_KEPT)
def ipv4_text(number: int) -> str:
    """32 bits → `192.168.0.1`."""
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def address_text(family: int, high: int, low: int) -> str:
    """Family 4, 6 or 0 (MAC), with the address in two 64-bit halves → text (RFC 5952 for IPv6)."""
    if family == 4:
        return ipv4_text(low)
    if family == 6:
        return str(IPv6Address((high << 64) | low))
    return mac_text(low)
