"""What is judged of what comes: each step once, and none that kills every judge."""

from __future__ import annotations

import pytest

from interlock.pipeline.sensor.intake import MOST_TRIES, Intake
from interlock.pipeline.sensor.ledger import Ledger
from interlock.pipeline.sensor.steps import WorkerNote, note_octets, read_note
from interlock.pipeline.sensor.stream import Step


def step(number: int, since: int = 0, upto: int = 0, worker: int = 0) -> Step:
    note = WorkerNote(worker=worker, step=number, since=since, upto=upto, frames=upto - since)
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
