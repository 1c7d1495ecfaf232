"""Addresses as text: the one spelling that every table uses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

__all__ = ["address_text", "mac_text"]


def mac_text(number: int) -> str:
    """48 bits → `00:1b:1b:12:34:56`."""
    return number.to_bytes(6, "big").hex(":")


def address_text(family: int, high: int, low: int) -> str:
    """Family 4, 6 or 0 (MAC), with the address in two 64-bit halves → text (RFC 5952 for IPv6)."""
    if family == 4:
        return str(IPv4Address(low))
    if family == 6:
        return str(IPv6Address((high << 64) | low))
    return mac_text(low)
