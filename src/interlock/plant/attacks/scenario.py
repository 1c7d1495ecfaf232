"""What an attack is, and what its script may know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.accounts import Accounts
    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.logon import Logon
    from interlock.plant.draws import Draws
    from interlock.plant.protocols.opcua_security import Keyring

__all__ = ["Scenario", "Scene", "Wire"]


class Wire(Protocol):
    """What who stands in the middle of a wire, or has loaded down a machine, does to frames and answers."""

    def alter(self, change: Callable[[int, bytes], Sequence[tuple[int, bytes]] | None] | None) -> None:
        """From now on every frame goes through this; None: none does.

        change: takes a frame and its time (ns since the epoch), gives the frames and times that come in its stead,
        which count as the attack's; None: the frame goes on as it is.
        """
        ...

    def lag(self, machine: str, seconds: float) -> None:
        """From now on a machine takes so much longer to answer."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What an attacker has at hand: chance, a watch, TLS, accounts that were stolen. now_s: seconds since the epoch.

    told: what the truth is to say of single messages, in their order. shown: see `shows`, ns since the epoch.
    wire: of a stage on which frames can be altered.
    """

    draws: Draws
    now_s: Callable[[], float]
    keyring: Keyring
    accounts: Accounts
    told: list[dict[str, str]] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    wire: Wire | None = None

    def path(self) -> Wire:
        """The wire. Raises ValueError on a stage where frames cannot be altered."""
        if self.wire is None:
            raise ValueError("frames can be altered on the twin's wire only")
        return self.wire

    def shows(self) -> None:
        """What is sent next gives the attack away, and nothing before did; without it its first frame does.

        For attacks of which no single message is out of place; only the first call counts.
        """
        self.shown.append(round(self.now_s() * 1e9))

    def tell(self, **about: str) -> None:
        """Say of what is sent next what the truth is to say: with the time at which it is sent."""
        whole, rest = divmod(round(self.now_s() * 1e9), 10**9)
        at = f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"
        self.told.append({"time": at, **about})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One attack.

    technique: ATT&CK for ICS id, the main one. also: others whose definition what is on the wire meets as well, so that
    whoever names one of them is right, too. slow: no single message of it is out of place, only several over time.
    attacker: the machine it comes from. victims: machines that it reaches.
    harm: what it does physically, in a sentence. moves: process variables that it moves; none where it only looks.
    logons: every account that it uses or tries.
    """

    name: str
    title: str
    technique: str
    attacker: str
    victims: tuple[str, ...]
    harm: str
    script: Callable[[Scene], Script] = field(repr=False)
    also: tuple[str, ...] = ()
    slow: bool = False
    moves: tuple[str, ...] = ()
    logons: tuple[Logon, ...] = ()
