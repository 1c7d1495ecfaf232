"""Every rare event, by name. A test finds each file of this folder in the table."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.plant.draws import Draws
    from interlock.plant.events.event import Event

__all__ = ["NAMES", "event", "rhythm"]

NAMES: Final = (
    "asset-scan",
    "failover",
    "hmi-reboot",
    "monthly-backup",
    "replaced-io",
    "shift-change",
    "transmitter-calibration",
    "work-order-download",
)
_MINUTES_A_YEAR: Final = 525_600.0


def event(name: str) -> Event:
    """The event of this name. Raises KeyError where there is none."""
    if name not in NAMES:
        raise KeyError(name)
    module = importlib.import_module(f"interlock.plant.events.{name.replace('-', '_')}")
    found: Event = module.EVENT
    return found


def rhythm(draws: Draws, minutes: float) -> Iterator[tuple[str, float]]:
    """Events as they befall a plant in a year, by chance: each with the minute at which it begins, by kind."""
    for name in NAMES:
        chance, minute, pause = draws.of(f"rhythm {name}"), 0.0, _MINUTES_A_YEAR / event(name).a_year
        while True:
            minute += chance.wait(pause)
            if minute >= minutes:
                break
            yield name, minute
