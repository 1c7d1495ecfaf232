"""A sensor that nobody taught: quiet while it learns, and each relation judged once that one has converged."""

from __future__ import annotations

from typing import Any

import pytest

from detect.rows import START, batch
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.lesson import MOST_WAITING
from interlock.detect.learned.new_deed import NewDeed
from interlock.detect.learned.settled import WHO, Settled

CONTEXT = Context(now=START)
DAY = 1440
OLD = ("default", "10.0.0.9", "10.0.0.2", "modbus")
YOUNG = ("default", "10.0.0.8", "10.0.0.2", "modbus")


def fed(detector: NewDeed, *rows: dict[str, Any]) -> list[str]:
    found = detector.feed(Batch("operations", batch("operations", list(rows))), CONTEXT)
    return [finding.title for finding in found]


def lived(days: float = 3.2, young_from: float = 2.0) -> NewDeed:
    """Nobody says anything; one relation polls from the beginning, another one since some time."""
    detector = NewDeed()
    for hour in range(int(days * 24)):
        minutes = range(60 * hour, 60 * hour + 60)
        rows = [{"at": 60 * n, "object": "holding:0"} for n in minutes]
        if hour >= young_from * 24:
            rows += [{"at": 60 * n + 1, "client": "10.0.0.8", "object": "holding:0"} for n in minutes]
        assert fed(detector, *sorted(rows, key=lambda row: float(str(row["at"])))) == []
    return detector


def at(days: float) -> float:
    return days * DAY * 60


WRITE = {"verb": "write", "object": "holding:9", "at": at(3.21)}


def test_a_relation_is_judged_once_it_has_converged_and_another_one_learns_on() -> None:
    detector = lived()
    assert not detector.judging
    assert OLD in detector.settled
    assert YOUNG not in detector.settled
    (title,) = fed(detector, {**WRITE, "client": "10.0.0.9"})
    assert "which it had never done there" in title
    assert fed(detector, {**WRITE, "client": "10.0.0.8"}) == []
    assert ("v", *YOUNG, "write") in detector.words
    assert ("v", *OLD, "write") not in detector.words  # nobody teaches what is judged


def test_who_is_new_is_told_once_it_has_converged_who_is_there() -> None:
    assert fed(lived(days=1.0), {**WRITE, "client": "10.0.0.66", "at": at(1.01)}) == []
    detector = lived()
    assert WHO in detector.settled
    (title,) = fed(detector, {**WRITE, "client": "10.0.0.66"})
    assert "A machine never seen before" in title


def test_each_relation_says_whether_and_since_when_it_is_judged() -> None:
    judged = {relation.client: relation for relation in lived().relations()}
    old, young = judged["10.0.0.9"], judged["10.0.0.8"]
    assert old.expectation.converged
    assert 2.9 * DAY < old.judged - old.first < 3.2 * DAY
    assert young.judged == 0


def test_a_restart_forgets_nothing_of_it() -> None:
    again, before = NewDeed(), lived()
    again.load(before.dump())
    assert again.settled.state() == before.settled.state()
    assert fed(again, {**WRITE, "client": "10.0.0.9"})
    assert not fed(again, {**WRITE, "client": "10.0.0.8"})


def test_what_people_call_normal_is_learned_though_it_was_judged() -> None:
    detector = lived()
    rows = batch("operations", [{**WRITE, "client": "10.0.0.9"}])
    detector.learn(Batch("operations", rows), CONTEXT)
    assert ("v", *OLD, "write") in detector.words


def test_it_is_weighed_once_an_hour_and_the_first_time_holds() -> None:
    settled = Settled()
    assert [minute for minute in range(0, 200, 20) if settled.due(minute)] == [60, 120, 180]
    settled.settle(OLD, 7)
    settled.settle(OLD, 9)
    assert settled.since(OLD) == 7


def counted(detector: NewDeed, hours: int, rows_an_hour: int) -> None:
    """The same every hour, counted for whoever asks at the end alone."""
    for hour in range(hours):
        rows = [{"at": 3_600 * hour + 60 * n % 3_600, "object": f"holding:{n}"} for n in range(rows_an_hour)]
        detector.count(Batch("operations", batch("operations", rows)), CONTEXT)


@pytest.mark.parametrize(("hours", "rows_an_hour"), [(5, 60), (80, 60), (30, 5_000)])
def test_what_waits_to_be_learned_is_what_is_learned_at_once(hours: int, rows_an_hour: int) -> None:
    waiting, prompt = NewDeed(), NewDeed()
    counted(waiting, hours, rows_an_hour)
    prompt.count = super(NewDeed, prompt).count  # type: ignore[method-assign]
    counted(prompt, hours, rows_an_hour)
    assert len(prompt.words)
    assert bool(len(waiting.words)) == (hours * 60 > 3 * DAY or hours * rows_an_hour > MOST_WAITING)
    for said in (NewDeed.dump, NewDeed.learned):
        assert said(waiting) == said(prompt)
    assert waiting.extent == prompt.extent


def test_what_is_fed_later_comes_after_what_waited() -> None:
    waiting, prompt = NewDeed(), NewDeed()
    for detector in (waiting, prompt):
        (counted if detector is waiting else lambda *_: None)(detector, 1, 20)
    for n in range(20):
        fed(prompt, {"at": 60 * n, "object": f"holding:{n}"})
    for detector in (waiting, prompt):
        fed(detector, {**WRITE, "at": 4_000})
    assert waiting.learned() == prompt.learned()
