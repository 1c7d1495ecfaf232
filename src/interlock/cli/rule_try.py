"""`interlock rule try`: prove a rule before a sensor is given it."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.reading import captures, ending, progress_bar, stop_on_interrupt, tell_losses
from interlock.records.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.capture.run import CaptureRun
    from interlock.pipeline.rule_run import Fired, RuleRun

__all__ = ["try_rules"]

_DAY_S = 86_400


@click.command("try")
@captures
@click.option(
    "--rules", "folders", multiple=True, metavar="FOLDER", help="Rules of your own; may be repeated."
)
@click.option("--only", is_flag=True, help="Only the rules of the folders, not ours.")
@click.option("--site", "site_file", metavar="FILE", help="site.toml: what people know and wires can't tell.")
@json_option
@click.pass_context
def try_rules(ctx: click.Context, paths: tuple[str, ...], realms: tuple[str, ...], folders: tuple[str, ...],
              only: bool, site_file: str | None, as_json: bool) -> None:  # fmt: skip
    """Say how often each rule would have fired over CAPTURE, and how often a day that is.

    CAPTURE is a pcap or pcapng file, gzip or zstd compressed or not, a folder of them, or - for standard input.
    """
    from interlock.bootstrap import read_site  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.ruling import build_rule_run  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415

    rule_run, problems = build_rule_run(folders, read_site(site_file), only=only)
    for problem in problems:
        click.echo(f"interlock: {problem}", err=True)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_interrupt())
        run = stack.enter_context(open_sources(specify(paths, realms), stdin=sys.stdin.buffer, stop=stop))
        stopped = _feed(run, rule_run, stop)
    fired, notes = rule_run.fired(run)
    tell_losses(run)
    _show(fired, notes, _seconds(run), as_json=as_json)
    ctx.exit(ending(run, stopped=stopped))


def _feed(run: CaptureRun, rule_run: RuleRun, stop: Callable[[], bool]) -> bool:
    from interlock.bootstrap import build_engine  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    engine = build_engine(run.sources, wanted=rule_run.wanted)
    with progress_bar(run) as progress:
        for batches in decoded(run, engine, progress=progress, stop=stop):
            rule_run.feed(batches, engine.dissector.now)
    return stop() and any(run.unfinished)


def _seconds(run: CaptureRun) -> float:
    """How long the captures watched, together."""
    spans = ((s.first, s.last) for s in run.statistics)
    return sum(max(0, last - first) for first, last in spans if first is not None and last is not None) / 1e9


def _show(fired: Sequence[Fired], notes: Sequence[str], seconds: float, *, as_json: bool) -> None:
    from interlock.export.escape import escaped  # noqa: PLC0415

    if as_json:
        rules = [
            {
                "rule": one.rule, "level": one.severity, "findings": len(one.findings), "count": one.count,
                "findings_a_day": round(len(one.findings) * _DAY_S / seconds, 2) if seconds else None,
                "titles": [finding.title for finding in one.findings[:20]],
            }
            for one in fired
        ]  # fmt: skip
        document = {
            "schema": "interlock/rule-try/1",
            "seconds": seconds,
            "rules": rules,
            "notes": list(notes),
        }
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return
    width = max((len(one.rule) for one in fired), default=4)
    for one in fired:
        often = f"{len(one.findings) * _DAY_S / seconds:.1f} a day" if seconds else "no time passed"
        click.echo(
            escaped(
                f"{one.rule:<{width}}  {one.severity:<8}  {counted(len(one.findings), 'finding')} ({often}), "
                f"counted {one.count}; {one.findings[0].title}"
            )
        )
    for note in notes:
        click.echo(escaped(note))
    click.echo(f"{counted(len(fired), 'rule')} fired in {seconds / 3600:.2f} hours of traffic")
