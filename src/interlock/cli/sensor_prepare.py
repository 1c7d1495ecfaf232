"""`interlock sensor prepare`: make interfaces fit to listen and unable to speak, or undo that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option_of

if TYPE_CHECKING:
    from interlock.capture.live.prepare import Prepared

__all__ = ["named_in", "prepare"]


@click.command()
@click.option(
    "-i",
    "--interface",
    "interfaces",
    multiple=True,
    metavar="NAME",
    help="The interface that the mirror port is plugged into; may be repeated.",
)
@click.option(
    "--config", "config_file", metavar="FILE", help="interlock.toml: without -i the interfaces that it names."
)
@click.option("--undo", is_flag=True, help="Put back what was found before.")
@click.option("--take-addresses", is_flag=True, help="Also take off IP addresses; --undo puts them back.")
@click.option("--quiet", is_flag=True, help="Say only what could not be had.")
@json_option_of("One JSON object for each interface instead of text.")
def prepare(
    *,
    interfaces: tuple[str, ...],
    config_file: str | None,
    undo: bool,
    take_addresses: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make an interface listen to everything and send nothing, ever: neither programs nor the kernel.

    Exit codes: 0 done; 2 refused, since it carries an address or the default route; 3 no such interface, or not
    allowed. Of several interfaces those behind the first that cannot be had are left as they are.
    """
    if not interfaces and config_file is None:
        raise click.UsageError("which interface? Say -i NAME, or --config FILE, which names some")
    from interlock.bootstrap import state_folder  # noqa: PLC0415 (--help stays quick)
    from interlock.capture.live import prepare as room  # noqa: PLC0415 (Linux only)

    for interface in interfaces or named_in(config_file or ""):
        if undo:
            done = room.undo(interface, state_folder())
        else:
            done = room.prepare(interface, state_folder(), take_addresses=take_addresses)
        if as_json:
            settings = [{"name": s.name, "found": s.found, "now": s.now} for s in done.settings]
            shown = {"interface": interface, "settings": settings, "missing": list(done.missing)}
            click.echo(json.dumps({"schema": "interlock/sensor-prepare/1", **shown}, indent=1))
        else:
            _say(interface, done, undo=undo, quiet=quiet)


def named_in(config_file: str) -> tuple[str, ...]:
    """The interfaces that a configuration names. Raises ConfigError, or UsageError where there are none."""
    from interlock.bootstrap import read_config  # noqa: PLC0415 (--help stays quick)

    names = tuple(one.name for one in read_config(Path(config_file)).sensor.interfaces)
    if not names:
        raise click.UsageError(f"{config_file} names no interface: add [[sensor.interfaces]], or say -i NAME")
    return names


def _say(interface: str, done: Prepared, *, undo: bool, quiet: bool) -> None:
    for setting in done.settings if not quiet else ():
        was = "" if setting.found == setting.now else f" (was {setting.found})"
        click.echo(f"{interface}: {setting.name} {setting.now}{was}")
    for text in done.missing:
        click.echo(f"{interface}: missing: {text}")
    if undo and not done.settings:
        click.echo(f"{interface}: what was set has ended by itself: the machine or the interface began anew")
