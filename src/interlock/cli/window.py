"""`interlock window`: windows and work orders of a site file, signed by approvers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, FINDINGS
from interlock.cli.signing import PRIVATE_KEY, UNASKED, signer_of

if TYPE_CHECKING:
    from interlock.records.site import Site

__all__ = ["window"]


@click.group()
def window() -> None:
    """Sign windows and work orders of a site file, and verify their signatures."""


def _site(path: Path) -> Site:
    from interlock.bootstrap import read_site  # noqa: PLC0415 (--help stays quick)

    return read_site(str(path), policy=False)


@window.command(short_help="Show a window or work order, and sign it.")
@click.argument("site_file", metavar="SITE.toml", type=click.Path(path_type=Path))
@click.argument("identifier", metavar="ID")
@PRIVATE_KEY
@UNASKED
def sign(site_file: Path, identifier: str, key_file: Path, *, yes: bool) -> None:
    """Show the window or work order ID and sign it; the signature is written beside the site file."""
    from interlock.bootstrap.approving import signature_file  # noqa: PLC0415
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.records.approval import canonical, entry_of, signature_text  # noqa: PLC0415
    from interlock.report.atomic import write_atomic  # noqa: PLC0415

    site = _site(site_file)
    octets = canonical(site, entry_of(site, identifier))
    click.echo(escaped(octets.decode().partition("\n")[2]))
    if not yes:
        click.confirm("Approve exactly this?", abort=True)
    signer = signer_of(key_file)
    target = signature_file(site_file, identifier, signer.name)
    write_atomic(target, signature_text(identifier, signer.public, signer.sign(octets)))
    click.echo(f"{target}: {identifier} is signed with the key {signer.name}")


@window.command(short_help="Say which windows and work orders are approved.")
@click.argument("site_file", metavar="SITE.toml", type=click.Path(path_type=Path))
@click.argument("identifiers", metavar="[ID]...", nargs=-1)
@json_option
@click.pass_context
def verify(ctx: click.Context, site_file: Path, identifiers: tuple[str, ...], *, as_json: bool) -> None:
    """Say which windows and work orders are approved; exit 1 where one of those asked for is not."""
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.records.approval import entry_of  # noqa: PLC0415

    site = _site(site_file)
    for identifier in identifiers:
        entry_of(site, identifier)
    asked = [a for a in site.approvals if not identifiers or a.id in identifiers]
    if as_json:
        rows = [
            {"id": a.id, "approved": a.enough, "approvers": list(a.approvers), "problem": a.problem}
            for a in asked
        ]
        click.echo(json.dumps({"schema": "interlock/window-approvals/1", "approvals": rows}, indent=1))
    for one in () if as_json else asked:
        says = f"approved by {' and '.join(one.approvers)}" if one.enough else f"not approved: {one.problem}"
        click.echo(escaped(f"{one.id}: {says}"))
    if not asked and not as_json:
        click.echo(f"{site_file}: no window or work order has an id, so none can be signed")
    ctx.exit(DONE if all(a.enough for a in asked) else FINDINGS)
