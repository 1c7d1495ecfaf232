"""Whole tables or none, whatever the disk does."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import stat
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.refusing import at_most

from interlock import store
from interlock.errors import OutputError
from interlock.export.sink import FORMATS
from interlock.store.folder import TableFile, TableFolder

SCHEMAS = {
    "numbers": pa.schema([("n", pa.int64()), ("text", pa.string())]),
    "words": pa.schema([("word", pa.dictionary(pa.int32(), pa.string()))]),
}
NUMBERS = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text(max_size=30)), max_size=40)
WORDS = st.lists(st.sampled_from(["read", "write", "start", "stop"]), max_size=40)
STEPS = st.lists(st.tuples(NUMBERS, WORDS), max_size=5)


def batches(step):
    numbers, words = step
    return {
        "numbers": pa.RecordBatch.from_pydict(
            {"n": [n for n, _ in numbers], "text": [t for _, t in numbers]}, SCHEMAS["numbers"]
        ),
        "words": pa.RecordBatch.from_arrays(
            [pa.array(words, pa.string()).dictionary_encode()], schema=SCHEMAS["words"]
        ),
        "foreign": pa.RecordBatch.from_pydict({"x": [1]}),
    }


def rows(steps, name):
    return [row for step in steps for row in batches(step)[name].to_pylist()]


def begun(table):
    table.open()
    return table


def listing(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(STEPS)
def test_committed_tables_hold_what_was_written_in_order(steps):
    with tempfile.TemporaryDirectory() as place:
        folder = begun(TableFolder(Path(place), SCHEMAS))
        for step in steps:
            folder.write(batches(step))
        made = folder.commit()
        assert sorted(path.name for path in made) == ["numbers.parquet", "words.parquet"]
        assert set(listing(Path(place))) == {path.name for path in made}
        for name in SCHEMAS:
            assert pq.read_table(Path(place, f"{name}.parquet")).to_pylist() == rows(steps, name)


@given(STEPS, st.sampled_from(sorted(FORMATS)), st.integers(0, 6000))
def test_a_disk_that_refuses_changes_nothing_or_takes_everything(steps, form, octets):
    with tempfile.TemporaryDirectory() as place:
        earlier = {f"{name}.{form}": b"of an earlier run" for name in SCHEMAS}
        for name, content in earlier.items():
            Path(place, name).write_bytes(content)
        folder = TableFolder(Path(place), SCHEMAS, form)
        try:
            with at_most(octets):
                folder.open()
                for step in steps:
                    folder.write(batches(step))
                folder.commit()
        except OutputError:
            folder.abandon()
            assert listing(Path(place)) == earlier
        else:
            assert set(listing(Path(place))) == set(earlier)
            assert not set(listing(Path(place)).values()) & set(earlier.values()) - {b""}
            assert max(map(len, listing(Path(place)).values())) <= octets


@pytest.mark.parametrize(("octets", "refuses"), [(100, True), (6000, False)])
def test_the_limits_of_the_property_above_are_met_on_both_sides(tmp_path, octets, refuses):
    step = ([(n, "x" * 20) for n in range(40)], ["read"] * 40)
    with at_most(octets):
        folder = begun(TableFolder(tmp_path, SCHEMAS))
        folder.write(batches(step))
        # one sentence that names the place
        expected = pytest.raises(OutputError, match=rf"^{tmp_path}[^\n]*\Z")
        with expected if refuses else contextlib.nullcontext():
            folder.commit()
    folder.abandon()


@pytest.mark.parametrize("form", sorted(FORMATS))
@pytest.mark.parametrize("sealed", [False, True])
def test_nothing_has_its_name_before_commit_and_nothing_is_left_by_abandon(tmp_path, form, sealed):
    (tmp_path / f"words.{form}").write_bytes(b"of an earlier run")
    folder = begun(TableFolder(tmp_path, SCHEMAS, form))
    folder.write(batches(([(1, "a")], ["read"])))
    if sealed:
        folder.seal()
    assert (tmp_path / f"words.{form}").read_bytes() == b"of an earlier run"
    assert not (tmp_path / f"numbers.{form}").exists()
    folder.abandon()
    assert listing(tmp_path) == {f"words.{form}": b"of an earlier run"}
    folder.abandon()
    assert folder.commit() == ()
    assert listing(tmp_path) == {f"words.{form}": b"of an earlier run"}


def test_abandon_after_commit_takes_nothing_back(tmp_path):
    folder = begun(TableFolder(tmp_path, SCHEMAS))
    folder.commit()
    before = listing(tmp_path)
    folder.abandon()
    assert listing(tmp_path) == before != {}


def test_a_name_that_is_taken_by_a_folder_is_one_sentence_and_leaves_no_part(tmp_path):
    (tmp_path / "words.parquet").mkdir()
    (tmp_path / "words.parquet" / "mine").touch()
    folder = begun(TableFolder(tmp_path, SCHEMAS))
    with pytest.raises(OutputError, match="words"):
        folder.commit()
    folder.abandon()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert (tmp_path / "words.parquet" / "mine").exists()


def test_a_second_table_that_cannot_begin_takes_the_first_part_with_it(tmp_path):
    (tmp_path / ".words.parquet.part").mkdir()
    folder = TableFolder(tmp_path, SCHEMAS)
    with pytest.raises(OutputError, match="words"):
        folder.open()
    folder.abandon()
    assert [path.name for path in tmp_path.iterdir()] == [".words.parquet.part"]


def test_a_file_where_the_folder_should_be_is_one_sentence(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match="out"):
        TableFolder(tmp_path / "out", SCHEMAS).open()


@given(STEPS, st.sampled_from(sorted(FORMATS)), st.integers(0, 4000))
def test_one_file_is_whole_or_as_before(steps, form, octets):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "table")
        path.write_bytes(b"of an earlier run")
        file = TableFile(path, io.BytesIO(), "numbers", SCHEMAS["numbers"], form)
        try:
            with at_most(octets):
                file.open()
                for step in steps:
                    file.write(batches(step))
                file.commit()
        except OutputError:
            file.abandon()
            assert listing(Path(place)) == {"table": b"of an earlier run"}
        else:
            file.abandon()
            assert list(listing(Path(place))) == ["table"]
            if form == "jsonl":
                lines = path.read_text("utf-8").splitlines()
                assert [json.loads(line)["n"] for line in lines] == [r["n"] for r in rows(steps, "numbers")]


@given(STEPS)
def test_a_stream_gets_the_rows_and_stays_open(steps):
    stream = io.BytesIO()
    table = begun(TableFile(None, stream, "numbers", SCHEMAS["numbers"], "arrow"))
    for step in steps:
        table.write(batches(step))
    table.commit()
    table.commit()
    table.abandon()
    assert not stream.closed
    with pa.ipc.open_stream(stream.getvalue()) as reader:
        assert reader.read_all().to_pylist() == rows(steps, "numbers")


def test_a_reader_that_is_gone_is_no_refusal_of_the_disk():
    class Gone(io.RawIOBase):
        def writable(self):
            return True

        def write(self, octets):
            raise BrokenPipeError

    table = begun(TableFile(None, Gone(), "numbers", SCHEMAS["numbers"], "jsonl"))
    with pytest.raises(BrokenPipeError):
        table.write(batches(([(1, "a")], [])))


def test_a_device_is_written_to_and_stays_a_device(tmp_path):
    """A pipe stands for every path that is no regular file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    schema = pa.schema([("n", pa.int64())])
    made = begun(TableFile(pipe, io.BytesIO(), "t", schema, "jsonl"))
    made.write({"t": pa.RecordBatch.from_pydict({"n": [7]}, schema=schema)})
    made.commit()
    assert os.read(reader, 100) == b'{"n":7}\n'
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


