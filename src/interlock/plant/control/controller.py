"""A controller: reads its inputs, runs its program, writes its outputs, once a scan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.process.tags import State

__all__ = ["Controller", "Field"]


class Field(Protocol):
    """What a controller is wired to."""

    def measure(self, names: tuple[str, ...], image: State) -> None:
        """What the transmitters of tags say, into an image."""
        ...

    def actuate(self, names: tuple[str, ...], image: State) -> None:
        """Move actuators as an image has them."""
        ...


@dataclass(slots=True, kw_only=True)
class Controller:
    """inputs, outputs: tags that are wired to it. image: every tag it knows, wired, told by others, or set.

    What a network writes goes into the image, as it does in a real controller: the next scan acts upon it, and a
    value that the program computes itself is overwritten by the next scan.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    program: Callable[[State, float], None]
    image: State = field(default_factory=dict)
    running: bool = True
    scans: int = 0

    def scan(self, wired: Field, dt_s: float) -> None:
        """One scan. A stopped controller holds its outputs where they are."""
        if not self.running:
            return
        image = self.image
        wired.measure(self.inputs, image)
        self.program(image, dt_s)
        wired.actuate(self.outputs, image)
        self.scans += 1
