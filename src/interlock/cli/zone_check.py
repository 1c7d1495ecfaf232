"""`interlock zone check`: what was seen, held against the policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, FINDINGS, NOTHING_READABLE, PARTLY_READ
from interlock.cli.zone_traffic import day_of, mind_emptiness, observed, policy_or_end, traffic_options

if TYPE_CHECKING:
    from interlock.records.site import Site
    from interlock.records.zone_approval import Approved

__all__ = ["check"]


@click.command()
@click.argument("paths", nargs=-1, metavar="[CAPTURE]...")
@click.option("--site", "site_file", required=True, metavar="FILE", help="site.toml with zones and conduits.")
@traffic_options
@json_option
@click.pass_context
def check(ctx: click.Context, paths: tuple[str, ...], site_file: str, store: str | None, days: float | None,
          realms: tuple[str, ...], gsdml: tuple[str, ...], on: str | None, as_json: bool) -> None:  # fmt: skip
    """Say of every operation and conversation of CAPTURE which conduit allows it, or why none does.

    CAPTURE is a capture, a folder of them, or a folder that `interlock analyze` wrote. Without any, and without
    --store, the policy alone is read. What has changed since `interlock zone approve` is told first. Exit codes: 0
    nothing is denied; 1 something is; 2 the policy is wrong.
    """
    from interlock.bootstrap.zone_approving import approved_zones  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.zoning import build_policy, read_policy  # noqa: PLC0415
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.report.zone_drift import approval_answer, drift_document, drift_lines  # noqa: PLC0415
    from interlock.report.zones import check_document, check_lines  # noqa: PLC0415
    from interlock.segment.check.drift import drift_of, kinds_of  # noqa: PLC0415
    from interlock.segment.check.requirements import requirements_of  # noqa: PLC0415
    from interlock.segment.check.verdicts import judged, outcome_of  # noqa: PLC0415

    today = day_of(on)
    policy = read_policy(site_file, today)
    site = policy_or_end(ctx, policy)
    mind_emptiness(policy)
    approved = approved_zones(Path(site_file))
    if not paths and not store:
        _alone(site_file, site, approved)
        return
    seen, code = observed(ctx, site, paths, store=store, days=days, realms=realms, gsdml=gsdml)
    if code == NOTHING_READABLE:
        ctx.exit(code)
    policy_or_end(ctx, policy.against(today, {asset.id for asset in seen.assets}))
    rules = build_policy(site, today, seen.find)
    outcome = outcome_of(rules, seen.traffic)
    drift = (
        None if approved is None else drift_of(approved.record, site, kinds_of(judged(rules, seen.traffic)))
    )
    requirements = requirements_of(rules, seen.traffic, outcome, approval_answer(approved, drift))
    if as_json:
        document = check_document(outcome, requirements, site, drift_document(approved, drift))
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        for line in (*drift_lines(approved, drift), *check_lines(outcome, requirements, site)):
            click.echo(escaped(line))
    partly = PARTLY_READ if outcome.left_out else DONE
    ctx.exit(code or partly or (FINDINGS if outcome.violations else DONE))


def _alone(site_file: str, site: Site, approved: Approved | None) -> None:
    """The policy without traffic: that it is right, and what has changed of it."""
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.records.counting import counted  # noqa: PLC0415
    from interlock.report.zone_drift import drift_lines  # noqa: PLC0415
    from interlock.segment.check.drift import drift_of  # noqa: PLC0415

    parts = counted(len(site.zones), "zone"), counted(len(site.conduits), "conduit")
    click.echo(escaped(f"{site_file}: right; {', '.join(parts)}"))
    for line in drift_lines(approved, None if approved is None else drift_of(approved.record, site, None)):
        click.echo(escaped(line))
