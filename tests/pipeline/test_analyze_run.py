"""An analysis says the same however its records are cut into batches, and writes each of them once."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.bootstrap import build_analysis, build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.pipeline import analyze_run
from interlock.pipeline.analyze_run import STOPPED
from interlock.pipeline.decode_run import decoded
from interlock.records.site import Site
from interlock.records.tables import ARTIFACT_CONTENTS, OPERATIONS, PAYLOADS
from interlock.report.documents import assets_text, findings_document, summary_document

DEMO = Path(__file__).resolve().parents[2] / "demo"
CAPTURES = ("incident.pcap.gz", "engineering.pcap")


def opened(**limits):
    return open_sources(specify([str(DEMO / name) for name in CAPTURES], ()), **limits)


@pytest.fixture(scope="module")
def recorded():
    """The run, every batch of its records with the capture clock, and each table as one batch."""
    steps = []
    with opened() as run:
        engine = build_engine(run.sources)
        for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: False):
            steps.append((batches, engine.dissector.now))  # noqa: PERF401 (now moves with the loop)
    names = {name for batches, _ in steps for name in batches}
    whole = {}
    for name in sorted(names):
        table = pa.Table.from_batches([batches[name] for batches, _ in steps if name in batches])
        whole[name] = table.unify_dictionaries().combine_chunks().to_batches()[0]
    return run, whole, steps[-1][1]


def said(report):
    """Everything that a report says but how long it took."""
    report = dataclasses.replace(report, run=dataclasses.replace(report.run, processing_s=0))
    documents = (json.loads(assets_text(report)), findings_document(report), summary_document(report))
    return json.loads(json.dumps(documents))


def without_examples(documents):
    """A relation's example is its first row to be settled, and a batch's end settles what waits too long."""
    assets, findings, summary = documents
    relations = [{**relation, "frame": None} for relation in summary["relations"]]
    return assets, findings, {**summary, "relations": relations}


def analyzed(recorded, steps, out):
    run, _, now = recorded
    analysis, tables = build_analysis(Site(), out)
    tables.open()
    try:
        for batches in steps:
            analysis.feed(batches, now)
        report = analysis.report(run, version="0", seconds=1.0, wall_now=0)
        tables.commit()
    finally:
        tables.abandon()
    return said(report)


def pieces(whole, cuts):
    """Every table cut at these thousandths of its rows, the first pieces first."""
    marks = [0, *sorted(cuts), 1000]
    for begin, end in itertools.pairwise(marks):
        step = {}
        for name, batch in whole.items():
            first, last = batch.num_rows * begin // 1000, batch.num_rows * end // 1000
            if last > first:
                step[name] = batch.slice(first, last - first)
        yield step


@pytest.fixture(scope="module")
def at_once(recorded, tmp_path_factory):
    return analyzed(recorded, [recorded[1]], tmp_path_factory.mktemp("at-once"))


def test_the_demo_gives_something_to_compare(at_once):
    assets, findings, _ = at_once
    assert len(assets["assets"]) > 5
    assert len(findings["findings"]) > 3


@settings(max_examples=8)
@given(cuts=st.lists(st.integers(1, 999), min_size=1, max_size=6, unique=True))
def test_batches_say_what_one_batch_says(recorded, at_once, tmp_path_factory, cuts):
    out = tmp_path_factory.mktemp("cut")
    assert analyzed(recorded, pieces(recorded[1], cuts), out) == at_once
    written = pq.read_table(out / "operations.parquet")
    assert written.equals(pa.Table.from_batches([recorded[1]["operations"]], OPERATIONS.schema))


@pytest.mark.parametrize("frames", [50, 400])
def test_small_batches_of_frames_say_what_large_ones_say(recorded, at_once, tmp_path, frames):
    with opened(batch_frames=frames) as run:
        engine = build_engine(run.sources)
        analysis, tables = build_analysis(Site(), tmp_path)
        tables.open()
        for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: False):
            analysis.feed(batches, engine.dissector.now)
        report = analysis.report(run, version="0", seconds=1.0, wall_now=0)
        tables.commit()
    assert without_examples(said(report)) == without_examples(at_once)


def test_a_batch_of_many_words_is_judged_by_parts_and_says_the_same(recorded, at_once, tmp_path, monkeypatch):
    judged: list[int] = []
    judge = analyze_run.Analysis._judge

    def counted(self, name, rows):
        judged.append(rows.num_rows)
        judge(self, name, rows)

    monkeypatch.setattr(analyze_run, "_MANY_WORDS", 0)
    monkeypatch.setattr(analyze_run, "_SOME", 100)
    monkeypatch.setattr(analyze_run.Analysis, "_judge", counted)
    said_by_parts = analyzed(recorded, pieces(recorded[1], [500]), tmp_path)
    assert without_examples(said_by_parts) == without_examples(at_once)
    assert len(judged) > 5
    assert max(judged) <= 100


def test_a_run_that_was_stopped_says_so_of_each_source_left_unread(tmp_path):
    with opened(batch_frames=50) as run:
        engine = build_engine(run.sources)
        analysis, tables = build_analysis(Site(), tmp_path)
        tables.open()
        for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: True):
            analysis.feed(batches, engine.dissector.now)
        report = analysis.report(run, version="0", seconds=1.0, wall_now=0)
        tables.abandon()
    notes = {source.name: source.note for source in report.run.sources}
    assert STOPPED in notes.values()
    assert [note == STOPPED for note in notes.values()] == list(run.unfinished)
    with opened() as whole:
        assert sum(1 for _ in whole) > 0
        assert not any(whole.unfinished)


@pytest.mark.parametrize("table", [ARTIFACT_CONTENTS, PAYLOADS], ids=lambda table: table.name)
def test_octets_from_the_wire_are_not_held_back(table, tmp_path):
    """Rows are bounded by their number, octets are not: thousands of files of a megabyte would be held."""
    analysis, tables = build_analysis(Site(), tmp_path / "out")
    tables.open()
    columns = [
        pa.nulls(1, field.type) if field.type != pa.binary() else pa.array([b"x" * (1 << 20)])
        for field in table.schema
    ]
    before = pa.total_allocated_bytes()
    try:
        for _ in range(40):
            batch = pa.RecordBatch.from_arrays(
                [pa.concat_arrays([c]) for c in columns], names=table.schema.names
            )
            copy = pa.RecordBatch.from_arrays(
                [c.take(pa.array([0])) for c in batch.columns], names=table.schema.names
            )
            analysis.feed({table.name: copy}, 0)
        assert pa.total_allocated_bytes() - before < 20 << 20
    finally:
        tables.abandon()
