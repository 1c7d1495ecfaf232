"""`interlock plant`: the practice plant."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import BY_SIGNAL
from interlock.cli.living import COMMANDS
from interlock.cli.plant_events import events, site
from interlock.cli.plant_exercise import exercise
from interlock.cli.plant_stop import Asked, asked_to_stop
from interlock.cli.plant_when import check_within, read_attacks, read_events
from interlock.records.counting import counted

if TYPE_CHECKING:
    from interlock.plant.twin.recording import Twin

__all__ = ["plant"]


@click.group()
def plant() -> None:
    """A small factory on one machine: its traffic, its process, labelled attacks."""


plant.add_command(events)
plant.add_command(exercise)
plant.add_command(site)


@plant.command(short_help="Simulate the plant and record its mirror port.")
@click.option("--minutes", type=click.FloatRange(0.1, 60 * 24 * 31), required=True, help="Simulated minutes.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="Equal seeds, equal octets.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The capture (pcap) to write.",
)
@click.option(
    "--attack",
    "attacks",
    multiple=True,
    callback=read_attacks,
    metavar="NAME@MINUTE",
    help="An attack, and when.",
)
@click.option(
    "--event",
    "planned",
    multiple=True,
    callback=read_events,
    metavar="NAME@MINUTE",
    help="A rare event that is nobody's attack, and when.",
)
@click.option(
    "--year-like", "by_chance", is_flag=True, help="Rare events by chance, as often as a year has them."
)
def record(
    minutes: float,
    seed: int,
    out: Path,
    attacks: tuple[tuple[str, float], ...],
    planned: tuple[tuple[str, float], ...],
    *,
    by_chance: bool,
) -> None:
    """Simulate the plant faster than time and record its mirror port; OUT.truth.json says what was attacked.

    OUT.site.toml is what the plant's people would tell Interlock: zones, tags, work orders of ordered events.

    Nothing is sent anywhere. Stopped by Ctrl-C or SIGTERM, the capture holds what was simulated so far.
    """
    from interlock.errors import OutputError  # noqa: PLC0415
    from interlock.plant.twin.recording import Twin  # noqa: PLC0415

    check_within(minutes, attacks, planned)
    if out.exists() and not out.is_file():
        raise click.UsageError(f"--out {out}: is no file; name one")
    part = out.with_name(out.name + ".part")
    try:
        with asked_to_stop() as asked:
            with part.open("wb") as target:
                twin = Twin(target, seed)
                for name, minute in attacks:
                    twin.attack(name, minute)
                if by_chance:
                    planned += tuple(twin.chances(minutes))
                for name, minute in planned:
                    twin.befall(name, minute)
                _watch(twin, minutes, asked)
            _tell(twin, part, out, seed, planned)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        kept = f"; what was recorded so far is in {part}" if part.exists() else ""
        raise OutputError(f"{out}: cannot be written ({reason}){kept}") from error
    if asked.number:
        sys.exit(BY_SIGNAL + asked.number)


def _watch(twin: Twin, minutes: float, asked: Asked) -> None:
    """Let it run, with progress on a terminal."""
    from rich.progress import Progress  # noqa: PLC0415

    from interlock.cli.console import Console  # noqa: PLC0415

    hidden = not sys.stderr.isatty()
    with Progress(console=Console(stderr=True), transient=True, disable=hidden) as progress:
        task = progress.add_task("recording", total=1.0)
        for share in twin.run(minutes):
            progress.update(task, completed=share)
            if asked.number:
                return


def _tell(twin: Twin, part: Path, out: Path, seed: int, planned: tuple[tuple[str, float], ...]) -> None:
    """Put the capture, its truth and its site file where they belong."""
    from interlock.plant.rights import policy_document  # noqa: PLC0415
    from interlock.plant.site import site_text  # noqa: PLC0415 (--help stays quick)
    from interlock.plant.twin.cases import SCHEMA  # noqa: PLC0415
    from interlock.plant.twin.recording import ordered  # noqa: PLC0415

    truth = [t for case in twin.cases if (t := case.truth())]
    told = {
        "schema": SCHEMA,
        "capture": out.name,
        "seed": seed,
        "frames": twin.mirror.frames,
        "attacks": truth,
        "events": [t for occasion in twin.occasions if (t := occasion.truth())],
        "policy": policy_document(),
    }
    out.with_name(out.name + ".site.toml").write_text(site_text(ordered(planned)), "utf-8")
    out.with_name(out.name + ".truth.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    part.replace(out)
    click.echo(f"{out}: {counted(twin.mirror.frames, 'frame')}, {counted(len(truth), 'attack')}")


@plant.command(short_help="List the attacks, and what they do.")
@json_option
def attacks(*, as_json: bool) -> None:
    """List the attacks: technique, what they are, what they do physically."""
    from interlock.plant.attacks.table import NAMES, scenario  # noqa: PLC0415

    found = [scenario(name) for name in NAMES]
    if as_json:
        rows = [
            {"name": s.name, "title": s.title, "technique": s.technique, "attacker": s.attacker,
             "victims": s.victims, "harm": s.harm, "moves": s.moves}
            for s in found
        ]  # fmt: skip
        click.echo(json.dumps({"schema": "interlock/plant-attacks/1", "attacks": rows}, indent=1))
        return
    from rich.table import Table  # noqa: PLC0415

    from interlock.cli.console import Console  # noqa: PLC0415

    table = Table(
        "attack", "technique", "what happens", "what it does to the plant", box=None, pad_edge=False
    )
    for s in found:
        table.add_row(s.name, s.technique, s.title, s.harm)
    Console().print(table)


for each in COMMANDS:
    plant.add_command(each)
