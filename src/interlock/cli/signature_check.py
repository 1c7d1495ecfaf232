"""`interlock signature check`: which rules of a set load, before a sensor is given them."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

import click

from interlock.cli.exits import DONE, FINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["check"]


@click.command()
@click.argument("path", metavar="PATH")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.pass_context
def check(ctx: click.Context, path: str, *, as_json: bool) -> None:
    """Read the rules of PATH, a file or a folder (*.rules, *.txt, also .xz and .gz), and say which load.

    One wrong rule never keeps out another. Exit codes: 0 every rule that is switched on loads; 1 some are refused.
    """
    from interlock.bootstrap.signatures import check_signatures  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.report.signatures import signature_document, signature_lines  # noqa: PLC0415

    with _progress() as progress:
        tally = check_signatures(path, progress, perf_counter)
    if as_json:
        click.echo(json.dumps(signature_document(tally), indent=1, ensure_ascii=False))
    else:
        for line in signature_lines(tally):
            click.echo(escaped(line))
    ctx.exit(FINDINGS if tally.all.refused else DONE)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal's standard error, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console  # noqa: PLC0415 (small commands stay small)
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading rules", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
