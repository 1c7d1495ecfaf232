"""Walks over numbers: compiled, uncompiled and numpy's own passes say the same of any readings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.uncompiled import uncompiled
from interlock.detect import walks
from interlock.detect.learned.reading_blocks import BLOCK, MEMORY
from interlock.detect.learned.usual_steps import PAUSE, TIMES
from interlock.detect.walks import views

BOTH = pytest.mark.parametrize("module", [walks, uncompiled(walks)], ids=["as imported", "uncompiled"])
NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 2.5, float("inf"), float("-inf"), float("nan")]), st.floats(-1e9, 1e9)
)


def laid(rows):
    """Numbers, starts, widths of rows that lie one after another behind two that belong to none."""
    widths = np.array([len(row) for row in rows], np.int64)
    flat = np.array([99.0, 98.0, *(number for row in rows for number in row)], np.float64)
    return flat, np.cumsum(widths) - widths + 2, widths


@BOTH
@given(rows=st.lists(st.lists(NUMBERS, max_size=5), max_size=6))
def test_rows_are_lined_up_and_what_is_no_number_is_told(module, rows):
    flat, starts, widths = laid(rows)
    flat.flags.writeable = False
    values, whole = np.empty(int(widths.sum())), np.empty(len(rows), np.bool_)
    fine = module.line_up(*views(flat, starts, widths, values, whole))
    assert np.array_equal(values, flat[2:], equal_nan=True)
    assert whole.tolist() == [bool(np.isfinite(row).all()) for row in rows]
    assert bool(fine) == whole.all()


@BOTH
@given(
    rows=st.lists(st.tuples(st.lists(NUMBERS, max_size=4), st.integers(0, 5)), max_size=6),
    seed=st.integers(0, 9),
)
def test_rows_are_put_down_in_their_second(module, rows, seed):
    flat, starts, widths = laid([numbers for numbers, _ in rows])
    begins, seconds = np.arange(len(rows)) * 4, np.array([second for _, second in rows], np.int64)
    begins = np.random.default_rng(seed).permutation(begins)
    numbers = np.full((24, 6), 0.5)
    wanted = numbers.copy()
    for (given_numbers, second), begin in zip(rows, begins.tolist(), strict=True):
        wanted[begin : begin + len(given_numbers), second] = given_numbers
    module.put_down(*views(flat, starts, widths, begins, seconds), numbers)
    assert np.array_equal(numbers, wanted, equal_nan=True)


@BOTH
@given(times=st.lists(st.integers(-30, 60), max_size=12), span=st.integers(1, 9), reached=st.integers(-9, 9))
def test_an_instant_is_in_time_where_no_later_stretch_had_begun_before_the_batch(
    module, times, span, reached
):
    given_times, stretches = np.array(times, np.int64), np.empty(len(times), np.int64)
    module.in_time(*views(given_times), span, reached, *views(stretches))
    numbers = given_times // span
    assert stretches.tolist() == np.where(numbers >= reached, numbers, -1).tolist()


@given(rows=st.lists(st.lists(NUMBERS, min_size=1, max_size=5), min_size=1, max_size=6))
def test_rows_have_one_hash_where_their_numbers_are_equal(rows):
    flat, starts, widths = laid(rows)
    found = []
    for module in (walks, uncompiled(walks)):
        hashes = np.empty(len(rows), np.uint64)
        module.hash_rows(*views(flat.view(np.uint64), starts, widths, hashes))
        found.append(hashes.tolist())
    assert found[0] == found[1]
    bits = [tuple(np.array(row).view(np.uint64).tolist()) for row in [[n + 0.0 for n in row] for row in rows]]
    for one, mine in zip(bits, found[0], strict=True):
        for other, theirs in zip(bits, found[0], strict=True):
            assert (one == other) == (mine == theirs)


@st.composite
def lessons(draw):
    """Two batches of readings of up to three objects of fixed widths: per row its place, pause and numbers."""
    widths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    number = st.sampled_from([0.0, 1.0, 1.5, -3.0, 8.25])
    batches = []
    for _ in range(2):
        places = sorted(draw(st.lists(st.integers(0, len(widths) - 1), min_size=1, max_size=8)))
        pauses = draw(st.lists(st.integers(1, 9), min_size=len(places), max_size=len(places)))
        rows = [draw(st.lists(number, min_size=widths[p], max_size=widths[p])) for p in places]
        batches.append((places, pauses, rows))
    return widths, batches


def plainly(widths, batches):
    """The same in plain words: what each reading says against the one before it, and what is usual afterwards."""
    last, at, steps, waited, told, clock = {}, {}, dict.fromkeys(range(len(widths)), 0), {}, [], 0
    usual = {p: [[0.0, 0.0, np.inf, -np.inf] for _ in range(w)] for p, w in enumerate(widths)}
    for places, pauses, rows in batches:
        seen = []
        begun, so_far = dict(steps), dict(waited)
        for place, pause, row in zip(places, pauses, rows, strict=True):
            clock += pause
            gap = clock - at.get(place, 0)
            near = place in at and (
                begun[place] == 0 or gap <= PAUSE * so_far.get(place, 0) / max(begun[place], 1)
            )
            moved = [abs(n - b) for n, b in zip(row, last.get(place, [0.0] * len(row)), strict=True)]
            seen.append((place, gap, near, row, moved))
            last[place], at[place] = row, clock
        far = [
            (i, j)
            for i, (place, _, near, _, moved) in enumerate(seen)
            for j, step in enumerate(moved)
            if near and step > TIMES * usual[place][j][1]
        ]
        for place, gap, near, row, moved in seen:
            steps[place] += near
            waited[place] = waited.get(place, 0) + gap * near
            for mine, number, step in zip(usual[place], row, moved, strict=True):
                mine[0] += near and step > 0
                mine[1] = max(mine[1], step if near else 0.0)
                mine[2], mine[3] = min(mine[2], number), max(mine[3], number)
        told.append((seen, far))
    return told, usual


@BOTH
@given(lesson=lessons())
def test_moves_are_those_from_reading_to_reading(module, lesson):
    widths, batches = lesson
    told, usual = plainly(widths, batches)
    begins = np.cumsum(widths) - np.array(widths)
    n, slots = len(widths), int(sum(widths))
    steps, waited, at = (np.zeros(n, np.int64) for _ in range(3))
    read, last = np.zeros(n, np.bool_), np.zeros(slots)
    moved, largest, least, most = (
        np.zeros(slots),
        np.zeros(slots),
        np.full(slots, np.inf),
        np.full(slots, -np.inf),
    )
    clock = 0
    for (places, gaps, rows), (seen, far) in zip(batches, told, strict=True):
        times = clock + np.cumsum(gaps)
        clock = int(times[-1])
        values, wide = np.array([v for row in rows for v in row]), np.array([len(row) for row in rows])
        pauses, near = np.empty(len(places), np.int64), np.empty(len(places), np.bool_)
        row, slot, step = (
            np.empty(len(values), np.int64),
            np.empty(len(values), np.int64),
            np.empty(len(values)),
        )
        known = (begins, steps, waited, at, read, last)
        module.walk_moves(
            *views(values, np.array(places), wide, times, *known),
            PAUSE,
            *views(pauses, near, row, slot, step),
        )
        assert pauses.tolist() == [one[1] for one in seen]
        assert near.tolist() == [one[2] for one in seen]
        assert step.tolist() == [move for one in seen for move in one[4]]
        found = np.empty(len(values), np.int64)
        found = found[: module.find_leaps(*views(row, slot, step, near, largest), TIMES, *views(found))]
        flat = [(i, j) for i, one in enumerate(seen) for j in range(len(one[3]))]
        assert [flat[k] for k in found.tolist()] == far
        module.learn_steps(*views(values, row, slot, step, near, moved, largest, least, most))
        np.add.at(steps, np.array(places)[near], 1)
        np.add.at(waited, np.array(places)[near], pauses[near])
    mine = np.stack((moved, largest, least, most), axis=1).tolist()
    assert mine == [list(map(float, one)) for place in usual.values() for one in place]


@BOTH
@given(rows=st.lists(st.lists(NUMBERS, max_size=4), max_size=6), data=st.data())
def test_what_is_outside_is_found_and_what_is_no_number(module, rows, data):
    flat, starts, widths = laid(rows)
    low, high = np.full(9, -5.0), np.full(9, 7.0)
    begins = np.array([data.draw(st.integers(0, 5)) for _ in rows], np.int64)
    values, row, slot = np.empty(len(flat)), np.empty(len(flat), np.int64), np.empty(len(flat), np.int64)
    found = module.find_outside(*views(flat, starts, widths, begins, low, high, values, row, slot))
    wanted = [
        (number, i, int(begins[i]) + j)
        for i, numbers in enumerate(rows)
        for j, number in enumerate(numbers)
        if not -5.0 <= number <= 7.0
    ]
    told = zip(values[:found].tolist(), row[:found].tolist(), slot[:found].tolist(), strict=True)
    assert repr(list(told)) == repr(wanted)


@BOTH
@given(
    first=st.lists(st.integers(0, 40), max_size=MEMORY),
    blocks=st.lists(st.lists(st.integers(0, 60), min_size=BLOCK, max_size=BLOCK), min_size=1, max_size=3),
)
def test_blocks_are_compared_with_the_readings_before_them(module, first, blocks):
    last, held = np.zeros((2, MEMORY), np.uint64), np.zeros((2, BLOCK), np.uint64)
    known = np.zeros(2, np.int64)
    if first:
        last[1, MEMORY - len(first) :] = first
    known[1], remembered = len(first), list(first)
    for block in blocks:
        held[1] = block
        new, same = np.empty(1, np.int64), np.empty(1, np.int64)
        module.compare_blocks(*views(np.array([1]), last, held, known, new, same))
        fresh = again = 0
        for reading in block:
            fresh += reading not in remembered
            again += bool(remembered) and remembered[-1] == reading
            remembered = [*remembered, reading][-MEMORY:]
        assert (int(new[0]), int(same[0])) == (fresh, again)
        assert last[1, MEMORY - int(known[1]) :].tolist() == remembered
    assert not last[0].any()


TABLES = st.lists(
    st.lists(st.sampled_from([float("nan"), -1.5, 0.0, 2.0, 7.25]), min_size=9, max_size=9), max_size=4
)


@BOTH
@given(rows=TABLES)
def test_reaches_are_those_of_numpys_passes(module, rows):
    numbers = np.array(rows, np.float64).reshape(-1, 9)
    low, high = np.full((2, len(rows)), np.nan)
    told = np.zeros(len(rows), np.int64)
    module.reach(numbers, *views(low, high, told))
    assert np.array_equal(low, np.fmin.reduce(numbers, axis=1), equal_nan=True)
    assert np.array_equal(high, np.fmax.reduce(numbers, axis=1), equal_nan=True)
    assert told.tolist() == (~np.isnan(numbers)).sum(1).tolist()


@BOTH
@given(rows=TABLES, seed=st.integers(0, 9))
def test_gaps_are_those_of_windows_around_each_number(module, rows, seed):
    one = np.array(rows, np.float64).reshape(-1, 9)
    other = np.random.default_rng(seed).permutation(one.ravel()).reshape(-1, 9)
    gap = np.zeros(len(rows))
    module.widest_gaps(one, other, 2, *views(gap))
    windows = np.lib.stride_tricks.sliding_window_view(other, 5, axis=1)
    low, high = np.fmin.reduce(windows, axis=2), np.fmax.reduce(windows, axis=2)
    inner = one[:, 2:-2]
    assert np.array_equal(gap, np.fmax.reduce(np.maximum(low - inner, inner - high), axis=1, initial=0.0))
