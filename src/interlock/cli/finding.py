"""`interlock finding`: what is done about findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["finding"]


@click.group()
def finding() -> None:
    """Accept findings, with a reason and an end."""


@finding.command(short_help="Write an exception for a finding into the site file.")
@click.argument("identifier", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why it may stay as it is.")
@click.option(
    "--until",
    required=True,
    type=click.DateTime(("%Y-%m-%d",)),
    metavar="DATE",
    help="Last day it is accepted (UTC), as 2027-05-31.",
)
@click.option("--owner", metavar="NAME", help="Who answers for it.")
@click.option(
    "--site", "site_file", default="site.toml", show_default=True, metavar="FILE", help="The site file."
)
def accept(identifier: str, reason: str, until: datetime, owner: str | None, site_file: str) -> None:
    """Write an exception for the finding ID into the site file; comments and order stay.

    It is honoured, and shown as accepted, by every run that is given the site file, until its last day.
    """
    from interlock.bootstrap.written import written_text  # noqa: PLC0415 (--help stays quick)
    from interlock.records.exceptions import accept_finding  # noqa: PLC0415
    from interlock.report.atomic import write_atomic  # noqa: PLC0415

    path = Path(site_file)
    text = written_text(path, "name a site file that you may change") if path.exists() else ""
    changed = accept_finding(
        text, finding=identifier, reason=reason, until=until.date(), owner=owner, file=site_file
    )
    write_atomic(path, changed)
    click.echo(f"{site_file}: {identifier} is accepted until {until.date()}")
