"""`interlock sensor top`: how the sensor is, while you look. Reads its figures once a second and asks nothing of it."""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from interlock.cli.exits import BY_SIGNAL
from interlock.cli.sensor_status import look, print_view

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["top"]

_PAUSE_S: Final = 1.0


@click.command()
@click.option(
    "--store", "folder", default="/var/lib/interlock", show_default=True, metavar="DIR", help="The store."
)
def top(folder: str) -> None:
    """Show what the sensor does, second by second; q or Ctrl-C ends it. Without a terminal it is said once."""
    view = look(Path(folder))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print_view(view)
        return
    from rich.live import Live  # noqa: PLC0415

    from interlock.cli.console import Console  # noqa: PLC0415 (--help stays quick)
    from interlock.cli.sensor_screen import screen  # noqa: PLC0415

    console = Console()
    with _ended_by_signal(), _keys(), Live(console=console, screen=True, auto_refresh=False) as live:
        before = view
        while True:
            live.update(screen(view, before, console.size), refresh=True)
            if _asked_to_end():
                return
            anew = look(Path(folder))
            if anew.figures is None or view.figures is None or anew.figures.time != view.figures.time:
                before = view  # else nothing was said since: what is said a second is still so
            view = anew


@contextmanager
def _keys() -> Iterator[None]:
    """Keys come at once and unseen; afterwards the terminal is as it was."""
    import termios  # noqa: PLC0415 (not on every system)
    import tty  # noqa: PLC0415

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: by way of what puts the terminal in order."""

    def end(number: int, _frame: Any) -> None:
        sys.exit(BY_SIGNAL + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _asked_to_end() -> bool:
    """Wait for the next second, or a key; whether it was q, or the terminal is gone."""
    if not select.select([sys.stdin], [], [], _PAUSE_S)[0]:
        return False
    keys = os.read(sys.stdin.fileno(), 64)
    return not keys or b"q" in keys.lower() or b"\x03" in keys or b"\x04" in keys
