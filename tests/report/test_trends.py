from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.records.finding import Finding
from interlock.report.trends import HEIGHT, WIDTH, sparkline, trend_of

PLAIN: dict[str, Any] = {
    "tag": "drum.pressure", "unit": "bar", "begin": 0, "low": 0.0, "high": 10.0,
    "points": [[0, 7.0], [30, 9.0], [60, 11.0]],
}  # fmt: skip
FINDING = Finding(
    id="x", detector="safety-value", version=1, kind="change", severity="medium", confidence=0.9, title="t",
    explanation="e", time=0, last=0, count=1,
)  # fmt: skip


def told(**more: Any) -> Finding:
    return dataclasses.replace(FINDING, data=(("trend", json.dumps({**PLAIN, **more})),))


def test_draws_points_and_the_limit_that_is_near() -> None:
    trend = trend_of(told())
    assert trend is not None
    assert trend.says == "drum.pressure: from 7 to 11 bar within 60 s, least 7, most 11"
    assert [text for text, _ in trend.limits] == ["safe to 10 bar"]
    assert trend.line.split() == ["6.0,84.0", "300.0,45.0", "594.0,6.0"]
    assert sparkline(trend) == "▁▅█"


@pytest.mark.parametrize(
    "data", ["", "{}", "[]", "null", '{"points": [[0, 1]]}', "[" * 100_000, '{"points": 3}']
)
def test_what_is_no_trend_is_not_drawn(data: str) -> None:
    assert trend_of(dataclasses.replace(FINDING, data=(("trend", data),))) is None
    assert trend_of(FINDING) is None


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(allow_nan=True, allow_infinity=True)), max_size=80),
    st.none() | st.floats(-1e9, 1e9),
)
def test_any_numbers_stay_within_the_drawing(points: list[tuple[float, float]], limit: float | None) -> None:
    trend = trend_of(told(points=sorted(points), high=limit, low=None))
    if trend is not None:
        for seconds, value in trend.points:
            assert 0 <= trend.x(seconds) <= WIDTH
            assert 0 <= trend.y(value) <= HEIGHT
        assert all(0 <= y <= HEIGHT for _, y in trend.limits)
        assert len(sparkline(trend)) <= 40
