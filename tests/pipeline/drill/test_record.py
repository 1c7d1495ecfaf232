"""The figures of a drill's record."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.pipeline.drill.record import Quiet, Skipped, at_most, document, in_order
from interlock.pipeline.drill.score import Row


def row(name: str, **changes: Any) -> Row:
    """A scenario that was found at once."""
    whole: dict[str, Any] = {
        "scenario": name, "pace": "one-step", "truth": ("T0855",), "found": True, "named": True, "delay_s": 0.5,
        "named_s": 0.5, "first": "T0855", "given": ("T0855",), "by": ("some",), "titles": ("A title",), "others": (),
    }  # fmt: skip
    return Row(**{**whole, **changes})


def missed(name: str) -> Row:
    """One that nobody saw."""
    return row(
        name, found=False, named=False, delay_s=None, named_s=None, first=None, given=(), by=(), titles=()
    )


def test_upper_bounds_of_poisson_counts_are_those_of_tables() -> None:
    # Garwood 1936, one-sided 95 %
    assert [round(at_most(n), 3) for n in (0, 1, 2, 10)] == [2.996, 4.744, 6.296, 16.962]


@given(st.integers(0, 200))
def test_upper_bound_leaves_five_per_cent(events: int) -> None:
    mean = at_most(events)
    below = sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(events + 1))
    assert mean > events
    assert below == pytest.approx(0.05, abs=1e-6)


def test_missed_scenarios_come_first_and_count() -> None:
    rows = [
        row("a", delay_s=1.0),
        missed("b"),
        row("c", named=False, first="T0801", given=("T0801",)),
        row("d", pace="slow", delay_s=40.0),
    ]
    record = document(rows, None, seed=7)
    assert [r["scenario"] for r in record["rows"]] == ["b", "c", "d", "a"]
    assert (record["scenarios"], record["found_share"], record["named_share"]) == (4, 0.75, 0.5)
    assert (record["median_one_step_s"], record["median_slow_s"], record["max_s"]) == (0.75, 40.0, 40.0)
    assert (record["first_named"], record["first_named_share"]) == (2, 0.5)
    assert in_order(rows)[0].scenario == "b"


def test_what_was_not_measured_is_unknown_and_not_zero() -> None:
    record = document([], None, seed=1, skipped=[Skipped(scenario="x", reason="no S7 machine here")])
    assert record["found_share"] is None
    assert record["false_per_100_assets_day"] == record["p50_ms"] == record["p99_ms"] == "unknown"
    assert record["not_applicable"] == [{"scenario": "x", "reason": "no S7 machine here"}]


def test_false_incidents_carry_their_bound_and_the_hours_behind_it() -> None:
    record = document([row("a")], Quiet(hours=480.0, machines=15, false=()), seed=1, latency_ms=(3.0, 9.0))
    assert record["quiet"]["machine_days"] == 300.0
    assert record["false_per_100_assets_day"] == 0.0
    assert record["false_per_100_assets_day_at_most"] == 0.999
    assert (record["p50_ms"], record["p99_ms"]) == (3.0, 9.0)
    assert record["exercise"] is True
    assert record["attack"]["shown"] == ["T0855"]
