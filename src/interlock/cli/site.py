"""`interlock site`: a site file checked, and which of its tags a capture shows."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, PARTLY_READ
from interlock.records.counting import counted

if TYPE_CHECKING:
    from interlock.records.site import Site

__all__ = ["site"]


@click.group()
def site() -> None:
    """Check site files: what people know of a plant and wires cannot tell."""


@site.command(short_help="Say what a site file covers, and what captures show of it.")
@click.argument("site_file", metavar="SITE.toml")
@click.argument("captures", metavar="[CAPTURE]...", nargs=-1)
@json_option
@click.pass_context
def check(ctx: click.Context, site_file: str, captures: tuple[str, ...], *, as_json: bool) -> None:
    """Read SITE.toml and say what it covers; with captures, which of its tags they show, and what each was.

    Exit 4 where captures show not all of its tags: a tag that is never seen is judged by nobody.
    """
    from interlock.bootstrap import read_site  # noqa: PLC0415 (--help stays quick)

    model = read_site(site_file)
    covered = _covered(model)
    seen = _seen(model, captures) if captures else None
    if as_json:
        click.echo(
            json.dumps(
                {"schema": "interlock/site-check/1", **covered, **({} if seen is None else {"seen": seen})},
                indent=1,
            )
        )
    else:
        _say(site_file, model, covered, seen)
    ctx.exit(DONE if seen is None or all(seen.values()) else PARTLY_READ)


def _covered(model: Site) -> dict[str, Any]:
    from interlock.records.site_text import SECTIONS  # noqa: PLC0415

    limited = [t for t in model.tags if (t.low, t.high, t.rate_per_s, t.step, t.drives) != (None,) * 5]
    return {
        "sections": {name: len(getattr(model, name)) for name in SECTIONS if getattr(model, name)},
        "tags_without_limits": [t.name for t in model.tags if t not in limited],
        "approved": [a.id for a in model.approvals if a.enough],
        "not_approved": {a.id: a.problem for a in model.approvals if not a.enough},
    }


def _seen(model: Site, captures: tuple[str, ...]) -> dict[str, dict[str, Any] | None]:
    """Tag → how many values, the least and the most; None where there was none."""
    from interlock.bootstrap import build_engine  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415
    from interlock.detect.batch import Batch  # noqa: PLC0415
    from interlock.detect.safety.series import Tags  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    tags, found = Tags(model), dict[str, dict[str, Any] | None].fromkeys(tag.name for tag in model.tags)
    with ExitStack() as stack:
        run = stack.enter_context(open_sources(specify(captures, ()), stdin=sys.stdin.buffer))
        engine = build_engine(run.sources, wanted=frozenset({"values"}))
        for batches in decoded(run, engine, progress=lambda _done, _all: None, stop=lambda: False):
            for series in tags.series(Batch("values", batches["values"])) if "values" in batches else ():
                known = found[series.tag.name]
                least, most = float(series.values.min()), float(series.values.max())
                found[series.tag.name] = {
                    "values": len(series.values) + (known["values"] if known else 0),
                    "least": min(least, known["least"]) if known else least,
                    "most": max(most, known["most"]) if known else most,
                }
    return found


def _say(
    file: str, model: Site, covered: dict[str, Any], seen: dict[str, dict[str, Any] | None] | None
) -> None:
    from interlock.export.escape import escaped  # noqa: PLC0415

    parts = ", ".join(
        counted(many, name.removesuffix("s").replace("_", " ")) for name, many in covered["sections"].items()
    )
    click.echo(escaped(f"{Path(file).name}: right; {parts or 'it says nothing yet'}"))
    if covered["tags_without_limits"]:
        click.echo(
            escaped(
                f"tags without limits, judged by their habits only: {', '.join(covered['tags_without_limits'])}"
            )
        )
    for name in covered["approved"]:
        click.echo(escaped(f"{name}: approved"))
    for name, problem in covered["not_approved"].items():
        click.echo(escaped(f"{name}: not approved, so it opens no safety system: {problem}"))
    units = {tag.name: tag.unit or "" for tag in model.tags}
    for name, one in (seen or {}).items():
        told = (
            f"{one['values']:,} values, {one['least']:g} to {one['most']:g} {units[name]}"
            if one
            else "never seen"
        )
        click.echo(escaped(f"{name}: {told}".rstrip()))
