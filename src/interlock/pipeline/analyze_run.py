"""One analysis: every batch through inventory, detectors, tallies and tables; then the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from interlock.capture.flow_tally import FlowTally
from interlock.capture.health import judge
from interlock.detect.batch import Batch
from interlock.detect.incidents.threads import incidents_of
from interlock.detect.interface import Context
from interlock.inventory.inventory import TABLES as INVENTORY_TABLES
from interlock.inventory.risk import risk
from interlock.pipeline.placing import placed, zoned
from interlock.records.asset import altered
from interlock.records.exceptions import apply_exceptions
from interlock.records.gathering import ENOUGH, Gathering
from interlock.report.record import Report, Run, SourceFacts, Withheld
from interlock.report.relations import RelationTally
from interlock.report.traffic import TrafficTally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interlock.capture.run import CaptureRun
    from interlock.detect.runner import Conclusion, Runner
    from interlock.inventory.inventory import Inventory
    from interlock.pipeline.zone_picture import ZonePicture
    from interlock.records.finding import Finding
    from interlock.records.site import Site
    from interlock.store.folder import TableFolder

__all__ = ["STOPPED", "Analysis"]

STOPPED: Final = "reading was stopped before its end; what follows is not judged"
"""Said of a capture that a signal left unread: whoever opens the report later was not there."""
_SOME: Final = 8_192
"""Rows: what judges them costs little more than of a few hundred, as most tables have in a step."""

_MANY_WORDS: Final = 32_768
"""Addresses or objects of a batch: detectors make objects of groups, some KiB each."""


class Analysis:
    """Feed it every batch of records, then `report`. Holds aggregates only: memory does not grow with length."""

    def __init__(
        self,
        *,
        site: Site,
        inventory: Inventory,
        runner: Runner,
        tables: TableFolder,
        picture: ZonePicture | None = None,
    ) -> None:
        """picture: draws the site's zones, where it has any."""
        self._picture = picture
        self._site = site
        self._inventory = inventory
        self._runner = runner
        self._tables = tables
        self._needs = runner.needs
        self._relations = RelationTally()
        self._traffic = TrafficTally()
        self._flow_tally = FlowTally()
        self._rows: dict[str, int] = {}
        self._held: dict[str, Gathering] = {}
        self.now = 0

    @property
    def wanted(self) -> frozenset[str]:
        """The tables that anybody here reads: a protocol's own, of which there may be many rows, seldom are."""
        return frozenset({*self._tables.names, *INVENTORY_TABLES, *self._needs})

    @property
    def runner(self) -> Runner:
        """The detectors."""
        return self._runner

    @property
    def buffers(self) -> frozenset[str]:
        """The buffers that detectors look at."""
        return self._runner.buffers

    @property
    def read(self) -> Mapping[str, tuple[str, ...]]:
        """Table → columns that detectors read."""
        return self._needs

    def feed(self, batches: Mapping[str, pa.RecordBatch], now: int) -> None:
        """Take the batches of one step; now: capture clock, UTC ns."""
        self.now = max(self.now, now)
        for name, batch in batches.items():
            if self._picture is not None:
                self._picture.feed(name, batch)
            self._rows[name] = self._rows.get(name, 0) + batch.num_rows
            if name not in self._held:
                self._held[name] = Gathering(_enough(name, batch.schema))
            for rows in self._held[name].feed(batch):
                self._judge_by_parts(name, rows)
        self._tables.write(batches)

    def _judge_rest(self) -> None:
        """What was held back; operations last, of which most is held back."""
        for name in sorted(self._held, key="operations".__eq__):
            if (rows := self._held[name].rest()) is not None:
                self._judge_by_parts(name, rows)

    def _judge_by_parts(self, name: str, batch: pa.RecordBatch) -> None:
        """Where everybody is new, as in a flood, every row is a group of its own: then some rows at a time."""
        rows = batch.num_rows if _most_words(batch) <= _MANY_WORDS else _SOME
        for begin in range(0, batch.num_rows, max(rows, 1)):
            self._judge(name, batch.slice(begin, rows))

    def _judge(self, name: str, batch: pa.RecordBatch) -> None:
        """Rows to inventory, detectors and tallies."""
        if name in INVENTORY_TABLES:
            self._inventory.feed(name, batch)
        # One for all: what somebody reads of it, or groups, nobody reads or groups again.
        rows = Batch(name, batch)
        if name in self._needs:
            self._runner.count(name, rows, Context(site=self._site, now=self.now))
        if name == "operations":
            self._relations.feed(rows)
        if name == "flows":
            self._traffic.feed(batch)
            self._flow_tally.add(batch)
        if name == "clues":
            self._flow_tally.add_clues(batch)

    def report(self, run: CaptureRun, *, version: str, seconds: float, wall_now: int) -> Report:
        """Everything as known at the end. wall_now: UTC ns by which exceptions are in force or not."""
        self._judge_rest()
        health = judge(run.sources, run.statistics, self._flow_tally)
        directory = self._inventory.directory(self.now)
        context = Context(site=self._site, asset=directory.find, now=self.now, health=health.conditions)
        conclusion = self._runner.conclude(context)
        applied = apply_exceptions(
            (placed(finding, directory) for finding in conclusion.findings), self._site, wall_now
        )
        incidents = incidents_of(applied.findings, context)
        about = _by_asset(applied.findings)
        # Of whom nothing was found stands what the inventory says.
        assets = tuple(
            altered(a, risk=risk(a, about[a.id])) if a.id in about else a for a in directory.assets
        )
        return Report(
            run=self._run(run, version, seconds),
            assets=zoned(assets, self._site),
            findings=applied.findings,
            health=health.notes or health.records,
            relations=self._relations.finish(),
            traffic=self._traffic.finish(),
            withheld=_withheld(conclusion, applied.notes),
            incidents=tuple(incidents),
            zones=None if self._picture is None else self._picture.scene(directory.assets),
            beyond=self._inventory.left_out,
        )

    def _run(self, run: CaptureRun, version: str, seconds: float) -> Run:
        facts = tuple(
            SourceFacts(
                name=source.name,
                realm=source.realm,
                frames=s.frames,
                octets=s.wire_octets,
                first=s.first,
                last=s.last,
                note=s.failure or (s.cut_reason if s.cut is not None else STOPPED if left else ""),
            )
            for source, s, left in zip(run.sources, run.statistics, run.unfinished, strict=True)
        )
        return Run(
            version=version,
            sources=facts,
            site=self._site.name or "",
            processing_s=seconds,
            tables=tuple(sorted(self._rows.items())),
        )


