"""What every command that reads captures shares: arguments, progress, Ctrl-C, how it ended."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.exits import BY_SIGNAL, DONE, NOTHING_READABLE, PARTLY_READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interlock.capture.run import CaptureRun

__all__ = [
    "captures",
    "descriptions",
    "ending",
    "progress_bar",
    "stop_on_interrupt",
    "tell_losses",
    "watch_of",
]


def captures(command: Callable[..., Any]) -> Callable[..., Any]:
    """CAPTURE… and --realm, as every reading command takes them."""
    realm = click.option(
        "--realm",
        "realms",
        multiple=True,
        metavar="FILE=NAME",
        help="Address space of a capture; may be repeated.",
    )
    files = click.argument("paths", nargs=-1, required=True, metavar="CAPTURE...")
    return files(realm(command))


def descriptions(command: Callable[..., Any]) -> Callable[..., Any]:
    """--gsdml, as every command that decodes takes it."""
    return click.option(
        "--gsdml",
        "gsdml",
        multiple=True,
        metavar="FILE",
        help="A device's GSDML file: names and types for PROFINET process data; may be repeated.",
    )(command)


def watch_of(ctx: click.Context) -> dict[str, Any]:
    """What build_engine is told of whoever watches this run: its heartbeat, and where it hung before."""
    return {} if ctx.obj is None else {"beat": ctx.obj.beat, "hung": ctx.obj.hung}


@contextmanager
def progress_bar(run: CaptureRun) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on a terminal's standard error, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from interlock.cli.console import Console  # noqa: PLC0415 (small commands stay small)

    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=run.octets_total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C (or SIGTERM) asks the run to end with what it has; the second ends it at once.

    At once: parts of files are removed on the way out, exit code 128 + signal. A third does not even wait for that.
    """
    asked: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)

    def note(number: int, _frame: Any) -> None:
        asked.append(number)
        if len(asked) > 1:
            for each in numbers:
                signal.signal(each, signal.SIG_DFL)
            sys.unraisablehook = lambda _unraisable: None
            _say("interlock: ended at once")
            sys.exit(BY_SIGNAL + number)
        _end_standard_input()
        _say("interlock: stopping; what was read so far is kept (again to quit at once)")

    def stop() -> bool:
        if len(asked) > 1:  # what C calls back may have swallowed the exit
            raise SystemExit(BY_SIGNAL + asked[1]) from None
        return bool(asked)

    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop()  # an import under way makes another exception of the exit


def _say(sentence: str) -> None:
    """A line on standard error, past buffers that the signal may have found half filled."""
    with suppress(OSError):
        os.write(2, f"{sentence}\n".encode())


def _end_standard_input() -> None:
    """A run that waits for a silent pipe would not come to see that it is to stop: the pipe ends now."""
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)


def tell_losses(run: CaptureRun) -> None:
    """One sentence on standard error for each capture that was not read to its end."""
    from interlock.export.escape import escaped  # noqa: PLC0415

    for sentence in run.losses:
        click.echo(f"interlock: {escaped(sentence)}", err=True)


def ending(run: CaptureRun, *, stopped: bool) -> int:
    """DONE, NOTHING_READABLE or PARTLY_READ."""
    frames = sum(s.frames for s in run.statistics)
    lost = any(s.failure is not None or s.cut is not None for s in run.statistics)
    if lost and frames == 0:
        return NOTHING_READABLE
    return PARTLY_READ if lost or stopped else DONE
