"""`interlock zone export`: the policy as a firewall reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option_of
from interlock.cli.exits import DONE, FINDINGS
from interlock.cli.zone_traffic import day_of, policy_or_end

if TYPE_CHECKING:
    from interlock.segment.export.target import Written

__all__ = ["export"]


@click.command()
@click.option("--to", "target", metavar="TARGET", help="Which firewall; --list names them.")
@click.option("--list", "listing", is_flag=True, help="List the targets.")
@click.option("--site", "site_file", metavar="FILE", help="site.toml with zones and conduits.")
@click.option("--out", metavar="FILE", help="Write there, whole or not at all, in place of standard output.")
@click.option(
    "--assets", metavar="FOLDER", help="Of `interlock analyze`: the machines that selectors and ids mean."
)
@click.option("--store", metavar="DIR", help="The same from a sensor's store.")
@click.option("--in", "--realm", "realm", metavar="NAME",
              help="Of which address space, where the site file has several.")  # fmt: skip
@click.option("--port", "ports", multiple=True, metavar="PROTOCOL=PORTS",
              help="Where a protocol is spoken besides its usual ports: modbus=tcp/5020; may be repeated.")  # fmt: skip
@click.option("--on", "on", metavar="DATE", help="The day (UTC) that ends are judged by; today otherwise.")
@click.option(
    "--strict",
    is_flag=True,
    help="Write nothing, and end with 1, where more would pass than allowed.",
)
@json_option_of("One JSON object: the text, and what it cannot say.")
@click.pass_context
def export(ctx: click.Context, target: str | None, site_file: str | None, out: str | None, assets: str | None,
           store: str | None, realm: str | None, ports: tuple[str, ...], on: str | None, *, listing: bool,
           strict: bool, as_json: bool) -> None:  # fmt: skip
    """Write the policy of a site file for a firewall.

    What the firewall cannot say (verbs, objects, frames without IP) is said on standard error and stands in the head of
    the text: whether more then passes than the policy allows, or less. Exit codes: 0 written; 1 refused by --strict; 2
    the policy is wrong.
    """
    from interlock.bootstrap.zone_exporting import build_plan, build_target, known_assets  # noqa: PLC0415
    from interlock.bootstrap.zoning import build_policy, read_policy  # noqa: PLC0415 (--help stays quick)
    from interlock.pipeline.zone_run import finder  # noqa: PLC0415

    if listing:
        _list()
        return
    if target is None or site_file is None:
        raise click.UsageError("name a target by --to and a site file by --site")
    writer, today = build_target(target), day_of(on)
    extra = [_port(text) for text in ports]
    policy = read_policy(site_file, today)
    policy_or_end(ctx, policy)
    known = known_assets(assets, store)
    if known is not None:
        policy = policy.against(today, {asset.id for asset in known})
    site = policy_or_end(ctx, policy)
    plan = build_plan(build_policy(site, today, finder(known or ())), realm, extra, known)
    written = writer.write(plan)
    refused = strict and any(lack.effect == "wider" for lack in written.lacks)
    _tell(written, quiet=as_json)
    _give(written, target, plan.realm, out if not refused else None, as_json=as_json, refused=refused)
    ctx.exit(FINDINGS if refused else DONE)


def _list() -> None:
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.segment.export.target import targets  # noqa: PLC0415

    for name, (_, about) in sorted(targets().items()):
        click.echo(escaped(f"{name:<14} {about}"))


def _port(text: str) -> tuple[str, str]:
    from interlock.bootstrap.zoning import words  # noqa: PLC0415
    from interlock.records.conduit import ports_of  # noqa: PLC0415

    name, _, port = text.partition("=")
    if ports_of(port) is None:
        raise click.UsageError(f"--port {text}: write it as modbus=tcp/5020")
    if name not in words():
        raise click.UsageError(f"--port {text}: no decoder knows the protocol {name!r}")
    return name, port


def _tell(written: Written, *, quiet: bool) -> None:
    """Say on standard error what is lost."""
    from interlock.export.escape import escaped  # noqa: PLC0415

    for lack in written.lacks if not quiet else ():
        sentence = " ".join(lack.sentence.split())  # a name may hold line feeds
        click.echo(f"interlock: {lack.effect}: {escaped(sentence)}", err=True)


def _give(
    written: Written, target: str, realm: str, out: str | None, *, as_json: bool, refused: bool
) -> None:
    from interlock.report.atomic import write_atomic  # noqa: PLC0415
    from interlock.report.zone_export import export_document  # noqa: PLC0415

    if out is not None:
        write_atomic(Path(out), written.text)
    if as_json:
        document = export_document(written, target, realm, refused=refused)
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    elif refused:
        click.echo(
            "interlock: nothing was written: --strict refuses what lets more pass than the policy", err=True
        )
    elif out is None:
        click.echo(written.text, nl=False)
