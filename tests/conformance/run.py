"""Compares captures, several at a time, and gathers what each gave."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.interlock_side import Interlock, InterlockError
from conformance.oracles.table import ORACLES
from conformance.score import Score, compare
from conformance.tshark import Tshark, TsharkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from conformance.cache import Cache
    from conformance.captures import Capture
    from conformance.message import Message
    from conformance.settings import Settings

__all__ = ["Outcome", "Sides", "compare_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both sides, ready to be asked about a capture.

    only_seen: leave out captures in which tshark sees none of the protocols, for a quick look.
    """

    tshark: Tshark
    interlock: Interlock
    protocols: frozenset[str]
    only_seen: bool = False

    @classmethod
    def build(
        cls,
        cache: Cache,
        package: Path,
        settings: Settings,
        protocols: frozenset[str],
        command: tuple[str, ...],
        *,
        only_seen: bool,
    ) -> Sides:
        return cls(
            tshark=Tshark(cache, settings.decode_as),
            interlock=Interlock(cache, package, settings.names, settings.by_name, command),
            protocols=protocols,
            only_seen=only_seen,
        )

    def theirs(self, capture: Capture) -> list[Message]:
        """What tshark sees of the protocols in question."""
        found: list[Message] = []
        for oracle in ORACLES:
            if self.protocols.intersection(oracle.protocols):
                found += oracle.messages(self.tshark.packets(capture, oracle))
        return [message for message in found if message.protocol in self.protocols]

    def ours(self, capture: Capture) -> list[Message]:
        return [m for m in self.interlock.messages(capture) if m.protocol in self.protocols]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one capture gave: a score per protocol that either side saw; failures are whole sentences."""

    capture: str
    scores: list[Score] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def compare_capture(sides: Sides, capture: Capture) -> Outcome:
    """Compare one capture. Where our side fails, its count is 0 and the failure is told."""
    outcome = Outcome(capture=capture.name)
    theirs: dict[str, list[Message]] = defaultdict(list)
    ours: dict[str, list[Message]] = defaultdict(list)
    try:
        for message in sides.theirs(capture):
            theirs[message.protocol].append(message)
    except TsharkError as reason:
        outcome.failures.append(f"tshark: {reason}")
        return outcome
    if sides.only_seen and not theirs:
        return outcome
    try:
        for message in sides.ours(capture):
            ours[message.protocol].append(message)
    except InterlockError as reason:
        outcome.failures.append(f"interlock: {reason}")
    for protocol in sorted(theirs.keys() | ours.keys()):
        outcome.scores.append(compare(capture.name, protocol, ours[protocol], theirs[protocol]))
    return outcome


def compare_all(
    sides: Sides,
    captures: Iterable[Capture],
    jobs: int,
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """Compare all captures, largest first; `done` hears of each as it ends. Order of the result: by name."""
    outcomes = []
    ordered = sorted(captures, key=lambda capture: -capture.path.stat().st_size)
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        for finished in as_completed([pool.submit(compare_capture, sides, capture) for capture in ordered]):
            outcomes.append(finished.result())
            done(outcomes[-1])
    return sorted(outcomes, key=lambda outcome: outcome.capture)
