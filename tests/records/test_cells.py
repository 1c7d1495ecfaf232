"""Rows numbered by what they hold: compiled, uncompiled and Python's own dictionaries say the same of any rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.uncompiled import uncompiled
from interlock.detect.named_frames import marks_of
from interlock.records import cells
from interlock.records.cells import views
from interlock.records.crossing import binned, crossed, distinct, numbered

LEAST, MOST = -(2**63), 2**63 - 1

BOTH = pytest.mark.parametrize("module", [cells, uncompiled(cells)], ids=["as imported", "uncompiled"])
NUMBERS = st.one_of(st.integers(-3, 3), st.integers(LEAST, MOST))
CODES = st.lists(st.integers(-1, 5), max_size=40)


def array(numbers):
    made = np.array(numbers, np.int64)
    made.flags.writeable = False
    return made


@BOTH
@given(codes=CODES)
def test_what_is_alike_is_told(module, codes):
    assert bool(module.alike(*views(array(codes)))) == (len(set(codes)) <= 1)


@BOTH
@given(codes=CODES)
def test_codes_are_marked_and_looked_up(module, codes):
    places, found = np.zeros(7, np.int64), np.empty(len(codes), np.int64)
    module.mark(*views(array(codes), places))
    assert np.flatnonzero(places).tolist() == sorted({code + 1 for code in codes})
    module.place(*views(array(codes), array(range(10, 17)), found))
    assert found.tolist() == [code + 11 for code in codes]


@BOTH
@given(codes=CODES, begin=st.integers(0, 17), nulls=st.booleans())
def test_codes_of_arrow_are_marked_and_looked_up(module, codes, begin, nulls):
    known = np.array([True] * begin + [code >= 0 for code in codes] + [True] * 3)
    bits = np.packbits(known, bitorder="little") if nulls else np.zeros(0, np.uint8)
    held = np.array(codes if nulls else [max(code, 0) for code in codes], np.int32)
    places, found = np.zeros(7, np.int64), np.empty(len(codes), np.int64)
    module.mark_named(*views(held, bits), begin, *views(places))
    assert np.flatnonzero(places).tolist() == sorted({code + 1 for code in held.tolist()})
    module.place_named(*views(held, bits), begin, *views(array(range(10, 17)), found))
    assert found.tolist() == [code + 11 for code in held.tolist()]


@BOTH
def test_what_stands_in_the_place_of_null_is_not_looked_at(module):
    held, bits, places = np.array([70_000, 1, -9], np.int32), np.array([2], np.uint8), np.zeros(3, np.int64)
    module.mark_named(*views(held, bits), 0, *views(places))
    assert places.tolist() == [1, 0, 1]


@BOTH
def test_a_code_beyond_its_places_is_an_error_and_no_octet_is_written(module):
    with pytest.raises(IndexError):
        module.mark(*views(array([0, 9]), np.zeros(3, np.int64)))


@BOTH
@given(given_cells=st.lists(NUMBERS, max_size=60), places=st.sampled_from([2, 4, 16, 128]))
def test_cells_are_numbered_by_first_sight(module, given_cells, places):
    keys, held = np.empty(places, np.int64), np.full(places, -1, np.int64)
    numbers, firsts = np.empty(len(given_cells), np.int64), np.empty(places // 2, np.int64)
    found = module.number(*views(array(given_cells), keys, held, numbers, firsts))
    known = list(dict.fromkeys(given_cells))
    if len(known) > places // 2:
        assert found == -1
        return
    assert found == len(known)
    assert numbers.tolist() == [known.index(cell) for cell in given_cells]
    assert firsts[:found].tolist() == [given_cells.index(cell) for cell in known]


@BOTH
@given(rows=st.lists(st.tuples(st.integers(0, 4), NUMBERS, st.integers(0, 9)), max_size=40))
def test_cells_are_summed_up_and_their_rows_sorted_out(module, rows):
    numbers, times, frames = (array([row[n] for row in rows]) for n in range(3))
    sums = [np.full(5, end, np.int64) for end in (0, MOST, LEAST, MOST)]
    module.sum_up(*views(numbers, times, frames, *sums))
    starts, order = np.zeros(6, np.int64), np.empty(len(rows), np.int64)
    module.sort_out(*views(numbers, starts, order))
    for cell in range(5):
        mine = [n for n, row in enumerate(rows) if row[0] == cell]
        assert order[starts[cell] : starts[cell + 1]].tolist() == mine
        told = [int(column[cell]) for column in sums]
        frames_told = [rows[n][2] for n in mine if rows[n][2]]
        assert told == [
            len(mine),
            min((rows[n][1] for n in mine), default=MOST),
            max((rows[n][1] for n in mine), default=LEAST),
            min(frames_told, default=MOST),
        ]


@BOTH
@given(rows=st.lists(st.tuples(st.integers(0, 3), *[st.integers(0, 3)] * 7), max_size=40))
def test_rows_are_folded_up(module, rows):
    numbers, *given_columns = (array([row[n] for row in rows]) for n in range(8))
    made = [np.full(4, begin, np.int64) for begin in (0, 0, LEAST, MOST, LEAST, MOST, MOST)]
    module.fold_up(*views(numbers), tuple(views(*given_columns)), tuple(views(*made)))
    for cell in range(4):
        mine = [row[1:] for row in rows if row[0] == cell]
        first = min(((row[3], row[5], row[6]) for row in mine), default=(MOST, MOST, MOST))
        assert tuple(int(column[cell]) for column in made) == (
            sum(row[0] for row in mine),
            sum(row[1] for row in mine),
            max((row[2] for row in mine), default=LEAST),
            first[0],
            max((row[4] for row in mine), default=LEAST),
            *first[1:],
        )


@given(rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 9)), max_size=40))
def test_columns_are_crossed(rows):
    widths = (4, 2, 10)
    parts = [(array([row[n] for row in rows]), width) for n, width in enumerate(widths)]
    numbers, firsts = numbered(crossed(parts, len(rows)))
    known = list(dict.fromkeys(rows))
    assert numbers.tolist() == [known.index(row) for row in rows]
    assert [rows[first] for first in firsts.tolist()] == known


def test_what_would_overflow_is_numbered_between():
    rows = 2_000
    columns = [np.arange(rows) * (7 + n) % 1_999 for n in range(8)]
    numbers, firsts = numbered(crossed([(column, 1 << 20) for column in columns], rows))
    known = list(dict.fromkeys(zip(*(column.tolist() for column in columns), strict=True)))
    assert len(firsts) == len(known)
    assert numbers.max() == len(known) - 1


def test_many_groups_take_a_larger_table():
    given_cells = np.arange(40_000) // 2 * 1_000_003
    numbers, firsts = numbered(given_cells)
    assert numbers.tolist() == (np.arange(40_000) // 2).tolist()
    assert firsts.tolist() == list(range(0, 40_000, 2))


@given(bins=st.lists(st.integers(-(2**62), 2**62 - 1), max_size=20))
def test_bins_are_numbers_below_a_width(bins):
    codes, width = binned(array(bins))
    assert all(0 <= code < width for code in codes.tolist())
    assert len(set(zip(bins, codes.tolist(), strict=True))) == len(set(bins)) == len(set(codes.tolist()))


@given(numbers=st.lists(NUMBERS, max_size=30))
def test_distinct_numbers_are_numpys(numbers):
    assert distinct(array(numbers)).tolist() == np.unique(array(numbers)).tolist()


def drawn(frames):
    """The finaliser of SplitMix64, as numpy works it out."""
    marks = frames.astype(np.uint64)
    marks = (marks ^ (marks >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    marks = (marks ^ (marks >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return marks ^ (marks >> np.uint64(31))


@BOTH
@given(frames=st.lists(NUMBERS, max_size=40))
def test_each_frame_has_a_mark(module, frames):
    marks = np.empty(len(frames), np.uint64)
    module.lots(*views(array(frames), marks))
    assert marks.tolist() == drawn(array(frames)).tolist() == marks_of(array(frames)).tolist()


@BOTH
@given(
    frames=st.lists(st.integers(0, 2**40), max_size=40),
    below=st.integers(-1, 2**40),
    limit=st.integers(0, 2**64 - 1),
)
def test_frames_are_sifted_by_number_and_mark(module, frames, below, limit):
    given, kept = array(frames), np.empty(len(frames), np.int64)
    found = module.sift(*views(given), below, limit, *views(kept))
    marks = drawn(given)
    wanted = (given > 0) & ((given < below) | (marks < np.uint64(limit)))
    assert kept[:found].tolist() == given[wanted].tolist()
