"""`interlock indicator check`: which indicators of a feed load, before a sensor is given it."""

from __future__ import annotations

import json
from time import perf_counter

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, FINDINGS

__all__ = ["check"]


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@json_option
@click.pass_context
def check(ctx: click.Context, paths: tuple[str, ...], *, as_json: bool) -> None:
    """Read the indicators of each PATH, a file or a folder, and say which load.

    One wrong indicator never keeps out another. Exit codes: 0 all load; 1 some are refused; 2 a PATH cannot be read.
    """
    from interlock.bootstrap.indicating import check_indicators  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.report.indicators import indicator_document, indicator_lines  # noqa: PLC0415

    tally = check_indicators(paths, perf_counter)
    if as_json:
        click.echo(json.dumps(indicator_document(tally), indent=1, ensure_ascii=False))
    else:
        for line in indicator_lines(tally):
            click.echo(escaped(line))
    ctx.exit(FINDINGS if tally.refused or tally.left_out else DONE)
