"""`interlock sensor config`: the commented example of `interlock.toml`, or whether a file is right."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.bootstrap.budgeting import Declared
    from interlock.records.config import Config

__all__ = ["config"]


@click.command("config")
@click.option(
    "--check",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Read this file instead, and the secrets that it names; exit code 2 where something is wrong.",
)
@json_option_of("With --check: what would be in force as one JSON object.")
def config(file: Path | None, *, as_json: bool) -> None:
    """Print a commented interlock.toml to begin with: interlock sensor config > interlock.toml.

    With --check: whether a file is right, and every budget of memory that a sensor begun with it would have.
    """
    if file is None:
        if as_json:
            raise click.UsageError("--json says what a file comes to: name it, --check FILE")
        example = resources.files("interlock.records").joinpath("interlock.example.toml")
        click.echo(example.read_text("utf-8"), nl=False)
        return
    from interlock.bootstrap.budgeting import budgets_in_force  # noqa: PLC0415 (--help stays quick)

    read, budgets = budgets_in_force(file)
    if as_json:
        click.echo(json.dumps(_document(file, read, budgets), indent=1))
        return
    for line in _lines(file, read, budgets):
        click.echo(line)


def _document(file: Path, read: Config, budgets: tuple[Declared, ...]) -> dict[str, object]:
    metrics = {} if read.metrics is None else {"metrics": read.metrics.listen}
    return {
        "schema": "interlock/sensor-config/1",
        "file": str(file),
        "interfaces": [one.name for one in read.sensor.interfaces],
        "outlets": [one.name for one in read.outlets],
        **metrics,
        "budgets": [asdict(one) for one in budgets],
    }


def _lines(file: Path, read: Config, budgets: tuple[Declared, ...]) -> Iterator[str]:
    from interlock.report.printable import printable  # noqa: PLC0415

    interfaces = ", ".join(printable(one.name) for one in read.sensor.interfaces) or "none"
    outlets = ", ".join(printable(one.name) for one in read.outlets) or "none"
    asked = printable(read.metrics.listen) if read.metrics else "nowhere"
    yield f"{file}: right. Interfaces: {interfaces}. Outlets: {outlets}. Metrics: {asked}."
    yield "Budgets of memory that would be in force:"
    for one in budgets:
        yield f"  {one.name:<14} {one.value:>11,} {one.unit:<13}  {one.source:<7}  of {one.of}"
