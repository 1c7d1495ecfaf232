"""The judge: records of all workers into inventory, detectors and store; findings committed as they are found."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from interlock.capture.flow_tally import FlowTally
from interlock.detect.batch import Batch
from interlock.detect.columns import Columns
from interlock.detect.interface import Context
from interlock.detect.runner import PACES
from interlock.errors import OutputError
from interlock.inventory.inventory import TABLES as INVENTORY_TABLES
from interlock.pipeline.placing import placed
from interlock.pipeline.sensor.aside import Here
from interlock.pipeline.sensor.commits import Commits
from interlock.pipeline.sensor.errands import MOST_ROWS, REPLAYED_ROWS, Errands
from interlock.pipeline.sensor.kept import KEPT
from interlock.pipeline.sensor.loudness import Loudness, parts_of
from interlock.pipeline.sensor.news import grew, undated
from interlock.pipeline.sensor.ongoing import Ongoing
from interlock.pipeline.sensor.steps import OPEN_FLOWS, WORDLESS_FLOWS, WorkerNote, figures_of, read_note
from interlock.pipeline.sensor.survey import Draft, survey
from interlock.pipeline.sensor.urgency import Urgency, by_server
from interlock.pipeline.sensor.waiting import Waiting
from interlock.pipeline.sensor.watching import Watching
from interlock.records.exceptions import apply_exceptions
from interlock.records.gathering import joined
from interlock.records.tables import ARTIFACT_CONTENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from interlock.capture.statistics import Statistics
    from interlock.detect.runner import Pace, Runner
    from interlock.inventory.directory import Directory
    from interlock.inventory.inventory import Inventory
    from interlock.pipeline.sensor.aside import Work
    from interlock.pipeline.sensor.stream import Step
    from interlock.pipeline.sensor.waiting import Waited
    from interlock.records.finding import Finding
    from interlock.records.frames import Source
    from interlock.records.site import Site
    from interlock.store.port import AssetRow, Store

__all__ = ["Judge"]

CONCLUDE_NS: Final = 10_000_000_000
"""Time between two looks at everything found so far, at least."""
ROWS_AT_ONCE: Final = 64
"""Machines that are brought to disk at once."""
CALM_ROWS: Final = {"operations": 32_768, "values": 32_768}
KNOWN_ROWS: Final = 8192
"""The inventory looks at as many at once: some milliseconds, which a finding may wait."""
_PART_ROWS: Final = {"operations": 4096, "values": 4096}
"""So many are judged in one turn, or about that."""
CALM_NS: Final = 1_000_000_000
"""Operations that may wait are judged when there are so many of them, or after so long."""
_PROMPT: Final[frozenset[Pace]] = frozenset({"prompt"})
_PATIENT: Final[frozenset[Pace]] = frozenset({"patient"})
_LEISURELY: Final[frozenset[Pace]] = frozenset({"leisurely"})
_PRESSED, _WAITING = PACES - _LEISURELY, PACES - _PROMPT
_SHARE: Final = 20
"""So much longer than a survey takes, which another processor does."""


class Judge:
    """Takes what workers send. clock: the wall, UTC ns.

    committed(arrival of the oldest frame, wall time at which it was on disk, findings) is told of every commit.
    """

    def __init__(
        self,
        *,
        site: Site,
        inventory: Inventory,
        runner: Runner,
        store: Store,
        clock: Callable[[], int],
        committed: Callable[[int, int, Sequence[Finding]], None],
        live: bool,
        now_s: Callable[[], float],
        beside: Callable[[Callable[[], Iterable[Any]]], Work] = Here,
    ) -> None:
        """live: frames come from interfaces, where silence says something.

        now_s: seconds that only rise. beside: begins work in a copy of the process.
        """
        self.site = site
        self._inventory = inventory
        self._runner, self._store, self._clock = runner, store, clock
        self._commits = Commits(store, committed, clock, now_s)
        self._needs = runner.needs
        self._kept = {*(table.name for table in KEPT), ARTIFACT_CONTENTS.name}
        self._live, self._beside = live, beside
        self._work: Work | None = None
        self._draft = Draft()
        self._drawn_at, self._looking = (0, 0), False
        self._errands = Errands(now_s, MOST_ROWS if live else REPLAYED_ROWS)
        self._tally = FlowTally()
        self._gathered = {name: Waiting(KNOWN_ROWS) for name in INVENTORY_TABLES}
        self._urgency = Urgency()
        self._calm = {name: Waiting(rows) for name, rows in CALM_ROWS.items()}
        self._calm_since = dict.fromkeys(self._calm, 0)
        self._loudness = Loudness(now_s)
        self._rest: list[tuple[pa.RecordBatch, int]] = []
        self._ongoing = Ongoing()
        self._watching = Watching()
        self._directory: Directory | None = None
        self._conditions: Mapping[str, frozenset[str]] = {}
        self._figures: dict[int, list[tuple[Source, Statistics]]] = {}
        self._known: dict[str, Finding] = {}
        self._pause = CONCLUDE_NS
        self._concluded = self.now = 0

    @property
    def machines(self) -> int:
        """How many were known at the last look."""
        return 0 if self._directory is None else len(self._directory.assets)

    @property
    def context(self) -> Context:
        """What is known now, for whoever judges findings further."""
        return self._context()

    def take(self, steps: Sequence[Step]) -> list[WorkerNote]:
        """Judge what one worker sent, several steps at once where they have piled up; what it said beside."""
        notes = [read_note(step.note) for step in steps if step.note]
        self.now = max([self.now, *(step.now for step in steps if step.now is not None)])
        batches = joined([step.batches for step in steps])
        for note in notes:
            if note.figures is not None:
                self._figures[note.worker] = figures_of(note.figures)
        arrived = min((note.arrived for note in notes), default=self._clock())
        tables = dict(batches)
        if "flows" not in tables and (payloads := tables.pop("payloads", None)) is not None:
            self._rest.append(
                (payloads, arrived)
            )  # what conversations end with is judged before their end is
        for found in self._judged(tables, notes[0].worker if notes else 0):
            if found:
                self._commit(found, arrived)
        for name, calm in self._calm.items():
            self._calmly(name, calm.rest() if self._clock() - self._calm_since[name] > CALM_NS else None)
        self._loudly(self._loudness.due())
        self._commits.write({name: batch for name, batch in batches.items() if name in self._kept})
        return notes

    def take_rest(self) -> None:
        """Judge what the records taken last have not waited for."""
        rest, self._rest = self._rest, []
        for payloads, arrived in rest:
            if found := self._shown("payloads", payloads, self._context()):
                self._commit(found, arrived)

    def tend(self) -> None:
        """What is due: to be called about once a second."""
        self._judge_calm()
        self._learn()
        wall = self._clock()
        if not self._looking and not 0 <= wall - self._concluded < self._pause:
            self._looking = True
            self.look()
            self._errands.add(self._begin())
        self._commits.settle()
        self._store.tend(self._clock())

    def leapt(self, leap: int) -> None:
        """The wall's clock leapt by so many ns."""
        self._watching.leapt(leap)

    @property
    def busy(self) -> bool:
        """Whether `go_on` has something to do at once."""
        return self.wait_s == 0

    @property
    def wait_s(self) -> float | None:
        """How long until `go_on` has something to do; None where nothing is known to come."""
        return 0.0 if self._errands else self._commits.wait_s

    def go_on(self, waits: Callable[[], bool] = lambda: False) -> None:
        """A little of what takes long; to be called in every round. waits: whether there is something to `take`."""
        self._commits.tend()
        if self._work is not None:
            self._gather(self._work)
        self._errands.go_on(waits)

    def settle(self) -> None:
        """Findings to disk that wait for others: before rows are put that they were found in."""
        self._commits.settle()

    def errand(self, errand: Iterator[object]) -> None:
        """Somebody else's work, to be done in turns as the judge's own is."""
        self._errands.add(errand)

    def conclude(self, *, last: bool = False) -> None:
        """Look at everything found so far, with all that is known of machines and of the capture's health; wait for it.

        last: machines are drawn once more though nothing new was learned of them, for when they were seen last.
        """
        self._drop_work()
        self._judge_calm()
        self._learn()
        self._errands.settle()
        self.look()
        self._errands.add(self._begin(last=last))
        while self._errands or self._work is not None:
            self.go_on()
        self._commits.settle()

    def _begin(self, *, last: bool = False) -> Iterator[None]:
        self._concluded = self._clock()
        news = self._inventory.has_news(self.now)
        yield
        if not news and not last:
            self._conclude_by_turns()
            return
        self._drawn_at, self._draft = (self.now, self._inventory.keys()), Draft()
        yield
        self._work = (Here if last else self._beside)(self._surveyed)

    def _conclude_by_turns(self) -> None:
        turns = self._runner.by_turns(self._context())
        self._errands.add(self._committing((f for f in found if self._is_news(f)) for found in turns))
        self._looking = False

    def _surveyed(self) -> Iterator[tuple[str, Any]]:
        return survey(
            self._inventory,
            self._runner,
            self._store,
            self.site,
            now=self.now,
            health=self._conditions,
            wall=self._clock(),
        )

    def _gather(self, work: Work) -> None:
        """What has come of a survey. One that died is begun anew when the next is due."""
        before = self._draft.directory
        for piece in work.pieces():
            self._draft.take(piece)
        if before is None and (found := self._draft.directory) is not None:
            self._directory = found
            self._inventory.adopt(*self._drawn_at, found, self._draft.issued)
        if self._draft.rows:
            self._errands.add(self._remember(self._draft.taken()))
        if work.finished:
            self._work = None
            self._pause = max(CONCLUDE_NS, _SHARE * (self._clock() - self._concluded))
            self._conclude_by_turns()

    def _committing(self, turns: Iterable[Iterable[Finding]]) -> Iterator[None]:
        """What waits is no news of this moment: its latency is not counted as such."""
        for found in turns:
            if some := list(found):
                self._commit(some, None)
            yield
            while self._commits.full:
                yield

    def _drop_work(self) -> None:
        if self._work is not None:
            self._work.end()
        self._work, self._looking = None, False

    def look(self) -> None:
        """Judge the capture itself."""
        figures = [pair for pairs in self._figures.values() for pair in pairs]
        sums = {**self._tally.sums, **self._ongoing.sums()}
        self._conditions, found = self._watching.look(figures, sums, self._clock(), live=self._live)
        if self._live and (news := [f for f in found if self._is_news(f)]):
            self._commit(news, None)

    def finish(self) -> None:
        """Nothing more comes: the last look, and everything to disk."""
        self.conclude(last=True)
        self._commits.finish()
        self._store.tend(self._clock())

    def _remember(self, rows: Sequence[AssetRow]) -> Iterator[None]:
        """Machines for others to see; a disk that refuses leaves them as they were."""
        for at in range(0, len(rows), ROWS_AT_ONCE):
            with suppress(OutputError):
                self._store.remember(rows[at : at + ROWS_AT_ONCE])
            yield

    def _learn(self) -> None:
        for name, gathered in self._gathered.items():
            self._let_know(name, gathered.rest())

    def _let_know(self, table: str, waited: Waited | None) -> None:
        if waited is not None:
            self._errands.add(self._telling(table, waited), len(waited))

    def _telling(self, table: str, waited: Waited) -> Iterator[None]:
        rows, _ = waited.joined()
        yield
        self._inventory.feed(table, rows)
        yield

    def _context(self) -> Context:
        if self._directory is None:
            return Context(site=self.site, now=self.now, health=self._conditions)
        return Context(site=self.site, asset=self._directory.find, now=self.now, health=self._conditions)

    def _judged(self, tables: dict[str, pa.RecordBatch], worker: int) -> Iterator[list[Finding]]:
        """Operations first: what a machine is asked to do waits for nothing that is told of it beside."""
        context = self._context()
        going_on, wordless = tables.pop(OPEN_FLOWS, None), tables.pop(WORDLESS_FLOWS, None)
        if "operations" in tables:
            yield self._shown("operations", tables.pop("operations"), context)
        if "flows" in tables:
            self._tally.add(tables["flows"])
            tables["flows"] = self._ongoing.unjudged(tables["flows"])
        if "clues" in tables:
            self._tally.add_clues(tables["clues"])
        found = [finding for name, batch in tables.items() for finding in self._shown(name, batch, context)]
        if going_on is not None and (ripe := self._ongoing.show(worker, going_on)) is not None:
            self._going_on(ripe)
        if wordless is not None and (ended := self._ongoing.ended(wordless)) is not None:
            found += self._shown("flows", ended, context)
        yield found

    def _shown(self, name: str, batch: pa.RecordBatch, context: Context) -> list[Finding]:
        """To the detectors at once, to the inventory with the next second's: a machine is not gone in a moment."""
        if name in INVENTORY_TABLES:
            self._let_know(name, self._gathered[name].add(batch))
        if name not in self._needs:
            return []
        if name == "payloads" and self._live:
            batch, waited = self._loudness.parted(batch)
            self._loudly(waited)
        if name not in self._calm:
            return self._runner.feed(name, batch, context)
        rows = Batch(name, batch)
        calm = self._urgency.calm(batch) if name == "operations" else self._urgency.calm_values(batch)
        found = [] if name == "operations" else self._runner.feed(name, rows, context, _PROMPT)
        self._calmly(name, self._calm[name].add(batch, calm))
        if not calm.all():
            who = _PRESSED if name == "operations" else _PATIENT
            found += self._runner.feed(name, rows.take(~calm), context, who)
        return found

    def _going_on(self, flows: pa.RecordBatch) -> None:
        """They last for seconds, and there may be hundreds of them: they are judged in turns."""
        self._let_know("flows", self._gathered["flows"].add(flows))
        turns = self._runner.feeding("flows", flows, self._context())
        self._errands.add(self._committing(turns), flows.num_rows)

    def _judge_calm(self) -> None:
        for name, calm in self._calm.items():
            self._calmly(name, calm.rest())
        self._loudly(self._loudness.rest())

    def _calmly(self, name: str, waited: Waited | None) -> None:
        """Judge what could wait, in turns. Of values it waited for the Patient alone; the Leisurely wait for all."""
        if waited is not None:
            self._calm_since[name] = self._clock()
            self._errands.add(self._committing(self._turns(name, waited)), len(waited))

    def _loudly(self, waited: Waited | None) -> None:
        """Judge payloads that rules hit all the time, in turns, in the order in which they came."""
        if waited is not None:
            turns = (
                found for part in parts_of(waited) for found in self._runner.feeding(*part, self._context())
            )
            self._errands.add(self._committing(turns), len(waited))

    def _turns(self, name: str, waited: Waited) -> Iterator[list[Finding]]:
        rows, which = waited.joined()
        yield []
        columns = Columns(rows)
        paces = (_WAITING if name == "values" else PACES, _LEISURELY)
        for mask, part, more in by_server(rows, (which, ~which), _PART_ROWS[name]):
            batch = Batch(name, columns, part, more=more)
            yield from self._runner.feeding(name, batch, self._context(), paces[mask])

    def _is_news(self, finding: Finding) -> bool:
        """Whether more is to be said than was: more of it, or other words."""
        known = self._known.get(finding.id)
        return known is None or undated(finding) != undated(known)

    def _commit(self, found: Iterable[Finding], arrived: int | None) -> None:
        """To disk, then told. arrived: of the oldest frame that may be behind it; None where that says nothing."""
        latest = {finding.id: finding for finding in found}
        grown = {number for number, finding in latest.items() if grew(self._known.get(number), finding)}
        self._known.update(latest)
        where = self._directory
        at = latest.values() if where is None else [placed(f, where) for f in latest.values()]
        findings = apply_exceptions(at, self.site, self._clock()).findings
        if more := [finding for finding in findings if finding.id in grown]:
            self._commits.grown(more)
        if news := [finding for finding in findings if finding.id not in grown]:
            self._commits.add(arrived, news)
