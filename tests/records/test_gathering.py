"""Batches joined: the same rows, and codes that can be joined again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from interlock.records.gathering import Gathering, as_one


def coded(words, codes):
    """A column as decoders make it: code -1 where it is null."""
    absent = np.array(codes) < 0
    indices = pa.array(np.array(codes, np.int32), mask=absent)
    column = pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.utf8()), safe=False)
    assert column.indices.buffers()[1].to_pybytes()[:8] == np.array(codes[:2], np.int32).tobytes()
    return pa.record_batch({"word": column})


def raw(batch):
    codes = batch.column("word").indices
    return np.frombuffer(codes.buffers()[1], np.int32)[codes.offset : codes.offset + len(codes)]


def test_what_is_null_never_gets_a_code_outside_its_dictionary_however_often_it_is_joined():
    held, whole = [], None
    for number in range(2000):  # memory beside Arrow's own lists holds anything after a while
        held.append(pa.concat_arrays([pa.array(np.full(8, 0x5C48884, np.int32))] * 2))
        if number % 3 == 0:
            held.pop(len(held) // 2)
        one = coded([f"a{number}", "k"], [0, -1, 1])
        other = coded(["k", f"b{number}"], [0, -1, 1])
        whole = as_one([one, other])
        assert whole.column("word").to_pylist() == [f"a{number}", None, "k", "k", None, f"b{number}"]
        assert raw(whole).min() >= 0
        assert raw(whole).max() < len(whole.column("word").dictionary)
    again = as_one([whole, coded(["z"], [-1, 0])])
    assert again.column("word").to_pylist()[-2:] == [None, "z"]


def test_one_batch_and_none_with_rows_stay_as_they_are():
    some, none = coded(["a"], [0, -1]), coded(["a"], [0, -1]).slice(0, 0)
    assert as_one([some]) is some
    assert as_one([none, none]).num_rows == 0


def test_batches_wait_until_there_are_enough_rows():
    gathering = Gathering(4)
    assert gathering.rest() is None
    assert gathering.add(coded(["a"], [0, -1])) is None
    assert gathering.add(coded(["b"], [-1, 0])).column("word").to_pylist() == ["a", None, None, "b"]
    assert gathering.rest() is None


def test_lists_of_words_that_grew_are_not_hashed_anew_but_the_longest_one_is_taken():
    words = [f"w{n}" for n in range(40)]
    batches = [coded(words[: 5 + 5 * n], [0, -1, 4 + 5 * n]) for n in range(8)]
    whole = as_one(batches)
    said = [word for n in range(8) for word in ("w0", None, f"w{4 + 5 * n}")]
    assert whole.column("word").to_pylist() == said
    assert whole.column("word").dictionary.to_pylist() == words
    strange = as_one([whole, coded(["w1", "w0"], [0, -1, 1])])
    assert strange.column("word").to_pylist() == [*said, "w1", None, "w0"]
    assert raw(strange).max() < len(strange.column("word").dictionary)
