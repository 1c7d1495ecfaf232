"""The table per protocol, the differences by name, and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from conformance.known import stanza
from conformance.message import key_text
from conformance.run import ZEEK
from conformance.score import GOAL, Difference, Score, total
from conformance.zeek import Cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.known import Entry, Known
    from conformance.run import Outcome

__all__ = ["Report", "build"]

_HEAD: Final = (
    f"{'protocol':<14} {'captures':>8} {'theirs':>8} {'ours':>8} {'equal':>9} {'settled':>9} "
    f"{'differ':>6} {'unlisted':>8} {'shifted':>7}  verdict"
)


class Report:
    """Everything a run found, against the list of known differences."""

    def __init__(
        self, scores: list[Score], known: Known, stale: list[Entry], outcomes: list[Outcome]
    ) -> None:
        self.scores = scores
        self.known = known
        self.stale = stale
        self.failures = [(outcome.capture, failure) for outcome in outcomes for failure in outcome.failures]
        self.checks = [check for outcome in outcomes for check in outcome.checks]
        self.told: dict[str, tuple[str, ...]] = {}
        self.cells: dict[str, Cells] = {}
        for outcome in outcomes:
            for log, cells in outcome.cells.items():
                self.cells.setdefault(log, Cells()).add(cells)

    def unlisted(self, score: Score) -> list[Difference]:
        return [difference for difference in score.differences if not self.known.lists(difference)]

    @property
    def good(self) -> bool:
        """Whether every protocol reaches the goal, every difference is listed, and nothing failed."""
        reached = all(self._verdict(score) != "below" for score in self.scores)
        listed = not any(self.unlisted(score) for score in self.scores)
        held = all(check.expected == check.found for check in self.checks)
        return reached and listed and held and not self.failures and not self.stale

    def lines(self, shown: int) -> Iterator[str]:
        """The table and then what differs, at most `shown` differences per protocol."""
        yield _HEAD
        for score in self.scores:
            yield self._row(score)
        yield f"goal {GOAL:.1%}; settled: listed differences in which the other side is wrong count as equal"
        for capture, rules in self.told.items():
            yield f"tshark was told -d {' -d '.join(rules)} for {capture}"
        yield from self._tables()
        for score in self.scores:
            yield from self._differences(score, shown)
        for entry in self.stale:
            yield f"stale in known.toml, does not occur any more: {' | '.join(entry.name)}"
        for failure, captures in _grouped(self.failures):
            yield f"failed: {failure} ({len(captures)} captures: {', '.join(captures[:3])} …)"

    def _tables(self) -> Iterator[str]:
        """Cells of logs by column, and the counts that were expected."""
        for log, cells in self.cells.items():
            yield f"{log}: {cells.rows} rows, {cells.missing} of them without one of ours"
            for column, said in cells.said.items():
                share = f"{cells.equal[column] / said:.3%}"
                first = cells.first.get(column)
                yield f"  {column:<40} {cells.equal[column]:>6}/{said:<6} {share}" + (
                    f"; {first}" if first else ""
                )
        for check in self.checks:
            state = "holds" if check.expected == check.found else f"does not hold, {check.found} found"
            yield f"check {check.capture} | {check.source}: {check.expected} expected, {state}"

    def _row(self, score: Score) -> str:
        return (
            f"{score.protocol:<14} {len(score.captures):>8} {score.theirs:>8} {score.ours:>8} "
            f"{_percent(score.raw):>9} {_percent(score.settled):>9} {len(score.differences):>6} "
            f"{len(self.unlisted(score)):>8} {score.shifted:>7}  {self._verdict(score)}"
        )

    def _verdict(self, score: Score) -> str:
        """Whether it reaches the goal. A log, being small, only has to have its differences listed."""
        if score.settled is None or score.raw is None:
            return "not seen"
        if score.raw >= GOAL:
            return "reached"
        if score.settled >= GOAL:
            return "reached, settled"
        return "listed" if score.protocol.endswith(ZEEK) and not self.unlisted(score) else "below"

    def _differences(self, score: Score, shown: int) -> Iterator[str]:
        fresh = self.unlisted(score)
        fresh.sort(key=lambda difference: -abs(difference.ours - difference.theirs))
        if fresh:
            yield f"{score.protocol}: {len(fresh)} differences not listed in known.toml"
        for difference in fresh[:shown]:
            frames = difference.only_theirs or difference.only_ours
            yield (
                f"  {difference.capture} {key_text(difference.key)}: ours {difference.ours}, "
                f"theirs {difference.theirs}; frames {' '.join(map(str, frames[:8]))}"
            )
        if len(fresh) > shown:
            yield f"  and {len(fresh) - shown} more (--show N, or --explain CAPTURE PROTOCOL)"

    def stanzas(self) -> Iterator[str]:
        """Unlisted differences in known.toml's own form."""
        for score in self.scores:
            for difference in self.unlisted(score):
                yield stanza(difference)

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": "interlock/conformance/1",
            "goal": GOAL,
            "good": self.good,
            "protocols": [self._protocol(score) for score in self.scores],
            "decode_as": self.told,
            "cells": {
                log: {
                    "rows": cells.rows,
                    "missing": cells.missing,
                    "said": dict(cells.said),
                    "equal": dict(cells.equal),
                }
                for log, cells in self.cells.items()
            },
            "checks": [asdict(check) for check in self.checks],
            "stale": [entry.name for entry in self.stale],
            "failures": [{"capture": capture, "failure": failure} for capture, failure in self.failures],
        }

    def _protocol(self, score: Score) -> dict[str, Any]:
        return {
            "protocol": score.protocol,
            "captures": len(score.captures),
            "theirs": score.theirs,
            "ours": score.ours,
            "equal": score.raw,
            "settled": score.settled,
            "shifted": score.shifted,
            "verdict": self._verdict(score),
            "differences": [
                {
                    "capture": difference.capture,
                    "key": key_text(difference.key),
                    "ours": difference.ours,
                    "theirs": difference.theirs,
                    "only_ours": difference.only_ours,
                    "only_theirs": difference.only_theirs,
                    "listed": self.known.lists(difference),
                }
                for difference in score.differences
            ],
        }


def build(outcomes: list[Outcome], protocols: Iterable[str], known: Known) -> Report:
    """Add up what the captures gave, per protocol in the given order."""
    asked = list(protocols)
    seen = {score.protocol for outcome in outcomes for score in outcome.scores}
    order = asked + [name + ZEEK for name in asked if name + ZEEK in seen]
    scores = [
        total(name, [s for o in outcomes for s in o.scores if s.protocol == name], known) for name in order
    ]
    differences = [difference for score in scores for difference in score.differences]
    stale = known.stale(differences, {outcome.capture for outcome in outcomes}, set(order))
    return Report(scores, known, stale, outcomes)


def _grouped(failures: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Each failure once, with the captures that it befell."""
    captures: dict[str, list[str]] = {}
    for capture, failure in failures:
        captures.setdefault(failure, []).append(capture)
    return sorted(captures.items())


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.3%}"
