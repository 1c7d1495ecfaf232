"""`interlock sensor replay`: captures through the very path that live frames take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interlock.cli.judgement import judgement_of
from interlock.cli.reading import captures, descriptions
from interlock.cli.sensor_settings import configuration, finish, made, settings

if TYPE_CHECKING:
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["replay"]


@click.command()
@captures
@descriptions
@settings
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
    folder: str | None,
    gsdml: tuple[str, ...],
    site_file: str | None,
    rules: tuple[str, ...],
    state: str | None,
    projects: tuple[str, ...],
    indicators: tuple[str, ...],
    signatures: tuple[str, ...],
    midstream: Midstream | None,
    checksums: Checksums | None,
    config_file: str | None,
    speed: float | None,
) -> None:
    """Feed captures through the sensor: the same workers, the same judge, the same store as live frames.

    Findings are printed as they are committed. Nothing is sent to any machine.
    """
    from interlock.bootstrap.sensor import build_replay  # noqa: PLC0415 (--help stays quick)

    config, overridden = configuration(config_file), frozenset({"interfaces"})  # it reads captures
    given = judgement_of(
        rules, state, projects, indicators, signatures, midstream=midstream, checksums=checksums
    )
    sensor = made(config, folder, site_file, gsdml, config_file, overridden, given)
    finish(ctx, build_replay(sensor, paths, realms, speed=speed))
