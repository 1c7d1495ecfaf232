"""`interlock baseline diff`: what is new and what is gone between two baselines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.reading import watch_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.detect.learned.learner import Learner

__all__ = ["diff"]


@click.command()
@click.argument("old", metavar="STATE")
@click.argument("new", metavar="STATE|CAPTURE")
@json_option
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, *, as_json: bool) -> None:
    """Say which relations, verbs, functions, objects, users and machines are new, and which are gone.

    STATE is a state folder or a sensor's store. What follows from a new relation is not told beside it.
    """
    from interlock.bootstrap.learning import known_learners  # noqa: PLC0415 (--help stays quick)
    from interlock.report.baseline_difference import compare_baselines, difference_document  # noqa: PLC0415

    before = known_learners(old)
    after = _of_capture(ctx, new) if Path(new).is_file() else known_learners(new)
    difference = compare_baselines(before, after)
    if as_json:
        click.echo(json.dumps(difference_document(difference), ensure_ascii=False, indent=1))
        return
    from interlock.cli.console import Console  # noqa: PLC0415
    from interlock.report.baseline_views import print_baseline_difference  # noqa: PLC0415

    print_baseline_difference(difference, Console())


def _of_capture(ctx: click.Context, path: str) -> Mapping[str, Learner]:
    """What a capture alone would teach."""
    from interlock.bootstrap import build_engine  # noqa: PLC0415
    from interlock.bootstrap.learning import build_lesson, knowledge_of  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    lesson = build_lesson(None)
    with open_sources(specify((path,), ())) as run:
        engine = build_engine(run.sources, wanted=lesson.wanted, read=lesson.read, **watch_of(ctx))
        for batches in decoded(run, engine, progress=lambda _done, _total: None, stop=lambda: False):
            lesson.feed(batches, engine.dissector.now)
    return knowledge_of(lesson.finish(), where=path)
