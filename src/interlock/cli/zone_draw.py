"""`interlock zone draw`: zones and conduits as one picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.as_json import json_option_of
from interlock.cli.exits import DONE, FINDINGS, NOTHING_READABLE
from interlock.cli.zone_traffic import day_of, observed, policy_or_end, traffic_options
from interlock.records.counting import counted

if TYPE_CHECKING:
    from datetime import date

    from interlock.pipeline.zone_run import Observed
    from interlock.records.asset import Asset
    from interlock.records.site import Site
    from interlock.segment.draw.scene import Scene
    from interlock.segment.model.policy import Policy

__all__ = ["draw"]


@click.command()
@click.argument("paths", nargs=-1, metavar="[CAPTURE]...")
@click.option("--site", "site_file", required=True, metavar="FILE", help="site.toml with zones and conduits.")
@click.option("--out", required=True, metavar="FILE", help="The SVG; written whole or not at all.")
@click.option("--before", metavar="FILE", help="The site file as it was: draw what differs.")
@click.option("--day-before", "days_before", multiple=True, metavar="CAPTURE",
              help="Of another day: draw what was seen on one day alone; may be repeated.")  # fmt: skip
@click.option("--assets", metavar="FOLDER", help="Of `interlock analyze`: the machines that there are.")
@click.option("--in", "only", metavar="NAME", help="Of which address space, where the site file has several.")
@traffic_options
@json_option_of("Print what is drawn as one JSON object, too.")
@click.pass_context
def draw(ctx: click.Context, paths: tuple[str, ...], site_file: str, out: str, before: str | None,
         days_before: tuple[str, ...], assets: str | None, only: str | None, store: str | None, days: float | None,
         realms: tuple[str, ...], gsdml: tuple[str, ...], on: str | None, *, as_json: bool) -> None:  # fmt: skip
    """Draw the zones of a site file by Purdue level, conduits as arrows with verbs.

    With CAPTURE (or --store) what was seen and is denied is drawn in red. --before draws the difference of two site
    files, --day-before that of two days. Exit codes: 0 drawn; 1 drawn, and something is denied; 2 the policy is wrong.
    """
    from interlock.bootstrap.zone_exporting import known_assets  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.zoning import build_policy, read_policy  # noqa: PLC0415
    from interlock.pipeline.zone_run import finder  # noqa: PLC0415
    from interlock.report.atomic import write_atomic  # noqa: PLC0415
    from interlock.report.zone_map import zone_map  # noqa: PLC0415
    from interlock.report.zone_map_document import map_document  # noqa: PLC0415
    from interlock.segment.model.realms import realm_of, refuse_unknown  # noqa: PLC0415

    if before and days_before:
        raise click.UsageError("--before compares site files and --day-before days; name one of them")
    today = day_of(on)
    text = read_policy(site_file, today)
    site = policy_or_end(ctx, text)
    told = {"realms": realms, "gsdml": gsdml}
    seen, code = _read(ctx, site, paths, store=store, days=days, **told) if paths or store else (None, DONE)
    known = known_assets(assets, None) or (None if seen is None else seen.assets)
    site = policy_or_end(ctx, text if known is None else text.against(today, {a.id for a in known}))
    policy = build_policy(site, today, finder(known or ()))
    realm = realm_of(policy, only, "--in")
    refuse_unknown(site, realm, known)
    if not days_before:
        scene = _policies(ctx, policy, realm, known or (), seen, before, today)
    elif seen is None:
        raise click.UsageError("--day-before needs a day to compare it with: name captures, or a --store")
    else:
        other, partly = _read(ctx, site, days_before, store=None, days=None, **told)
        code, scene = code or partly, _days(policy, realm, other, seen)
    write_atomic(
        Path(out), zone_map(scene, title=_title(scene, before, days_before), note=_note(scene, today))
    )
    if as_json:
        click.echo(json.dumps(map_document(scene), ensure_ascii=False, indent=1))
    else:
        _tell(scene, out)
    denied = any(arrow.denied and arrow.state != "removed" for arrow in scene.arrows)
    ctx.exit(code or (FINDINGS if denied else DONE))


def _read(ctx: click.Context, site: Site, paths: tuple[str, ...], **given: Any) -> tuple[Observed, int]:
    """What was seen, and the exit code of reading it; ends where nothing could be read."""
    seen, code = observed(ctx, site, paths, **given)
    if code == NOTHING_READABLE:
        ctx.exit(code)
    return seen, code


def _policies(ctx: click.Context, policy: Policy, realm: str, known: tuple[Asset, ...], seen: Observed | None,
              before: str | None, today: date) -> Scene:  # fmt: skip
    """One policy with its violations, or what differs from the one before."""
    from interlock.bootstrap.zoning import build_policy, read_policy  # noqa: PLC0415
    from interlock.pipeline.zone_run import finder  # noqa: PLC0415
    from interlock.segment.check.verdicts import outcome_of  # noqa: PLC0415
    from interlock.segment.draw.difference import difference_of  # noqa: PLC0415
    from interlock.segment.draw.scene import scene_of  # noqa: PLC0415

    def drawn(one: Policy) -> Scene:
        violations = None if seen is None else outcome_of(one, seen.traffic).violations
        return scene_of(one, realm, known, violations)

    if before is None:
        return drawn(policy)
    old = policy_or_end(ctx, read_policy(before, today))
    return difference_of(drawn(build_policy(old, today, finder(known))), drawn(policy))


def _days(policy: Policy, realm: str, one: Observed, other: Observed) -> Scene:
    """What was seen on one of two days alone."""
    from interlock.segment.check.verdicts import judged  # noqa: PLC0415
    from interlock.segment.draw.difference import difference_of  # noqa: PLC0415
    from interlock.segment.draw.scene import seen_scene  # noqa: PLC0415

    machines = tuple({asset.id: asset for seen in (one, other) for asset in seen.assets}.values())
    scenes = [seen_scene(policy, realm, machines, judged(policy, seen.traffic)) for seen in (one, other)]
    return difference_of(*scenes)


def _title(scene: Scene, before: str | None, days_before: tuple[str, ...]) -> str:
    of = f" of {scene.site}" if scene.site else ""
    if before:
        return f"Zones and conduits{of}: what differs from {Path(before).name}"
    if days_before:
        return f"What passed between the zones{of}: what differs from {Path(days_before[0]).name}"
    return f"Zones and conduits{of}"


def _note(scene: Scene, today: date) -> str:
    entries = [entry for arrow in scene.arrows if not arrow.denied for entry in arrow.entries]
    if scene.differs:
        added, removed = (sum(entry.state == state for entry in entries) for state in ("added", "removed"))
        same = len(entries) - added - removed
        return f"as of {today}; between the zones {added} added, {removed} removed, {same} the same"
    return f"as of {today}; {counted(len(entries), 'allowance')} between the zones; all else is denied"


def _tell(scene: Scene, out: str) -> None:
    from interlock.export.escape import escaped  # noqa: PLC0415

    denied = sum(len(arrow.entries) for arrow in scene.arrows if arrow.denied)
    said = f"{out}: {counted(len(scene.boxes), 'box', 'boxes')}, {counted(len(scene.arrows), 'arrow')}"
    click.echo(escaped(f"{said}, {counted(denied, 'kind')} of denied traffic" if denied else said))
