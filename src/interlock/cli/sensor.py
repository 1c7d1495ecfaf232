"""`interlock sensor`: the watch that never sleeps. Each command is imported only when it runs."""

from __future__ import annotations

from typing import Final

import click

from interlock.cli.lazy import LazyGroup

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
    "incidents": ("interlock.cli.sensor_incidents:incidents", "What happened, as stories, gravest first."),
    "config": ("interlock.cli.sensor_config:config", "Print a commented interlock.toml, or check one."),
    "unit": ("interlock.cli.sensor_unit:unit", "Print a unit file for systemd."),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def sensor() -> None:
    """Watch the plant day and night without sending one octet."""
