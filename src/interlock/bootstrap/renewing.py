"""What the judge judges by beside the site file: put in force when it begins, and read anew when somebody asks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from interlock.bootstrap.detecting import Judgement, build_runner, read_learned
from interlock.bootstrap.reloading import judged_by
from interlock.bootstrap.ruling import build_rules
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interlock.bootstrap.sensor_parts import Sensor
    from interlock.detect.runner import Runner
    from interlock.pipeline.sensor.memory import Memory
    from interlock.records.config import Config

__all__ = ["Judged"]


class Judged:
    """refused: takes a sentence about what cannot be put in force; whatever was before stays so then."""

    def __init__(self, sensor: Sensor, refused: Callable[[str], None]) -> None:
        self._sensor = sensor
        self._refused = refused

    def runner(self, config: Config) -> Runner:
        """All detectors, with rules as they are now: what is wrong since the sensor began keeps no judge away."""
        given = judged_by(self._sensor, config)
        try:
            return build_runner(Judgement(rules=given.rules, projects=given.projects, told=self._refused))
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
