"""`interlock zone approve`: sign the zones and conduits of a site file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.exits import DONE, NOTHING_READABLE
from interlock.cli.signing import PRIVATE_KEY, UNASKED, signer_of
from interlock.cli.zone_traffic import day_of, observed, policy_or_end, traffic_options

if TYPE_CHECKING:
    from interlock.records.zone_approval import ZoneApproval

__all__ = ["approve"]


@click.command()
@click.argument("paths", nargs=-1, metavar="[CAPTURE]...")
@click.option("--site", "site_file", required=True, metavar="FILE", help="site.toml with zones and conduits.")
@PRIVATE_KEY
@UNASKED
@traffic_options
@click.pass_context
def approve(ctx: click.Context, paths: tuple[str, ...], site_file: str, key_file: Path, store: str | None,
            days: float | None, realms: tuple[str, ...], gsdml: tuple[str, ...], on: str | None, *,
            yes: bool) -> None:  # fmt: skip
    """Record zones and conduits as they are now, and sign that; beside them what CAPTURE shows of the plant.

    `interlock zone check` then says what has changed since. FILE.zones.json is the record, FILE.KEY.zones.sig a
    signature. Where the record is of the same policy, and no other traffic is named, one more approver signs it; else
    it is replaced, and signatures of before hold no more.
    """
    from interlock.bootstrap.zone_approving import keep_record, keep_signature, record_file  # noqa: PLC0415
    from interlock.bootstrap.zoning import build_policy, read_policy  # noqa: PLC0415
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.records.zone_approval import MOST_KINDS, ZoneApproval, policy_content  # noqa: PLC0415
    from interlock.segment.check.drift import kinds_of  # noqa: PLC0415
    from interlock.segment.check.verdicts import judged  # noqa: PLC0415

    today = day_of(on)
    policy = read_policy(site_file, today)
    site = policy_or_end(ctx, policy)
    kinds, left_out = None, 0
    if paths or store:
        seen, code = observed(ctx, site, paths, store=store, days=days, realms=realms, gsdml=gsdml)
        if code == NOTHING_READABLE:
            ctx.exit(code)
        policy_or_end(ctx, policy.against(today, {asset.id for asset in seen.assets}))
        every = sorted(kinds_of(judged(build_policy(site, today, seen.find), seen.traffic)))
        kinds, left_out = tuple(every[:MOST_KINDS]), max(0, len(every) - MOST_KINDS)
    zones, conduits = policy_content(site)
    now = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - an approval is dated by the wall's clock
    fresh = ZoneApproval(site=site.name or "", approved=now, zones=zones, conduits=conduits, kinds=kinds,
                         left_out=left_out)  # fmt: skip
    path = Path(site_file)
    record, again = _standing(path, fresh)
    for line in _shown(path, record, again=again):
        click.echo(escaped(line))
    if not yes:
        click.confirm("Approve exactly this?", abort=True)
    signer = signer_of(key_file)
    if not again:
        keep_record(path, record)
    target = keep_signature(path, signer.name, signer.public, signer.sign(record.octets()))
    click.echo(escaped(f"{record_file(path)}: signed with the key {signer.name}; the signature is {target}"))
    ctx.exit(DONE)


def _standing(path: Path, fresh: ZoneApproval) -> tuple[ZoneApproval, bool]:
    """The record to sign, and whether it stands already: of the same policy, for one more approver."""
    from interlock.bootstrap.zone_approving import approved_zones  # noqa: PLC0415
    from interlock.errors import VerificationError  # noqa: PLC0415
    from interlock.export.escape import escaped  # noqa: PLC0415

    try:
        before = approved_zones(path)
    except VerificationError:  # a damaged record is replaced: whoever signs sees what they sign
        return fresh, False
    if before is not None:
        old = before.record
        same = fresh.kinds is None or (fresh.kinds, fresh.left_out) == (old.kinds, old.left_out)
        if same and (old.site, old.zones, old.conduits) == (fresh.site, fresh.zones, fresh.conduits):
            return old, True
        if before.approvers:
            held = f"replaces what {' and '.join(before.approvers)} approved on {old.approved}: sign it again"
            click.echo(f"interlock: {escaped(held)}", err=True)
    return fresh, False


def _shown(path: Path, record: ZoneApproval, *, again: bool) -> list[str]:
    """What is about to be signed, as lines."""
    from interlock.records.counting import counted  # noqa: PLC0415

    kinds = "no traffic" if record.kinds is None else counted(len(record.kinds), "kind") + " of traffic"
    parts = counted(len(record.zones), "zone"), counted(len(record.conduits), "conduit"), kinds
    lines = [f"{path}: {', '.join(parts)}"]
    lines += [f"{record.left_out:,} kinds more do not fit and are not recorded"] if record.left_out else []
    lines += [f"zone {name}: {entry}" for name, entry in record.zones.items()]
    lines += [f"conduit {name}: {entry}" for name, entry in record.conduits.items()]
    return [*lines, f"as approved before, on {record.approved}"] if again else lines
