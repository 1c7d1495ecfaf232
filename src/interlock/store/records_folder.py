"""The tables of a folder that `interlock analyze --out` wrote, read back batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["is_records_folder", "read_tables"]

_ROWS: Final = 131_072


def is_records_folder(folder: Path) -> bool:
    """Whether a folder holds such tables (and not captures)."""
    return folder.is_dir() and (folder / "operations.parquet").is_file()


def read_tables(folder: Path, tables: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Rows of tables. tables: name → columns that are wanted; those that a file lacks are left out.

    Raises SourceError where a table is not there or cannot be read.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 (slow, and seldom needed)

    for name, columns in tables.items():
        path = folder / f"{name}.parquet"
        try:
            with pq.ParquetFile(path, read_dictionary=_texts(path, columns)) as file:
                there = set(file.schema_arrow.names)
                wanted = [column for column in columns if column in there]
                for batch in file.iter_batches(_ROWS, columns=wanted):
                    yield name, batch
        except (OSError, pa.ArrowException) as error:
            raise SourceError(
                f"{path}: cannot be read ({error}); name a folder that `interlock analyze` wrote"
            ) from error


def _texts(path: Path, columns: Sequence[str]) -> list[str]:
    """Columns of text: read as dictionaries, whatever the writer said of them."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = pq.read_schema(path)

    def is_text(kind: pa.DataType) -> bool:
        return bool(pa.types.is_string(kind.value_type if pa.types.is_dictionary(kind) else kind))

    return [name for name in columns if name in schema.names and is_text(schema.field(name).type)]
