"""What an attack declares of the accounts by which it logs on; the truth says the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Logon"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logon:
    """An account that an attack uses on a machine.

    how: `vendor-default`: the machine still has the account that its maker's manual prints, for as long as this attack
    is played and never else; `guess`: what is tried, known to be anybody's or not; `stolen`: one of the plant's own,
    whose password is drawn (plant/accounts.py) and therefore stands neither here nor in the truth.
    passwords: those that are tried, in their order; empty where stolen, or where a hash of none is tried.
    """

    machine: str
    service: str
    user: str
    how: Literal["vendor-default", "guess", "stolen"]
    passwords: tuple[str, ...] = ()

    def truth(self) -> dict[str, Any]:
        """As the truth file has it."""
        told = {"machine": self.machine, "service": self.service, "user": self.user, "how": self.how}
        return {**told, "passwords": list(self.passwords)}
