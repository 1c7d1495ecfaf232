"""`interlock program extract`: octets of programs and files that captures carry."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from interlock.cli.reading import captures, ending, progress_bar, stop_on_interrupt, tell_losses, watch_of

__all__ = ["extract"]


@click.command()
@captures
@click.option(
    "--out", "folder", required=True, metavar="DIR", help="Each is written to DIR under its SHA-256."
)
@click.pass_context
def extract(ctx: click.Context, paths: tuple[str, ...], realms: tuple[str, ...], folder: str) -> None:
    """Write every whole program and file that CAPTURE carries to DIR, for this user alone; print one line each.

    They may be secret, and hostile: nothing here opens or runs them.
    """
    from interlock.bootstrap import build_engine  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.programs import keep_contents  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_interrupt())
        run = stack.enter_context(open_sources(specify(paths, realms), stdin=sys.stdin.buffer, stop=stop))
        wanted = frozenset({"artifacts", "artifact_contents"})
        engine = build_engine(run.sources, wanted=wanted, **watch_of(ctx))
        progress = stack.enter_context(progress_bar(run))
        for batches in decoded(run, engine, progress=progress, stop=stop):
            if "artifact_contents" in batches:
                rows = batches["artifact_contents"].to_pylist()
                keep_contents(Path(folder), {row["sha256"]: row["octets"] for row in rows})
            if "artifacts" in batches:
                told = batches["artifacts"].select(["sha256", "state", "server", "name"]).to_pylist()
                for row in told:
                    mark = row["sha256"] or row["state"]
                    click.echo(f"{mark:<64}  {escaped(row['server'])}  {escaped(row['name'])}")
        stopped = stop() and any(run.unfinished)
    tell_losses(run)
    ctx.exit(ending(run, stopped=stopped))
