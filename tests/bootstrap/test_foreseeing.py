"""What a run over captures says is the same whether or not it was foreseen how long they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlock.bootstrap import build_analysis, build_engine
from interlock.bootstrap.detecting import Judgement, build_runner
from interlock.bootstrap.foreseeing import foresee
from interlock.capture.minutes import minutes_of
from interlock.capture.run import open_sources
from interlock.capture.specs import SourceSpec, specify
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.observed import most_observed
from interlock.detect.registry import DETECTORS
from interlock.pipeline.decode_run import decoded
from interlock.records.site import Site

DEMO = Path(__file__).resolve().parents[2] / "demo"
PLAIN = ("normal-shift.pcapng", "engineering.pcap")
LEARNERS = tuple(name for name, make in DETECTORS.items() if isinstance(make(), Learner))


def specs(*names: str) -> tuple[SourceSpec, ...]:
    return specify([str(DEMO / name) for name in names], ())


def analyzed(captures: tuple[SourceSpec, ...], out: Path, *, foreseen: bool) -> tuple[Any, list[Learner]]:
    analysis, tables = build_analysis(Site(), out)
    if foreseen:
        foresee(analysis.runner, captures)
    tables.open()
    try:
        with open_sources(captures) as run:
            engine = build_engine(run.sources, wanted=analysis.wanted, read=analysis.read)
            for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: False):
                analysis.feed(batches, engine.dissector.now)
            report = analysis.report(run, version="0", seconds=1.0, wall_now=0)
    finally:
        tables.abandon()
    found = [analysis.runner.named(name) for name in LEARNERS]
    return report, [learner for learner in found if isinstance(learner, Learner)]


def test_the_same_is_said_and_nobody_learns_for_nothing(tmp_path: Path) -> None:
    captures = specs(*PLAIN)
    whole, learned = analyzed(captures, tmp_path, foreseen=False)
    again, idle = analyzed(captures, tmp_path, foreseen=True)
    assert again == whole
    assert whole.findings
    assert all(
        learner.observed.minutes for learner in learned if learner.name in ("new-deed", "unusual-rate")
    )
    assert not any(learner.observed.minutes for learner in idle)
    most = most_observed(minutes_of(captures, 10_000) or ())
    assert most is not None
    assert all(learner.observed.minutes <= most for learner in learned)


@pytest.mark.parametrize("names", [("incident.pcap.gz",), (*PLAIN, "incident.pcap.gz")])
def test_where_it_cannot_be_foreseen_all_learn(names: tuple[str, ...]) -> None:
    runner = build_runner(Judgement())
    foresee(runner, specs(*names))
    assert not runner._idle
