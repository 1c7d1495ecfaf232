"""A finding: a sentence a plant engineer can act on, every part of which opens to its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.records.vocabulary import Kind, Severity

__all__ = ["Action", "Evidence", "Finding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where to look: frames of one source, all of them or, past 512, the first ones and others evenly among the rest.

    total: how many occurrences there were.
    """

    source: str
    frames: tuple[int, ...] = ()
    total: int = 0
    table: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What to do, and what doing it could do to the running process."""

    text: str
    risk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cause, however often it showed.

    id: stable across runs over the same facts (see detect.identify).
    time, last: UTC nanoseconds since 1970 of the first and last occurrence.
    confidence: 0 to 1. assets: ids of assets. techniques: ATT&CK for ICS ids.
    requirements: `IEC 62443-3-3 SR n.m`, `NIS2 Art. 21(2)(x)`.
    accepted: the reason of an exception in force, else None.
    exercise: True for what a drill found in its own traffic; else None. Outlets never carry it.
    """

    id: str
    detector: str
    version: int
    kind: Kind
    severity: Severity
    confidence: float
    title: str
    explanation: str
    time: int
    last: int
    count: int
    realm: str = ""
    machines: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    techniques: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    accepted: str | None = None
    accepted_until: str | None = None
    data: tuple[tuple[str, str], ...] = ()
    exercise: bool | None = None
