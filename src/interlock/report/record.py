"""The report record: everything an output needs, finished, in memory and free of I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from interlock.report.pairs import Directory, pairs_of
from interlock.report.relations import Relations
from interlock.report.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.records.asset import Asset
    from interlock.records.finding import Finding
    from interlock.records.incident import Incident
    from interlock.report.pairs import Pair
    from interlock.segment.draw.scene import Scene

__all__ = ["Health", "HealthNote", "Report", "Run", "SourceFacts", "Withheld"]


class HealthNote(Protocol):
    """One condition of the capture, as `capture` found it.

    condition: short closed word (`one-way`, `duplicates`, `gaps` …). source: the capture it is about, empty
    for the whole run. sentence: what it means, for a person, the figure in words. figure: the number behind
    it, in `unit` (`share` is 0 to 1). A sound capture has the condition `ok`.
    """

    @property
    def condition(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def sentence(self) -> str: ...  # noqa: D102
    @property
    def figure(self) -> float | str | None: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A capture health note as read back from summary.json; satisfies `HealthNote`."""

    condition: str
    source: str
    sentence: str
    figure: float | str | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Findings that a detector did not make, since the capture could not have shown the opposite."""

    detector: str
    reason: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """One capture: frames, octets on the wire, UTC ns of its first and last frame (None: no frame)."""

    name: str
    frames: int
    octets: int
    first: int | None = None
    last: int | None = None
    realm: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was run on what. tables: table name to rows written. processing_s: seconds the analysis took."""

    version: str
    sources: tuple[SourceFacts, ...]
    site: str = ""
    processing_s: float | None = None
    tables: tuple[tuple[str, int], ...] = ()

    @property
    def frames(self) -> int:
        """Frames of all sources."""
        return sum(source.frames for source in self.sources)

    @property
    def octets(self) -> int:
        """Octets on the wire of all sources."""
        return sum(source.octets for source in self.sources)

    @property
    def first(self) -> int | None:
        """UTC ns of the earliest frame; None where no source has any."""
        return min((source.first for source in self.sources if source.first is not None), default=None)

    @property
    def last(self) -> int | None:
        """UTC ns of the latest frame; None where no source has any."""
        return max((source.last for source in self.sources if source.last is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished run: the one input of every output in this room. What several of them work out is kept."""

    run: Run
    assets: tuple[Asset, ...] = ()
    findings: tuple[Finding, ...] = ()
    health: tuple[HealthNote, ...] = ()
    relations: Relations = field(default_factory=Relations)
    traffic: Traffic = field(default_factory=Traffic)
    withheld: tuple[Withheld, ...] = ()
    incidents: tuple[Incident, ...] = ()
    zones: Scene | None = None
    beyond: Mapping[str, int] = field(default_factory=dict)
    """What the inventory had no room for: `Inventory.left_out`."""

    @cached_property
    def directory(self) -> Directory:
        """Who is at which address."""
        return Directory(self.assets)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Who talks to whom, gravest first."""
        return pairs_of(self, self.directory)
