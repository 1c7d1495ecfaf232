"""What the name service's answer tells of a node.

    command 2 | version 2 | message 4 | channels 2 | byte order 1 | 1 | offset of the names 2 | lengths of node,
    device and vendor name 2 each | target type 2 | target 2 | 4 | version 4 | 4 | length of the serial number 1 | …
    at 48 + offset: the three names in UTF-16, each with a zero behind, then the serial number

Lengths of names count characters. Source: as wire.py.
"""

from __future__ import annotations

from typing import Final

__all__ = ["DEVICE_INFO", "facts_of"]

DEVICE_INFO: Final = 0xC280
_HEAD: Final = 37
_VERSIONS: Final = frozenset({0x103, 0x400})


def facts_of(octets: bytes) -> tuple[tuple[str, str], ...]:
    """Facts as (field, value); empty values where the node tells nothing. None at all for another layout."""
    if len(octets) < _HEAD or octets[2] | octets[3] << 8 not in _VERSIONS:
        return ()
    words = [octets[k] | octets[k + 1] << 8 for k in range(12, 24, 2)]
    offset, lengths, (kind, target) = words[0], words[1:4], words[4:6]
    at = 48 + offset
    if at + 2 * sum(lengths) + 6 + octets[36] > len(octets):
        return ()
    names = []
    for length in lengths:
        names.append(octets[at : at + 2 * length].decode("utf-16-le", "replace").strip("\0 "))
        at += 2 * (length + 1)
    serial = octets[at : at + octets[36]].decode("ascii", "backslashreplace").strip("\0 ")
    version = ".".join(str(octet) for octet in reversed(octets[28:32]))
    return (
        ("name", names[0]),
        ("product", names[1]),
        ("vendor", names[2]),
        ("serial", serial),
        ("firmware", version if any(octets[28:32]) else ""),
        ("product-code", f"codesys:{kind}/{target}"),
    )
