"""The hall's air handling, and the panel that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Link, Until
from interlock.plant.protocols.bacnet import (
    ANALOG_INPUT,
    ANALOG_OUTPUT,
    ANALOG_VALUE,
    Object,
    read_present,
    who_is,
)

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["HALL_NAMED", "HALL_OBJECTS", "show_hall"]

HALL_OBJECTS: Final = (
    Object("hall.temperature", ANALOG_INPUT, 1, "Hall temperature"),
    Object("hall.fan", ANALOG_OUTPUT, 1, "Supply fan"),
    Object("hall.temperature_setpoint", ANALOG_VALUE, 1, "Hall temperature set point"),
)
HALL_NAMED: Final = {77: "hvac-hall", 70: "PH-50", 121: "Interlock Practice", 44: "4.1.2"}
_EVERY_S: Final = 10.0
_LOOKS_AGAIN: Final = 90
"""Polls after which the panel asks again who is there."""


def show_hall(client: str = "hmi") -> Script:
    """Who-Is now and then, and the present values."""
    everybody = Link(client, "hvac-hall", 47808, "broadcast")
    link, invoke = Link(client, "hvac-hall", 47808, "udp"), 0
    while True:
        yield Ask(everybody, who_is())
        for _ in range(_LOOKS_AGAIN):
            yield Until(_EVERY_S, 2.3)
            for each in HALL_OBJECTS:
                invoke += 1
                yield Ask(link, read_present(invoke, each))
