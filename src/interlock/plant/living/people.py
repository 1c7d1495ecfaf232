"""The living plant's people: what rare events do to machines with their hands. See events.event.Plant."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import REMOTE_IO

if TYPE_CHECKING:
    from interlock.plant.living.life import Plant

__all__ = ["People"]

_GOODBYES_S: Final = 0.3
"""From the end of a machine's software until it is off: connections end in good order meanwhile."""


class People:
    """See Plant in events.event."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self.fall_silent = plant.fall_silent
        self.appear = plant.appear
        self.come_back = plant.come_back
        self.move = plant.stage.move

    def leave(self, machine: str) -> None:
        """See Plant."""
        self._plant.stage.hush(machine)
        asyncio.get_running_loop().call_later(_GOODBYES_S, self.fall_silent, machine)

    def replace_io(self, mac: bytes, serial: str) -> None:
        """See Plant."""
        plant = self._plant
        plant.stage.move(REMOTE_IO.name, mac)
        plant.remote_io.replace(mac, serial)
        for tag in ("boiler.burner", "boiler.feed"):
            plant.images[REMOTE_IO.name][tag] = 0.0
            plant.process.set(tag, 0.0)

    def simulate(self, tag: str, value: float | None) -> None:
        """See Plant."""
        self._plant.process.simulate(tag, value)
