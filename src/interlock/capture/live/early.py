"""Rings that are open before it is known whether they will be wanted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from interlock.capture.live.socket import Options, RingSize, open_fanout, open_ring
from interlock.errors import SourceError
from interlock.records.budget import RING_BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.capture.live.socket import LiveRing

__all__ = ["Rings", "hear", "let_go", "ring_size", "rings_of"]

Rings = dict[tuple[str, int], "Sequence[LiveRing]"]
"""(interface, how many workers share it) → a ring for each of them."""


def ring_size(ring_mib: int) -> RingSize:
    """A ring of so many MiB."""
    return RingSize(blocks=(ring_mib << 20) // RING_BLOCK, block_octets=RING_BLOCK)


def rings_of(
    interface: str, workers: int, group: int, size: RingSize | None = None, options: Options | None = None
) -> Sequence[LiveRing]:
    """Open them. group: of a fanout, where there are several. Raises SourceError."""
    if workers == 1:
        return [open_ring(interface, size, options)]
    return open_fanout(interface, workers, group & 0xFFFF, size, options)


def hear(interfaces: Iterable[tuple[str, int]], group: int, size: RingSize | None = None) -> Rings:
    """Those that can be opened; why others can't is asked and said by whoever wants them."""
    opened: Rings = {}
    for place, (name, workers) in enumerate(interfaces):
        if (name, workers) not in opened and 0 < workers <= 64:
            with suppress(SourceError):
                opened[name, workers] = rings_of(name, workers, group + place, size)
    return opened


def let_go(rings: Rings) -> None:
    """Close those that nobody wanted."""
    for each in rings.values():
        for ring in each:
            ring.close()
    rings.clear()
