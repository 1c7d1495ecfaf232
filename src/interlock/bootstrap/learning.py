"""Detectors that learn, wired: a lesson over captures, and what a state folder or a sensor's store knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlock.bootstrap.detecting import LEARNED, read_learned, write_learned
from interlock.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.learned.learner import Learner
    from interlock.pipeline.learn_run import Lesson

__all__ = ["accept_cause", "build_lesson", "knowledge_of", "known_learners"]


def build_lesson(
    state: str | None, rules: tuple[str, ...] = (), told: Callable[[str], None] = lambda _problem: None
) -> Lesson:
    """A lesson that goes on from what the folder holds; without one, from nothing.

    rules: folders of people's own. told: takes a sentence about each of them that is not in force.
    Raises SourceError, ConfigError.
    """
    from interlock.bootstrap.ruling import build_rules  # noqa: PLC0415 (builders import only the rooms they need)
    from interlock.detect.interface import Learning  # noqa: PLC0415
    from interlock.detect.registry import all_detectors  # noqa: PLC0415
    from interlock.detect.runner import Runner  # noqa: PLC0415
    from interlock.pipeline.learn_run import Lesson  # noqa: PLC0415

    detector, problems = build_rules(rules)
    for problem in problems:
        told(str(problem))
    runner = Runner(each for each in (*all_detectors(), detector) if isinstance(each, Learning))
    known = None if state is None else read_learned(Path(state))
    if state is not None and known is not None:
        try:
            runner.know(known)
        except SourceError as error:
            where = Path(state) / LEARNED
            raise SourceError(f"{where}: {error}; learn again into another folder") from error
    return Lesson(runner)


def known_learners(folder: str) -> dict[str, Learner]:
    """Every detector that learns, by name, with what a folder knows. Raises ConfigError, SourceError."""
    return knowledge_of(_octets(Path(folder)), where=folder)


def knowledge_of(blob: bytes, *, where: str) -> dict[str, Learner]:
    """Every detector that learns, by name, with what a blob knows. Raises SourceError, naming `where`."""
    from interlock.detect.state import unpack  # noqa: PLC0415

    learners = {learner.name: learner for learner in _learners()}
    try:
        parts = unpack(blob)
        for name, learner in learners.items():
            if name in parts:
                _bring(learner, parts[name])
    except SourceError as error:
        raise SourceError(f"{where}: {error}; learn again into another folder") from error
    return learners


def accept_cause(folder: str, key: str, why: tuple[str, str, str] | None) -> None:
    """Take a finding's or relation's id for normal, or for judged again (None). why: reason, time, what people named.

    Raises ConfigError where nothing was learned there or it was not accepted, SourceError, OutputError.
    """
    from interlock.detect.state import pack, unpack  # noqa: PLC0415

    blob = read_learned(Path(folder))
    if blob is None:
        raise _nothing(folder)
    learners = knowledge_of(blob, where=folder)
    if why is None and not any(key in learner.accepted for learner in learners.values()):
        raise ConfigError(f"{key}: was not accepted in {folder}; `interlock baseline show` lists what was")
    for learner in learners.values():
        learner.accepted.pop(key, None)
        if why is not None:
            learner.accepted[key] = list(why)
    parts = {**unpack(blob), **{name: learner.learned() for name, learner in learners.items()}}
    write_learned(Path(folder), pack(parts))


def _nothing(folder: str | Path) -> ConfigError:
    return ConfigError(
        f"{folder}: nothing was learned there; `interlock baseline learn CAPTURE --state {folder}` does it"
    )


def _bring(learner: Learner, part: bytes) -> None:
    """What was learned, or a sensor's whole memory."""
    try:
        learner.know(part)
    except SourceError:
        learner.load(part)


def _octets(folder: Path) -> bytes:
    learned = read_learned(folder)
    if learned is None:
        learned = _remembered(folder)
    if learned is None:
        raise _nothing(folder)
    return learned


def _remembered(folder: Path) -> bytes | None:
    """What a sensor's detectors remember, where the folder is a sensor's; None where not."""
    from interlock.store.plain.states import stored_state  # noqa: PLC0415

    try:
        _, state = stored_state(folder, "detectors")
    except OSError:
        return None
    remembered: bytes | None = state
    return remembered


def _learners() -> list[Any]:
    from interlock.detect.learned.learner import Learner  # noqa: PLC0415
    from interlock.detect.registry import all_detectors  # noqa: PLC0415

    return [detector for detector in all_detectors() if isinstance(detector, Learner)]
