"""What every family draws: an attacker who has no business with the victim, paces, values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from interlock.plant.actors.steps import Ask, Close, Wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.plant.actors.steps import Link, Script
    from interlock.plant.draws import Draws

__all__ = ["ATTACKERS", "anybody", "attacker", "count", "insider", "one_of", "pace", "sent", "some_of"]

_T = TypeVar("_T")
ATTACKERS: Final = ("vendor-laptop", "historian", "engineering", "hmi", "plc-filler", "hvac-hall")
"""Machines that may have been taken over."""

_BUSINESS: Final = {
    "plc-water": {"hmi", "engineering"}, "drive-pump": {"plc-water", "engineering"},
    "plc-boiler": {"hmi", "engineering"}, "plc-filler": {"hmi", "engineering"},
    "rtu-well": {"hmi"}, "rtu-feeder": {"hmi"},
    "hvac-hall": {"hmi"}, "plc-pasteuriser": {"hmi", "historian"}, "safety-boiler": set(), "rio-boiler": {"plc-boiler"},
}  # fmt: skip
"""Who speaks to whom all day, or when something was ordered."""


def one_of(draws: Draws, things: Sequence[_T]) -> _T:
    """Any of them."""
    return things[min(len(things) - 1, int(draws.uniform() * len(things)))]


def some_of(draws: Draws, things: Iterable[_T], least: int) -> list[_T]:
    """At least so many of them, in any order."""
    shuffled = sorted(things, key=lambda _thing: draws.uniform())
    return shuffled[: count(draws, least, len(shuffled))]


def count(draws: Draws, low: int, high: int) -> int:
    """From low to high, both included."""
    return low + int(draws.uniform() * (high - low + 1))


def pace(draws: Draws, shortest_s: float, longest_s: float) -> float:
    """A pause, every order of magnitude as likely as another."""
    return float(shortest_s * (longest_s / shortest_s) ** draws.uniform())


def attacker(draws: Draws, *victims: str) -> str:
    """Somebody who has no business with any of them."""
    return one_of(
        draws, [a for a in ATTACKERS if not any(a == v or a in _BUSINESS.get(v, ()) for v in victims)]
    )


def insider(draws: Draws, *victims: str) -> str:
    """Somebody who speaks to each of them anyway, and was taken over; a stranger where nobody does."""
    known = [a for a in ATTACKERS if all(a in _BUSINESS.get(v, ()) for v in victims)]
    return one_of(draws, known) if known else attacker(draws, *victims)


def anybody(draws: Draws, *victims: str) -> str:
    """A stranger as often as somebody who speaks to them anyway."""
    return insider(draws, *victims) if draws.uniform() < 0.5 else attacker(draws, *victims)


def sent(link: Link, messages: Iterable[bytes], pause_s: float) -> Script:
    """One after the other over one connection."""
    for octets in messages:
        yield Ask(link, octets)
        yield Wait(pause_s)
    yield Close(link)
