"""How the machines of each zone are logged in to, as far as it crossed the wire in clear: a count for each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding

__all__ = ["ZoneLogins", "zone_logins"]

_GRAVEST: Final = ("default", "weak", "shared", "other")
_KINDS: Final = {
    "default-login": "default",
    "default-community": "default",
    "weak-login": "weak",
    "shared-secret": "shared",
    "clear-credentials": "other",
}
"""Detector → what it says of a machine's logins; the gravest counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneLogins:
    """Machines of one zone (empty: of none) by their gravest login in clear; not_seen: none was seen in clear."""

    zone: str
    machines: int
    default: int
    weak: int
    shared: int
    other: int
    not_seen: int


def zone_logins(assets: Iterable[Asset], findings: Iterable[Finding]) -> tuple[ZoneLogins, ...]:
    """Count the machines of each zone, zones in the order of their names, machines of none last.

    A login that was refused says nothing of the machine; accepted findings (exceptions) count as they are.
    """
    graded = _graded(findings)
    zones: dict[str, dict[str, int]] = {}
    for asset in assets:
        if asset.parent is None:
            counts = zones.setdefault(asset.zone or "", dict.fromkeys((*_GRAVEST, "not_seen"), 0))
            found = {graded[key] for key in _names(asset) if key in graded}
            counts[next((kind for kind in _GRAVEST if kind in found), "not_seen")] += 1
    return tuple(
        ZoneLogins(zone=zone, machines=sum(counts.values()), **counts)
        for zone, counts in sorted(zones.items(), key=lambda pair: (not pair[0], pair[0]))
    )


def _names(asset: Asset) -> list[tuple[str, str]]:
    return [(asset.realm, address) for address in (*asset.ips, *asset.macs)]


def _graded(findings: Iterable[Finding]) -> dict[tuple[str, str], str]:
    """Machine → its gravest login."""
    graded: dict[tuple[str, str], str] = {}
    for finding in findings:
        kind = _KINDS.get(finding.detector)
        if kind is None or finding.kind == "alert":
            continue
        for machine in finding.machines if kind == "shared" else finding.machines[:1]:
            before = graded.get((finding.realm, machine), kind)
            graded[finding.realm, machine] = min(before, kind, key=_GRAVEST.index)
    return graded
