"""What a rare legitimate event is, and what its script may do beside speaking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.accounts import Accounts
    from interlock.plant.actors.steps import Script
    from interlock.plant.draws import Draws
    from interlock.plant.protocols.opcua_security import Keyring

__all__ = ["Event", "Moment", "Plant"]


class Plant(Protocol):
    """What people do to machines with their hands."""

    def leave(self, machine: str) -> None:
        """It is shut down: its connections end in good order, then it is silent."""
        ...

    def fall_silent(self, machine: str) -> None:
        """It is switched off, in the middle of everything."""
        ...

    def appear(self, machine: str) -> None:
        """It is on the network again, and does not ask for anything yet."""
        ...

    def come_back(self, machine: str) -> None:
        """Its own software runs: it asks as it always does, over new connections."""
        ...

    def move(self, machine: str, mac: bytes) -> None:
        """Its address is at another hardware address from now on."""
        ...

    def replace_io(self, mac: bytes, serial: str) -> None:
        """The boiler's remote I/O is another one, fresh from its box: without a name, its outputs at rest."""
        ...

    def simulate(self, tag: str, value: float | None) -> None:
        """A calibrator is put in place of a transmitter's sensor; None: the sensor is back."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """What an event's script has at hand: chance, a watch (seconds since the epoch), hands, certificates, accounts."""

    draws: Draws
    now_s: Callable[[], float]
    plant: Plant
    keyring: Keyring
    accounts: Accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event.

    by: the machine that it comes from. machines: those that it reaches. looks_like: attacks that it may be taken for.
    ordered: whether it is work that somebody ordered, so that the site file can name it. a_year: how often it happens.
    """

    name: str
    title: str
    by: str
    machines: tuple[str, ...]
    looks_like: str
    script: Callable[[Moment], Script] = field(repr=False)
    ordered: bool = False
    a_year: float = 1.0
