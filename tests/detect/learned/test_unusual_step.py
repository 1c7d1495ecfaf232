"""Values that leap, and values that move as they always did."""

from __future__ import annotations

import numpy as np
import pytest

from detect.learned.test_learned_others import Tables, found
from detect.learned.test_repeated_values import read
from detect.rows import START, batch
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.unusual_step import UnusualStep

CONTEXT = Context(now=START)


def walk(many: int, seed: int = 1, begin: float = 1500.0) -> list[list[float]]:
    steps = np.random.default_rng(seed).normal(scale=3.0, size=many).cumsum()
    return [[begin + 300 * np.sin(n / 90) + 0.01 * step, 20.0] for n, step in enumerate(steps.tolist())]


BEFORE = read(walk(1200))


def shifted(by: float, seed: int = 5) -> Tables:
    return read([[level + by * (60 <= n < 120), speed] for n, (level, speed) in enumerate(walk(180, seed))])


def test_a_level_that_leaps_there_and_back_is_said_once() -> None:
    (finding,) = found(UnusualStep(), BEFORE, shifted(250.0))
    assert finding.techniques[0] == "T0856"
    assert finding.count == 2
    assert "number 1 leaps by 25" in finding.title


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, read(walk(400, 9))),
        (BEFORE, shifted(8.0)),
        (BEFORE, read(walk(20, 9), object="input:7")),
        (read(walk(100)), shifted(250.0)),
        (read([[75.0 if n % 100 < 50 else 76.0] for n in range(900)]), read([[75.0]] * 50 + [[90.0]] * 50)),
        (BEFORE, {"values": [{**row, "at": row["at"] + (600 if n >= 60 else 0)}
                             for n, row in enumerate(shifted(250.0)["values"][:110])]}),
        (BEFORE, read([[float("nan"), 20.0]] * 30)),
    ],
    ids=["moves on", "a small shift", "unknown", "too little learned", "a set point", "after a pause", "no number"],
)  # fmt: skip
def test_what_moves_as_it_can_is_not_said(before: Tables, after: Tables) -> None:
    assert found(UnusualStep(), before, after) == ()


def test_a_short_lesson_says_less_of_how_far_a_number_may_go_at_once() -> None:
    hour, minutes = read(walk(3700)), read(walk(700))
    assert found(UnusualStep(), hour, shifted(75.0))
    assert found(UnusualStep(), minutes, shifted(75.0)) == ()
    assert found(UnusualStep(), minutes, shifted(900.0))


def paused(apart: int, pause: int) -> Tables:
    """A leap so many readings after a pause of so many seconds."""
    rows = shifted(250.0)["values"][:110]
    return {
        "values": [{**row, "at": row["at"] + (pause if n >= 60 - apart else 0)} for n, row in enumerate(rows)]
    }


@pytest.mark.parametrize(
    ("apart", "pause", "said"), [(5, 25, 0), (40, 25, 1), (5, 2, 1), (-5, 25, 1), (5, 600, 1)]
)
def test_what_stood_still_while_nobody_was_heard_may_catch_up(apart: int, pause: int, said: int) -> None:
    assert len(found(UnusualStep(), BEFORE, paused(apart, pause))) == said


@pytest.mark.parametrize("cut", [1, 59, 60, 61, 120])
def test_it_does_not_depend_on_the_cut(cut: int) -> None:
    whole = found(UnusualStep(), BEFORE, shifted(250.0))
    detector = UnusualStep()
    detector.learn(Batch("values", batch("values", BEFORE["values"])), CONTEXT)
    detector.know(detector.learned())
    table = batch("values", shifted(250.0)["values"])
    for part in (table.slice(0, cut), table.slice(cut)):
        list(detector.feed(Batch("values", part), CONTEXT))
    assert tuple(detector.conclude(CONTEXT)) == whole


STEERED = {"direction": "written", "object": "holding:0"}
SPEEDS = [[level] for level, _ in walk(1200)]


def commanded(*leap: float, **more: str) -> Tables:
    return read([[leap[0] if leap and 60 <= n < 120 else level] for n, (level, _) in enumerate(walk(180, 5))],
                **{**STEERED, **more})  # fmt: skip


def test_a_command_that_leaps_amid_its_range_is_a_manipulation() -> None:
    (finding,) = found(UnusualStep(), read(SPEEDS, **STEERED), commanded(1333.0))
    assert finding.techniques[0] == "T0836"
    assert "keeps writing to" in finding.title
    assert finding.count == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (read(SPEEDS, **STEERED), commanded()),
        (read(SPEEDS, **STEERED), commanded(0.0)),
        (read(SPEEDS, **STEERED), commanded(max(level for (level,) in SPEEDS))),
        (read(SPEEDS, **{**STEERED, "direction": "read"}), commanded(1333.0)),
        (read(SPEEDS, **STEERED), commanded(1333.0, object="holding:7")),
    ],
    ids=["moves on", "switched off", "full speed", "only ever read", "another object"],
)
def test_commands_that_control_gives_are_not_said(before: Tables, after: Tables) -> None:
    assert found(UnusualStep(), before, after) == ()
