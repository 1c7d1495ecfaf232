"""What comes first: one order of findings and of machines for every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.report.words import SEVERITY_RANK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding

__all__ = ["by_risk", "by_urgency", "count_by_severity", "display_name", "open_findings", "spoken"]

_KIND_ORDER = {"alert": 0, "exposure": 1, "change": 2, "weakness": 3}


def by_urgency(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort: accepted ones last; then gravest, what happened before what could happen, surest, most often."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                f.accepted is not None,
                -SEVERITY_RANK.get(f.severity, 0),
                _KIND_ORDER.get(f.kind, 9),
                -f.confidence,
                -f.count,
                f.title,
                f.id,
            ),
        )
    )


def open_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings that no exception accepts, most urgent first."""
    return by_urgency(finding for finding in findings if finding.accepted is None)


def count_by_severity(findings: Iterable[Finding]) -> dict[str, int]:
    """Severity to how many, gravest first, zeros included."""
    counts = dict.fromkeys(SEVERITY_RANK, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return counts


def display_name(asset: Asset) -> str:
    """Return what people call the machine: its name, else product, else its address, else its id."""
    candidates = (*asset.names[:1], asset.product, *asset.ips[:1], *asset.macs[:1])
    name = next((candidate for candidate in candidates if candidate), asset.id)
    return f"{name} unit {asset.unit}" if asset.unit and not asset.names else name


def spoken(asset: Asset) -> tuple[str, ...]:
    """Return the protocols it serves, else uses; finding each other's address is not worth naming."""
    served = tuple(protocol for protocol in asset.served if protocol != "arp")
    return served or tuple(protocol for protocol in asset.used if protocol != "arp")


def by_risk(assets: Iterable[Asset]) -> tuple[Asset, ...]:
    """Riskiest first; equals in the order of their name."""
    return tuple(sorted(assets, key=lambda a: (-a.risk.score, display_name(a).casefold(), a.id)))
