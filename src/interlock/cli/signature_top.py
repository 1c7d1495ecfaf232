"""`interlock signature top`: what each rule costs, in a running sensor or in an analyze."""

from __future__ import annotations

import json

import click

from interlock.cli.as_json import json_option

__all__ = ["top"]


@click.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "--most", type=click.IntRange(1, 5_000), default=20, show_default=True, help="Rules that are shown."
)
@json_option
def top(folder: str, most: int, *, as_json: bool) -> None:
    """Say which rules of DIR cost most, and what rules on trial would have said.

    DIR is the store of a sensor, which writes it down every ten seconds, or the folder that an analyze with
    --signatures wrote. A look is one time that a rule was held against a payload, a transaction or a request; what is
    found at once for all rules, by their literals, costs no single one.
    """
    from interlock.bootstrap.signature_costs import read_costs  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.report.signature_costs import costs_lines  # noqa: PLC0415
    from interlock.report.signature_trial import trial_lines  # noqa: PLC0415

    document = read_costs(folder)
    if as_json:
        click.echo(json.dumps({**document, "rules": document["rules"][:most]}, indent=1))
        return
    for line in costs_lines(document, most):
        click.echo(escaped(line))
    if document["trial"] is not None:
        click.echo(f"on trial, version {document['trial']['version']}:")
        for line in trial_lines(document["trial"]):
            click.echo(escaped(line))
