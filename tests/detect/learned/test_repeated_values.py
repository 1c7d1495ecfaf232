"""Recordings that are played again, and values that stand still, told from processes that merely repeat themselves."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detect.learned.test_learned_others import Tables, found
from detect.rows import START, batch
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.repeated_values import RepeatedValues

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTEXT = Context(now=START)


def read(numbers: Iterable[list[float]], **more: Any) -> Tables:
    row = {"direction": "read", "object": "input:0", "unit": "1", **more}
    return {"values": [{**row, "at": n, "number": block} for n, block in enumerate(numbers)]}


def noisy(many: int, seed: int = 1) -> list[list[float]]:
    draws = np.random.default_rng(seed).normal(size=(many, 2)).tolist()
    return [[1500 + 9 * level, 20.0, flow] for level, flow in draws]


BEFORE = read(noisy(900))


def test_a_recording_that_is_played_over_and_over_is_said() -> None:
    tape = noisy(17, 3)
    (finding,) = found(RepeatedValues(), BEFORE, read(noisy(50, 2) + [tape[n % 17] for n in range(180)]))
    assert finding.techniques[0] == "T0856"
    assert finding.severity == "high"
    assert "come back" in finding.title
    assert finding.machines == ("10.0.0.9", "10.0.0.2")


def test_blocks_that_stand_still_are_said_after_some_time() -> None:
    stuck = [[1500.5, 20.0, 0.25]]
    (finding,) = found(RepeatedValues(), BEFORE, read(noisy(50, 2) + stuck * 260))
    assert "stood still" in finding.title
    assert found(RepeatedValues(), BEFORE, read(noisy(50, 2) + stuck * 120)) == ()


def slowly(numbers: list[list[float]]) -> Tables:
    """Read every five seconds."""
    return {"values": [{**row, "at": 5 * n} for n, row in enumerate(read(numbers)["values"])]}


@pytest.mark.parametrize(("readings", "said"), [(75, 1), (30, 1), (20, 0)])
def test_what_never_told_the_same_twice_and_is_read_seldom_is_said_sooner(readings: int, said: int) -> None:
    stuck = noisy(50, 2) + [[1500.5, 20.0, 0.25]] * readings
    assert len(found(RepeatedValues(), slowly(noisy(400)), slowly(stuck))) == said


def test_one_measured_number_that_is_read_seldom_and_stands_still_is_said_and_one_at_an_end_is_not() -> None:
    """Noise in the last digit does not stop where a process rests, but at the end of what can be measured it does."""
    before = slowly([[level] for level, _, _ in noisy(400)])
    for stuck, said in ((1503.10257728583, 1), (0.0, 0), (1500.5, 0)):
        after = slowly([[level] for level, _, _ in noisy(45, 2)] + [[stuck]] * 30)
        findings = found(RepeatedValues(), before, after)
        assert len(findings) == said
        assert all("stood still" in finding.title for finding in findings)


def test_one_number_that_rests_while_others_of_its_machine_move_is_no_news() -> None:
    """A loop that somebody takes over by hand holds its output, and so does one whose controller was stopped."""
    before = apart([[level, flow] for level, _, flow in noisy(2000)])
    held = [[1503.10257728583, flow] for _, _, flow in noisy(300, 2)]
    assert found(RepeatedValues(), before, apart(held)) == ()
    assert found(RepeatedValues(), before, apart([[1503.10257728583, 0.8216181435]] * 300))


def test_readings_known_before_are_no_tape_where_they_come_in_any_order() -> None:
    tape = noisy(40, 3)
    order = np.random.default_rng(5).integers(0, 40, 60).tolist()
    assert found(RepeatedValues(), slowly(noisy(400)), slowly(tape + [tape[n] for n in order[:28]])) == ()
    assert found(RepeatedValues(), slowly(noisy(400)), slowly(tape + tape[5:33]))


@pytest.mark.parametrize("cut", [1, 49, 52, 60, 73, 80, 90])
def test_what_is_read_seldom_does_not_depend_on_the_cut(cut: int) -> None:
    before, after = (
        slowly(noisy(400)),
        slowly(noisy(50, 2) + [[1500.5, 20.0, 0.25]] * 30 + noisy(40, 7))["values"],
    )
    (whole,) = found(RepeatedValues(), before, {"values": after})
    detector = RepeatedValues()
    detector.learn(Batch("values", batch("values", before["values"])), CONTEXT)
    detector.know(detector.learned())
    table = batch("values", after)
    for part in (table.slice(0, cut), table.slice(cut)):
        list(detector.feed(Batch("values", part), CONTEXT))
        other = RepeatedValues()
        other.load(detector.dump())
        detector = other
    assert tuple(detector.conclude(CONTEXT)) == (whole,)


def test_what_told_the_same_now_and_then_waits() -> None:
    coarse = [[float(round(level)), 20.0, float(round(4 * flow))] for level, _, flow in noisy(400)]
    stuck = coarse[:50] + [[1500.0, 20.0, 1.0]] * 75
    assert found(RepeatedValues(), slowly(coarse), slowly(stuck)) == ()


def test_a_tape_of_what_never_told_the_same_twice_is_said_sooner() -> None:
    tape = noisy(17, 3)
    looped = noisy(50, 2) + [tape[n % 17] for n in range(75)]
    assert found(RepeatedValues(), slowly(noisy(400)), slowly(looped))
    assert found(RepeatedValues(), BEFORE, read(looped)) == ()  # read every second: too short a time


ONE = [[row[0]] for row in noisy(900)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, read(noisy(400, 9))),
        (BEFORE, read(noisy(400, 9), direction="written")),
        (read([[float(n % 7)] for n in range(900)]), read([[float(n % 7)] for n in range(300)])),
        (read(noisy(500) + [[1.0, 2.0, 3.0]] * 60 + noisy(340, 4)), read([[1.0, 2.0, 3.0]] * 300)),
        (read(ONE), read([[5.0]] * 400)),
        (BEFORE, read([noisy(9)[n % 9] for n in range(200)], object="input:7")),
        (read(noisy(100)), read([noisy(9)[n % 9] for n in range(200)])),
    ],
    ids=[
        "moves on",
        "written",
        "always so",
        "rested before",
        "one number at rest",
        "unknown",
        "too little learned",
    ],
)
def test_what_a_process_does_is_not_said(before: Tables, after: Tables) -> None:
    assert found(RepeatedValues(), before, after) == ()


@pytest.mark.parametrize("cut", [1, 61, 100, 229])
def test_it_does_not_depend_on_the_cut(cut: int) -> None:
    tape = noisy(17, 3)
    after = read(noisy(50, 2) + [tape[n % 17] for n in range(180)])["values"]
    whole = found(RepeatedValues(), BEFORE, {"values": after})
    detector = RepeatedValues()
    detector.learn(Batch("values", batch("values", BEFORE["values"])), CONTEXT)
    detector.know(detector.learned())
    table = batch("values", after)
    for part in (table.slice(0, cut), table.slice(cut)):
        list(detector.feed(Batch("values", part), CONTEXT))
    assert tuple(detector.conclude(CONTEXT)) == whole


def test_what_is_remembered_comes_back_also_as_early_versions_wrote_it() -> None:
    detector = RepeatedValues()
    detector.learn(Batch("values", batch("values", BEFORE["values"])), CONTEXT)
    kept = json.loads(detector.dump())
    again = RepeatedValues()
    again.load(detector.dump())
    assert json.loads(again.dump()) == kept
    ((_, reader),) = kept["own"]["besides"]
    reader[:2] = [np.frombuffer(b64decode(part), "<u8").tolist() for part in reader[:2]]
    assert len(reader[0]) == 256
    early = RepeatedValues()
    early.load(json.dumps(kept).encode())
    assert early.dump() == detector.dump()


def apart(blocks: list[list[float]], **more: Any) -> Tables:
    """The same numbers as so many objects, each read by itself."""
    rows = read([], **more)["values"]
    for n, block in enumerate(blocks):
        rows += [
            {**read([[value]], object=f"DB1.DBD{4 * k}")["values"][0], "at": n}
            for k, value in enumerate(block)
        ]
    return {"values": rows}


def test_single_numbers_that_all_stand_still_are_one_cause() -> None:
    moving = [[level, flow, flow + level] for level, _, flow in noisy(900)]
    later = [[level, flow, flow + level] for level, _, flow in noisy(50, 2)]
    (finding,) = found(RepeatedValues(), apart(moving), apart(later + [later[-1]] * 260))
    assert finding.title.endswith("at 1 DB1.DBD0 and 2 other places have stood still, all at once")
    one_moves = later + [[*later[-1][:2], n] for n in range(260)]
    assert (
        found(RepeatedValues(), apart(moving[:600]), apart(one_moves[:160])) == ()
    )  # a short lesson, a short while
    two = [row[:2] for row in moving], [row[:2] for row in later] + [later[-1][:2]] * 260
    assert found(RepeatedValues(), apart(two[0]), apart(two[1])) == ()
