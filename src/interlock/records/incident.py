"""An incident: findings along one path, told as one story, ranked by what could happen physically."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.records.vocabulary import Severity

__all__ = ["Incident", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One finding's part in an incident. time, last: UTC ns. machines: who, then to whom. tactic: empty: unknown."""

    finding: str
    detector: str
    severity: Severity
    title: str
    time: int
    last: int
    count: int
    machines: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    tactic: str = ""
    consequence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One story.

    id: stays the same as it grows. rank: 1 is the gravest (detect.incidents.consequence). consequence: what the rank is
    called. could: what could happen physically, a sentence. story: what happened, in order. news: what came last.
    time, last: UTC ns. count: occurrences of all findings. actor: address that it comes from, as far as is known.
    machines: all that it touched, in the order in which it did. tactics, techniques: ATT&CK for ICS, in the same order.
    findings: ids. steps: the first ones, at most 200; left_out: how many more there were. merged: ids of incidents that
    turned out to be part of it. exercise: True for a drill's own; else None.
    """

    id: str
    rank: int
    consequence: str
    severity: Severity
    title: str
    could: str
    story: str
    news: str
    time: int
    last: int
    count: int
    realm: str = ""
    actor: str = ""
    machines: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    left_out: int = 0
    merged: tuple[str, ...] = ()
    exercise: bool | None = None
