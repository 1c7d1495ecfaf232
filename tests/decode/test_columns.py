"""Bitmaps of what a column has: as numpy packs them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.decode.columns import MANY, STRETCH, _ends, ends, picked, present, present_codes, roomier


@pytest.mark.parametrize("bits", [64, 32])
@given(data=st.data())
def test_bitmaps_name_what_is_there(bits, data):
    """None where nothing is missing."""
    edge = st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) | st.integers(-2, 2)
    numbers = np.array(data.draw(st.lists(edge, max_size=40)), f"int{bits}")
    least = data.draw(edge)
    expected = numbers >= least
    found = [present(numbers.astype(np.int64), least)]
    found += [present_codes(numbers, least)] if bits == 32 else []
    wanted = None if expected.all() else np.packbits(expected, bitorder="little").tobytes()
    assert [None if one is None else bytes(one) for one in found] == [wanted] * len(found)


@pytest.mark.parametrize("rows", [MANY, MANY + 1])
@pytest.mark.parametrize("missing", [None, 0, 8, MANY - 1])
def test_bitmaps_of_few_and_of_many_rows_are_alike(rows, missing):
    numbers = np.arange(1, rows + 1)
    wanted = None
    if missing is not None:
        numbers[missing] = -1
        wanted = np.packbits(numbers >= 0, bitorder="little").tobytes()
    for found in (present(numbers.astype(np.int64), 0), present_codes(numbers.astype(np.int32))):
        assert (found if found is None else bytes(found)) == wanted


@given(
    rows=st.sampled_from([0, 1, 40, MANY, MANY + 1, 8 * STRETCH, 16 * STRETCH]),
    left_out=st.sets(st.integers(0, 16 * STRETCH), max_size=40),
    behind=st.lists(st.integers(0, 8 * STRETCH - 1), max_size=3),
)
def test_rows_are_picked_as_numpy_takes_them(rows, left_out, behind):
    """Copied in stretches or taken one by one; rows may come again behind the others, and in any order."""
    places = np.array([n for n in range(rows) if n not in left_out] + behind, np.intp)
    columns = {kind: np.arange(16 * STRETCH).astype(kind) for kind in ("uint8", "int16", "int32", "int64")}
    found = picked(columns.items(), places)
    assert list(found) == list(columns)
    for name, column in columns.items():
        assert found[name].dtype == column.dtype
        assert found[name].tolist() == column[places].tolist()


@given(data=st.data())
def test_rows_know_the_ends_of_their_flows(data):
    """The compiled loop says what numpy says."""
    slots, small = 5, st.integers(0, 65535)
    of = lambda width: np.array(  # noqa: E731 (short, and only here)
        data.draw(st.lists(small, min_size=slots * width, max_size=slots * width)), np.int32
    )
    transport = np.array(
        data.draw(st.lists(st.sampled_from((6, 17, 1, 0x10806)), min_size=slots, max_size=slots))
    )
    columns = {
        "realm": of(1),
        "ident": of(1).astype(np.uint64),
        "transport": transport.astype(np.int32),
        "address": of(2).reshape(slots, 2),
        "port": of(2).reshape(slots, 2),
    }
    rows = data.draw(st.lists(st.tuples(st.integers(0, slots - 1), st.integers(0, 1)), max_size=20))
    flow = np.array([slot for slot, _ in rows], np.int32)
    asker = np.array([side for _, side in rows], np.uint8)
    *made, has = ends(flow, asker, columns)
    plain = [np.empty_like(column) for column in made]
    bits = _ends(flow, asker, columns, plain)
    assert [column.tolist() for column in made] == [column.tolist() for column in plain]
    assert (has and bytes(has)) == (bits and bytes(bits))
    for k, (slot, side) in enumerate(rows):
        assert made[2][k] == columns["address"][slot, side]
        assert made[5][k] == columns["port"][slot, 1 - side]


def test_more_room_keeps_the_rows_there_are():
    kinds = {"flow": np.int32, "verb": np.uint8, "new": np.int64}
    old = {"flow": np.arange(1, 5, dtype=np.int32), "verb": np.full(4, 9, np.uint8)}
    grown = roomier(old, kinds, 8, 3)
    assert {name: grown[name][:3].tolist() for name in old} == {"flow": [1, 2, 3], "verb": [9, 9, 9]}
    assert {name: len(column) for name, column in grown.items()} == dict.fromkeys(kinds, 8)
    assert {name: column.dtype for name, column in grown.items()} == {
        n: np.dtype(k) for n, k in kinds.items()
    }
    grown["flow"][0] = 7
    assert old["flow"].tolist() == [1, 2, 3, 4]
