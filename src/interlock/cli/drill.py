"""`interlock drill`: attacks on the practice plant before the sensor's own judgement, and the record of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import BY_SIGNAL
from interlock.cli.judgement import judgement_of
from interlock.cli.plant_stop import asked_to_stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.cli.plant_stop import Asked

__all__ = ["drill"]


class _Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """Somebody pressed Ctrl-C."""


def _known(_ctx: click.Context, _param: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    from interlock.plant.attacks.table import NAMES  # noqa: PLC0415 (--help stays quick)

    for name in names:
        if name not in NAMES:
            raise click.BadParameter(f"{name}: no such scenario; `interlock plant attacks` lists them")
    return names or NAMES


@click.command()
@click.option(
    "--scenario",
    "names",
    multiple=True,
    callback=_known,
    metavar="NAME",
    help="Only this one; may be repeated.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Equal seeds, equal drills."
)
@click.option(
    "--background",
    type=click.FloatRange(3, 60 * 24),
    default=60,
    show_default=True,
    metavar="MINUTES",
    help="Simulated minutes that are learned before.",
)
@click.option("--on", "capture", metavar="CAPTURE", help="Inject scenarios into your own traffic instead.")
@click.option("--site", "site_file", metavar="FILE", help="With --on: what people know of that plant.")
@click.option(
    "--rules", multiple=True, metavar="FOLDER", help="Rules of your own, beside ours; may be repeated."
)
@click.option("--state", metavar="DIR", help="What was learned before, instead of learning the background.")
@click.option(
    "--wire/--no-wire",
    default=True,
    show_default=True,
    help="Measure latency in a network namespace, too (Linux, root; a minute).",
)
@json_option
def drill(
    names: tuple[str, ...],
    seed: int,
    background: float,
    capture: str | None,
    site_file: str | None,
    rules: tuple[str, ...],
    state: str | None,
    *,
    wire: bool,
    as_json: bool,
) -> None:
    """Attack the practice plant before the sensor's own judgement, and say what it missed.

    What is found and missed comes from simulated time, in memory; latency from a sensor of its own in a network
    namespace of its own. No interface of the plant and no store is touched, nobody is told, and
    whatever is found says of itself that it is an exercise. Ctrl-C leaves nothing behind.
    """
    from interlock.bootstrap import read_site  # noqa: PLC0415 (--help stays quick)
    from interlock.bootstrap.drill_on import drill_on  # noqa: PLC0415
    from interlock.bootstrap.drill_run import Drill, run_drill  # noqa: PLC0415

    if site_file is not None and capture is None:
        raise click.UsageError("--site tells of your own plant: name a capture of it by --on")
    _refuse_stores(state)

    with asked_to_stop() as asked:
        try:
            with _progress(asked) as tick:
                judgement = judgement_of(rules, state, ())
                if capture is not None:
                    record = drill_on(capture, names, seed, read_site(site_file), judgement, tick)
                else:
                    drilled = Drill(
                        scenarios=names,
                        seed=seed,
                        background=background,
                        judgement=judgement,
                        tick=tick,
                        wire=wire,
                    )
                    record = run_drill(drilled)
        except _Stopped:
            click.echo(
                "interlock: the drill was ended before it had a result; nothing of it is left", err=True
            )
            sys.exit(BY_SIGNAL + asked.number)
    if as_json:
        click.echo(json.dumps(record, indent=1))
        return
    from interlock.cli.console import Console  # noqa: PLC0415
    from interlock.cli.drill_table import print_record  # noqa: PLC0415

    print_record(record, Console())


def _refuse_stores(state: str | None) -> None:
    """A drill has nothing to look for in what a sensor keeps. Raises ConfigError."""
    from interlock.errors import ConfigError  # noqa: PLC0415
    from interlock.store.plain.store import DATABASE  # noqa: PLC0415

    if state is not None and (Path(state) / DATABASE).exists():
        raise ConfigError(
            f"{state}: is a sensor's store, which no drill touches; "
            "name a folder that `interlock baseline learn` made"
        )


class _progress:  # noqa: N801 - used as a function
    """A bar on a terminal; a tick ends the drill where somebody asked for it."""

    def __init__(self, asked: Asked) -> None:
        from rich.progress import Progress  # noqa: PLC0415

        from interlock.cli.console import Console  # noqa: PLC0415

        self._asked = asked
        self._bars = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())

    def __enter__(self) -> Callable[[str, float], None]:
        self._bars.start()
        self._task = self._bars.add_task("drill", total=1.0)
        return self._tick

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def _tick(self, what: str, share: float) -> None:
        self._bars.update(self._task, description=what, completed=share)
        if self._asked.number:
            raise _Stopped
