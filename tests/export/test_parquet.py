"""Row groups of the Parquet files that a run leaves."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlock.export.parquet import OCTETS, ROWS, ParquetFile


def groups(path, batches):
    with path.open("wb") as file:
        sink = ParquetFile(batches[0].schema, file)
        for batch in batches:
            sink.write(batch)
        sink.close()
    said = pq.ParquetFile(path)
    assert said.read().equals(pa.Table.from_batches(batches))
    return [said.metadata.row_group(at).num_rows for at in range(said.num_row_groups)]


def test_short_rows_make_groups_of_many(tmp_path):
    some = pa.record_batch({"n": pa.array(range(ROWS // 4), pa.int32())})
    assert groups(tmp_path / "x", [some] * 9) == [ROWS, ROWS, ROWS // 4]


@pytest.mark.parametrize("octets", [OCTETS // 8, OCTETS // 2, 2 * OCTETS])
def test_long_rows_make_groups_of_few_so_that_memory_is_bounded(tmp_path, octets):
    some = pa.record_batch({"lists": pa.array([[1.0] * (octets // 80)] * 10, pa.list_(pa.float64()))})
    made = groups(tmp_path / "x", [some] * 16)
    assert max(made) <= 10 * (1 + OCTETS // octets)


def test_rows_of_even_width_are_counted_without_looking_at_them(tmp_path):
    kinds = {
        "flag": pa.bool_(),
        "time": pa.timestamp("ns", "UTC"),
        "word": pa.dictionary(pa.int32(), pa.string()),
    }
    batch = pa.record_batch({name: pa.nulls(8, kind) for name, kind in kinds.items()})
    texts = pa.record_batch([*batch.columns, pa.array(["x" * 1000] * 8)], names=[*kinds, "text"])
    for some, octets in ((batch, 8 * 97 // 8), (texts, 8 * (97 // 8) + texts.column("text").nbytes)):
        with (tmp_path / "x").open("wb") as file:
            sink = ParquetFile(some.schema, file)
            sink.write(some)
            assert abs(sink._octets - octets) <= 8
            sink.close()


def test_words_that_batches_share_do_not_count(tmp_path):
    words = pa.array(["w" * 1000 + str(n) for n in range(OCTETS // 1000)])
    some = pa.record_batch({"word": pa.DictionaryArray.from_arrays(pa.array([1] * 100, pa.int32()), words)})
    assert groups(tmp_path / "x", [some] * 20) == [2000]


def test_octets_that_differ_in_their_ends_are_compressed_not_listed(tmp_path):
    """A dictionary of them would hold each one whole, and no compressor sees two of them at once."""
    alike = pa.array([bytes(60) + n.to_bytes(4, "big") for n in range(20_000)], pa.binary())
    words = pa.array(["word"] * len(alike)).dictionary_encode()
    assert groups(tmp_path / "x", [pa.record_batch({"raw": alike, "word": words})]) == [len(alike)]
    row_group = pq.ParquetFile(tmp_path / "x").metadata.row_group(0)
    octets, named = row_group.column(0), row_group.column(1)
    assert not octets.has_dictionary_page
    assert named.has_dictionary_page
    assert octets.total_compressed_size < 8 * len(alike)
