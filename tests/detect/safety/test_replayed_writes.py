"""A recorded series of writes, played again; what repeats itself by nature stays silent."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detect.rows import START, batch, findings

from interlock.detect.batch import Batch
from interlock.detect.interface import Context, Learning
from interlock.detect.runner import Runner
from interlock.detect.safety.replayed_writes import ReplayedWrites
from interlock.errors import SourceError

MASTER, OTHER = "10.0.0.9", "10.0.0.66"


def write(value: float, at: float, client: str = MASTER, thing: str = "holding:0") -> dict[str, Any]:
    return {"object": thing, "direction": "written", "number": [value], "at": at, "client": client}


def control(many: int, *, seed: int = 1, begin: float = 0.0) -> list[dict[str, Any]]:
    """What a controller writes that follows a process: a value that wanders, once a second."""
    level, rows = 50.0, []
    for k, step in enumerate(np.random.default_rng(seed).uniform(-1, 1, many).tolist()):
        level += step
        rows.append(write(round(level, 2), begin + k))
    return rows


def replay(rows: list[dict[str, Any]], by: str, begin: float, pace: float = 1.0) -> list[dict[str, Any]]:
    first = rows[0]["at"]
    return [{**row, "client": by, "at": begin + pace * (row["at"] - first)} for row in rows]


def titles(rows: list[dict[str, Any]], size: int = 0) -> list[str]:
    """Findings; size: rows of a batch, 0 for all of them in one."""
    rows = sorted(rows, key=lambda row: row["at"])
    runner, context = Runner([ReplayedWrites()]), Context(now=START)
    for at in range(0, len(rows), size or len(rows)):
        runner.feed("values", batch("values", rows[at : at + (size or len(rows))]), context)
    return [f.title for f in runner.conclude(context).findings]


@pytest.mark.parametrize("size", [0, 1, 7, 100])
@pytest.mark.parametrize("pace", [1.0, 0.1])
def test_another_machine_plays_what_was_recorded(size: int, pace: float) -> None:
    rows = control(400)
    played = replay(rows[100:120], OTHER, 300.5, pace)
    assert titles(rows + played, size) == [
        "10.0.0.66 writes to 10.0.0.2 what 10.0.0.9 wrote there before, value for value"
    ]


def test_what_it_says_of_it() -> None:
    rows = control(400)
    played = replay(rows[100:120], OTHER, 300.5)
    (finding,) = findings(ReplayedWrites(), values=sorted(rows + played, key=lambda row: row["at"]))
    assert (finding.severity, finding.count) == ("high", 20 - 5 - 2)
    assert {OTHER, MASTER} <= set(finding.machines)
    assert finding.time == START + int((300.5 + 7) * 10**9)
    assert "T0831" in finding.techniques


@pytest.mark.parametrize("size", [0, 50])
def test_the_same_machine_repeats_itself_word_for_word(size: int) -> None:
    rows = control(1500)
    played = replay(rows[200:240], MASTER, 1600.0)
    assert titles([*rows, *played], size) == [
        "10.0.0.9 writes to 10.0.0.2 a series that it wrote before, value for value"
    ]


def ramps(many: int) -> list[dict[str, Any]]:
    """A recipe: the same ten set points, over and over."""
    return [write(10.0 * (k % 10), k) for k in range(many)]


@pytest.mark.parametrize(
    "rows",
    [
        control(400) + replay(control(400)[100:107], OTHER, 300.5),  # seven changes
        control(200)
        + replay(control(200)[100:120], OTHER, 1000.0),  # the first one is long silent: a standby
        control(400) + replay(control(400), OTHER, 0.2),  # who writes along
        control(400) + control(100, seed=2, begin=300.5),
        ramps(1500) + replay(ramps(1500)[:40], OTHER, 1400.5),
        ramps(3000),
        [write(k % 2, k) for k in range(2000)] + [write(k % 2, 1500.5 + k, OTHER) for k in range(100)],
        [write(7.0, k) for k in range(500)] + [write(7.0, 300.5 + k, OTHER) for k in range(100)],
    ],
)
def test_silent(rows: list[dict[str, Any]]) -> None:
    assert titles(rows) == []
    assert titles(rows, 50) == []


def test_who_repeats_whom_by_nature_is_learned() -> None:
    rows = control(400)
    played = sorted(rows + replay(rows[100:120], OTHER, 300.5), key=lambda row: row["at"])
    teacher, pupil = ReplayedWrites(), ReplayedWrites()
    assert isinstance(teacher, Learning)
    teacher.learn(Batch("values", batch("values", played)), Context())
    pupil.know(teacher.learned())
    more = control(400, seed=5, begin=1000.0)
    again = sorted(more + replay(more[100:120], OTHER, 1300.5), key=lambda row: row["at"])
    assert findings(pupil, values=again) == ()
    with pytest.raises(SourceError):
        pupil.know(b"[1]")


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(0, 99))
def test_its_memory_goes_on_wherever_it_was_cut(cut: int, seed: int) -> None:
    rows = control(400, seed=seed)
    played = sorted(rows + replay(rows[100:120], OTHER, 300.5), key=lambda row: row["at"])
    context, first = Context(now=START), ReplayedWrites()
    first.feed(Batch("values", batch("values", played[:cut])), context)
    second = ReplayedWrites()
    second.load(first.dump())
    json.loads(second.dump())
    second.feed(Batch("values", batch("values", played[cut:])), context)
    assert len(list(second.conclude(context))) == 1
