"""Which tables a sensor stores, and which of them its workers make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.inventory.inventory import TABLES as INVENTORY_TABLES
from interlock.records.tables import ARTIFACTS, CLUES, FLOWS, ODDITIES, OPERATIONS, VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KEPT", "wanted_tables"]

KEPT: Final = (OPERATIONS, FLOWS, CLUES, VALUES, ODDITIES, ARTIFACTS)
"""Tables that a sensor stores."""


def wanted_tables(needs: Iterable[str]) -> frozenset[str]:
    """The tables that workers are to make. needs: those that detectors read."""
    return frozenset({*(table.name for table in KEPT), *INVENTORY_TABLES, *needs})
