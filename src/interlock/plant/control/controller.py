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

    def measure(self, name: str) -> float:
        """What the transmitter of a tag says."""
        ...

    def set(self, name: str, value: float) -> None:
        """Move an actuator."""
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
        for name in self.inputs:
            image[name] = wired.measure(name)
        self.program(image, dt_s)
        for name in self.outputs:
            wired.set(name, image[name])
        self.scans += 1
