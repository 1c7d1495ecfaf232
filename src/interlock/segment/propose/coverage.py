"""What was seen and when, and what could be missing: what a proposal may cut is named here before it is applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from interlock.records.counting import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.segment.propose.questions import Question

__all__ = ["Coverage", "coverage_of", "lasting"]

_HOUR_NS: Final = 3600 * 10**9
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """periods: first and last instant (UTC ns) of each stretch that was seen. hours: how long they are together.

    missing: sentences on times that were not seen. cut: what is cut although it may be needed, one entry for each
    question that nobody answered.
    """

    periods: tuple[tuple[int, int], ...]
    hours: float
    missing: tuple[str, ...]
    cut: tuple[str, ...]


def lasting(hours: float) -> str:
    """How long something is, in the unit that says most: `40 seconds`, `20 minutes`, `5.5 hours`, `2.0 days`."""
    seconds = round(hours * 3600)
    if seconds < 60:
        return counted(seconds, "second")
    if hours < 2:
        return counted(round(hours * 60), "minute")
    return f"{hours:.1f} hours" if hours < 24 else f"{hours / 24:.1f} days"


def coverage_of(
    spans: Mapping[str, tuple[int, int]], questions: Iterable[Question], answered: Iterable[str]
) -> Coverage:
    """Say what was seen. spans: source → first and last instant (UTC ns). answered: ids of questions."""
    periods = _joined(sorted(spans.values()))
    hours = sum(last - first for first, last in periods) / _HOUR_NS
    done = set(answered)
    cut = tuple(q.unanswered for q in questions if q.id not in done)
    return Coverage(periods=periods, hours=hours, missing=tuple(_missing(periods, hours)), cut=cut)


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Stretches; what touches or overlaps is one."""
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1] + 60 * 10**9:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return tuple(joined)


def _missing(periods: tuple[tuple[int, int], ...], hours: float) -> list[str]:
    told = []
    seen = {instant.weekday() for first, last in periods for instant in _each_hour(first, last)}
    daily = {instant.hour for first, last in periods for instant in _each_hour(first, last)}
    if len(daily) < 24:
        told.append(f"{24 - len(daily)} of the 24 hours of a day (UTC) were not seen at all")
    if len(seen) < 7:
        told.append(f"not seen: {', '.join(_DAYS[day] for day in range(7) if day not in seen)}")
    if hours < 7 * 24:
        told.append(
            "less than a week was seen: what happens once a week (cleaning, weekend shutdown) may be missing"
        )
        told.append(
            "less than a week was seen: objects that are read on pages that nobody opened, or in states that did not"
            " occur, may be missing"
        )
    if hours < 31 * 24:
        told.append("less than a month was seen: backups, month-end reports and patch days may be missing")
    told.append(
        "start-up after a power cut, failover to a standby and repair are seen only where they happened"
    )
    return told


def _each_hour(first: int, last: int) -> list[datetime]:
    """An instant in every hour of a stretch; of long ones the first 60 days suffice."""
    begin, end = first // _HOUR_NS, last // _HOUR_NS
    return [datetime.fromtimestamp(hour * 3600, UTC) for hour in range(begin, min(end, begin + 60 * 24) + 1)]
