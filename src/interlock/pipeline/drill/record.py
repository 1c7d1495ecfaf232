"""The product's own record: what a drill showed, misses first."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from interlock.records.attack_ics import TECHNIQUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.pipeline.drill.score import Row

__all__ = ["SCHEMA", "Quiet", "Skipped", "at_most", "document", "in_order"]

SCHEMA: Final = "interlock/drill/1"
_CERTAINTY: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Time without an attack, rare events included: simulated hours, machines, false incidents by their titles.

    alarms: titles of the findings that they are made of; false things close to each other can be one incident.
    """

    hours: float
    machines: int
    false: tuple[str, ...]
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A scenario that could not be played here, and why."""

    scenario: str
    reason: str


def at_most(events: int, certainty: float = _CERTAINTY) -> float:
    """Upper bound of the mean of a Poisson variable of which `events` were counted.

    The mean at which so few come with a probability of 1 - certainty; 3.0 for none. Source: Garwood 1936 (one-sided).
    """
    low, high = float(events), 10.0 * (events + 10)
    for _ in range(100):
        middle = (low + high) / 2
        terms = (math.exp(-middle + k * math.log(middle) - math.lgamma(k + 1)) for k in range(events + 1))
        low, high = (middle, high) if sum(terms) > 1 - certainty else (low, middle)
    return high


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Missed ones first, then wrongly named ones, then the slowest."""
    return sorted(rows, key=lambda r: (r.found, r.named, -(r.delay_s or 0.0), r.scenario))


def document(
    rows: Sequence[Row],
    quiet: Quiet | None,
    *,
    seed: int,
    skipped: Sequence[Skipped] = (),
    on: str | None = None,
    latency_ms: tuple[float, float] | None = None,
    latency_why: str = "",
) -> dict[str, Any]:
    """What `interlock drill --json` prints. latency_ms: p50, p99 on a real wire; latency_why: why unknown."""
    found, named = [r for r in rows if r.found], [r for r in rows if r.named]
    first = [r for r in rows if r.first in r.truth]
    delays = {pace: [r.delay_s for r in found if r.pace == pace] for pace in ("one-step", "slow")}
    every = [d for some in delays.values() for d in some if d is not None]
    return {
        "schema": SCHEMA,
        "exercise": True,
        "on": on or "practice plant",
        "seed": seed,
        "scenarios": len(rows),
        "found": len(found),
        "named": len(named),
        "first_named": len(first),
        "found_share": _share(len(found), len(rows)),
        "named_share": _share(len(named), len(rows)),
        "first_named_share": _share(len(first), len(rows)),
        "median_s": _median(every),
        "median_one_step_s": _median(delays["one-step"]),
        "median_slow_s": _median(delays["slow"]),
        "max_s": max(every, default=None),
        **_quiet(quiet),
        "p50_ms": "unknown" if latency_ms is None else latency_ms[0],
        "p99_ms": "unknown" if latency_ms is None else latency_ms[1],
        "latency_why": latency_why,
        "attack": _attack(rows),
        "rows": [asdict(row) for row in in_order(rows)],
        "not_applicable": [asdict(one) for one in skipped],
    }


def _quiet(quiet: Quiet | None) -> dict[str, Any]:
    if quiet is None or not quiet.machines or not quiet.hours:
        return {
            "false_per_100_assets_day": "unknown",
            "false_per_100_assets_day_at_most": "unknown",
            "quiet": None,
        }
    days = quiet.machines * quiet.hours / 24
    count = len(quiet.false)
    return {
        "false_per_100_assets_day": round(100 * count / days, 3),
        "false_per_100_assets_day_at_most": round(100 * at_most(count) / days, 3),
        "quiet": {**asdict(quiet), "machine_days": round(days, 2), "count": count},
    }


def _attack(rows: Sequence[Row]) -> dict[str, Any]:
    """ATT&CK for ICS: techniques that scenarios found and named showed, of those that network data can show, of all."""
    tried = {row.truth[0] for row in rows}
    shown = {row.truth[0] for row in rows if row.named}
    return {
        "shown": sorted(shown),
        "tried": sorted(tried),
        "seen_on_networks": sum(t.seen for t in TECHNIQUES.values()),
        "techniques": len(TECHNIQUES),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 3) if known else None
