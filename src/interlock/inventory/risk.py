"""Risk: 0 to 100 as the sum of sentences, each with the points it adds."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.records.asset import Risk, proofs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.inventory.proofs import Sign
    from interlock.records.asset import Asset, Proof
    from interlock.records.finding import Finding

__all__ = ["risk", "standing"]

_EXPOSURES: Final = {"open-control": 20, "internet": 15, "clear-login": 10}
_CONTROLLERS: Final = frozenset(
    {"plc", "rtu", "ied", "safety-controller", "io", "drive", "building-controller"}
)
_SEVERITIES: Final = {"critical": 40, "high": 25, "medium": 10, "low": 4, "info": 0}
_MOST_FINDINGS: Final = 5
_NONE: Final = Risk(score=0)
_ENDED: Final = re.compile(r"windows (xp|2000|nt|7|8|vista|ce|server 200[038])", re.IGNORECASE)


def risk(asset: Asset, findings: Iterable[Finding] = ()) -> Risk:
    """Risk of one machine: a pure function of what is known about it and found about it.

    findings: any; those that do not name the asset, and accepted ones, add nothing.
    """
    exposures = _exposed(asset.role, asset.os, proofs_of(asset, "exposure"))
    return _sum(asset.role, [*exposures, *_found(asset, findings)])


def standing(role: str | None, system: str | None, exposures: Iterable[Proof | Sign]) -> Risk:
    """Risk before anything was found. exposures: proofs whose value is a kind of exposure."""
    return _sum(role, _exposed(role, system, exposures))


def _sum(role: str | None, points: list[tuple[int, str]]) -> Risk:
    if points and role in _CONTROLLERS:
        harm = 15 if role == "safety-controller" else 10
        points.append((harm, f"Harm here is physical: its role is {role}."))
    return _summed(tuple(sorted(points, key=lambda p: (-p[0], p[1])))) if points else _NONE


@lru_cache(maxsize=4096)
def _summed(points: tuple[tuple[int, str], ...]) -> Risk:
    """Machines alike share one risk, which saves a large site much memory."""
    return Risk(
        score=min(100, sum(n for n, _ in points)),
        reasons=tuple(f"+{n}: {sentence}" for n, sentence in points),
    )


def _exposed(
    role: str | None, system: str | None, exposures: Iterable[Proof | Sign]
) -> list[tuple[int, str]]:
    points = []
    for proof in exposures:
        points.append((_EXPOSURES.get(proof.value, 0), proof.note))
        if proof.value == "internet" and role in _CONTROLLERS:
            points.append((10, "A machine at the process has no business with the internet."))
    if system and _ENDED.search(system):
        points.append((15, f"Runs {system}, whose maker no longer mends it."))
    return points


def _found(asset: Asset, findings: Iterable[Finding]) -> list[tuple[int, str]]:
    named = [f for f in findings if asset.id in f.assets and f.accepted is None]
    weighed = sorted(((round(_SEVERITIES[f.severity] * f.confidence), f.title) for f in named), reverse=True)
    return [(n, title) for n, title in weighed[:_MOST_FINDINGS] if n]
