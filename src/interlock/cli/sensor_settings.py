"""What a sensor is told on the command line, with what its configuration says beside."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.exits import NOTHING_READABLE, PARTLY_READ
from interlock.cli.judgement import judgement

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.detecting import Judgement
    from interlock.bootstrap.sensor import Running, Sensor
    from interlock.records.config import Config

__all__ = ["configuration", "finish", "made", "settings"]


def settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """--out, --config and what it judges by, as every command that runs a sensor takes them."""
    out = click.option("--out", "--store", "folder", metavar="DIR", help="The store: where everything goes.")
    config = click.option(
        "--config", "config_file", metavar="FILE", help="interlock.toml: outlets, retention, metrics."
    )
    return out(judgement(config(command)))


def configuration(config_file: str | None) -> Config:
    """The file's, its secrets looked at; without one that of a sensor that only prints findings and incidents."""
    from interlock.bootstrap import check_config, read_config  # noqa: PLC0415 (--help stays quick)
    from interlock.records.config import Config, StdoutConfig  # noqa: PLC0415

    if config_file is None:
        return Config(outlets=(StdoutConfig(format="text", tells="both"),))
    config = read_config(Path(config_file))
    check_config(config)
    return config


def finish(ctx: click.Context, sensor: Running) -> None:
    """Run it to its end; the exit code says whether everything was read and kept."""
    failed = sensor.run()
    if failed:
        click.echo(f"interlock: {failed}", err=True)
    elif sensor.stopped:
        click.echo("interlock: stopped before the end; what was read so far is kept", err=True)
    if failed or sensor.unkept:
        ctx.exit(NOTHING_READABLE)
    if sensor.partly:
        ctx.exit(PARTLY_READ)


def made(
    config: Config,
    folder: str | None,
    site_file: str | None,
    gsdml: tuple[str, ...],
    config_file: str | None = None,
    overridden: frozenset[str] = frozenset(),
    given: Judgement | None = None,
) -> Sensor:
    """The sensor. What the command line says goes before what the file says. given: what it judges by.

    overridden: keys of `[sensor]`, beside `store`, for which it says something.
    """
    from interlock.bootstrap.detecting import Judgement  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.sensor import Sensor  # noqa: PLC0415

    said = config.sensor
    store = Path(folder) if folder is not None else said.store
    if store is None:
        raise click.UsageError("where are its records to go? Say --out DIR, or `store` in the configuration")
    memory = {} if said.memory_mib is None else {"memory": said.memory_mib << 20}
    return Sensor(
        folder=store,
        site_file=site_file,
        config=config,
        config_file=None if config_file is None else Path(config_file),
        gsdml=gsdml,
        name=said.name or socket.gethostname(),
        judgement=given or Judgement(),
        overridden=overridden if folder is None else overridden | {"store"},
        **memory,
    )
