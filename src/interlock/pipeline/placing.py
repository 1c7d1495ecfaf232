"""Findings and assets brought together: which assets a finding is about, in which zone an asset stands."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.inventory.directory import Directory
    from interlock.records.asset import Asset
    from interlock.records.finding import Finding
    from interlock.records.site import Site

__all__ = ["placed", "zoned"]


def placed(finding: Finding, directory: Directory) -> Finding:
    """The finding with the ids of the assets at its machines' addresses."""
    if finding.assets or not finding.machines:
        return finding
    ids = (directory.id_of(finding.realm, machine) for machine in finding.machines)
    return dataclasses.replace(finding, assets=tuple(dict.fromkeys(i for i in ids if i is not None)))


def zoned(assets: tuple[Asset, ...], site: Site) -> tuple[Asset, ...]:
    """Assets with the zone that the site file puts them in."""
    if not site.zones:
        return assets

    def zone(asset: Asset) -> str | None:
        named = (site.zone_of(asset.realm, address) for address in (*asset.ips, *asset.macs))
        return next((z.name for z in named if z is not None), None)

    return tuple(dataclasses.replace(a, zone=zone(a)) for a in assets)
