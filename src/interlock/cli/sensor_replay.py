"""`interlock sensor replay`: captures through the very path that live frames take."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.exits import NOTHING_READABLE
from interlock.cli.reading import captures, descriptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.records.finding import Finding

__all__ = ["replay"]


@click.command()
@captures
@descriptions
@click.option(
    "--out", "--store", "folder", required=True, metavar="DIR", help="The store: where everything goes."
)
@click.option("--site", "site_file", metavar="FILE", help="site.toml: what people know and wires can't tell.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Times as fast as it was recorded; without it as fast as it can be read.",
)
@click.pass_context
def replay(
    ctx: click.Context,
    paths: tuple[str, ...],
    realms: tuple[str, ...],
    folder: str,
    gsdml: tuple[str, ...],
    site_file: str | None,
    speed: float | None,
) -> None:
    """Feed captures through the sensor: the same workers, the same judge, the same store as live frames.

    Findings are printed as they are committed. Nothing is sent to any machine.
    """
    from interlock.bootstrap.sensor import Sensor, build_replay  # noqa: PLC0415 (--help stays quick)

    made = Sensor(folder=Path(folder), site_file=site_file, tell=tell, gsdml=gsdml)
    sensor = build_replay(made, paths, realms, speed=speed)
    if failed := sensor.run():
        click.echo(f"interlock: {failed}", err=True)
        ctx.exit(NOTHING_READABLE)


def tell(findings: Sequence[Finding]) -> None:
    """A line for each finding, straight to standard output."""
    from interlock.export.escape import escaped  # noqa: PLC0415

    lines = [f"{f.severity:8} {escaped(f.title)} [{f.count}]\n" for f in findings]
    os.write(sys.stdout.fileno(), "".join(lines).encode())
