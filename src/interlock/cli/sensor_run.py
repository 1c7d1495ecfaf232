"""`interlock sensor run`: watch interfaces until somebody stops it."""

from __future__ import annotations

from pathlib import Path

import click

from interlock.cli.exits import NOTHING_READABLE
from interlock.cli.reading import descriptions
from interlock.cli.sensor_replay import tell

__all__ = ["run"]


@click.command()
@click.option(
    "-i", "--interface", "interfaces", multiple=True, required=True, metavar="NAME[=REALM]",
    help="The interface at the mirror port; may be repeated.",
)  # fmt: skip
@click.option(
    "--out", "--store", "folder", required=True, metavar="DIR", help="The store: where everything goes."
)
@click.option("--site", "site_file", metavar="FILE", help="site.toml: what people know and wires can't tell.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share an interface.",
)
@descriptions
@click.pass_context
def run(
    ctx: click.Context,
    interfaces: tuple[str, ...],
    folder: str,
    site_file: str | None,
    workers: int,
    gsdml: tuple[str, ...],
) -> None:
    """Watch mirror ports day and night, without sending one octet.

    Findings are printed as they are committed. SIGHUP reads the site file anew; Ctrl-C or SIGTERM ends it, everything
    kept. `interlock sensor prepare` first makes an interface fit for it.
    """
    from interlock.bootstrap.sensor import Sensor, build_live  # noqa: PLC0415 (--help stays quick)
    from interlock.records.config import InterfaceConfig  # noqa: PLC0415

    named = []
    for text in interfaces:
        name, _, realm = text.partition("=")
        named.append(InterfaceConfig(name=name, workers=workers, **({"realm": realm} if realm else {})))
    made = Sensor(folder=Path(folder), site_file=site_file, tell=tell, gsdml=gsdml)
    sensor = build_live(made, named)
    if failed := sensor.run():
        click.echo(f"interlock: {failed}", err=True)
        ctx.exit(NOTHING_READABLE)
