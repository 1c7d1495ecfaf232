"""`interlock doctor`: what this installation can and can't do here."""

from __future__ import annotations

import json

import click

from interlock.cli.as_json import json_option

__all__ = ["doctor"]


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Say what this installation can and can't do here, and what to do about it."""
    from interlock.bootstrap import state_folder  # noqa: PLC0415 (--help stays quick)
    from interlock.pipeline.checkup import checkup  # noqa: PLC0415

    checks = checkup(state_folder())
    if as_json:
        rows = [{"check": c.name, "state": c.state, "says": c.says, "do": c.remedy} for c in checks]
        click.echo(json.dumps({"schema": "interlock/doctor/1", "checks": rows}, indent=1))
        return
    marks = {"yes": "+", "partly": "~", "no": "-"}
    for check in checks:
        click.echo(
            f"{marks[check.state]} {check.name}: {check.says}"
            + (f" -> {check.remedy}" if check.remedy else "")
        )