class Interrupted(BaseException):
    """As a signal's handler ends a run: no OSError, no Exception."""


def interrupted(work, after):
    """Whether `work` was left at the `after`-th line or return of the store's own code."""
    left = after

    def tracer(frame, event, _argument):
        nonlocal left
        if frame.f_code.co_filename == store.folder.__file__ and event in {"line", "return"}:
            left -= 1
            if left == 0:
                raise Interrupted
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        work()
    except Interrupted:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # nobody held the open file yet
@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_signal_between_any_two_lines_leaves_no_part(tmp_path, kind):
    met = 0
    for after in itertools.count(1):
        table = (
            TableFolder(tmp_path, SCHEMAS)
            if kind == "folder"
            else TableFile(tmp_path / "table", io.BytesIO(), "numbers", SCHEMAS["numbers"], "jsonl")
        )

        def work(table=table):
            table.open()
            table.write(batches(([(1, "a")], ["read"])))

        was = interrupted(work, after)
        table.abandon()
        assert listing(tmp_path) == {}
        if not was:
            break
        met += 1
    assert met > 10


def test_nothing_is_on_disk_before_open(tmp_path):
    TableFolder(tmp_path / "out", SCHEMAS)
    TableFile(tmp_path / "table", io.BytesIO(), "numbers", SCHEMAS["numbers"], "jsonl")
    assert listing(tmp_path) == {}
