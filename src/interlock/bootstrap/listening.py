"""Rings on interfaces, opened before the rest of the sensor is even imported.

Importing decoders and detectors takes a second or more; what comes in meanwhile waits in the ring, which holds two. So
a sensor that is begun anew after its death has missed only what passed until its interpreter stood.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.capture.live.early import Rings, let_go, ring_size, rings_of
from interlock.capture.live.place import shared_row
from interlock.capture.live.succession import Succession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.records.config import InterfaceConfig

__all__ = ["Ear", "listen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """The rings of one worker, one after the other. worker: of its interface."""

    interface: InterfaceConfig
    worker: int
    rings: Succession


def listen(
    interfaces: Sequence[InterfaceConfig], early: Rings | None = None, ring_mib: int = 128
) -> tuple[Ear, ...]:
    """Open them, each with so many rings as it has workers. Raises SourceError.

    early: what is open already, before anybody could be sure how large it was to be. ring_mib: room of each.
    """
    early = {} if early is None else early
    size = ring_size(ring_mib)
    let_go({key: early.pop(key) for key, rings in [*early.items()] if rings[0].size != size})
    found = tuple(
        Ear(interface=each, worker=number, rings=Succession(ring, shared_row()))
        for place, each in enumerate(interfaces)
        for number, ring in enumerate(
            early.pop((each.name, each.workers), ())
            or rings_of(each.name, each.workers, os.getpid() + len(interfaces) + place, size)
        )
    )
    let_go(early)
    return found
