"""`interlock diff`: what changed between two runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from interlock.cli.as_json import json_option

__all__ = ["diff"]


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@json_option
def diff(old: str, new: str, *, as_json: bool) -> None:
    """Compare the output folders OLD and NEW of two `interlock analyze` runs.

    New and gone machines, changed firmware and fields, new relations, new and settled findings.
    """
    from interlock.report.diff import compare  # noqa: PLC0415 (--help stays quick)
    from interlock.report.difference_views import difference_document, print_difference  # noqa: PLC0415
    from interlock.report.reading import read_folder  # noqa: PLC0415

    difference = compare(read_folder(Path(old)), read_folder(Path(new)))
    if as_json:
        click.echo(json.dumps(difference_document(difference), ensure_ascii=False, indent=1))
        return
    from interlock.cli.console import Console  # noqa: PLC0415

    print_difference(difference, Console())
