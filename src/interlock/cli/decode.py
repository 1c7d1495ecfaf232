"""`interlock decode`: one table of what captures say, streamed."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from interlock.cli.reading import (
    captures,
    descriptions,
    ending,
    progress_bar,
    stop_on_interrupt,
    tell_losses,
    watch_of,
)
from interlock.pipeline.decode_run import FOLDED

if TYPE_CHECKING:
    import pyarrow as pa

    from interlock.capture.run import CaptureRun
    from interlock.cli.watched import Watch

__all__ = ["decode"]

FORMATS = ("jsonl", "csv", "parquet", "arrow")


@click.command()
@captures
@descriptions
@click.option(
    "--table",
    "tables",
    multiple=True,
    default=("operations",),
    show_default=True,
    metavar="NAME",
    help="operations, operations_folded, flows, clues, values, values_folded, oddities, credentials, "
    "or a protocol's own; repeat with --out.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: jsonl, with --out parquet.")
@click.option("-o", "file", metavar="FILE", help="Write there instead of standard output.")
@click.option("--out", "folder", metavar="DIR", help="Write each table to DIR/NAME.FORMAT.")
@click.pass_context
def decode(ctx: click.Context, paths: tuple[str, ...], realms: tuple[str, ...], tables: tuple[str, ...],
           gsdml: tuple[str, ...], form: str | None, file: str | None, folder: str | None) -> None:  # fmt: skip
    """Stream one table of what captures say, to standard output or FILE.

    CAPTURE is a pcap or pcapng file, gzip or zstd compressed or not, a folder of them, or - for standard input.
    """
    if file and folder:
        raise click.UsageError("-o and --out exclude each other: one file, or one folder for all tables")
    if len(tables) > 1 and not folder:
        raise click.UsageError("several tables need --out DIR")
    from interlock.bootstrap import build_engine  # noqa: PLC0415 (--help stays quick)
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415
    from interlock.decode.registry import table_names, table_schema, waiting_specs  # noqa: PLC0415

    specs = waiting_specs()
    known = table_names(specs)
    for table in tables:
        if table not in known:
            raise click.UsageError(f"no table {table!r}; there are: {', '.join(sorted(known))}")
    with open_sources(specify(paths, realms), stdin=sys.stdin.buffer) as run:
        wanted = frozenset({*tables, *(name for name, kept in FOLDED.items() if kept in tables)})
        engine = build_engine(run.sources, wanted=wanted, gsdml=gsdml, **watch_of(ctx))
        schemas = {table: table_schema(table, specs) for table in tables}
        form = form or ("parquet" if folder else "jsonl")
        ctx.exit(_stream(run, engine, schemas, form, file, folder, ctx.obj))


def _stream(run: CaptureRun, engine: Any, schemas: dict[str, pa.Schema], form: str, file: str | None,
            folder: str | None, watch: Watch | None) -> int:  # fmt: skip
    from interlock.pipeline.decode_run import decoded, folded  # noqa: PLC0415
    from interlock.store.folder import TableFile, TableFolder  # noqa: PLC0415

    target: Any = (
        TableFolder(Path(folder), schemas, form)
        if folder
        else TableFile(
            Path(file) if file else None, _standard_output(watch), *next(iter(schemas.items())), form
        )
    )
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_interrupt())
        run.until(stop)
        stack.callback(target.abandon)
        target.open()
        progress = stack.enter_context(progress_bar(run))
        steps = decoded(run, engine, progress=progress, stop=stop)
        for batches in folded(steps) if schemas.keys() & set(FOLDED.values()) else steps:
            target.write(batches)
        target.commit()
        stopped = stop() and any(run.unfinished)
    tell_losses(run)
    return ending(run, stopped=stopped)


def _standard_output(watch: Watch | None) -> BinaryIO:
    from interlock.cli.watched import output  # noqa: PLC0415

    return sys.stdout.buffer if watch is None else output(watch)
