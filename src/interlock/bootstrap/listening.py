"""Rings on interfaces, opened before the rest of the sensor is even imported.

Importing decoders and detectors takes a second or more; what comes in meanwhile waits in the ring, which holds two. So
a sensor that is begun anew after its death has missed only what passed until its interpreter stood.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.capture.live.early import Rings, let_go, rings_of
from interlock.capture.live.place import shared_row
from interlock.capture.live.socket import RingSize
from interlock.records.budget import RING_BLOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.capture.live.socket import LiveRing
    from interlock.records.config import InterfaceConfig

__all__ = ["Ear", "listen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """One ring for one worker. row: how far it was read, in memory that all workers share. worker: of its interface."""

    interface: InterfaceConfig
    worker: int
    ring: LiveRing
    row: memoryview


def listen(
    interfaces: Sequence[InterfaceConfig], early: Rings | None = None, ring_mib: int = 128
) -> tuple[Ear, ...]:
    """Open them, each with so many rings as it has workers. Raises SourceError.

    early: what is open already, before anybody knew how large it was to be. ring_mib: room of each.
    """
    early = {} if early is None else early
    size = RingSize(blocks=(ring_mib << 20) // RING_BLOCK, block_octets=RING_BLOCK)
    let_go({key: early.pop(key) for key, rings in [*early.items()] if rings[0].size != size})
    found = tuple(
        Ear(interface=each, worker=number, ring=ring, row=shared_row())
        for place, each in enumerate(interfaces)
        for number, ring in enumerate(
            early.pop((each.name, each.workers), ())
            or rings_of(each.name, each.workers, os.getpid() + len(interfaces) + place, size)
        )
    )
    let_go(early)
    return found
