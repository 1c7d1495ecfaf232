"""`interlock sensor records`: rows of a store's tables, read while the sensor writes them."""

from __future__ import annotations

import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from interlock.pipeline.decode_run import FOLDED

if TYPE_CHECKING:
    import pyarrow as pa

    from interlock.store.plain.reader import PlainReader

__all__ = ["moment", "records"]

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGO: Final = re.compile(r"(\d+)([smhd])")


@click.command()
@click.argument("table")
@click.option(
    "--store", "folder", default="/var/lib/interlock", show_default=True, metavar="DIR", help="The store."
)
@click.option(
    "--since", metavar="TIME", help="UTC, as 2026-11-27T06:00:00Z, or so long ago: 90s, 30m, 6h, 2d."
)
@click.option("--until", metavar="TIME", help="As --since; rows from then on are left out.")
@click.option("--columns", metavar="A,B", help="Only these, in this order.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet", "arrow"]),
    default="jsonl",
    show_default=True,
    help="How rows are written.",
)
@click.option("-o", "file", metavar="FILE", help="Write there instead of standard output.")
def records(
    table: str,
    folder: str,
    *,
    since: str | None,
    until: str | None,
    columns: str | None,
    form: str,
    file: str | None,
) -> None:
    """Rows of TABLE that touch a time: operations, values, flows, clues, oddities, or another that the store has.

    Operations and values come folded, as they are kept (`docs/records.md`). Rows that came in the last second may
    still be missing.
    """
    from interlock.store.folder import TableFile  # noqa: PLC0415 (--help stays quick)
    from interlock.store.plain.reader import PlainReader  # noqa: PLC0415

    reader, name, now = PlainReader(Path(folder)), FOLDED.get(table, table), time.time_ns()
    if name not in reader.tables():
        raise click.UsageError(
            f"the store has no rows of {name}; there are: {', '.join(reader.tables()) or 'none'}"
        )
    wanted = None if columns is None else [column.strip() for column in columns.split(",")]
    begin, end = (None if text is None else moment(text, now) for text in (since, until))
    rows = reader.rows(name, since=begin, until=end, columns=wanted)
    schema = _schema(reader, name, wanted)
    target = TableFile(None if file is None else Path(file), sys.stdout.buffer, name, schema, form)
    try:
        target.open()
        for batch in rows:
            target.write({name: _aligned(batch, schema)})
        target.commit()
    finally:
        target.abandon()


def moment(text: str, now: int) -> int:
    """UTC ns of a time as people write it, UTC where it says nothing else. Raises click.UsageError."""
    if ago := _AGO.fullmatch(text):
        return now - int(ago[1]) * _UNITS[ago[2]] * 1_000_000_000
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(
            f"{text!r} is no time: say 2026-11-27T06:00:00Z, or so long ago: 6h"
        ) from error
    since = (said if said.tzinfo else said.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1) * 1000


def _schema(reader: PlainReader, name: str, wanted: list[str] | None) -> pa.Schema:
    """What is printed: the house's own schema of a table, else that of the first rows there are."""
    from interlock.records.tables import TABLES  # noqa: PLC0415

    whole = TABLES[name].schema if name in TABLES else next(reader.rows(name)).schema
    missing = set(wanted or ()) - set(whole.names)
    if missing:
        raise click.UsageError(f"{name} has no column {', '.join(sorted(missing))}; see docs/records.md")
    if wanted is None:
        return whole
    import pyarrow as pa  # noqa: PLC0415

    return pa.schema([whole.field(column) for column in wanted], whole.metadata)


def _aligned(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Rows of an older or newer segment in the columns that are printed; what it had not is null."""
    import pyarrow as pa  # noqa: PLC0415

    columns = [
        batch.column(f.name).cast(f.type) if f.name in batch.schema.names else pa.nulls(len(batch), f.type)
        for f in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
