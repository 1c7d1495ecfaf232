"""`interlock sensor incidents`: what happened, as stories, while the sensor runs or afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.as_json import json_option

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["incidents", "read_incidents"]


@click.command()
@click.option(
    "--store", "folder", default="/var/lib/interlock", show_default=True, metavar="DIR", help="The store."
)
@json_option
def incidents(folder: str, *, as_json: bool) -> None:
    """Tell findings along one path as one incident each, by what could happen physically."""
    told = read_incidents(Path(folder))
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    from interlock.cli.console import Console  # noqa: PLC0415 (--help stays quick)

    console = Console()
    if not told["incidents"]:
        console.print("No incident so far. That is not the same as safe.")
    for number, one in enumerate(told["incidents"], 1):
        _tell(number, one, console)


def read_incidents(folder: Path) -> dict[str, Any]:
    """The sensor's file; nothing where it has written none. Raises SourceError."""
    from interlock.errors import SourceError  # noqa: PLC0415 (--help stays quick)
    from interlock.pipeline.sensor.incident_file import IncidentFile  # noqa: PLC0415

    if not folder.is_dir():
        raise SourceError(f"{folder}: no sensor keeps its store there; name it with --store")
    return IncidentFile(folder).document()


def _tell(number: int, one: dict[str, Any], console: Console) -> None:
    from rich.text import Text  # noqa: PLC0415

    from interlock.report.printable import printable  # noqa: PLC0415

    title = printable(f"{number}. {one['severity'].upper()} ({one['consequence']}): {one['title']}")
    console.print(Text(title, style="bold"))
    console.print(Text(f"   {printable(one['story'])}"))
    console.print(Text(f"   {printable(one['news'])}; {one['id']}", style="dim"))
