"""Directory: the assets as known at one moment, and who is at an address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.records.asset import Asset

__all__ = ["Directory"]

Tenancy = tuple[int, int, str]
"""(first, last, asset id): UTC ns during which an address was the asset's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """assets: ordered by realm and address, children after their parent. Everything here is read-only.

    ids: (realm, address) → id of the asset that holds the address now; a device behind an address stands as
    `address/unit`. lent: addresses that several assets held in turn, the latest tenancy last.
    """

    assets: tuple[Asset, ...] = ()
    ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    lent: Mapping[tuple[str, str], tuple[Tenancy, ...]] = field(default_factory=dict)
    by_id: Mapping[str, Asset] = field(default_factory=dict)

    def id_of(self, realm: str, address: str, time_ns: int | None = None) -> str | None:
        """Id of the asset at an address, now or at a time; None where nobody is known.

        address: IP or MAC; `address/unit` falls back to the address where the unit is no device of its own.
        """
        tenancies = self.lent.get((realm, address)) if time_ns is not None else None
        if tenancies and time_ns is not None:
            when = time_ns
            return min(tenancies, key=lambda t: (max(t[0] - when, when - t[1], 0), -t[1]))[2]
        found = self.ids.get((realm, address))
        if found is None and "/" in address:
            return self.id_of(realm, address.partition("/")[0], time_ns)
        return found

    def find(self, realm: str, address: str, time_ns: int | None = None) -> Asset | None:
        """Asset at an address; fits detect.Context.asset."""
        found = self.id_of(realm, address, time_ns)
        return None if found is None else self.by_id.get(found)

    def role(self, realm: str, address: str) -> str | None:
        """Role of the machine at an address, None where it is not known."""
        asset = self.find(realm, address)
        return None if asset is None else asset.role

    @property
    def roles(self) -> dict[tuple[str, str], str]:
        """(realm, address) → role, for all addresses whose machine has one."""
        known = ((at, self.by_id[i].role) for at, i in self.ids.items())
        return {at: role for at, role in known if role is not None}
