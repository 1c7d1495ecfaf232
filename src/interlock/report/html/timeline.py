"""An incident as a picture: time from left to right, a lane per tactic, a mark per finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.report.quantities import clock_text, duration_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.records.incident import Incident
    from interlock.report.html.views import FindingView

__all__ = ["Lane", "Mark", "StoryView", "stories_of"]

WIDTH: Final = 900
LABEL: Final = 190
LANE: Final = 26
_EDGE: Final = 14
_SHOWN: Final = 20
"""Incidents on the page; the others stand in incidents.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One finding. x, end: in the picture's units, of its first and last occurrence. number: of its row, or None."""

    x: float
    end: float
    y: float
    severity: str
    title: str
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One tactic. y: of its middle."""

    name: str
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """One incident. begin, end: of the time axis, as text."""

    incident: Incident
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    height: int
    begin: str
    lasts: str
    width: int = WIDTH
    label: int = LABEL


def stories_of(incidents: Sequence[Incident], findings: Sequence[FindingView]) -> tuple[StoryView, ...]:
    """The gravest incidents as pictures; findings: the rows that marks link to."""
    numbers = {view.finding.id: view.number for view in findings}
    return tuple(_story(incident, numbers) for incident in incidents[:_SHOWN])


def _story(incident: Incident, numbers: dict[str, int]) -> StoryView:
    names = tuple(dict.fromkeys(step.tactic for step in incident.steps))
    lanes = {name: LANE * k + LANE / 2 for k, name in enumerate(names)}
    span = max(1, incident.last - incident.time)

    def across(when: int) -> float:
        return round(LABEL + _EDGE + (WIDTH - LABEL - 2 * _EDGE) * (when - incident.time) / span, 1)

    marks = tuple(
        Mark(
            x=across(step.time),
            end=across(step.last),
            y=lanes[step.tactic],
            severity=step.severity,
            title=step.title,
            number=numbers.get(step.finding),
        )
        for step in incident.steps
    )
    return StoryView(
        incident=incident,
        lanes=tuple(Lane(name=name.replace("-", " ") or "other", y=y) for name, y in lanes.items()),
        marks=marks,
        height=LANE * len(names),
        begin=clock_text(incident.time),
        lasts=duration_text(incident.last - incident.time),
    )
