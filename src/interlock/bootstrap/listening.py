"""Rings on interfaces, opened before the rest of the sensor is even imported.

Importing decoders and detectors takes a second or more; what comes in meanwhile waits in the ring, which holds two. So
a sensor that is begun anew after its death has missed only what passed until its interpreter stood.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.capture.live.place import shared_row
from interlock.capture.live.socket import open_fanout, open_ring

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


def listen(interfaces: Sequence[InterfaceConfig]) -> tuple[Ear, ...]:
    """Open them, each with so many rings as it has workers. Raises SourceError."""
    return tuple(
        Ear(interface=each, worker=number, ring=ring, row=shared_row())
        for place, each in enumerate(interfaces)
        for number, ring in enumerate(_rings(each, (os.getpid() + place) & 0xFFFF))
    )


def _rings(interface: InterfaceConfig, group: int) -> Sequence[LiveRing]:
    if interface.workers == 1:
        return [open_ring(interface.name)]
    return open_fanout(interface.name, interface.workers, group)
