"""What of the incidents an outlet has to tell: each one when it is new, and again only when it has got worse.

Worse is what could happen physically (its rank), or how grave its findings are; more of the same is not, and is in
the store. What was told is kept for each outlet, so that neither a restart nor another outlet changes what one has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from interlock.export.incident_message import Reported
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.records.incident import Incident
    from interlock.records.vocabulary import Severity

__all__ = ["IncidentNews"]

Level = tuple[int, int]
"""Rank, 1 for the gravest, and place of the severity, so that less of the first or more of the second is worse."""

_NEVER: Final[Level] = (1 << 30, -1)


class IncidentNews:
    """One outlet's. state: as `state` gave it, None for the first time; what cannot be read is told again."""

    def __init__(self, least: Severity, state: bytes | None) -> None:
        self._least = SEVERITIES.index(least)
        self._told = _read(state)

    def waiting(self, incidents: Iterable[Incident]) -> list[Reported]:
        """Those that are to be told, in the order given. What a drill found is nobody's alarm."""
        grave = (one for one in incidents if _level(one)[1] >= self._least and not one.exercise)
        return [Reported(one, why) for one in grave if (why := self._why(one))]

    def told(self, reported: Iterable[Reported]) -> None:
        """They were delivered."""
        for one in reported:
            rank, severity = self._before(one.incident)
            now = _level(one.incident)
            self._told[one.incident.id] = (min(rank, now[0]), max(severity, now[1]))

    def forget(self, incidents: Sequence[Incident]) -> bool:
        """Keep only what was told of these and of what became part of them; whether anything went."""
        known = {ident for one in incidents for ident in (one.id, *one.merged)}
        gone = self._told.keys() - known
        for ident in gone:
            del self._told[ident]
        return bool(gone)

    def state(self) -> bytes:
        """To be kept."""
        return json.dumps({"told": self._told}).encode()

    def _before(self, incident: Incident) -> Level:
        """The gravest that was told of it, or of what turned out to be a part of it."""
        levels = [self._told.get(ident, _NEVER) for ident in (incident.id, *incident.merged)]
        return min(rank for rank, _ in levels), max(severity for _, severity in levels)

    def _why(self, incident: Incident) -> str:
        """Empty where there is nothing to tell."""
        before, (rank, severity) = self._before(incident), _level(incident)
        if before == _NEVER:
            return "new"
        worse = [f"now {incident.consequence}"] if rank < before[0] else []
        if severity > before[1]:
            worse.append(f"{incident.severity} now, {SEVERITIES[before[1]]} before")
        return f"worse: {', '.join(worse)}" if worse else ""


def _level(incident: Incident) -> Level:
    return incident.rank, SEVERITIES.index(incident.severity)


def _read(state: bytes | None) -> dict[str, Level]:
    try:
        told = json.loads(state or b"{}").get("told", {})
        return {str(ident): (int(rank), _place(severity)) for ident, (rank, severity) in told.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _place(severity: int) -> int:
    if not 0 <= severity < len(SEVERITIES):
        raise ValueError(severity)
    return severity
