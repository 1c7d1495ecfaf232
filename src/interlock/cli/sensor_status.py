"""`interlock sensor status`: how the sensor is, said once."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.exits import DONE, NOTHING_READABLE

if TYPE_CHECKING:
    from interlock.cli.sensor_view import View

__all__ = ["look", "print_view", "status"]


@click.command()
@click.option(
    "--store", "folder", default="/var/lib/interlock", show_default=True, metavar="DIR", help="The store."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def status(folder: str, *, as_json: bool) -> None:
    """Say whether the sensor runs, what it measured, and what it did last.

    Exit codes: 0 it runs; 3 it does not, or says nothing.
    """
    view = look(Path(folder))
    if as_json:
        from interlock.cli.sensor_view import view_document  # noqa: PLC0415

        click.echo(json.dumps(view_document(view), indent=1))
    else:
        print_view(view)
    sys.exit(DONE if view.state == "running" else NOTHING_READABLE)


def look(folder: Path) -> View:
    """Look at a store now. Raises SourceError where there is none."""
    from interlock.cli.sensor_view import view_of  # noqa: PLC0415 (--help stays quick)
    from interlock.store.plain.reader import PlainReader  # noqa: PLC0415

    return view_of(folder, time.time_ns(), lambda: PlainReader(folder).diary())


def print_view(view: View) -> None:
    """Print all of it, as a terminal or a file takes it."""
    from interlock.cli.sensor_view import headline, sentences  # noqa: PLC0415
    from interlock.report.printable import printable  # noqa: PLC0415
    from interlock.report.quantities import clock_text  # noqa: PLC0415

    click.echo(headline(view))
    for word, sentence in sentences(view):
        click.echo(f"  {word:<11} {sentence}")
    if view.diary:
        click.echo("The newest lines of its diary:")
    for entry in view.diary:
        where = f" ({printable(entry.source)})" if entry.source else ""
        click.echo(f"  {clock_text(entry.time)}  {printable(entry.event)}: {printable(entry.says)}{where}")
