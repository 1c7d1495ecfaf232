"""The remote station of the well, and the panel as its master: it keeps the raw water tank filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Link, Until
from interlock.plant.protocols.dnp3 import (
    CLASS_0,
    CLASS_123,
    OPERATE,
    READ,
    SELECT,
    WRITE,
    Analog,
    Binary,
    binary_of,
    control,
    request,
)

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script
    from interlock.plant.process.tags import State

__all__ = ["WELL_ANALOGS", "WELL_BINARIES", "keep_filled"]

WELL_ANALOGS: Final = (Analog("well.level", 0), Analog("well.flow", 1))
WELL_BINARIES: Final = (Binary("well.pump", 0),)
_EVERY_S: Final = 5.0
_FULL_M: Final = 2.55
_LOW_M: Final = 1.9


def keep_filled(level: State, client: str = "hmi") -> Script:
    """Poll all values, and start or stop the well's pump by the raw water tank's level.

    level: the image that knows `raw.level`.
    """
    link, sequence, running, first = Link(client, "rtu-well", 20000), 0, True, True
    yield Ask(link, request(sequence, WRITE, b"\x50\x01\x00\x07\x07\x00"))
    while True:
        yield Until(_EVERY_S, 1.1)
        answers = yield Ask(link, request(sequence := sequence + 1, READ, CLASS_123 + CLASS_0))
        if first and answers:  # a panel that starts anew takes over what it finds
            running, first = bool(binary_of(answers[0], WELL_BINARIES[0].index)), False
        raw = level["raw.level"]
        wanted = raw < _LOW_M or (running and raw < _FULL_M)
        if wanted != running:
            running = wanted
            yield Ask(link, request(sequence := sequence + 1, SELECT, control(0, on=wanted)))
            yield Ask(link, request(sequence := sequence + 1, OPERATE, control(0, on=wanted)))
