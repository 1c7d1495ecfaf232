"""`interlock zone reach`: what a taken machine could touch."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, FINDINGS
from interlock.cli.zone_traffic import day_of, policy_or_end

if TYPE_CHECKING:
    from interlock.segment.check.traffic import Traffic

__all__ = ["reach"]


@click.command()
@click.argument("start", metavar="[FROM]", required=False)
@click.argument("end", metavar="[TO]", required=False)
@click.option("--site", "site_file", required=True, metavar="FILE", help="site.toml with zones and conduits.")
@click.option("--assets", metavar="FOLDER", help="Of `interlock analyze`: the machines that there are.")
@click.option("--store", metavar="DIR", help="The same from a sensor's store.")
@click.option(
    "--observed", is_flag=True, help="Say also what machines were seen to do, of FOLDER or the store."
)
@click.option("--in", "--realm", "realm", metavar="NAME",
              help="Of which address space, where the site file has several.")  # fmt: skip
@click.option("--jewel", "jewels", multiple=True, metavar="NAME",
              help="A machine or zone as precious as a safety system; may be repeated.")  # fmt: skip
@click.option("--on", "on", metavar="DATE", help="The day (UTC) that ends are judged by; today otherwise.")
@json_option
@click.pass_context
def reach(ctx: click.Context, start: str | None, end: str | None, site_file: str, assets: str | None,
          store: str | None, realm: str | None, jewels: tuple[str, ...], on: str | None, *,
          observed: bool, as_json: bool) -> None:  # fmt: skip
    """Say what machine FROM, once taken, could take and touch through conduits, and by which way.

    Without FROM: all machines. FROM and TO: an address, a machine's name, or a zone. Exit codes: 0 TO is not reached
    (without TO: no safety system and no jewel can be taken); 1 it is; 2 the policy is wrong.
    """
    from interlock.bootstrap.zone_exporting import known_assets  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.zone_reaching import build_picture  # noqa: PLC0415
    from interlock.bootstrap.zoning import build_policy, read_policy  # noqa: PLC0415
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.pipeline.zone_run import finder  # noqa: PLC0415
    from interlock.report.zone_reach import reach_document, reach_lines  # noqa: PLC0415
    from interlock.segment.model.realms import realm_of, refuse_unknown  # noqa: PLC0415

    today = day_of(on)
    text = read_policy(site_file, today)
    policy_or_end(ctx, text)
    known = known_assets(assets, store)
    traffic = _seen(assets, store) if observed else None
    site = policy_or_end(ctx, text if known is None else text.against(today, {a.id for a in known}))
    policy = build_policy(site, today, finder(known or ()))
    where = realm_of(policy, realm)
    refuse_unknown(site, where, known)
    picture = build_picture(policy, where, known or (), jewels, traffic)
    starts = frozenset(range(len(picture.ways.kinds))) if start is None else picture.meant(start)
    ends = None if end is None else picture.meant(end)
    if as_json:
        click.echo(json.dumps(reach_document(picture, starts, ends), ensure_ascii=False, indent=1))
    else:
        for line in reach_lines(picture, starts, ends):
            click.echo(escaped(" ".join(line.split()) if not line.startswith("  ") else line))
    wanted = ends if ends is not None else frozenset(n for each in picture.precious for n in each.kinds)
    hit = any(
        (picture.reached[n].taken | (picture.reached[n].touched if ends else frozenset())) & wanted - {n}
        for n in starts
    )
    ctx.exit(FINDINGS if hit else DONE)


def _seen(folder: str | None, store: str | None) -> Traffic:
    """What was seen of the machines. Raises click.UsageError, SourceError."""
    from interlock.bootstrap.zoning import from_folder, from_store  # noqa: PLC0415

    if store is not None:
        return from_store(store, days=None, now=time.time_ns()).traffic
    if folder is None:
        raise click.UsageError("--observed: name --assets FOLDER (of `interlock analyze`) or a --store")
    return from_folder(folder).traffic
