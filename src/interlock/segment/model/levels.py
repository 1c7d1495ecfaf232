"""Nested zones: what a zone takes from the ones around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.records.site import Site, Zone

__all__ = ["level_of", "lineage"]


def lineage(site: Site, zone: Zone) -> tuple[Zone, ...] | None:
    """List a zone and the zones around it, the innermost first; None where a zone would lie within itself."""
    zones = {each.name: each for each in site.zones}
    line, seen = [zone], {zone.name}
    while line[-1].parent is not None and line[-1].parent in zones:
        around = zones[line[-1].parent]
        if around.name in seen:
            return None
        seen.add(around.name)
        line.append(around)
    return tuple(line)


def level_of(site: Site, zone: Zone) -> tuple[int, ...] | None:
    """SL-T of FR 1 to FR 7: its own, else that of the nearest zone around it; None where none is said."""
    return next((each.sl_t for each in lineage(site, zone) or () if each.sl_t is not None), None)
