from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.detect.learned.value_range import Numbers, Ranges

numbers = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30)
WRITTEN, READ = ("object", "written"), ("object", "read")


def shown(
    ranges: Ranges, key: tuple[str, ...], values: list[float], first: int = 0, last: int = 0
) -> Numbers:
    """Rows of one number each, from one minute to another."""
    places = np.full(len(values), ranges.make(key, 1, written=key[1] == "written"))
    count = np.arange(len(values))
    minutes = np.linspace(first, last, len(values)).astype(np.int64)
    return ranges.numbers(
        places, minutes, np.array(values, np.float64), count, np.ones(len(values), np.int64)
    )


def of(values: list[float], key: tuple[str, ...] = WRITTEN, last: int = 100) -> Ranges:
    known = Ranges(10)
    known.widen(shown(known, key, values, 0, last))
    return known


@given(numbers, st.sampled_from([WRITTEN, READ]))
def test_nothing_that_was_seen_lies_outside(values: list[float], key: tuple[str, ...]) -> None:
    known = of(values, key)
    assert not known.outside(shown(known, key, values)).any()


@given(numbers, numbers)
def test_any_numbers_are_judged_without_a_warning_and_survive_saving(
    values: list[float], others: list[float]
) -> None:
    for key in (WRITTEN, READ):
        known, again = of(values, key), Ranges(10)
        known.widen(shown(known, key, others, 101, 102))
        for name, state in known.state():
            again.restore(tuple(name), state, written=key is WRITTEN)
        asked = shown(known, key, [*others, 1e308, -1e308, 0.0])
        assert (known.outside(asked) == again.outside(asked)).all()
        assert str(list(known.state())) == str(list(again.state()))


@dataclass
class Plain:
    """One object's ranges, told the long way."""

    low: list[float]
    high: list[float]
    rows: int = 0
    minutes: list[int] = field(default_factory=list)
    grew: int = 0

    def widen(self, rows: list[list[float]], minutes: list[int]) -> None:
        for at in range(len(self.low)):
            told = [row[at] for row in rows]
            low, high = min(self.low[at], *told), max(self.high[at], *told)
            width = self.high[at] - self.low[at]
            if self.rows and max(self.low[at] - low, high - self.high[at]) > max(0.05 * width, 1e-9):
                self.grew = max(self.grew, *minutes)
            self.low[at], self.high[at] = low, high
        self.rows += len(rows)
        self.minutes += minutes


block = st.tuples(
    st.integers(0, 3), st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), st.integers(1, 50)
)


@given(st.lists(st.lists(block, min_size=1, max_size=12), min_size=1, max_size=6))
def test_many_objects_at_once_are_as_each_by_itself(
    batches: list[list[tuple[int, list[float], int]]],
) -> None:
    ranges, plain = Ranges(10), {n: Plain([np.inf] * (n % 3 + 1), [-np.inf] * (n % 3 + 1)) for n in range(4)}
    for batch in batches:
        rows = [(n, numbers[: n % 3 + 1], min(m for k, _, m in batch if k == n)) for n, numbers, _ in batch]
        places = np.array([ranges.make((str(n), "read"), n % 3 + 1, written=False) for n, _, _ in rows])
        widths = np.array([len(numbers) for _, numbers, _ in rows])
        flat = np.array([number for _, numbers, _ in rows for number in numbers])
        minutes = np.array([minute for _, _, minute in rows])
        ranges.widen(ranges.numbers(places, minutes, flat, np.cumsum(widths) - widths, widths))
        for n in {n for n, _, _ in rows}:
            mine = [row for row in rows if row[0] == n]
            plain[n].widen([numbers for _, numbers, _ in mine], [minute for _, _, minute in mine])
    for (n, _), state in ranges.state():
        one = plain[int(n)]
        assert state == [one.low, one.high, one.rows, min(one.minutes), max(one.minutes), one.grew]


def test_there_is_room_for_so_many_and_no_more() -> None:
    ranges = Ranges(2)
    places = [ranges.make((str(n), "read"), 1, written=False) for n in (1, 2, 3, 1)]
    assert places == [0, 1, -1, 0]
    assert (ranges.find(("2", "read")), ranges.find(("3", "read")), len(ranges)) == (1, -1, 2)


MARGINS = [(5, 9.0, False), (5, 10.6, True), (60, 7.2, False), (60, 7.6, True)]


@pytest.mark.parametrize(("rows", "value", "outside"), MARGINS)
def test_the_margin_of_writes_is_wide_where_little_is_known(rows: int, value: float, outside: bool) -> None:
    known = of([6.0, 7.0] * (rows // 2) + [6.5] * (rows % 2))
    assert bool(known.outside(shown(known, WRITTEN, [value])).any()) is outside


STOOD = [(0.0, 59, 9, False), (0.0, 60, 9, False), (0.0, 60, 10, True), (9.0, 60, 10, False)]


@pytest.mark.parametrize(("leap", "rows", "minutes", "judges"), STOOD)
def test_what_is_told_is_a_yardstick_once_it_stood_still(
    leap: float, rows: int, minutes: int, judges: bool
) -> None:
    known = of([1.0, 2.0] * (rows // 2) + [1.5] * (rows % 2 - 1), READ, 0)
    known.widen(shown(known, READ, [2.0 + leap], minutes, minutes))
    assert bool(known.judges(np.array([0]), 5)[0]) is judges


def outside(known: Ranges, value: float) -> bool:
    return bool(known.outside(shown(known, WRITTEN, [value])).any())


def test_an_hour_is_no_measure_of_a_shift() -> None:
    brief, long = of([6.0, 7.0] * 500, last=20), of([6.0, 7.0] * 500)
    assert (outside(brief, 8.0), outside(brief, 12.0), outside(long, 8.0)) == (False, True, True)


@pytest.mark.parametrize("known", [[0.0], [1.0], [0.0] * 100, [0.0, 1.0]])
def test_from_off_to_on_is_no_distance_and_a_number_is_one(known: list[float]) -> None:
    switch = of(known)
    assert [outside(switch, value) for value in (0.0, 1.0, 290.0)] == [False, False, True]


def test_one_value_says_nothing_of_a_width() -> None:
    held = of([7500.0] * 400)
    assert (outside(held, 7600.0), outside(held, 12_000.0)) == (False, True)
