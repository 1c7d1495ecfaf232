"""`interlock baseline learn`: captures of normal work in, a state folder out."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.as_json import json_option
from interlock.cli.judgement import own_rules, tell_problem
from interlock.cli.reading import (
    captures,
    descriptions,
    ending,
    progress_bar,
    stop_on_interrupt,
    tell_losses,
    watch_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.capture.run import CaptureRun
    from interlock.pipeline.learn_run import Lesson

__all__ = ["learn"]


@click.command()
@captures
@descriptions
@click.option(
    "--state", required=True, metavar="DIR", help="Where it is kept; what is there already is added to."
)
@own_rules
@json_option
@click.pass_context
def learn(ctx: click.Context, paths: tuple[str, ...], realms: tuple[str, ...], gsdml: tuple[str, ...],
          state: str, rules: tuple[str, ...], as_json: bool) -> None:  # fmt: skip
    """Take what CAPTURE shows for normal, and keep what was learned of it in DIR.

    Learn from a time in which nobody attacked: what an attacker does meanwhile is normal from then on. What rules tell
    of it, ours and yours, is this plant's habit later. Stopped by Ctrl-C, what was read so far is kept.
    """
    from interlock.bootstrap import build_engine  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.detecting import write_learned  # noqa: PLC0415
    from interlock.bootstrap.learning import build_lesson, knowledge_of  # noqa: PLC0415
    from interlock.capture.run import open_sources  # noqa: PLC0415
    from interlock.capture.specs import specify  # noqa: PLC0415
    from interlock.report.baseline import learned_document, learned_sentences  # noqa: PLC0415

    lesson = build_lesson(state, rules, tell_problem)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_interrupt())
        run = stack.enter_context(open_sources(specify(paths, realms), stdin=sys.stdin.buffer, stop=stop))
        engine = build_engine(
            run.sources, wanted=lesson.wanted, read=lesson.read, gsdml=gsdml, **watch_of(ctx)
        )
        stopped = _run(run, engine, lesson, stop)
    tell_losses(run)
    code = ending(run, stopped=stopped)
    learned = lesson.finish()
    file = write_learned(Path(state), learned) if any(s.frames for s in run.statistics) else Path(state)
    learners = knowledge_of(learned, where=str(file))
    if as_json:
        click.echo(json.dumps(learned_document(learners, state), ensure_ascii=False, indent=1))
    else:
        for sentence in learned_sentences(learners, state):
            click.echo(sentence)
    ctx.exit(code)


def _run(run: CaptureRun, engine: Any, lesson: Lesson, stop: Callable[[], bool]) -> bool:
    from interlock.pipeline.decode_run import decoded  # noqa: PLC0415

    with progress_bar(run) as progress:
        for batches in decoded(run, engine, progress=progress, stop=stop):
            lesson.feed(batches, engine.dissector.now)
        return stop() and any(run.unfinished)
