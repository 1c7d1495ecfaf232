"""Arrow's own functions, which take so long to import, are the oracle."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.records.arrays import (
    cast,
    distinct,
    encoded,
    filled,
    integers,
    kernel,
    named,
    present,
    taken,
    whole,
)

TYPES = (
    pa.uint8(),
    pa.uint16(),
    pa.int32(),
    pa.uint64(),
    pa.duration("ns"),
    pa.timestamp("ns", "UTC"),
    pa.bool_(),
)


@st.composite
def arrays(draw, kind):
    """Rows of a type, some null, from anywhere in a longer array."""
    value = st.booleans() if kind == pa.bool_() else st.integers(0, 200)
    rows = draw(st.lists(value | st.none(), max_size=40))
    made = pa.array(rows, kind)
    return made[draw(st.integers(0, min(9, len(made)))) :]


@pytest.mark.parametrize("kind", TYPES, ids=str)
@given(data=st.data())
def test_numbers_are_read_as_arrow_reads_them(kind, data):
    array = data.draw(arrays(kind))
    expected = pc.fill_null(array.cast(pa.int64()), 7).to_pylist()
    assert integers(array, 7).tolist() == expected
    assert [int(number) for number in filled(array, 7).tolist()] in (
        expected,
        [int(bool(n)) for n in expected],
    )
    assert present(array).tolist() == array.is_valid().to_pylist()


@given(data=st.data(), words=st.lists(st.sampled_from(["", "read", "write"]) | st.none(), max_size=20))
def test_rows_and_words_are_chosen_as_arrow_chooses_them(data, words):
    array = pa.array(words, pa.utf8())
    coded = encoded(array)
    assert coded.equals(array.dictionary_encode())
    assert encoded(coded) is coded
    assert present(coded).tolist() == array.is_valid().to_pylist()
    rows = data.draw(st.lists(st.integers(0, len(words) - 1), max_size=20)) if words else []
    for one in (array, coded):
        assert taken(one, np.array(rows, np.int64)).to_pylist() == [words[row] for row in rows]
    assert cast(coded, pa.utf8()).equals(array)


@given(words=st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=40), skipped=st.integers(0, 9))
def test_codes_are_read_as_arrow_holds_them(words, skipped):
    array = pa.array(words, pa.string()).dictionary_encode()[skipped:]
    codes, bits, begin = named(array)
    known = np.unpackbits(bits, bitorder="little")[begin:].tolist() if len(bits) else [1] * len(codes)
    texts = array.dictionary.to_pylist()
    assert [texts[c] if k else None for c, k in zip(codes.tolist(), known, strict=False)] == words[skipped:]
    assert named(pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), ["a"])) is None


def test_numbers_of_64_bits_without_sign_keep_their_bits():
    assert integers(pa.array([1, 2**64 - 1, None], pa.uint64())).tolist() == [1, -1, 0]


def test_a_row_that_is_not_there_is_an_error():
    with pytest.raises(IndexError):
        taken(pa.array([1]), np.array([1]))


@given(numbers=st.lists(st.integers(-5, 5)), known=st.data())
def test_numbers_become_arrays(numbers, known):
    mask = known.draw(st.lists(st.booleans(), min_size=len(numbers), max_size=len(numbers)))
    assert whole(np.array(numbers, np.int64)).to_pylist() == numbers
    some = whole(np.array(numbers, np.int32), np.array(mask, np.bool_))
    assert some.to_pylist() == [
        number if there else None for number, there in zip(numbers, mask, strict=True)
    ]
    assert some.null_count == mask.count(False)
    assert distinct(np.array(numbers, np.int64)).tolist() == sorted(set(numbers))


def test_lists_have_lengths():
    lists = pa.array([[1.5], None, [], [2.0, 3.0]], pa.list_(pa.float64()))
    assert integers(kernel("list_value_length", lists)).tolist() == [1, 0, 0, 2]
    assert kernel("list_flatten", lists).to_pylist() == [1.5, 2.0, 3.0]


def test_none_of_it_loads_what_takes_long():
    program = (
        "import sys, numpy as np, pyarrow as pa\n"
        "from interlock.records.arrays import *\n"
        "a = pa.array(['x', None])\n"
        "taken(a, np.array([0])), integers(encoded(a).indices, -1), present(a), distinct(np.array([1]))\n"
        "cast(pa.array([1]), pa.utf8()), kernel('binary_length', a), whole(np.array([1]), np.array([True]))\n"
        "sys.exit(bool({'pyarrow.compute', 'numpy.ma'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
