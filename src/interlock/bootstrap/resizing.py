"""Rings of another size, where the configuration asks for that when it is read anew: opened by who holds them.

Frames go on coming meanwhile; none is lost or told twice (capture/live/succession.py). Where the kernel gives no ring
of that size the old one stays.
"""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

from interlock.bootstrap.reloading import anew
from interlock.capture.live.early import ring_size, rings_of
from interlock.capture.live.socket import Options
from interlock.errors import ConfigError, SourceError
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.bootstrap.listening import Ear
    from interlock.bootstrap.sensor_parts import Sensor
    from interlock.capture.live.socket import LiveRing, RingSize

__all__ = ["Resizing"]

_GROUPS: Final = 8
_WAITING: Final = Options(must_be_up=False)
"""An interface that is down may come up."""


class Resizing:
    """ears: all of a sensor's. post: a line for the diary. wall: UTC ns."""

    def __init__(
        self, ears: Sequence[Ear], sensor: Sensor, post: Callable[[Entry], None], wall: Callable[[], int]
    ) -> None:
        self._interfaces = [tuple(several) for _, several in groupby(ears, lambda ear: ear.interface.name)]
        self._sensor, self._config = sensor, sensor.config
        self._post, self._wall = post, wall
        self._wanted: dict[str, RingSize] = {}

    def asked(self) -> None:
        """Somebody asked to read the configuration anew. What is wrong with it the judge says."""
        with suppress(ConfigError):
            self._config = anew(self._sensor, self._config).config
        size = ring_size(self._config.sensor.memory.ring_mib)
        self._wanted = {several[0].interface.name: size for several in self._interfaces}

    def tend(self) -> None:
        """What is due: to be called several times a second."""
        for several in self._interfaces:
            settled = [ear.rings.settle(self._wall()) for ear in several]
            if all(settled) and (size := self._wanted.pop(several[0].interface.name, None)) is not None:
                self._resize(several, size)

    def _resize(self, several: Sequence[Ear], size: RingSize) -> None:
        name, before = several[0].interface.name, several[0].rings.ring.size
        if size == before:
            return
        since = self._wall()
        try:
            rings = self._opened(several, size)
        except SourceError as error:
            self._say("refused", name, f"{error}; what was in force before stays so")
            return
        for ear, ring in zip(several, rings, strict=True):
            ear.rings.replace(ring, since)
        each = f" for each of {len(several)} workers" if len(several) > 1 else ""
        old, new = before.octets >> 20, size.octets >> 20
        self._say("reloaded", name, f"a ring of {new} MiB takes the place of one of {old} MiB{each}")

    def _opened(self, several: Sequence[Ear], size: RingSize) -> Sequence[LiveRing]:
        """The same number of rings, in a group of their own where they share the interface. Raises SourceError."""
        name, turn = several[0].interface.name, several[0].rings.generation + 1
        for number in range(_GROUPS):
            group = os.getpid() + 7919 * turn + 31 * number
            try:
                return rings_of(name, len(several), group, size, _WAITING)
            except SourceError:
                if len(several) == 1 or number == _GROUPS - 1:  # else the group may belong to another program
                    raise
        raise AssertionError(name)

    def _say(self, event: Literal["reloaded", "refused"], name: str, says: str) -> None:
        self._post(Entry(time=self._wall(), event=event, says=f"{name}: {says}", source=name))
