from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlock.errors import SourceError
from interlock.store.records_folder import is_records_folder, read_tables

if TYPE_CHECKING:
    from pathlib import Path


def test_columns_that_are_there_come_back_with_texts_as_dictionaries(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"client": ["a", "a", None], "count": [1, 2, 3], "other": [0, 0, 0]}),
        tmp_path / "operations.parquet",
    )
    assert is_records_folder(tmp_path)
    ((name, batch),) = read_tables(tmp_path, {"operations": ("client", "count", "verb")})
    assert name == "operations"
    assert batch.schema.names == ["client", "count"]
    assert pa.types.is_dictionary(batch.column("client").type)
    assert batch.to_pydict() == {"client": ["a", "a", None], "count": [1, 2, 3]}


def test_what_is_no_table_is_one_sentence(tmp_path: Path) -> None:
    assert not is_records_folder(tmp_path)
    assert not is_records_folder(tmp_path / "none")
    with pytest.raises(SourceError, match="name a folder that `interlock analyze` wrote"):
        list(read_tables(tmp_path, {"operations": ("client",)}))
    (tmp_path / "operations.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(SourceError, match=r"operations\.parquet: cannot be read"):
        list(read_tables(tmp_path, {"operations": ("client",)}))
