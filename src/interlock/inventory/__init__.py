"""Who is there: clues, flows and operations merged into assets, every field with its provenance.

feed (columns folded into Ledgers) → bindings (which MAC owns which IP) → machines (strong joins, units) →
fields, roles, levels, risk → Directory. Nothing here reads files or clocks; registry_files is the adapter
that loads identification tables from the package's data.
"""

from __future__ import annotations

from interlock.inventory.directory import Directory
from interlock.inventory.inventory import Inventory, Limits
from interlock.inventory.risk import risk

__all__ = ["Directory", "Inventory", "Limits", "risk"]
