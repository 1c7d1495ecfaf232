"""What is judged of what comes: each step once, and none that kills every judge."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interlock.pipeline.sensor.child import alive
from interlock.pipeline.sensor.intake import MOST_TRIES, Intake
from interlock.pipeline.sensor.ledger import Ledger
from interlock.pipeline.sensor.steps import WorkerNote, note_octets, read_note
from interlock.pipeline.sensor.stream import Step


def step(number: int, since: int = 0, upto: int = 0, worker: int = 0, pid: int = 0) -> Step:
    note = WorkerNote(worker=worker, step=number, since=since, upto=upto, frames=upto - since, pid=pid)
    return Step(now=1, batches={}, note=note_octets(note))


def numbers(groups) -> list[int]:
    return [read_note(one.note).step for group in groups for one in group]


@pytest.fixture
def said() -> list:
    return []


def intake(ledger: Ledger, said: list) -> Intake:
    return Intake(ledger, said.append, lambda: 7)


def test_a_step_that_is_sent_again_is_taken_once(said) -> None:
    ledger = Ledger(2)
    first = intake(ledger, said)
    assert numbers(first.groups([step(1, 0, 5), step(2, 5, 9)])) == [1, 2]
    assert numbers(first.groups([step(2, 5, 9), step(3, 9, 12)])) == [3]
    assert numbers(first.groups([step(1, 0, 5, worker=1)])) == [1]
    ledger.done()
    second = intake(ledger, said)
    assert numbers(second.groups([step(2, 5, 9), step(3, 9, 12), step(4, 12, 12)])) == [4]
    assert not said


def test_frames_that_a_worker_had_handed_on_are_not_taken_from_its_successor(said) -> None:
    made = intake(Ledger(1), said)
    assert numbers(made.groups([step(1, 0, 9)])) == [1]
    assert numbers(made.groups([step(2, 0, 3), step(3, 3, 9), step(4, 9, 11)])) == [4]
    assert not said


def rest(number: int, upto: int) -> Step:
    note = WorkerNote(worker=0, step=number, since=upto, upto=upto, rest=upto)
    return Step(now=1, batches={}, note=note_octets(note))


def test_the_rest_of_a_step_is_taken_once_whoever_sends_it(said) -> None:
    ledger = Ledger(1)
    made = intake(ledger, said)
    assert numbers(made.groups([step(1, 0, 5), rest(2, 5), step(3, 5, 9)])) == [1, 2, 3]
    # Its worker died with the rest of the last ones on its way; its successor reads those frames again.
    assert numbers(made.groups([step(4, 5, 9), rest(5, 9), step(6, 9, 12)])) == [5, 6]
    # That one's rest got there, and it died before it knew.
    assert numbers(made.groups([rest(7, 12)])) == [7]
    assert numbers(made.groups([step(8, 9, 12), rest(9, 12), step(10, 12, 13)])) == [10]
    ledger.done()
    assert ledger.kept(0) == (10, 13, 12)
    again = intake(ledger, said)
    assert numbers(again.groups([rest(9, 12), step(10, 12, 13), rest(11, 13)])) == [11]
    assert not said


def test_a_rest_that_was_delivered_and_is_not_there_is_said_to_be_lost(said) -> None:
    made = intake(Ledger(1), said)
    assert numbers(made.groups([step(1, 0, 5), rest(2, 5), step(3, 5, 9)])) == [1, 2, 3]
    note = WorkerNote(worker=0, step=5, since=9, upto=12, frames=3, rested=9)
    assert numbers(made.groups([Step(now=1, batches={}, note=note_octets(note))])) == [5]
    assert [(entry.event, entry.count) for entry in said] == [("state-lost", 4)]


def test_frames_between_two_steps_are_said_to_be_lost(said) -> None:
    made = intake(Ledger(1), said)
    assert numbers(made.groups([step(1, 0, 9), step(5, 20, 21)])) == [1, 5]
    assert [(entry.event, entry.count) for entry in said] == [("state-lost", 11)]


def test_a_torn_step_is_nothing(said) -> None:
    made = intake(Ledger(1), said)
    assert numbers(made.groups([Step(now=None, batches={}), step(1)])) == [1]


def dying_over(ledger: Ledger, said: list, culprit: int) -> list[int]:
    """What a judge got through who dies over one step."""
    through = []
    for group in intake(ledger, said).groups([step(n, n - 1, n) for n in range(1, 6)]):
        if culprit in numbers([group]):
            return through
        through += numbers([group])
    return through


def test_a_step_over_which_every_judge_dies_is_passed_over_and_said(said) -> None:
    ledger, deaths = Ledger(1), 0
    while len(found := dying_over(ledger, said, 3)) < 4:
        assert found in ([], [1, 2])
        deaths += 1
        assert deaths < 10
    assert found == [1, 2, 4, 5]
    assert deaths == MOST_TRIES + 1  # once with the others, then alone
    assert [(entry.event, entry.count) for entry in said] == [("state-lost", 1)]


def test_a_judge_that_is_killed_from_outside_makes_nothing_suspect(said) -> None:
    ledger = Ledger(1)
    for _ in range(10):
        assert dying_over(ledger, said, 3) == []  # all in one group
        ledger.pardon()
    assert not said


@pytest.mark.parametrize("dead", [{10, 11}, {10}, set()])
def test_a_put_of_which_nobody_is_left_to_send_the_rows_again_stays_and_is_said(said, dead) -> None:
    """Workers 10 and 11 and their judge, who had begun to put what they sent."""
    ledger, file = Ledger(2, lambda process: process not in dead), Path("/store/1.arrows")
    judge = intake(ledger, said)
    assert numbers(judge.groups([step(1, 0, 5, 0, 10)])) == [1]
    ledger.done()
    assert numbers(judge.groups([step(2, 5, 9, 0, 10)])) == [2]
    assert numbers(judge.groups([step(1, 0, 4, 1, 11)])) == [1]
    ledger.grows(file, 80)
    whole = dead == {10, 11}
    assert list(ledger.undone()) == ([] if whole else [(file, 80)])
    ledger.cut()
    assert ledger.undone() == []
    assert (ledger.kept(0), ledger.kept(1)) == (((2, 9, 0), (1, 4, 0)) if whole else ((1, 5, 0), (0, 0, 0)))
    again = intake(ledger, said)
    assert [(entry.event, entry.count) for entry in said] == ([("state-lost", 8)] if whole else [])
    assert numbers(again.groups([step(7, 5, 9, 0, 12), step(8, 9, 11, 0, 12)])) == ([8] if whole else [7, 8])


def test_what_a_judge_that_died_had_not_said_the_next_one_says_once(said) -> None:
    """It had entered what was left of the put of those before it, and its word for the diary never came."""
    ledger = Ledger(1, lambda _process: False)
    assert numbers(intake(ledger, said).groups([step(1, 0, 9, 0, 10)])) == [1]
    ledger.grows(Path("/store/1.arrows"), 80)
    child = os.fork()
    if not child:
        os._exit(0 if list(ledger.undone()) == [] and ledger.orphans == 9 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert list(ledger.undone()) == []
    for _ in range(2):
        intake(ledger, said)
    assert [(entry.event, entry.count) for entry in said] == [("state-lost", 9)]


def test_rows_that_no_put_had_begun_with_are_taken_again_from_a_successor(said) -> None:
    ledger = Ledger(1, lambda _process: False)
    judge = intake(ledger, said)
    assert numbers(judge.groups([step(1, 0, 5, 0, 10)])) == [1]
    assert list(ledger.undone()) == []
    again = intake(ledger, said)
    assert numbers(again.groups([step(2, 0, 6, 0, 11)])) == [2]
    assert not said


def test_who_has_died_and_was_not_reaped_lives_no_more() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert not alive(child)
    os.waitpid(child, 0)
    assert alive(os.getpid())
