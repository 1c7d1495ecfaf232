from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.detect import facts, tally
from interlock.detect.facts import Facts
from interlock.detect.named_frames import FIRST_FRAMES, MAX_FRAMES
from interlock.detect.packing import packed
from interlock.detect.tally import MAX_SOURCES, MAX_WORDS, Tallies, Tally

if TYPE_CHECKING:
    import pytest

occurrences = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 10**18),
        st.lists(st.integers(0, 3_000), min_size=1, max_size=400),
    ),
    max_size=8,
)


def told(parts: list) -> Tally:
    tally = Tally()
    for source, time, frames in parts:
        tally.add(source, time, time + 1, np.array(frames, np.int64), len(frames))
        tally.note("word", source, len(frames))
    return tally


@settings(deadline=None, max_examples=50)
@given(occurrences, st.randoms(use_true_random=False), st.integers(0, 8))
def test_sums_do_not_depend_on_order_or_parts(parts: list, shuffler: object, cut: int) -> None:
    whole = told(parts)
    merged = told(parts[:cut])
    merged.merge(told(parts[cut:]))
    shuffled = list(parts)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    for other in (merged, told(shuffled)):
        assert other.evidence("t") == whole.evidence("t")
        assert (other.first, other.last, other.count) == (whole.first, whole.last, whole.count)
        assert other.noted("word") == whole.noted("word")


@settings(deadline=None, max_examples=50)
@given(occurrences)
def test_frames_are_all_or_the_first_and_others_and_the_total_is_all(parts: list) -> None:
    for evidence in told(parts).evidence("t"):
        frames = {f for source, _, fs in parts if source == evidence.source for f in fs} - {0}
        assert list(evidence.frames[:FIRST_FRAMES]) == sorted(frames)[:FIRST_FRAMES]
        assert list(evidence.frames) == sorted(frames & set(evidence.frames))
        few = MAX_FRAMES - FIRST_FRAMES
        assert few <= len(evidence.frames) <= MAX_FRAMES or len(evidence.frames) == len(frames)
        assert evidence.total == sum(len(fs) for source, _, fs in parts if source == evidence.source)


@settings(deadline=None, max_examples=50)
@given(occurrences)
def test_comes_back_from_json(parts: list) -> None:
    tallies = Tallies()
    for number, part in enumerate(parts):
        tallies["k", str(number)].merge(told([part]))
    again = Tallies()
    again.restore(json.loads(packed(tallies.state())))
    assert packed(again.state()) == packed(tallies.state())


def test_a_shelf_holds_only_so_many_words_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MAX_ALL_WORDS", 5)
    monkeypatch.setattr(facts, "MAX_ALL_WORDS", 5)
    tallies, known = Tallies(), Facts()
    for number in range(8):
        tallies[str(number),].note("w", "x")
        known.add((str(number),), "x")
    assert (tallies.left_out, known.left_out) == (3, 3)
    assert sum(len(tallies[key].noted("w")) for key in tallies) == 5
    tallies.pop(("0",))
    tallies["9",].note("w", "x")
    assert tallies["9",].noted("w") == {"x": 1}


def test_every_shelf_is_bounded_and_counts_what_it_leaves_out() -> None:
    tallies, one, known = Tallies(2), Tally(), Facts(2, 2)
    for number in range(5):
        tallies[str(number),].note("w", "x")
        known.add(("s",), str(number))
        known.add((str(number),), "x")
    assert (len(tallies), tallies.left_out) == (2, 3)
    assert known["s",] == {"0", "1"}
    assert known.left_out == 4
    for number in range(max(MAX_SOURCES, MAX_WORDS) + 5):
        one.add(str(number), 0, 0, np.array([1]), 1)
        one.note("w", str(number))
    assert len(one.spans) == MAX_SOURCES
    assert len(one.noted("w")) == MAX_WORDS
    assert one.left_out == MAX_WORDS - MAX_SOURCES + 10


def test_what_has_not_occurred_for_longest_is_let_go_before_a_shelf_is_full() -> None:
    shelf = Tallies(100)
    for number in range(75):
        shelf[(f"{number:03}",)].add("s", number, 1000 - number, np.zeros(0, np.int64), 1)
    assert shelf.age_out(100) == []
    shelf[("075",)].add("s", 0, 5, np.zeros(0, np.int64), 1)
    gone = shelf.age_out(100)
    assert len(shelf) == 50
    assert ("075",) in gone
    assert ("000",) in shelf
    assert ("074",) in gone
    assert shelf.age_out(40) == [("049",), ("048",), ("047",), *((f"{n:03}",) for n in range(46, 19, -1))]
    assert shelf.left_out == 0
