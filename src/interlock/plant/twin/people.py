"""The twin's people: what rare events do to machines with their hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.plant.actors.boiler import REMOTE_IO

if TYPE_CHECKING:
    from interlock.plant.twin.recording import Twin

__all__ = ["People"]


class People:
    """See events.event.Plant."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self.leave = twin.stage.leave
        self.fall_silent = twin.stage.fall_silent
        self.appear = twin.stage.appear
        self.come_back = twin.stage.come_back
        self.move = twin.stage.move

    def replace_io(self, mac: bytes, serial: str) -> None:
        """See Plant."""
        twin = self._twin
        twin.stage.move(REMOTE_IO.name, mac)
        twin.remote_io.replace(mac, serial)
        image = twin.controllers[REMOTE_IO.name].image
        for tag in ("boiler.burner", "boiler.feed"):
            image[tag] = 0.0
            twin.process.set(tag, 0.0)

    def simulate(self, tag: str, value: float | None) -> None:
        """See Plant."""
        self._twin.process.simulate(tag, value)
