"""Screens of signatures: what is done where packets are decoded, wired for those who ask.

What a screen needs of its rules is kept beside their plan, so that a worker whose rules are made anew need not know all
of them.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.bootstrap.detecting import Judgement
    from interlock.detect.runner import Runner
    from interlock.detect.signatures.engine.engine import Engine
    from interlock.detect.signatures.engine.screen import Screen
    from interlock.detect.signatures.engine.screening import Screening
    from interlock.detect.signatures.engine.traits import Traits
    from interlock.records.vocabulary import Midstream

__all__ = [
    "keep_screen",
    "kept_screen",
    "plan_of",
    "plan_with",
    "read_engines",
    "screening_of",
    "screening_with",
    "screening_with_plan",
]


def screening_of(runner: Runner) -> Screening | None:
    """The screen of all signatures that a runner has; None where it has none, or others look at raw octets, too."""
    return screening_with(_engines(runner)) if runner.buffers else None


def _engines(runner: Runner) -> list[Engine]:
    """Those whose rules a screen may have; none where others look at raw octets, too."""
    from interlock.detect.signatures.detector import Signatures  # noqa: PLC0415
    from interlock.detect.signatures.packs.trial import Trial  # noqa: PLC0415
    from interlock.records.buffers import PACKET, STREAM  # noqa: PLC0415

    engines: list[Engine] = []
    others: set[str] = set()
    for detector in runner.tapping:
        if isinstance(detector, (Signatures, Trial)):
            engines.append(detector.engine)
        else:
            others |= detector.buffers
    return [] if others & {PACKET, STREAM} else engines


def plan_of(runner: Runner) -> bytes:
    """What a screen of a runner's signatures needs, for another process; nothing where there is none."""
    engines = _engines(runner)
    return plan_with(engines) if engines else b""


def screening_with_plan(plan: bytes, midstream: Midstream = "own") -> Screening:
    """The screen of it. midstream: as of Engine. Raises SourceError."""
    from interlock.detect.signatures.engine.screening import Screening  # noqa: PLC0415
    from interlock.detect.signatures.packs.plan import read_plan  # noqa: PLC0415

    return Screening(_screen(read_plan(plan).traits, midstream))


def plan_with(engines: Iterable[Engine]) -> bytes:
    """What a screen of these engines' rules needs."""
    from interlock.detect.signatures.packs.plan import Plan, write_plan  # noqa: PLC0415

    return write_plan(Plan(traits=_traits(engines)))


def screening_with(engines: Iterable[Engine]) -> Screening | None:
    """The screen of these engines' rules; None where there is no engine."""
    from interlock.detect.signatures.engine.screening import Screening  # noqa: PLC0415

    several = list(engines)
    if not several:
        return None
    if len(several) == 1:
        return Screening(several[0].screen)
    return Screening(_screen(_traits(several), several[0].midstream))


def _traits(engines: Iterable[Engine]) -> list[Traits]:
    """Those of rules for packets and streams, each once."""
    return list({one.name: one for engine in engines for one in engine.traits if one.raw}.values())


def _screen(traits: list[Traits], midstream: Midstream) -> Screen:
    from interlock.detect.signatures.engine.screen import Screen  # noqa: PLC0415

    return Screen(traits, midstream)


def keep_screen(given: Judgement, plan: bytes) -> None:
    """Keep what a screen needs, for workers that follow."""
    from interlock.bootstrap.signature_cache import build_plan_cache  # noqa: PLC0415

    build_plan_cache(lambda _: None).put(_key(given), plan)


def kept_screen(given: Judgement, told: Callable[[str], None]) -> Screen:
    """The screen of rules as they are now: of what was kept, else read. Raises ConfigError, SourceError."""
    from interlock.bootstrap.signature_cache import build_plan_cache  # noqa: PLC0415
    from interlock.detect.signatures.packs.plan import read_plan  # noqa: PLC0415

    cache, key = build_plan_cache(told), _key(given)
    if (octets := cache.get(key)) is not None:
        try:
            return _screen(read_plan(octets).traits, given.midstream or "own")
        except SourceError as error:
            cache.forget(key, str(error))
    return _screen(_traits(read_engines(given, told)), given.midstream or "own")


def read_engines(given: Judgement, told: Callable[[str], None]) -> list[Engine]:
    """Of the rules in force, and of those on trial; what was read is kept. Raises ConfigError."""
    from interlock.bootstrap.signature_trials import trial_of_paths  # noqa: PLC0415
    from interlock.bootstrap.signatures import build_signatures  # noqa: PLC0415

    detector = build_signatures(given.signatures, told, given=given.lists, midstream=given.midstream or "own")
    trial = trial_of_paths(given.signatures, told, given.lists, given.midstream or "own")
    return [detector.engine] if trial is None else [detector.engine, trial.engine]


def _key(given: Judgement) -> str:
    """All that a screen depends on: the rules, which version is on trial, and whether streams come in chunks."""
    from interlock.bootstrap.signature_files import BOOK, list_files, rule_files  # noqa: PLC0415
    from interlock.bootstrap.signatures import rules_key  # noqa: PLC0415

    files = [file for path in given.signatures for file in rule_files(path)]
    said = sha256(rules_key(files, list_files(given.signatures, given.lists)).encode())
    said.update((given.midstream or "own").encode())
    for path in given.signatures:
        if (book := Path(path) / BOOK).is_file():
            said.update(book.read_bytes())
    return f"screen-{said.hexdigest()}"
