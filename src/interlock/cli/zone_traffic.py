"""What every command that holds a policy against traffic shares: where the traffic comes from."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.exits import DONE, USAGE
from interlock.cli.reading import descriptions, ending, progress_bar, stop_on_interrupt, tell_losses, watch_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.zoning import PolicyText
    from interlock.pipeline.zone_run import Observed
    from interlock.records.site import Site

__all__ = ["day_of", "mind_emptiness", "observed", "policy_or_end", "traffic_options"]


def traffic_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--store, --days, --realm, --gsdml and --on, as every such command takes them."""
    for option in (
        click.option("--on", "on", metavar="DATE", help="The day (UTC) that ends are judged by; today otherwise."),
        click.option("--realm", "realms", multiple=True, metavar="FILE=NAME",
                     help="Address space of a capture; may be repeated."),
        click.option("--days", type=click.FloatRange(0, min_open=True), metavar="N",
                     help="Of the store: only the last N days."),
        click.option("--store", metavar="DIR", help="A sensor's store, in place of captures."),
    ):  # fmt: skip
        command = option(command)
    return descriptions(command)


def day_of(text: str | None) -> date:
    """The day that is meant, today (UTC) where none is. Raises click.UsageError."""
    if text is None:
        return datetime.fromtimestamp(time.time_ns() // 10**9, UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"--on {text}: is no day; write it as 2026-12-31") from error


def policy_or_end(ctx: click.Context, policy: PolicyText) -> Site:
    """The policy's site, or every problem on standard error and the end: nothing is half applied."""
    from interlock.export.escape import escaped  # noqa: PLC0415 (--help stays quick)

    for problem in policy.problems:
        click.echo(f"interlock: {escaped(problem)}", err=True)
    if policy.problems:
        ctx.exit(USAGE)
    return policy.site


def mind_emptiness(policy: PolicyText) -> None:
    """Say on standard error that a file without zones denies everything: it may be the wrong file."""
    from interlock.export.escape import escaped  # noqa: PLC0415

    if not policy.site.zones:
        click.echo(
            f"interlock: {escaped(policy.file)} has no zones: every machine is in none, and everything is denied;"
            " `interlock zone propose` drafts some",
            err=True,
        )


def observed(
    ctx: click.Context,
    site: Site,
    paths: tuple[str, ...],
    *,
    store: str | None,
    days: float | None,
    realms: tuple[str, ...],
    gsdml: tuple[str, ...],
) -> tuple[Observed, int]:
    """All that was seen, and the exit code of reading it."""
    from interlock.bootstrap.zoning import from_folder, from_store  # noqa: PLC0415
    from interlock.store.records_folder import is_records_folder  # noqa: PLC0415

    if bool(paths) == bool(store):
        raise click.UsageError("name captures (or a folder that `interlock analyze` wrote), or a --store")
    if days is not None and not store:
        raise click.UsageError("--days is of a --store")
    if store:
        return from_store(store, days=days, now=time.time_ns()), DONE
    if len(paths) == 1 and is_records_folder(Path(paths[0])):
        return from_folder(paths[0]), DONE
    return _captures(ctx, site, paths, realms, gsdml)


def _captures(
    ctx: click.Context, site: Site, paths: tuple[str, ...], realms: tuple[str, ...], gsdml: tuple[str, ...]
) -> tuple[Observed, int]:
    from interlock.bootstrap.zoning import build_zone_run, run_captures  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415

    zone_run = build_zone_run(site)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_interrupt())
        run = stack.enter_context(open_sources(specify(paths, realms), stdin=sys.stdin.buffer, stop=stop))
        progress = stack.enter_context(progress_bar(run))
        stopped = run_captures(run, zone_run, gsdml=gsdml, watch=watch_of(ctx), progress=progress, stop=stop)
    tell_losses(run)
    return zone_run.finish(), ending(run, stopped=stopped)
