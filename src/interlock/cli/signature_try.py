"""`interlock signature try` and `stage`: what new rules would have said, before they may speak."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE
from interlock.cli.judgement import midstream_option, tell_problem
from interlock.cli.reading import ending, progress_bar, stop_on_interrupt, tell_losses
from interlock.cli.signature_check import lists_of, site_option
from interlock.cli.signature_packs import packs_of, packs_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.signature_store import StoreTrial
    from interlock.capture.run import CaptureRun
    from interlock.detect.signatures.packs.trial import Trial
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["stage", "try_pack"]


@click.command("try")
@click.argument("what", metavar="NUMBER|PATH")
@click.option("--against", multiple=True, required=True, metavar="CAPTURE|STORE",
              help="Recorded traffic: captures, folders of them, or a sensor's store; may be repeated.")  # fmt: skip
@packs_option
@site_option
@midstream_option
@json_option
@click.pass_context
def try_pack(
    ctx: click.Context,
    what: str,
    against: tuple[str, ...],
    packs: str | None,
    site_file: str | None,
    midstream: Midstream | None,
    checksums: Checksums | None,
    *,
    as_json: bool,
) -> None:
    """Say what the new and changed rules of a version, or of PATH, would have said of recorded traffic.

    New is what the version in force has not word for word. Nothing is put in force. A sensor's store keeps requests
    and written values, and no octets: rules about these, and about names that DNS was asked for, are held against its
    last day; of the others it is said how many were not tried, and why.
    """
    from interlock.bootstrap.signature_store import is_store, over_store  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.signature_trials import trial_of  # noqa: PLC0415

    trial = trial_of(
        packs_of(packs), what, tell_problem, lists_of({}, site_file), midstream or "own", checksums
    )
    captures = tuple(path for path in against if not is_store(path))
    stores = [over_store(trial, path) for path in against if is_store(path)]
    code = _over_captures(trial, captures) if captures else DONE
    _show(trial, stores, as_json=as_json)
    ctx.exit(code)


def _over_captures(trial: Trial, paths: tuple[str, ...]) -> int:
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415

    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_interrupt())
        run = stack.enter_context(open_sources(specify(paths, ()), stdin=sys.stdin.buffer, stop=stop))
        stopped = _feed(run, trial, stop)
    tell_losses(run)
    return ending(run, stopped=stopped)


def _feed(run: CaptureRun, trial: Trial, stop: Callable[[], bool]) -> bool:
    from interlock.bootstrap import build_engine  # noqa: PLC0415
    from interlock.bootstrap.signature_screens import screening_with  # noqa: PLC0415
    from interlock.detect.batch import Batch  # noqa: PLC0415
    from interlock.detect.interface import Context  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    screen = screening_with([trial.engine])
    engine = build_engine(run.sources, wanted=frozenset(trial.needs), buffers=trial.buffers, screen=screen)
    with progress_bar(run) as progress:
        for batches in decoded(run, engine, progress=progress, stop=stop):
            for name in trial.needs:
                if name in batches and len(batches[name]):
                    trial.feed(Batch(name, batches[name]), Context())
    trial.settle()
    return stop() and any(run.unfinished)


def _show(trial: Trial, stores: list[StoreTrial], *, as_json: bool) -> None:
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.report.signature_trial import trial_document, trial_lines  # noqa: PLC0415

    document = trial_document(trial.number, len(trial.counted), list(trial.tried.values()), stores)
    if as_json:
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
        return
    for line in trial_lines(document):
        click.echo(escaped(line))


@click.command()
@click.argument("number", type=int, required=False)
@click.option("--off", is_flag=True, help="End the trial.")
@packs_option
def stage(number: int | None, packs: str | None, *, off: bool) -> None:
    """Put the version NUMBER on trial: sensors count what its new rules would say, and say nothing of it.

    `interlock signature top` shows what they counted; `interlock signature enforce NUMBER` ends the trial.
    """
    if off == (number is not None):
        raise click.UsageError("name the version to be put on trial, or --off to end the trial")
    store = packs_of(packs)
    store.change(lambda book: book.tried(number))
    says = "no version is on trial" if number is None else f"version {number} is on trial"
    click.echo(
        f"{says}; sensors that are given {store.folder} take it when they are told to read anew (SIGHUP)"
    )
