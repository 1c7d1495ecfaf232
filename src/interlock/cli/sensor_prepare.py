"""`interlock sensor prepare`: make an interface fit to listen and unable to speak, or undo that."""

from __future__ import annotations

import json

import click

__all__ = ["prepare"]


@click.command()
@click.option("-i", "--interface", required=True, help="The interface that the mirror port is plugged into.")
@click.option("--undo", is_flag=True, help="Put back what was found before.")
@click.option("--take-addresses", is_flag=True, help="Also take off IP addresses; --undo puts them back.")
@click.option("--quiet", is_flag=True, help="Say only what could not be had.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def prepare(*, interface: str, undo: bool, take_addresses: bool, quiet: bool, as_json: bool) -> None:
    """Make an interface listen to everything and send nothing, ever: neither programs nor the kernel.

    Exit codes: 0 done; 2 refused, since it carries an address or the default route; 3 no such interface, or not
    allowed.
    """
    from interlock.bootstrap import state_folder  # noqa: PLC0415 (--help stays quick)
    from interlock.capture.live import prepare as room  # noqa: PLC0415 (Linux only)

    if undo:
        done = room.undo(interface, state_folder())
    else:
        done = room.prepare(interface, state_folder(), take_addresses=take_addresses)
    if as_json:
        settings = [{"name": s.name, "found": s.found, "now": s.now} for s in done.settings]
        shown = {"interface": interface, "settings": settings, "missing": list(done.missing)}
        click.echo(json.dumps({"schema": "interlock/sensor-prepare/1", **shown}, indent=1))
        return
    for setting in done.settings if not quiet else ():
        was = "" if setting.found == setting.now else f" (was {setting.found})"
        click.echo(f"{interface}: {setting.name} {setting.now}{was}")
    for text in done.missing:
        click.echo(f"{interface}: missing: {text}")
    if undo and not done.settings:
        click.echo(f"{interface}: what was set has ended by itself: the machine or the interface began anew")
