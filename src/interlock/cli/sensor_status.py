"""`interlock sensor status`: how the sensor is, said once."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, NOTHING_READABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.cli.sensor_view import View

__all__ = ["look", "print_view", "status", "text_of"]


@click.command()
@click.option(
    "--store", "folder", default="/var/lib/interlock", show_default=True, metavar="DIR", help="The store."
)
@json_option
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
    """Print all of it: on a terminal in lines of its width, else as it comes."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in text_of(view, width):
        click.echo(line)


def text_of(view: View, width: int | None) -> Iterator[str]:
    """Its lines. width: columns that none of them exceeds; None where they may be as long as they are."""
    from interlock.cli.sensor_view import AS_IT_WAS, headline, sentences  # noqa: PLC0415
    from interlock.report.printable import printable  # noqa: PLC0415
    from interlock.report.quantities import clock_text  # noqa: PLC0415

    yield from _lines("", headline(view), width)
    if view.figures is not None and view.state != "running":
        yield from _lines("", AS_IT_WAS, width)
    for word, sentence in sentences(view):
        yield from _lines(f"  {word:<11} ", sentence, width)
    if view.diary:
        yield from _lines("", "The newest lines of its diary:", width)
    for entry in view.diary:
        where = f" ({printable(entry.source)})" if entry.source else ""
        says = f"{printable(entry.event)}: {printable(entry.says)}{where}"
        yield from _lines(f"  {clock_text(entry.time)}  ", says, width)


def _lines(begin: str, sentence: str, width: int | None) -> Iterator[str]:
    """A sentence behind its beginning; what has no room there goes on below, as far to the right where it can."""
    if width is None:
        yield begin + sentence
        return
    from interlock.cli.sensor_layout import wrapped  # noqa: PLC0415 (only terminals need it)

    left = len(begin) if 2 * len(begin) <= width else 4 if begin else 0
    if left == len(begin):
        first, *more = wrapped(sentence, width - left)
        yield begin + first
    else:
        yield begin.rstrip()
        more = wrapped(sentence, width - left)
    for line in more:
        yield " " * left + line
