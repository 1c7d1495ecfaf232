"""Figures, the goals they are held against, and the table that people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from measuring.contestants import Contestant
    from measuring.cost import Costs


@dataclass(frozen=True)
class Goal:
    """What a figure must reach and what it should; `at_most` where less is better."""

    must: float
    goal: float | None = None
    at_most: bool = False

    def verdict(self, value: float) -> str:
        """`goal`, `must` or `missed`."""
        for name, limit in (("goal", self.goal), ("must", self.must)):
            if limit is not None and (value <= limit if self.at_most else value >= limit):
                return name
        return "missed"


@dataclass(frozen=True)
class Figure:
    """One number with its unit; `goal` where one is set, `note` how it came about."""

    name: str
    value: float
    unit: str
    goal: Goal | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """How it stands against its goal, empty where it has none."""
        return self.goal.verdict(self.value) if self.goal else ""

    def as_json(self) -> dict[str, object]:
        """Give the figure as an object for JSON."""
        limits = (
            {"must": self.goal.must, "goal": self.goal.goal, "verdict": self.verdict} if self.goal else {}
        )
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            **limits,
            "note": self.note,
        }


@dataclass(frozen=True)
class Measured:
    """A contestant and what it cost; without costs where it was skipped or failed, and why."""

    contestant: Contestant
    costs: Costs | None
    why_not: str = ""

    @property
    def packets_per_cpu_s(self) -> float:
        """Packets of the capture per second of CPU."""
        assert self.costs is not None
        assert self.contestant.capture is not None
        return self.contestant.capture.packets / max(self.costs.cpu_s, 1e-9)

    def as_json(self) -> dict[str, object]:
        """Give the measurement as an object for JSON."""
        capture = self.contestant.capture
        where = {"capture": capture.name, "packets": capture.packets} if capture else {}
        if self.costs is None:
            return {"name": self.contestant.name, **where, "why_not": self.why_not}
        return {
            "name": self.contestant.name,
            **where,
            "cpu_s": round(self.costs.cpu_s, 3),
            "cpu_s_runs": [round(run.cpu_s, 3) for run in self.costs.runs],
            "peak_mib": round(self.costs.peak_mib, 1),
        }


def lines(measured: list[Measured], figures: list[Figure]) -> list[str]:
    """Two tables: what ran and what it cost, then the figures against their goals."""
    rows = [("command", "capture", "packets", "CPU s (least to most)", "M packets/CPU s", "peak MiB")]
    for one in measured:
        capture = one.contestant.capture
        where = (capture.name, f"{capture.packets:,}") if capture else ("", "")
        if one.costs is None:
            rows.append((one.contestant.name, *where, one.why_not, "", ""))
            continue
        least, most = one.costs.spread_s
        speed = f"{one.packets_per_cpu_s / 1e6:.3f}" if capture else ""
        cpu = f"{one.costs.cpu_s:.2f} ({least:.2f} to {most:.2f})"
        rows.append((one.contestant.name, *where, cpu, speed, f"{one.costs.peak_mib:.0f}"))
    goals = [("figure", "value", "must", "goal", "verdict", "note")]
    for figure in figures:
        must = f"{figure.goal.must:g}" if figure.goal else ""
        goal = f"{figure.goal.goal:g}" if figure.goal and figure.goal.goal is not None else ""
        goals.append(
            (figure.name, f"{figure.value:.3g} {figure.unit}", must, goal, figure.verdict, figure.note)
        )
    return [*_aligned(rows), "", *_aligned(goals)]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    laid = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return [laid[0], "  ".join("-" * width for width in widths), *laid[1:]]
