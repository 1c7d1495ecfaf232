"""`interlock zone replay`: what a policy would cut, before it is applied."""

from __future__ import annotations

import json

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, FINDINGS, NOTHING_READABLE, PARTLY_READ
from interlock.cli.zone_traffic import day_of, mind_emptiness, observed, policy_or_end, traffic_options

__all__ = ["replay"]

_EXITS = {"clean": DONE, "cuts": FINDINGS, "not-enough": PARTLY_READ}


@click.command()
@click.argument("policy_file", metavar="POLICY")
@click.argument("others", nargs=-1, metavar="[CAPTURE]...")
@click.option(
    "--against", "against", multiple=True, metavar="CAPTURE", help="What it is held against; may be repeated."
)
@click.option("--enough", type=click.FloatRange(0), default=7.0, show_default=True, metavar="DAYS",
              help="With less seen, the verdict is `not enough seen`.")  # fmt: skip
@traffic_options
@json_option
@click.pass_context
def replay(ctx: click.Context, policy_file: str, others: tuple[str, ...], against: tuple[str, ...], enough: float,
           store: str | None, days: float | None, realms: tuple[str, ...], gsdml: tuple[str, ...], on: str | None,
           as_json: bool) -> None:  # fmt: skip
    """Say what the site file POLICY would have cut of recorded traffic: operations, control loops, masters, attacks.

    It knows the past only: `cuts nothing seen in N days` is no promise. Exit codes: 0 cuts nothing seen; 1 cuts
    something; 2 the policy is wrong; 3 nothing readable; 4 not enough was seen.
    """
    from interlock.bootstrap.zoning import build_policy, read_policy  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.report.zone_replay import replay_document, replay_lines  # noqa: PLC0415
    from interlock.segment.replay.verdict import replay_of  # noqa: PLC0415

    today = day_of(on)
    policy = read_policy(policy_file, today)
    site = policy_or_end(ctx, policy)
    mind_emptiness(policy)
    paths = (*against, *others)
    seen, code = observed(ctx, site, paths, store=store, days=days, realms=realms, gsdml=gsdml)
    if code == NOTHING_READABLE:
        ctx.exit(code)
    policy_or_end(ctx, policy.against(today, {asset.id for asset in seen.assets}))
    made = replay_of(
        build_policy(site, today, seen.find),
        seen.traffic,
        enough_days=enough,
        findings=seen.findings,
        whole=code == DONE,
        watchdogs=seen.watchdogs,
    )
    if as_json:
        click.echo(json.dumps(replay_document(made, site), ensure_ascii=False, indent=1))
    else:
        for line in replay_lines(made, site):
            click.echo(escaped(line))
    ctx.exit(code or _EXITS[made.state])
