"""The filler, and the panel that reads it and starts and stops it with the shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Link, Until
from interlock.plant.protocols.cip import (
    Identity,
    many,
    read_tag,
    reals_of,
    register,
    session_of,
    unconnected,
    write_tag,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script

__all__ = ["FILLER_IDENTITY", "FILLER_TAGS", "operate_filler", "wanted_by_shift"]

FILLER_IDENTITY: Final = Identity(1, 0x0E, 166, (32, 11), 0x00A77F01, "1769-L33ER PRACTICE")
FILLER_TAGS: Final = {
    "Filler_Start": "filler.start", "Filler_Run": "filler.run", "Filler_SpeedSP": "filler.speed_setpoint",
    "Filler_Speed": "filler.speed", "Filler_Volume": "filler.volume", "Bottles": "filler.bottles",
    "Rejects": "filler.rejects", "Belt_Speed": "conveyor.speed",
}  # fmt: skip
_POLLED: Final = ("Filler_Run", "Filler_Speed", "Filler_Volume", "Bottles", "Rejects", "Belt_Speed")
_HOUR: Final = 3600.0


def wanted_by_shift(day_s: float) -> bool:
    """Two shifts from 6 to 22 with a quarter of an hour between them. day_s: seconds since midnight."""
    hour = day_s / _HOUR
    return 6.0 <= hour < 13.75 or 14.0 <= hour < 22.0


def operate_filler(day_s: Callable[[], float], client: str = "hmi") -> Script:
    """Poll once a second; the operator starts and stops when the shift does. day_s: seconds since midnight, now."""
    link, running, first = Link(client, "plc-filler", 44818), False, True
    answers = yield Ask(link, register())
    session, number = session_of(answers[0]), 0
    while True:
        yield Until(1.0, 0.5)
        number += 1
        answers = yield Ask(link, unconnected(session, many([read_tag(name) for name in _POLLED]), number))
        if first and answers:  # a panel that starts anew takes over what it finds
            running, first = bool(reals_of(answers[0])[0]), False
        if wanted_by_shift(day_s()) != running:
            running = not running
            number += 1
            yield Ask(link, unconnected(session, write_tag("Filler_Start", float(running)), number))
