"""`interlock sensor`: the watch that never sleeps. Each command is imported only when it runs."""

from __future__ import annotations

import importlib
from typing import Final

import click

__all__ = ["COMMANDS", "sensor"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "run": ("interlock.cli.sensor_run:run", "Watch interfaces until somebody stops it."),
    "prepare": (
        "interlock.cli.sensor_prepare:prepare",
        "Make an interface hear everything and send nothing.",
    ),
    "replay": ("interlock.cli.sensor_replay:replay", "Captures through the sensor, as if they came now."),
    "status": ("interlock.cli.sensor_status:status", "Whether it runs, what it measured, what it did last."),
    "top": ("interlock.cli.sensor_top:top", "The same, second by second."),
    "records": ("interlock.cli.sensor_records:records", "Rows of its store, while it runs or afterwards."),
    "config": ("interlock.cli.sensor_config:config", "Print a commented interlock.toml, or check one."),
    "unit": ("interlock.cli.sensor_unit:unit", "Print a unit file for systemd."),
}
"""name → (where it is, its one line)."""


class _Lazy(click.Group):
    """Knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Lazy)
def sensor() -> None:
    """Watch the plant day and night without sending one octet."""
