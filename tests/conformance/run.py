"""Compares captures, several at a time, and gathers what each gave."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from conformance.checks import count_rows
from conformance.interlock_side import Interlock, InterlockError
from conformance.oracles.table import LOGGED, ORACLES
from conformance.score import Score, compare
from conformance.tshark import Tshark, TsharkError
from conformance.zeek import Cells, compare_cells, covered, read_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from conformance.cache import Cache
    from conformance.captures import Capture
    from conformance.message import Message
    from conformance.settings import Settings

__all__ = ["ZEEK", "CheckResult", "Outcome", "Sides", "compare_all"]

ZEEK: Final = " (zeek)"
"""Follows the protocol's name in scores against logs of Zeek."""

ByProtocol = dict[str, list["Message"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both sides, ready to be asked about a capture.

    only_seen: leave out captures in which tshark sees none of the protocols, for a quick look.
    """

    tshark: Tshark
    interlock: Interlock
    settings: Settings
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
            settings=settings,
            protocols=protocols,
            only_seen=only_seen,
        )

    def theirs(self, capture: Capture) -> ByProtocol:
        """What tshark sees of the protocols in question."""
        found: list[Message] = []
        for oracle in ORACLES:
            if self.protocols.intersection(oracle.protocols):
                found += oracle.messages(self.tshark.packets(capture, oracle))
        return self._sorted(found)

    def ours(self, capture: Capture) -> ByProtocol:
        return self._sorted(self.interlock.messages(capture))

    def logged(self, capture: Capture) -> ByProtocol:
        """What logs of Zeek beside the capture say of the protocols in question."""
        logs = read_messages(capture.truth(), self.settings.zeek) if capture.truth().is_dir() else {}
        return {protocol: said for protocol, said in logs.items() if said and protocol in self.protocols}

    def _sorted(self, messages: Iterable[Message]) -> ByProtocol:
        found: ByProtocol = defaultdict(list)
        for message in messages:
            if message.protocol in self.protocols:
                found[message.protocol].append(message)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    source: str
    capture: str
    expected: int
    found: int


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one capture gave: a score per protocol that a side saw; failures are whole sentences.

    cells: per log file's name, how its mapped cells compare.
    """

    capture: str
    scores: list[Score] = field(default_factory=list)
    cells: dict[str, Cells] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def compare_capture(sides: Sides, capture: Capture) -> Outcome:
    """Compare one capture. Where our side fails, its count is 0 and the failure is told."""
    outcome = Outcome(capture=capture.name)
    try:
        theirs = sides.theirs(capture)
    except TsharkError as reason:
        outcome.failures.append(f"tshark: {reason}")
        return outcome
    logged = sides.logged(capture)
    if sides.only_seen and not theirs and not logged:
        return outcome
    ours: ByProtocol = {}
    try:
        ours = sides.ours(capture)
        _add_tables(sides, capture, outcome)
    except InterlockError as reason:
        outcome.failures.append(f"interlock: {reason}")
    for protocol in sorted((theirs.keys() | ours.keys()) - set(LOGGED)):
        outcome.scores.append(
            compare(capture.name, protocol, ours.get(protocol, []), theirs.get(protocol, []))
        )
    for protocol, said in logged.items():
        told = covered(ours.get(protocol, []), sides.settings.unlogged.get(protocol, frozenset()))
        outcome.scores.append(_compare_logged(capture.name, protocol, told, said))
    return outcome


def _compare_logged(capture: str, protocol: str, ours: list[Message], logged: list[Message]) -> Score:
    """Compare with a log; one that does not tell requests from answers is compared without that."""
    kindless = any(message.kind == "message" for message in logged)
    name = protocol + ZEEK
    mine = [replace(m, protocol=name, frame=0, kind="message" if kindless else m.kind) for m in ours]
    return compare(capture, name, mine, [replace(m, protocol=name) for m in logged])


def _add_tables(sides: Sides, capture: Capture, outcome: Outcome) -> None:
    """Compare cells of logs and counts of rows, which need our tables themselves."""
    for rule in sides.settings.zeek:
        if (
            rule["protocol"] in sides.protocols
            and "cells" in rule
            and any(capture.truth().rglob(rule["log"]))
        ):
            outcome.cells[rule["log"]] = compare_cells(
                capture.truth(),
                rule,
                sides.interlock.heads(capture, rule["protocol"]),
            )
    for check in sides.settings.checks:
        if check.capture == capture.name and check.where.get("protocol") in sides.protocols:
            table = pq.read_table(sides.interlock.table(capture, check.table))
            found = count_rows(table, check.where)
            outcome.checks.append(
                CheckResult(source=check.source, capture=capture.name, expected=check.count, found=found),
            )


def compare_all(
    sides: Sides,
    captures: Iterable[Capture],
    jobs: int,
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """Compare all captures, largest first; `done` hears of each as it ends. Order of the result: by name."""
    outcomes = []
    ordered = sorted(captures, key=lambda capture: -capture.path.stat().st_size)
    with suppress(TsharkError):  # asked once here, not by each capture's worker; those tell what is wrong
        _ = sides.tshark.version
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        for finished in as_completed([pool.submit(compare_capture, sides, capture) for capture in ordered]):
            outcomes.append(finished.result())
            done(outcomes[-1])
    return sorted(outcomes, key=lambda outcome: outcome.capture)
