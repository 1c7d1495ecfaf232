"""The practice plant under attack: rows shown before their answers change when a finding is there, not what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.decode.engine import Engine
from interlock.decode.registry import load_specs, load_verbs
from interlock.detect.interface import Context
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner
from interlock.pipeline.sensor.urgency import PRESSING
from interlock.plant.twin.recording import Twin
from interlock.records.frames import Frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from interlock.records.finding import Finding

ATTACKS = (
    *("controller-stop", "firmware-write", "program-download", "dcp-rename", "cip-mode-change"),
    *("dnp3-cold-restart", "safety-programming", "forged-write", "malformed-frames"),
)
COLUMNS = ("offset", "caplen", "wirelen", "time", "linktype", "source", "number")
CONTEXT = Context()
Pieces = list[tuple[int, str, Any]]
"""Time of the batch's last frame, table, rows."""


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[Frames]]:
    path: Path = tmp_path_factory.mktemp("plant") / "plant.pcap"
    with path.open("wb") as target:
        twin = Twin(target, 3)
        for number, name in enumerate(ATTACKS):
            twin.attack(name, 0.1 + 0.2 * number)
        for _ in twin.run(3):
            pass
    with open_sources(specify((str(path),), ()), stdin=None) as run:
        return run.sources, list(run)


def cut(frames: list[Frames], most: int, seed: int) -> Iterator[Frames]:
    """The frames in batches of up to `most`."""
    rng = np.random.default_rng(seed)
    for f in frames:
        at = 0
        while at < f.n:
            s = slice(at, at := at + int(rng.integers(1, most + 1)))
            columns = {
                n: getattr(f, n)[s]
                for n in ("offset", "caplen", "wirelen", "time", "linktype", "source", "number")
            }
            yield Frames(octets=f.octets, used=f.used, **columns)


def decoded(sources: Any, pieces: Iterator[Frames], pending: frozenset[str]) -> Pieces:
    engine = Engine(sources, load_specs(outside=False), load_verbs(), seed=1, pending=pending)
    found: Pieces = []
    last = 0
    for piece in pieces:
        last = int(piece.time[-1])
        found += [(last, name, rows) for name, rows in engine.feed(piece).items()]
    return found + [(last, name, rows) for rest in engine.finish() for name, rows in rest.items()]


def judged(pieces: Pieces) -> tuple[dict[str, int], tuple[Finding, ...]]:
    """Finding → when it was said first; and all findings in the end."""
    runner, early = Runner(all_detectors()), {}
    for time, table, rows in pieces:
        for finding in runner.feed(table, rows, CONTEXT):
            early.setdefault(finding.id, time)
    conclusion = runner.conclude(CONTEXT)
    assert conclusion.diagnostics == ()
    return early, conclusion.findings


@pytest.fixture(scope="module")
def plain(frames: tuple[Any, list[Frames]]) -> tuple[dict[str, int], tuple[Finding, ...]]:
    sources, all_frames = frames
    return judged(decoded(sources, cut(all_frames, 40, 0), frozenset()))


@pytest.mark.parametrize("seed", range(3))
def test_all_findings_are_the_same_in_the_end(frames: Any, plain: Any, seed: int) -> None:
    sources, all_frames = frames
    pieces = decoded(sources, cut(all_frames, (7, 40, 700)[seed], seed), PRESSING)
    shown = sum(
        rows["outcome"].to_pylist().count("pending") for _, name, rows in pieces if name == "operations"
    )
    assert shown > 5
    early, findings = judged(pieces)
    assert findings == plain[1]
    assert {f.detector for f in findings} >= {"controller-change", "dcp-change"}
    assert early.keys() <= {f.id for f in findings}


def test_findings_are_there_no_later_and_some_much_earlier(frames: Any, plain: Any) -> None:
    sources, all_frames = frames
    early, _ = judged(decoded(sources, cut(all_frames, 40, 0), PRESSING))
    assert early.keys() >= plain[0].keys()
    assert all(early[ident] <= time for ident, time in plain[0].items())
    assert any(early[ident] < time for ident, time in plain[0].items())
