"""Addresses as text: the one spelling that every table uses."""

from __future__ import annotations

import socket

__all__ = ["address_text", "mac_text"]


def mac_text(number: int) -> str:
    """48 bits → `00:1b:1b:12:34:56`."""
    return number.to_bytes(6, "big").hex(":")


def address_text(family: int, high: int, low: int) -> str:
    """family 4, 6 or 0 (MAC), with the address in two 64-bit halves → text (RFC 5952 for IPv6)."""
    if family == 4:
        return socket.inet_ntop(socket.AF_INET, low.to_bytes(4, "big"))
    if family == 6:
        return socket.inet_ntop(socket.AF_INET6, high.to_bytes(8, "big") + low.to_bytes(8, "big"))
    return mac_text(low)
