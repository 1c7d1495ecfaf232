"""Sets of numbers (addresses, ports) as sorted ranges that neither touch nor overlap; both ends belong to a range."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "GROUPS",
    "Spans",
    "both",
    "holds",
    "networks",
    "normal",
    "read_ports",
    "read_ranges",
    "without",
    "written",
]

Spans = tuple[tuple[int, int], ...]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
GROUPS: Final[dict[int, Spans]] = {
    4: ((0xE000_0000, 0xEFFF_FFFF), (0xFFFF_FFFF, 0xFFFF_FFFF)),
    6: ((0xFF << 120, (1 << 128) - 1),),
}
"""Addresses of many: multicast, and the broadcast of all."""


def normal(ranges: Iterable[tuple[int, int]]) -> Spans:
    """Sort ranges and join what touches or overlaps."""
    kept: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if kept and low <= kept[-1][1] + 1:
            kept[-1] = (kept[-1][0], max(kept[-1][1], high))
        else:
            kept.append((low, high))
    return tuple(kept)


def both(one: Spans, other: Spans) -> Spans:
    """What is in one and in the other."""
    found, a, b = [], 0, 0
    while a < len(one) and b < len(other):
        low, high = max(one[a][0], other[b][0]), min(one[a][1], other[b][1])
        if low <= high:
            found.append((low, high))
        if one[a][1] < other[b][1]:
            a += 1
        else:
            b += 1
    return tuple(found)


def without(one: Spans, other: Spans) -> Spans:
    """What is in one and not in the other."""
    return both(one, tuple(_gaps(other)))


def _gaps(spans: Spans) -> Iterator[tuple[int, int]]:
    at = 0
    for low, high in spans:
        if at < low:
            yield at, low - 1
        at = high + 1
    yield at, 1 << 129


def networks(version: int, spans: Spans) -> tuple[IPNetwork, ...]:
    """The same addresses as networks, as few as can be."""
    address = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    return tuple(
        network
        for low, high in spans
        for network in ipaddress.summarize_address_range(address(low), address(high))
    )


def written(version: int, spans: Spans) -> list[str]:
    """Each range as `address`, `network/prefix` or `first-last`."""
    texts = []
    for span in spans:
        found = networks(version, (span,))
        if len(found) == 1:
            texts.append(str(found[0].network_address) if span[0] == span[1] else str(found[0]))
        else:
            texts.append(f"{found[0][0]}-{found[-1][-1]}")
    return texts


def holds(spans: Spans, number: int) -> bool:
    """Whether a number is among them."""
    return any(low <= number <= high for low, high in spans)


def read_ranges(texts: Iterable[str]) -> Spans:
    """Addresses as `written` spells them. Raises ValueError."""
    found = []
    for text in texts:
        first, dash, last = text.partition("-")
        if dash:
            found.append((int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last))))
        else:
            network = ipaddress.ip_network(first)
            found.append((int(network[0]), int(network[-1])))
    return normal(found)


def read_ports(texts: Iterable[str]) -> Spans:
    """Ports as `502` or `1000-2000`. Raises ValueError."""
    found = []
    for text in texts:
        low, _, high = text.partition("-")
        found.append((int(low), int(high or low)))
    return normal(found)
