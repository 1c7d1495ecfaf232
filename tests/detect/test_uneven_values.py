"""Blocks of one object that are now longer, now shorter, or hold no number: every detector of values takes them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.detect.interface import Context, Learning
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner

from .rows import START, batch

NAMES = [detector.name for detector in all_detectors() if "values" in detector.needs]
numbers = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=5) | st.none()
rows = st.lists(
    st.tuples(st.sampled_from(["read", "written", "reported"]), numbers), min_size=1, max_size=150
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(rows, rows)
def test_no_block_rests_a_detector(
    name: str, before: list[tuple[str, list[float] | None]], after: list[tuple[str, list[float] | None]]
) -> None:
    runner = Runner([one for one in all_detectors() if one.name == name])
    context = Context(now=START)
    for part, learns in ((before, True), (after, False), (before, False)):
        told = batch(
            "values",
            [
                {"object": "holding:0", "direction": direction, "number": block, "at": float(at)}
                for at, (direction, block) in enumerate(part)
            ],
        )
        runner.learn("values", told, context) if learns else runner.feed("values", told, context)
        if learns:
            runner.know(runner.learned())
    assert not [finding for finding in runner.conclude(context).findings if finding.detector == "self"]


def test_there_are_detectors_of_values_that_learn() -> None:
    learning = [one.name for one in all_detectors() if one.name in NAMES and isinstance(one, Learning)]
    assert {"unusual-step", "unusual-value", "repeated-values"} <= set(learning)


@pytest.mark.parametrize("name", sorted({*NAMES} - {"replayed-writes", "unusual-rate"}))
def test_texts_around_a_few_numbers_change_nothing(name: str) -> None:
    """Those left out look at texts, and at how often anything is told."""

    def fed(texts: int) -> Runner:
        runner, context = Runner([one for one in all_detectors() if one.name == name]), Context(now=START)
        for second in range(0, 900, 300):
            told = [
                {
                    "object": "holding:0",
                    "direction": "written",
                    "number": [float(at)],
                    "at": float(second + at),
                }
                for at in range(300)
            ]
            shown = [
                {"object": "state", "direction": "read", "text": "on", "number": None, "at": float(second)}
                for _ in range(texts)
            ]
            runner.count("values", batch("values", told + shown), context)
        return runner

    assert fed(299).state() == fed(400).state()


@pytest.mark.parametrize("learns", [True, False], ids=["taught", "alone"])
@pytest.mark.parametrize("name", NAMES)
def test_many_rows_of_which_none_has_a_number_rest_nobody(name: str, learns: bool) -> None:
    runner, context = Runner([one for one in all_detectors() if one.name == name]), Context(now=START)
    told = batch(
        "values",
        [
            {"object": "state", "direction": "read", "text": "on", "number": None, "at": float(at)}
            for at in range(300)
        ],
    )
    if learns:
        runner.learn("values", told, context)
        runner.know(runner.learned())
    runner.count("values", told, context)
    runner.feed("values", told, context)
    assert runner.conclude(context).diagnostics == ()
