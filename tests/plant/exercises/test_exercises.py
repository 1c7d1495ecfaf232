"""Exercises: numbered in order, whole, and answers read as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.plant.attacks.table import NAMES as ATTACKS
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.exercises import table
from interlock.plant.exercises.desk import addresses_in, link_addresses_in, numbers_in


def test_the_table_names_every_file_and_numbers_them_in_order() -> None:
    files = {p.stem for p in Path(table.__file__).parent.glob("*.py")}
    assert files - {"__init__", "desk", "exercise", "table"} == set(table.FILES)
    assert [table.exercise(k).number for k in range(1, 10)] == list(range(1, 10))
    for number in (0, 10):
        with pytest.raises(KeyError):
            table.exercise(number)


@pytest.mark.parametrize("number", range(1, 10))
def test_an_exercise_is_whole(number) -> None:
    about = table.exercise(number)
    assert about.hints
    assert about.commands
    assert all("{desk}" in command for command in about.commands)
    assert {name for r in about.recordings for name, _ in r.attacks} <= set(ATTACKS)
    assert {name for r in about.recordings for name, _ in r.events} <= set(EVENTS)
    ends = [minute for r in about.recordings for _, minute in (*r.attacks, *r.events) if minute >= r.minutes]
    assert not ends


@pytest.mark.parametrize(
    ("text", "numbers", "addresses"),
    [
        ("12 10.77.1.30", [12.0], ["10.77.1.30"]),
        ("10.77.1.30, and 12 of them", [12.0], ["10.77.1.30"]),
        ("at 05:13 it was 9,3 bar", [9.3], []),
        ("10.0.0.1 10.0.0.1 10.0.0.2", [], ["10.0.0.1", "10.0.0.2"]),
        ("", [], []),
    ],
)
def test_answers_are_read_as_people_write_them(text, numbers, addresses) -> None:
    assert (numbers_in(text), addresses_in(text)) == (numbers, addresses)


def test_hardware_addresses_in_any_spelling() -> None:
    assert link_addresses_in("54-E1-AD-5A-10-28 or 00:11:22:33:44:55") == [
        "54:e1:ad:5a:10:28",
        "00:11:22:33:44:55",
    ]
