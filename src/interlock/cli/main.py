"""The one executable: `interlock NOUN VERB`, and the two everyday words `analyze` and `decode`."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from contextlib import nullcontext
from typing import Any, Final

import click

from interlock import __version__
from interlock.cli.exits import BY_SIGNAL, DONE, NOTHING_READABLE, USAGE
from interlock.cli.lazy import LazyGroup
from interlock.collector import uncollected

__all__ = ["COMMANDS", "interlock", "main"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "analyze": ("interlock.cli.analyze:analyze", "Captures in, a picture of the plant out."),
    "decode": ("interlock.cli.decode:decode", "Stream one table of what a capture says."),
    "diff": ("interlock.cli.diff:diff", "Compare the output folders of two runs."),
    "baseline": ("interlock.cli.baseline:baseline", "Learn what is normal in this plant, and judge by it."),
    "finding": ("interlock.cli.finding:finding", "Accept findings, with a reason and an end."),
    "rule": ("interlock.cli.rule:rule", "Rules in Sigma's format: list, explain, check, test, try."),
    "signature": (
        "interlock.cli.signature:signature",
        "Rules of Suricata and Snort: check, try, put in force.",
    ),
    "indicator": (
        "interlock.cli.indicator:indicator",
        "Indicators of compromise: which load, and why others do not.",
    ),
    "program": ("interlock.cli.program:program", "Programs seen on the wire: list, show, extract, compare."),
    "sensor": ("interlock.cli.sensor:sensor", "Watch a mirror port day and night, or replay captures."),
    "approver": ("interlock.cli.approver:approver", "Enrol who may approve windows, zones and rules."),
    "window": ("interlock.cli.window:window", "Sign windows and work orders; verify signatures."),
    "site": ("interlock.cli.site:site", "Check a site file, and what of it a capture shows."),
    "zone": ("interlock.cli.zone:zone", "Zones and conduits: hold the policy against what was seen."),
    "plant": ("interlock.cli.plant:plant", "A practice plant: its traffic, its process, labelled attacks."),
    "drill": ("interlock.cli.drill:drill", "Attack the practice plant, and say what was missed."),
    "dev": ("interlock.cli.dev:dev", "Write the beginnings of an extension."),
    "doctor": ("interlock.cli.doctor:doctor", "Say what this installation can and can't do here."),
}
"""name → (where it is, its one line); a command's module is imported only when it runs."""

WATCHED: Final = frozenset({"analyze", "baseline", "decode", "program", "zone"})
"""Commands that decode, and so run in a process that another one watches."""
_FILTERS: Final = frozenset({"decode"})
"""Commands of a pipeline, which end without a word as others do there."""


class _Commands(LazyGroup):
    """All of them, and what holds for each: output flushed, signals and closed pipes no errors."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and flush; on Ctrl-C, or with its reader gone, click would end with 1: findings."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            _drop_output()
            sys.exit(DONE)
        except KeyboardInterrupt:
            if ctx.invoked_subcommand not in _FILTERS:
                click.echo("interlock: ended at once; what was not finished is not there", err=True)
            sys.exit(BY_SIGNAL + signal.SIGINT)
        except OSError as error:
            from interlock.errors import OutputError  # noqa: PLC0415 (help needs none of it)

            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{error.filename or 'standard output'}: cannot be used ({reason})") from error


EXITS: Final = (
    "Exit codes: 0 done; 1 findings at or above --fail-on; 2 usage; 3 nothing readable or no place to write;"
    " 4 partly read; 130 and 143 ended at once by a signal."
)


@click.group(
    cls=_Commands, known=COMMANDS, epilog=EXITS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="interlock")
def interlock() -> None:
    """Open security for the machines of a factory that nobody can install anything on."""


def main(arguments: list[str] | None = None, rings: Any = None) -> None:
    """Run the command line; every error is one sentence on standard error. rings: open already (cli/start)."""
    # Long-lived tables and few cycles: Python's collector would look at all of them a thousand times for nothing.
    gc.set_threshold(100_000, 20, 100)
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # no linear algebra here: its threads only cost their start
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] in (["analyze"], ["sensor"]):
        # Read when Arrow is loaded: its own allocator keeps what it had once, which no later call reaches in all of it.
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal without Unicode gets escapes, not an error
    if given and given[0] in WATCHED and hasattr(os, "fork"):
        from interlock.cli.watched import watched  # noqa: PLC0415 (help needs none of it)

        closes = given[0] == "analyze"
        sys.exit(watched(lambda watch: _run(given, watch), given[1:], closes=closes))
    _run(given, rings)


def _open_what_is_closed() -> None:
    """Let nobody's output go where it is thrown away: a file that is opened later would be given its number."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 (a number)


def _run(arguments: list[str], handed: Any) -> None:
    from interlock.errors import ConfigError, InterlockError, PolicyError  # noqa: PLC0415 (help needs none of it)

    with uncollected() if arguments[:1] == ["analyze"] else nullcontext():
        try:
            interlock.main(arguments, prog_name="interlock", standalone_mode=True, obj=handed)
        except (ConfigError, PolicyError) as error:
            _fail(error, USAGE)
        except InterlockError as error:
            _fail(error, NOTHING_READABLE)
        finally:
            gc.freeze()  # what is left goes with the process: to look for cycles in it now would only take time


def _fail(error: Exception, code: int) -> Any:
    from interlock.export.escape import escaped  # noqa: PLC0415

    click.echo(f"interlock: {escaped(str(error))}", err=True)
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    sys.exit(code)


def _drop_output() -> None:
    """What standard output still holds can go nowhere: no second complaint at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
