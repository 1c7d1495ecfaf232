"""`interlock plant events` and `interlock plant site`."""

from __future__ import annotations

import json

import click

from interlock.cli.as_json import json_option
from interlock.cli.plant_when import read_events

__all__ = ["events", "site"]


@click.command(short_help="List the rare events that are nobody's attack.")
@json_option
def events(*, as_json: bool) -> None:
    """List the rare events that are nobody's attack, and what they may be taken for."""
    from interlock.plant.events.table import NAMES, event  # noqa: PLC0415 (--help stays quick)

    found = [event(name) for name in NAMES]
    if as_json:
        rows = [
            {"name": e.name, "title": e.title, "by": e.by, "machines": e.machines, "looks_like": e.looks_like,
             "ordered": e.ordered, "a_year": e.a_year}
            for e in found
        ]  # fmt: skip
        click.echo(json.dumps({"schema": "interlock/plant-events/1", "events": rows}, indent=1))
        return
    from rich.table import Table  # noqa: PLC0415

    from interlock.cli.console import Console  # noqa: PLC0415

    table = Table("event", "what happens", "what it may be taken for", box=None, pad_edge=False)
    for e in found:
        table.add_row(e.name, e.title, e.looks_like)
    Console().print(table)


@click.command(short_help="Print the practice plant's site file.")
@click.option(
    "--event",
    "planned",
    multiple=True,
    callback=read_events,
    metavar="NAME@MINUTE",
    help="An ordered event of the recording: a work order names it.",
)
def site(planned: tuple[tuple[str, float], ...]) -> None:
    """Print the practice plant's site file: zones, engineering station, safety system, tags, work orders."""
    from interlock.plant.site import site_text  # noqa: PLC0415 (--help stays quick)
    from interlock.plant.twin.recording import ordered  # noqa: PLC0415

    click.echo(site_text(ordered(planned)), nl=False)
