"""`interlock sensor config`: the commented example of `interlock.toml`, or whether a file is right."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

__all__ = ["config"]


@click.command("config")
@click.option(
    "--check",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Read this file instead, and the secrets that it names; exit code 2 where something is wrong.",
)
def config(file: Path | None) -> None:
    """Print a commented interlock.toml to begin with: interlock sensor config > interlock.toml."""
    if file is None:
        example = resources.files("interlock.records").joinpath("interlock.example.toml")
        click.echo(example.read_text("utf-8"), nl=False)
        return
    from interlock.bootstrap import check_config, read_config  # noqa: PLC0415 (--help stays quick)

    read = read_config(file)
    check_config(read)
    interfaces = ", ".join(one.name for one in read.sensor.interfaces) or "none"
    outlets = ", ".join(one.name for one in read.outlets) or "none"
    asked = read.metrics.listen if read.metrics else "nowhere"
    click.echo(f"{file}: right. Interfaces: {interfaces}. Outlets: {outlets}. Metrics: {asked}.")
