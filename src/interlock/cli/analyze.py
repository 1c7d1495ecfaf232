"""`interlock analyze`: captures in, a picture of the plant out."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from interlock.cli.as_json import json_option_of
from interlock.cli.exits import DONE, FINDINGS
from interlock.cli.judgement import judgement, judgement_of
from interlock.cli.reading import (
    captures,
    descriptions,
    ending,
    progress_bar,
    stop_on_interrupt,
    tell_losses,
    watch_of,
)
from interlock.collector import collected
from interlock.records.budget import Budget
from interlock.records.counting import counted
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from interlock.capture.run import CaptureRun
    from interlock.pipeline.analyze_run import Analysis
    from interlock.report.record import Report

__all__ = ["analyze"]

CONTENTS: Final = "artifact_contents"
"""The table of programs' octets, which is made only where somebody keeps them."""
_MUCH: Final = 440 << 20
"""Octets in memory from which on what lies free between two steps is given back: a run is to stay below 512 MiB."""

_BUDGET: Final = Budget(flows=65_536, requests=65_536)
"""What is followed takes a KiB or two each, and here one process does what three share in a sensor."""


@click.command()
@captures
@descriptions
@click.option(
    "--out", "folder", default="interlock-out", show_default=True, metavar="DIR", help="Where results go."
)
@judgement
@click.option(
    "--fail-on", type=click.Choice(SEVERITIES), help="Exit 1 where a finding is at least this severe."
)
@click.option(
    "--keep-programs",
    is_flag=True,
    help="Keep programs and files from the wire in DIR/programs, by their SHA-256.",
)
@json_option_of("Print summary.json instead of the summary.")
@click.pass_context
def analyze(ctx: click.Context, paths: tuple[str, ...], realms: tuple[str, ...], folder: str,
            gsdml: tuple[str, ...], site_file: str | None, rules: tuple[str, ...], state: str | None,
            projects: tuple[str, ...], indicators: tuple[str, ...], signatures: tuple[str, ...], midstream: Any,
            checksums: Any, fail_on: str | None, keep_programs: bool, as_json: bool) -> None:  # fmt: skip
    """Say which machines are there, what they do to each other and what is dangerous.

    CAPTURE is a pcap or pcapng file, gzip or zstd compressed or not, a folder of them, or - for standard input.
    Nothing is sent to any machine.
    """
    from interlock.bootstrap import build_analysis, build_engine, read_site  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.allocating import allocate_for_a_run  # noqa: PLC0415
    from interlock.bootstrap.foreseeing import foresee  # noqa: PLC0415
    from interlock.bootstrap.signature_screens import screening_of  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415

    for option, value in (("--midstream", midstream), ("--checksums", checksums)):
        if value is not None and not signatures:
            raise click.UsageError(f"{option} is about signatures: name some with --signatures")
    allocate_for_a_run()
    site = read_site(site_file)
    out = Path(folder)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_interrupt())
        specs = specify(paths, realms)
        run = stack.enter_context(open_sources(specs, stdin=sys.stdin.buffer, stop=stop))
        how = (midstream, checksums) if midstream or not signatures else ("no", checksums or "no")
        given = judgement_of(rules, state, projects, indicators, signatures, site_file, *how)
        analysis, tables = build_analysis(site, out, given)
        foresee(analysis.runner, specs)
        stack.callback(tables.abandon)
        tables.open()
        wanted = analysis.wanted | ({CONTENTS} if keep_programs else frozenset())
        read = {"read": analysis.read, "buffers": analysis.buffers, "budget": _BUDGET, **watch_of(ctx)}
        engine = build_engine(
            run.sources, wanted=wanted, gsdml=gsdml, screen=screening_of(analysis.runner), **read
        )
        report, stopped = _run(run, engine, analysis, stop, out / "programs")
        stop()
        tables.seal()  # a disk that refuses does so before any file of an earlier run is replaced
        written = (*_write(report, out), *_write_costs(analysis, out))
        files = [*tables.commit(), *written]
    tell_losses(run)
    if not midstream:
        _tell_joined(analysis)
    _show(report, files, out, as_json=as_json)
    code = ending(run, stopped=stopped)
    ctx.exit(code if code != DONE else _verdict(report, fail_on))


def _run(
    run: CaptureRun, engine: Any, analysis: Analysis, stop: Callable[[], bool], programs: Path
) -> tuple[Report, bool]:
    from interlock import __version__  # noqa: PLC0415
    from interlock.bootstrap.allocating import give_back_beyond  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    began = time.perf_counter()
    with collected(), progress_bar(run) as progress:
        for batches in decoded(run, engine, progress=progress, stop=stop):
            if CONTENTS in batches:
                _keep(programs, batches.pop(CONTENTS))
            analysis.feed(batches, engine.dissector.now)
            give_back_beyond(_MUCH)
        stopped = stop() and any(run.unfinished)
    seconds = time.perf_counter() - began
    return analysis.report(run, version=__version__, seconds=seconds, wall_now=time.time_ns()), stopped


def _keep(folder: Path, contents: pa.RecordBatch) -> None:
    from interlock.bootstrap.programs import keep_contents  # noqa: PLC0415

    keep_contents(folder, {row["sha256"]: row["octets"] for row in contents.to_pylist()})


def _write(report: Report, out: Path) -> tuple[Path, ...]:
    from interlock.report.output import write_report  # noqa: PLC0415

    return write_report(report, out)


def _write_costs(analysis: Analysis, out: Path) -> tuple[Path, ...]:
    """What signatures cost, where there are any."""
    from interlock.bootstrap.signature_costs import keep_costs  # noqa: PLC0415

    return keep_costs(analysis.runner, time.time_ns(), out)


def _tell_joined(analysis: Analysis) -> None:
    """Where nobody said what signatures are to make of connections without a beginning, say what they did."""
    from interlock.bootstrap.signature_costs import joined_in  # noqa: PLC0415

    if joined := joined_in(analysis.runner):
        which = counted(joined, "connection was", "connections were")
        click.echo(
            f"interlock: {which} open before the capture begins: signatures looked at each segment by itself there, as "
            "Suricata does; --midstream own has them look at connections",
            err=True,
        )


def _show(report: Report, files: list[Path], out: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo((out / "summary.json").read_text("utf-8"), nl=False)
        return
    from interlock.cli.console import Console  # noqa: PLC0415
    from interlock.report.terminal import print_summary  # noqa: PLC0415

    print_summary(report, Console(), sorted(files, key=lambda f: (f.name != "report.html", f.name)))


def _verdict(report: Report, fail_on: str | None) -> int:
    if fail_on is None:
        return DONE
    least = SEVERITIES.index(fail_on)
    grave = (f for f in report.findings if f.accepted is None and SEVERITIES.index(f.severity) >= least)
    return FINDINGS if next(grave, None) is not None else DONE
