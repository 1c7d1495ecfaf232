from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.segment.check.sightings import MOST_FRAMES, Sightings
from segment.check.rows import SECOND, operations

TEXTS, NUMBERS = ("client", "verb", "object"), ("count",)

rows = st.fixed_dictionaries(
    {
        "client": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
        "verb": st.sampled_from(["read", "write"]),
        "object": st.sampled_from([None, "holding:0", "holding:1"]),
        "count": st.sampled_from([None, 0, 1, 2**32 - 1]),
        "time": st.integers(0, 50).map(lambda n: n * SECOND),
        "frame": st.sampled_from([None, 1, 2, 7]),
        "response_frame": st.sampled_from([None, 9]),
        "outcome": st.sampled_from(["ok", "refused", "unsolicited", "no-answer"]),
    }
)


def seen(batches: list[pa.RecordBatch], most: int = 1000) -> Sightings:
    sightings = Sightings(TEXTS, NUMBERS, most)
    for batch in batches:
        sightings.add(batch, time="time", last="time", frames=("frame", "response_frame"))
    return sightings


@given(st.lists(rows, max_size=40), st.integers(1, 5))
def test_counted_as_one_by_one(given_rows: list[dict[str, Any]], cuts: int) -> None:
    """In any cut into batches of ascending times, the same as a loop over rows."""
    ordered = sorted(given_rows, key=lambda r: r["time"])
    size = max(1, len(ordered) // cuts)
    batches = [operations(*ordered[at : at + size]) for at in range(0, len(ordered), size)]
    wanted: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in ordered:
        wanted[row["client"], row["verb"], row["object"], row["count"]].append(row)
    found = dict(seen(batches))
    assert found.keys() == wanted.keys()
    for key, alike in wanted.items():
        sighting = found[key]
        times = [row["time"] for row in alike]
        assert (sighting.count, sighting.first, sighting.last) == (len(alike), times[0], times[-1])
        assert sighting.answered == sum(row["outcome"] in {"ok", "unsolicited"} for row in alike)
        gaps = [(b - a) / SECOND for a, b in pairwise(times)]
        assert math.isclose(sighting.gaps_s, sum(gaps), abs_tol=1e-6)
        assert math.isclose(sighting.gaps_s2, sum(g * g for g in gaps), abs_tol=1e-6)
        shown = [row["frame"] or row["response_frame"] for row in alike]
        assert sighting.frames == [f for f in shown if f][:MOST_FRAMES]


def test_what_comes_like_a_clock_is_told_from_what_comes_by_chance() -> None:
    clock = dict(seen([operations(*({"time": n * SECOND} for n in range(50)))]))
    (even,) = clock.values()
    assert even.period_s == pytest.approx(1.0)
    assert even.scatter == pytest.approx(0.0, abs=1e-6)
    odd = dict(seen([operations(*({"time": n * n * SECOND} for n in range(50)))]))
    (uneven,) = odd.values()
    assert uneven.scatter is not None
    assert uneven.scatter > 0.4
    (once,) = dict(seen([operations({})])).values()
    assert once.period_s is None
    assert once.scatter is None


def test_a_folded_row_stands_for_several() -> None:
    batch = operations({"time": 0}, {"time": 60 * SECOND})
    folded = (
        pa.Table.from_batches([batch])
        .append_column("repeats", pa.array([60, 60], pa.uint32()))
        .append_column("last", pa.array([59 * SECOND, 119 * SECOND]).cast(pa.timestamp("ns", "UTC")))
    )
    sightings = Sightings(TEXTS, NUMBERS)
    for rows_ in folded.to_batches():
        sightings.add(rows_, time="time", last="last", frames=("frame",))
    (sighting,) = dict(sightings).values()
    assert (sighting.count, sightings.rows, sighting.answered) == (120, 120, 120)
    assert sighting.period_s == pytest.approx(1.0)
    assert sighting.scatter == pytest.approx(0.0, abs=1e-6)


def test_more_kinds_than_there_is_room_for_are_counted() -> None:
    sightings = seen([operations(*({"object": f"holding:{n}"} for n in range(10)))], most=4)
    assert (len(sightings), sightings.rows, sightings.left_out) == (4, 10, 6)


def test_many_wide_numbers_do_not_run_over() -> None:
    """Five columns whose numbers span 32 bits each have more combinations than an integer holds."""
    numbers = [0, 1, 2**32 - 1]
    names = tuple("abcde")
    table = {name: pa.array([n for n in numbers for _ in range(2)], pa.uint64()) for name in names}
    batch = pa.RecordBatch.from_pydict({**table, "time": pa.array([0] * 6), "frame": pa.array([1] * 6)})
    sightings = Sightings((), names)
    sightings.add(batch, time="time", last="time", frames=("frame",))
    assert {key: s.count for key, s in sightings} == {(n,) * 5: 2 for n in numbers}
