"""Detectors, wired: what they are given of rules and of what was learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.errors import ConfigError, OutputError, SourceError
from interlock.report.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.interface import Detector
    from interlock.detect.runner import Runner
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["LEARNED", "Judgement", "build_runner", "read_learned", "write_learned"]

LEARNED: Final = "learned.state"
"""The file of a state folder that holds what detectors learned."""


def _told_nobody(_: str) -> None:
    """Where nobody listens: the report names rules that are not in force anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What people give detectors beside the site file. rules: folders. state: a folder. projects: folders.

    indicators, signatures: files, and folders of such files. lists: kind and path of lists that say which signatures
    are in force.

    midstream: what signatures make of connections that were joined in the middle; None: their own way. checksums: what
    they make of wrong ones; None: as midstream has it.

    told: takes a sentence about each rule of theirs that cannot be put in force.
    """

    rules: tuple[str, ...] = ()
    state: str | None = None
    projects: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    lists: tuple[tuple[str, str], ...] = ()
    midstream: Midstream | None = None
    checksums: Checksums | None = None
    told: Callable[[str], None] = field(default=_told_nobody, compare=False)


def build_runner(judgement: Judgement | None = None) -> Runner:
    """All detectors, with what was learned where a state folder is named. Raises ConfigError, SourceError."""
    from interlock.bootstrap.ruling import build_rules, in_words  # noqa: PLC0415
    from interlock.detect.registry import all_detectors  # noqa: PLC0415 (builders import only the rooms they need)
    from interlock.detect.runner import Runner  # noqa: PLC0415

    given = judgement or Judgement()
    rules, problems = build_rules(given.rules)
    for problem in problems:
        given.told(in_words(problem))
    detectors = (*_keyed(_approving(all_detectors(), given.projects)), rules, *_warned(given))
    runner = Runner(detectors)
    if given.state is not None:
        _know(runner, Path(given.state))
    return runner


def _warned(given: Judgement) -> tuple[Detector, ...]:
    """The detectors of indicators and of signatures, where there are any."""
    warned: list[Detector] = []
    if given.indicators:
        from interlock.bootstrap.indicating import build_indicators  # noqa: PLC0415

        warned.append(build_indicators(given.indicators, given.told))
    if given.signatures:
        from interlock.bootstrap.signature_trials import trial_of_paths  # noqa: PLC0415
        from interlock.bootstrap.signatures import build_signatures  # noqa: PLC0415

        warned.append(
            build_signatures(
                given.signatures, given.told, None, given.lists, given.midstream or "own", given.checksums
            )
        )
        trial = trial_of_paths(
            given.signatures, given.told, given.lists, given.midstream or "own", given.checksums
        )
        if trial is not None:
            warned.append(trial)
    return tuple(warned)


def _keyed(detectors: tuple[Detector, ...]) -> tuple[Detector, ...]:
    """The same, given what they cannot know: this installation's fingerprints, and what is at home at which port."""
    from interlock.bootstrap import build_fingerprint  # noqa: PLC0415
    from interlock.bootstrap.zoning import spoken_at  # noqa: PLC0415
    from interlock.detect.credentials.weak_login import WeakLogin  # noqa: PLC0415
    from interlock.detect.zones.conduit_violation import ConduitViolation  # noqa: PLC0415

    for detector in detectors:
        if isinstance(detector, ConduitViolation):
            detector.spoken_by(spoken_at())
        if isinstance(detector, WeakLogin):
            detector.keyed_by(build_fingerprint())
    return detectors


def _approving(detectors: tuple[Detector, ...], projects: tuple[str, ...]) -> tuple[Detector, ...]:
    """The same, judging by what was approved where folders of projects are named."""
    if projects:
        from interlock.bootstrap.projects import read_projects  # noqa: PLC0415
        from interlock.detect.programs.program_compare import ProgramCompare  # noqa: PLC0415

        approved = read_projects(projects)
        for detector in detectors:
            if isinstance(detector, ProgramCompare):
                detector.approve(approved)
    return detectors


def _know(runner: Runner, folder: Path) -> None:
    learned = read_learned(folder)
    if learned is None:
        raise ConfigError(
            f"{folder}: nothing was learned there; `interlock baseline learn CAPTURE --state {folder}` does it"
        )
    try:
        runner.know(learned)
    except SourceError as error:
        raise SourceError(f"{folder / LEARNED}: {error}; learn again into another folder") from error


def read_learned(folder: Path) -> bytes | None:
    """What a state folder holds; None where nothing was learned yet. Raises SourceError where it cannot be read."""
    try:
        return (folder / LEARNED).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"{folder / LEARNED}: cannot be read ({reason})") from error


def write_learned(folder: Path, learned: bytes) -> Path:
    """Put it there whole or not at all, for this user alone. Raises OutputError. Returns the file."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{folder}: cannot be made ({reason}); name another folder") from error
    write_atomic(folder / LEARNED, learned, mode=0o600)
    return folder / LEARNED
