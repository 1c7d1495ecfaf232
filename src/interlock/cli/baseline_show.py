"""`interlock baseline show`: what was learned, how settled it is, and which false alarms are to be expected."""

from __future__ import annotations

import json

import click

from interlock.cli.as_json import json_option

__all__ = ["show"]


@click.command()
@click.option("--state", required=True, metavar="DIR", help="A state folder, or a sensor's store.")
@click.option("--relation", metavar="TEXT", help="Only relations in whose addresses or protocol this occurs.")
@json_option
def show(state: str, relation: str | None, *, as_json: bool) -> None:
    """Show who talks to whom and for what, as it was learned.

    A relation has converged where, in 95 of 100 cases, less than one new thing a day is still to come from it.
    """
    from interlock.bootstrap.learning import known_learners  # noqa: PLC0415 (--help stays quick)
    from interlock.report.baseline import learned_document  # noqa: PLC0415

    learners = known_learners(state)
    if as_json:
        click.echo(json.dumps(learned_document(learners, state, relation), ensure_ascii=False, indent=1))
        return
    from interlock.cli.console import Console  # noqa: PLC0415
    from interlock.report.baseline_views import print_learned  # noqa: PLC0415

    print_learned(learners, state, relation, Console())
