"""Tables of strangers: detectors stay within their bounds, and say what did not fit."""

from __future__ import annotations

import pytest

from interlock.bench.hostile_tables import cost_of_detectors, hostile_batches
from interlock.detect.batch import Batch
from interlock.detect.facts import MAX_ALL_WORDS as FACTS
from interlock.detect.interface import Context
from interlock.detect.registry import DETECTORS
from interlock.detect.tally import MAX_ALL_WORDS
from interlock.records.tables import TABLES

ROWS = 12_288


def test_each_row_is_another_stranger_s() -> None:
    (one,), (other,) = (list(hostile_batches("flows", 1000)) for _ in range(2))
    assert one == other
    assert one.schema == TABLES["flows"].schema
    assert len(set(zip(one["client"].to_pylist(), one["server"].to_pylist(), strict=True))) == 1000


@pytest.mark.parametrize("name", DETECTORS)
def test_a_flood_of_strangers_fills_no_memory(name: str) -> None:
    detector = DETECTORS[name]()
    for table in sorted(set(detector.needs) & set(TABLES)):
        for rows in hostile_batches(table, ROWS, batch=4096):
            list(detector.feed(Batch(table, rows), Context()))
    tallies, facts = detector.tallies, detector.facts
    assert len(tallies) <= tallies._most
    assert sum(len(w) for key in tallies for w in tallies[key].words.values()) <= MAX_ALL_WORDS
    for known in facts.values():
        assert sum(len(known[subject]) for subject in known) <= FACTS
    if len(tallies) == tallies._most:
        assert tallies.left_out, "what does not fit is counted"


def test_the_cost_of_each_detector_is_told() -> None:
    told = cost_of_detectors(256)
    assert {cost["detector"] for cost in told} <= set(DETECTORS)
    assert all(cost["rows_per_cpu_s"] > 0 for cost in told)
