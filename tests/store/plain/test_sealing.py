"""Sealing: a batch of a stream at a time, none of which stays in memory when its row group is written."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.store.peak import peak

from interlock.export.parquet import OCTETS
from interlock.store.plain import sealing
from interlock.store.plain.streams import Stream, written_out

from .rows import SECOND, START, batch

BATCHES, ROWS, NUMBERS = 5, 3000, 800


def test_a_batch_is_gone_before_the_next_one_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "ROWS", 1)  # a step is a batch
    stream = None
    for n in range(BATCHES):
        one = batch("values_folded", [{"time": START + n * SECOND, "last": START, "repeats": 1}] * ROWS)
        numbers = pa.ListArray.from_arrays(
            pa.array(np.arange(0, ROWS * NUMBERS + 1, NUMBERS, dtype=np.int32)),
            pa.array(np.random.default_rng(n).random(ROWS * NUMBERS)),
            one.schema.field("number").type,
        )
        at = one.schema.get_field_index("number")
        rows = written_out(one.set_column(at, one.schema.field(at), numbers))
        stream = stream or Stream(tmp_path / "00000001.arrows", rows.schema, START)
        stream.append(rows)
    stream.end()
    octets = rows.nbytes
    assert octets > OCTETS  # each is a row group
    del rows, one, numbers

    with peak() as held:
        left = [held.arrow() for _ in sealing.seal(stream.path, 1, 0, 0)]

    (sealed,) = tmp_path.glob("*.parquet")
    assert pq.read_metadata(sealed).num_row_groups == BATCHES
    assert len(left) == BATCHES
    assert max(left) < octets / 2
