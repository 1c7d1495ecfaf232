"""How full budgets are, and what was aged out, whoever dies meanwhile."""

from __future__ import annotations

from interlock.pipeline.sensor.filling import Filling
from interlock.records.budget import Budget
from interlock.records.figures import BudgetFigures


def test_the_fullest_worker_counts_and_what_was_aged_out_adds_up() -> None:
    filling = Filling()
    filling.budget = Budget(flows=100)
    assert filling.told("worker 0", {"flows": [30, 2]}) == {"flows": 2}
    assert filling.told("worker 1", {"flows": [70, 0]}) == {}
    assert filling.told("worker 0", {"flows": [20, 5]}) == {"flows": 3}
    assert filling.figures() == (BudgetFigures(name="flows", used=70, budget=100, aged_out=5),)


def test_a_successor_begins_its_count_anew() -> None:
    filling = Filling()
    filling.told("worker 0", {"flows": [30, 9]})
    assert filling.told("worker 0", {"flows": [1, 4]}) == {"flows": 4}
    assert filling.figures()[0].aged_out == 13


def test_what_was_counted_in_an_earlier_life_is_no_news() -> None:
    filling = Filling()
    assert filling.told("judge", {"endpoints": [30, 9]}, lasting=True) == {}
    assert filling.told("judge", {"endpoints": [30, 10]}, lasting=True) == {"endpoints": 1}
