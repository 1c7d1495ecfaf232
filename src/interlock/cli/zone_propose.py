"""`interlock zone propose`: a first policy from what is seen."""

from __future__ import annotations

import json
from pathlib import Path

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import NOTHING_READABLE
from interlock.cli.zone_traffic import day_of, observed, policy_or_end, traffic_options

__all__ = ["propose"]


@click.command()
@click.argument("paths", nargs=-1, metavar="[CAPTURE]...")
@click.option("--site", "site_file", metavar="FILE", help="site.toml as it is: what stands there stays.")
@click.option("--answers", metavar="FILE", help="answers.toml: what you answered to questions.toml.")
@click.option("--out", required=True, metavar="DIR", help="Where site.toml and questions.toml go.")
@traffic_options
@json_option
@click.pass_context
def propose(ctx: click.Context, paths: tuple[str, ...], site_file: str | None, answers: str | None, out: str,
            store: str | None, days: float | None, realms: tuple[str, ...], gsdml: tuple[str, ...],
            on: str | None, as_json: bool) -> None:  # fmt: skip
    """Propose zones for machines that have none, and the least conduits that what was seen needs.

    DIR gets site.toml (yours, with the proposal behind what stands there), questions.toml (what traffic could not
    show), answers.toml to begin with, where there is none, and proposed.toml: what you take away of a proposal that
    you took over is not proposed again. Your own files are never written. Exit codes: 0 done; 2 the site file or an
    answer is wrong; 4 partly read.
    """
    from interlock.bootstrap.zoning import PolicyText, read_policy  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.zoning import propose as make  # noqa: PLC0415
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.records.site import Site  # noqa: PLC0415
    from interlock.report.atomic import make_folder, write_atomic  # noqa: PLC0415
    from interlock.report.zone_proposal import proposal_document, proposal_lines  # noqa: PLC0415

    today = day_of(on)
    policy = PolicyText("site.toml", "", Site()) if site_file is None else read_policy(site_file, today)
    site = policy_or_end(ctx, policy)
    seen, code = observed(ctx, site, paths, store=store, days=days, realms=realms, gsdml=gsdml)
    if code == NOTHING_READABLE:
        ctx.exit(code)
    policy_or_end(ctx, policy.against(today, {asset.id for asset in seen.assets}))
    folder = Path(out)
    ever = folder / "proposed.toml"
    made = make(policy, seen, answers, today, str(ever) if ever.exists() else None)
    make_folder(folder)
    write_atomic(folder / "site.toml", made.site_text)
    write_atomic(folder / "questions.toml", made.questions)
    write_atomic(ever, made.proposed)
    if not (folder / "answers.toml").exists():
        write_atomic(folder / "answers.toml", made.answers)
    if as_json:
        click.echo(json.dumps(proposal_document(made.proposal), ensure_ascii=False, indent=1))
    else:
        for line in proposal_lines(made.proposal):
            click.echo(escaped(line))
        click.echo(
            escaped(
                f"{folder / 'site.toml'}: read it, mend it, and hold it against other traffic before it is used"
            )
        )
    ctx.exit(code)
