"""Who may log on where in the practice plant. No password stands in the source: all are drawn when a plant begins.

A plant that lives draws them by chance at every start, a recording by its seed (equal seeds, equal octets). What an
attack needs beside them (an account that a maker's manual prints, guesses) it declares itself, see attacks/logon.py.
"""

from __future__ import annotations

import base64
from collections import ChainMap
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from interlock.plant.protocols.ntlm import Account

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlock.plant.attacks.logon import Logon
    from interlock.plant.draws import Draws

__all__ = ["BACKUP", "DOMAIN", "Accounts", "Chance", "Named", "Seeded"]

DOMAIN: Final = "PLANT"
BACKUP: Final = "svc-backup"
_WINDOWS: Final = (BACKUP, "operator")
_WORD: Final = 10
"""Octets of chance in a password: sixteen characters."""

_HASH: Final = 16


class Chance(Protocol):
    """Where secrets come from."""

    def octets(self, purpose: str, count: int) -> bytes:
        """So many octets for one purpose; another purpose's say nothing of them."""
        ...


class Seeded:
    """Chance of a recording: known to whoever knows its seed, for nothing but the recording ever takes it."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws

    def octets(self, purpose: str, count: int) -> bytes:
        """See Chance."""
        drawn = self._draws.of(f"account {purpose}")
        return bytes(drawn.number(8) for _ in range(count))


@dataclass(frozen=True, slots=True)
class Named:
    """A user and the password by which a machine knows them."""

    user: str
    password: str = field(repr=False)

    @property
    def pair(self) -> tuple[str, str]:
        """Both, as most protocols send them."""
        return self.user, self.password


class Accounts:
    """Every account of one plant.

    shift: may change set points of the pasteuriser. engineer: logs on to desktops. upkeep: fetches the water
    controller's files. community: by which the switch is asked. windows: user → account of the domain.
    """

    def __init__(self, chance: Chance) -> None:
        def word(purpose: str) -> str:
            return base64.b32encode(chance.octets(purpose, _WORD)).decode("ascii").lower()

        self.shift = Named("shift", word("shift"))
        self.engineer = Named("engineer", word("engineer"))
        self.upkeep = Named("upkeep", word("upkeep"))
        self.community = word("community")
        self.windows = {user: Account(user, DOMAIN, chance.octets(user, _HASH)) for user in _WINDOWS}
        self._declared: list[Logon] = []
        self._left: dict[str, dict[str, str]] = {}

    def files_of(self, machine: str) -> Mapping[str, str]:
        """User → password of a machine's file service, as it is at any time."""
        return ChainMap(dict([self.upkeep.pair]), self._left.setdefault(machine, {}))

    @contextmanager
    def left(self, logons: Iterable[Logon]) -> Iterator[None]:
        """While an attack is played, the machines that it declares still have their makers' accounts; else none has."""
        mine = [logon for logon in logons if logon.how == "vendor-default"]
        self._declared += mine
        self._leave()
        try:
            yield
        finally:
            for logon in mine:
                self._declared.remove(logon)
            self._leave()

    def _leave(self) -> None:
        for users in self._left.values():
            users.clear()
        for logon in self._declared:
            self._left.setdefault(logon.machine, {})[logon.user] = logon.passwords[0]
