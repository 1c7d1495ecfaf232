"""The sensor's decoder and judge in one process, on the time of the frames that are put before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from interlock.detect.incidents.threads import Incidents
from interlock.pipeline.drill.blank_store import BlankStore
from interlock.pipeline.sensor.judge import Judge
from interlock.pipeline.sensor.ongoing import Showing
from interlock.pipeline.sensor.steps import WorkerNote, note_octets
from interlock.pipeline.sensor.stream import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from interlock.decode.engine import Engine
    from interlock.detect.runner import Runner
    from interlock.inventory.inventory import Inventory
    from interlock.records.finding import Finding
    from interlock.records.frames import Frames
    from interlock.records.incident import Incident
    from interlock.records.site import Site

__all__ = ["Rehearsal", "Said"]

_TEND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A finding as it stands. first: capture clock, UTC ns, at which it was first committed."""

    finding: Finding
    first: int


class Rehearsal:
    """Takes frames in time order. Every finding of it says that it is an exercise.

    seconds: of the capture's clock in which anything came.
    """

    def __init__(
        self,
        engine: Engine,
        runner: Runner,
        inventory: Inventory,
        site: Site,
        hear: Callable[[Finding, int], None] = lambda _finding, _now: None,
    ) -> None:
        """engine: shows pending rows of whatever the sensor's does. hear: is told every commit, with the clock."""
        self._hear = hear
        self.seconds = 0
        self._engine = engine
        self._now = self._tended = 0
        self._showing = Showing(engine)
        self._first: dict[str, int] = {}
        self._incidents = Incidents()
        self.store = BlankStore()
        self._judge = Judge(
            site=site,
            inventory=inventory,
            runner=runner,
            store=self.store,
            clock=lambda: self._now,
            committed=self._committed,
            live=False,
            now_s=lambda: self._now / 1e9,
        )

    def feed(self, frames: Frames | None, now: int) -> None:
        """Frames that came until `now` (UTC ns); None: none did."""
        self._now = now
        if frames is not None and frames.n:
            self._take(dict(self._engine.feed(frames)), now)
        while self._judge.busy:
            self._judge.go_on()
        if now - self._tended >= _TEND_NS:
            self._tended = now
            self.seconds += 1
            self._judge.tend()
            while self._judge.busy:
                self._judge.go_on()

    def finish(self) -> None:
        """Nothing more comes."""
        for batches in self._engine.finish():
            self._take(dict(batches), self._now)
        self._judge.finish()

    @property
    def said(self) -> list[Said]:
        """Every finding so far, in the order in which it was first committed."""
        known = self.store.known
        return [Said(finding=replace(known[i], exercise=True), first=at) for i, at in self._first.items()]

    @property
    def incidents(self) -> list[Incident]:
        """Every incident so far, gravest first."""
        told = self._incidents.all(self._judge.context)
        return [replace(incident, exercise=True) for incident in told]

    @property
    def machines(self) -> int:
        """How many were known at the last look."""
        return self._judge.machines

    def _take(self, batches: dict[str, pa.RecordBatch], now: int) -> None:
        batches.update(self._showing.due(now))
        note = note_octets(WorkerNote(worker=0, arrived=now, wall=now))
        self._judge.take([Step(now=self._engine.dissector.now, batches=batches, note=note)])
        self._judge.take_rest()

    def _committed(self, _arrived: int, done: int, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._first.setdefault(finding.id, done)
            self._hear(finding, done)
        self._incidents.take(findings, self._judge.context)