def _by_asset(findings: Iterable[Finding]) -> Mapping[str, Sequence[Finding]]:
    """Asset's id → the findings that name it, in their order."""
    about: dict[str, list[Finding]] = {}
    for finding in findings:
        for asset in dict.fromkeys(finding.assets):
            about.setdefault(asset, []).append(finding)
    return about


def _withheld(conclusion: Conclusion, notes: tuple[str, ...]) -> tuple[Withheld, ...]:
    """What was not judged, what our own checks said, and exceptions without effect."""
    rows = [Withheld(detector=w.detector, reason=w.reason, count=w.count) for w in conclusion.withheld]
    rows += [Withheld(detector="self", reason=said) for said in conclusion.diagnostics]
    return (*rows, *(Withheld(detector="site", reason=note) for note in notes))


def _most_words(batch: pa.RecordBatch) -> int:
    """The length of the longest list of words of a batch."""
    kinds = zip(batch.columns, batch.schema.types, strict=True)
    return max((len(column.dictionary) for column, kind in kinds if pa.types.is_dictionary(kind)), default=0)


def _enough(name: str, schema: pa.Schema) -> int:
    """Rows that are held back until they are judged at once; of octets from the wire, which may be many, none are."""
    if any(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) for kind in schema.types):
        return 1
    return ENOUGH if name == "operations" else _SOME
