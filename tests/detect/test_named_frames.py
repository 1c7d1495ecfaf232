from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.detect.named_frames import FIRST_FRAMES, MAX_FRAMES, NamedFrames, Store
from interlock.detect.tally import Tallies


def kept(parts: list[np.ndarray], store: Store | None = None) -> tuple[int, ...]:
    named = NamedFrames(store)
    for part in parts:
        named.add(part.astype(np.int64) if len(part) != 1 else part.tolist())
    return named.told()


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3_000), st.integers(1, 9), st.integers(1, 200), st.randoms(use_true_random=False))
def test_what_is_kept_depends_on_no_order(count: int, step: int, piece: int, lots: object) -> None:
    frames = np.arange(1, 1 + count * step, step)
    parts = [frames[at : at + piece] for at in range(0, count, piece)]
    shuffled = list(parts)
    lots.shuffle(shuffled)  # type: ignore[attr-defined]
    assert kept(parts) == kept(shuffled) == kept([frames]) == kept([*parts, frames])
    if count <= MAX_FRAMES - FIRST_FRAMES:
        assert kept(parts) == tuple(frames.tolist())


def test_the_sample_is_spread_over_all_that_occurred() -> None:
    told = np.array(kept([np.arange(1, 100_001)]))
    assert told[:FIRST_FRAMES].tolist() == list(range(1, 21))
    tenths = np.bincount((told[FIRST_FRAMES:] - 1) // 10_000, minlength=10)
    assert len(told) <= MAX_FRAMES
    assert tenths.min() > 25, tenths


def test_who_goes_on_from_what_was_told_keeps_the_same() -> None:
    early, late = np.arange(1, 5_000, 3), np.arange(2, 9_000, 3)
    assert kept([np.array(kept([early])), late]) == kept([early, late])


def test_a_shelf_bounds_the_frames_of_all_its_causes_and_takes_them_back() -> None:
    tallies = Tallies()
    tallies.room.frames = Store(600)
    for name in "abc":
        tallies[name,].add("s", 0, 1, np.arange(1, 1_000), 999)
    sizes = {name: len(tallies[name,].spans["s"].frames.told()) for name in "abc"}
    assert sizes["a"] > 480
    assert sizes["a"] + sizes["b"] + sizes["c"] <= 600 + 3 * FIRST_FRAMES
    assert sizes["c"] >= FIRST_FRAMES
    assert tallies.room.frames.left == 0
    tallies.pop(("a",))
    assert tallies.room.frames.left > 480
