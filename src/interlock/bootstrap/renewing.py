"""What the judge judges by beside the site file: put in force when it begins, and read anew when somebody asks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlock.bootstrap.detecting import build_runner, read_learned
from interlock.bootstrap.indicating import read_book
from interlock.bootstrap.projects import read_projects
from interlock.bootstrap.reloading import judged_by
from interlock.bootstrap.renewing_signatures import SignatureRenewal
from interlock.bootstrap.ruling import build_rules
from interlock.detect.programs.approved import Approved
from interlock.detect.programs.program_compare import ProgramCompare
from interlock.detect.signatures.indicators.book import Book
from interlock.detect.signatures.indicators.detector import Indicators
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from interlock.bootstrap.rescreening import Turns
    from interlock.bootstrap.sensor_parts import Sensor
    from interlock.detect.runner import Runner
    from interlock.pipeline.sensor.aside import Work
    from interlock.pipeline.sensor.memory import Memory
    from interlock.records.config import Config

__all__ = ["Judged"]


class Judged:
    """refused: takes a sentence about what cannot be put in force; whatever was before stays so then.

    beside: begins work in a copy of the process: to hash gigabytes of projects takes longer than a finding may wait.
    """

    def __init__(
        self,
        sensor: Sensor,
        refused: Callable[[str], None],
        beside: Callable[[Callable[[], Iterable[Any]]], Work],
        turns: Turns,
    ) -> None:
        self._sensor = sensor
        self._refused = refused
        self._beside = beside
        self._reading: Work | None = None
        self._warning: Work | None = None
        self._approving = False
        self._signing = SignatureRenewal(refused, beside, turns)

    def runner(self, config: Config) -> Runner:
        """All detectors, with rules as they are now: what is wrong since the sensor began keeps no judge away."""
        given = judged_by(self._sensor, config)
        self._approving = bool(given.projects)
        try:
            return build_runner(replace(given, state=None, told=self._refused))
        except ConfigError as error:
            self._refused(f"{error}; without it until that is mended")
            return build_runner()

    def teach(self, memory: Memory, config: Config) -> None:
        """What was learned apart, where a folder is named."""
        state = judged_by(self._sensor, config).state
        if state is not None:
            memory.teach(partial(read_learned, Path(state)), state)

    def anew(self, runner: Runner, memory: Memory, config: Config) -> Iterator[str]:
        """Read it all again; gives a sentence about each part that is in force from now on."""
        folders = judged_by(self._sensor, config).rules
        try:
            rules, problems = build_rules(folders)
        except ConfigError as error:
            self._refused(f"{error}; the rules of before stay in force")
        else:
            for problem in problems:
                self._refused(f"{problem}; the other rules are in force" if problem.error else str(problem))
            runner.renew(rules)
            if folders:
                yield f"{len(rules.rules)} rules are in force"
        self.teach(memory, config)
        self._warn(runner, judged_by(self._sensor, config).indicators)
        self._signing.begin(runner, judged_by(self._sensor, config))
        self._read(judged_by(self._sensor, config).projects)

    def _warn(self, runner: Runner, paths: tuple[str, ...]) -> None:
        """Begin to read indicators as they are now: a million of them takes seconds."""
        if self._warning is not None:
            self._warning.end()
            self._warning = None
        if paths or runner.named(Indicators.name) is not None:
            self._warning = self._beside(partial(_warned, paths))

    def _read(self, folders: tuple[str, ...]) -> None:
        """Begin to read what was approved; whoever asks again meanwhile gets what is there by then."""
        if self._reading is not None:
            self._reading.end()
            self._reading = None
        if folders or self._approving:
            self._reading = self._beside(partial(_approved, folders))

    def tend(self, runner: Runner) -> Iterator[str]:
        """Put in force what was read beside, once it is whole; gives a sentence about it."""
        if self._warning is not None:
            yield from self._tend_warning(runner, self._warning)
        yield from self._signing.tend(runner)
        if self._reading is None:
            return
        for read in self._reading.pieces():
            if isinstance(read, Approved):
                yield self._approve(runner, read)
            else:
                self._refused(f"{read}; the projects of before stay in force")
        if self._reading.finished:
            if self._reading.failed:
                self._refused("the projects could not be read to their end; those of before stay in force")
            self._reading = None

    def _tend_warning(self, runner: Runner, work: Work) -> Iterator[str]:
        for read in work.pieces():
            if isinstance(read, Book):
                yield from _put_in_force(runner, read)
            else:
                self._refused(str(read))
        if work.finished:
            if work.failed:
                self._refused("the indicators could not be read to their end; those of before stay in force")
            self._warning = None

    def _approve(self, runner: Runner, approved: Approved) -> str:
        compare = runner.named(ProgramCompare.name)
        if isinstance(compare, ProgramCompare):
            compare.approve(approved)
        self._approving = bool(approved)
        return f"{len(approved.whole)} programs and files of projects are approved"


def _approved(folders: tuple[str, ...]) -> Iterator[Approved | str]:
    """What the folders approve, or a sentence about why it cannot be said."""
    try:
        yield read_projects(folders)
    except ConfigError as error:
        yield str(error)


def _warned(paths: tuple[str, ...]) -> Iterator[Book | str]:
    """The indicators of these files, and sentences about those that are not in force."""
    told: list[str] = []
    try:
        book = read_book(paths, told.append)
    except ConfigError as error:
        yield f"{error}; the indicators of before stay in force"
        return
    yield from told
    yield book


def _put_in_force(runner: Runner, book: Book) -> Iterator[str]:
    """Without a gap: what was remembered of the indicators of before goes on. Which tables come was settled before."""
    known = runner.named(Indicators.name)
    before = known.buffers if isinstance(known, Indicators) else frozenset()
    fresh = Indicators(book)
    runner.renew(fresh)
    yield f"{len(book)} indicators are in force"
    if missing := fresh.buffers - before:
        yield f"indicators of what only {', '.join(sorted(missing))} shows need a restart of the sensor"
