"""`interlock plant up`, `down`, `status`, `watch`, `attack`, `event`, `truth`, `capture`: the plant on real sockets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.as_json import json_option, json_option_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.plant.living.state import Files, Run

__all__ = ["COMMANDS"]


def _files() -> Files:
    from interlock.bootstrap import state_folder  # noqa: PLC0415 (--help stays quick)
    from interlock.plant.living.state import Files  # noqa: PLC0415

    return Files(state_folder())


@click.command(short_help="Let the plant live on this machine.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Of noise and of delays."
)
@click.option("--loopback", is_flag=True, help="On 127.77.1.N instead of network namespaces; needs no root.")
@click.option("--foreground", is_flag=True, help="Stay; Ctrl-C takes the plant down.")
def up(seed: int, *, loopback: bool, foreground: bool) -> None:
    """Let the plant live on this machine: its process in real time, its servers and clients on real sockets.

    As root every machine has a network namespace of its own, and the interface ilp-mirror hears every frame
    once. Nothing outside these namespaces, or loopback, is reached.
    """
    from interlock.plant.living import manage, namespaces  # noqa: PLC0415

    files = _files()
    manage.prepare(files)
    if not loopback and not namespaces.may_have_namespaces():
        click.echo("namespaces need root: the plant lives on loopback, without a mirror port", err=True)
        loopback = True
    if foreground:
        from interlock.plant.living.life import live  # noqa: PLC0415

        live(files, seed, loopback=loopback, ready=_told)
        return
    manage.start(files, seed, loopback=loopback)
    run = files.read()
    assert run is not None
    _told(run)


def _told(run: Run) -> None:
    where = f"mirror port {run.mirror}" if run.mirror else "on loopback, without a mirror port"
    click.echo(
        f"plant {run.run} is up: {where}; `interlock plant watch` shows it, `interlock plant down` ends it"
    )


@click.command(short_help="End the plant and leave nothing of it behind.")
def down() -> None:
    """End the plant and leave nothing of it behind: no process, namespace, interface, socket or file.

    Works in whatever state the plant is, and does nothing where there is none. The truth about attacks stays.
    """
    from interlock.plant.living import manage  # noqa: PLC0415

    click.echo("the plant is down" if manage.end(_files()) else "no plant was up")


@click.command(short_help="Say who answers, and what the process does.")
@json_option
def status(*, as_json: bool) -> None:
    """Say which machines answer, what the process does, which attack runs, and where the mirror port is."""
    from interlock.plant.living.control import said  # noqa: PLC0415

    told = said(_files(), {"do": "status"})["status"]
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    from interlock.cli.console import Console  # noqa: PLC0415

    console = Console()
    for part in _tables(told, console.width):
        console.print(part)


_WIDE = 76
"""Columns from which on a table has room for who serves, and for what a variable is."""


def _tables(told: dict[str, Any], width: int) -> Iterator[Any]:
    where = f"mirror port {told['mirror']}" if told["mirror"] else "on loopback: no mirror port, no layer 2"
    cost = f"{told['processes']} processes, {told['memory_kib'] // 1024} MiB"
    yield f"plant {told['run']}: {where}; up {told['up_s']:.0f} s, {cost}"
    yield _services(told, wide=width >= _WIDE)
    yield ""
    yield _values(told, wide=width >= _WIDE)
    for a in told["attacks"]:
        yield f"{'runs' if a['running'] else 'was played'}: {a['name']}, {a['title']}"


def _services(told: dict[str, Any], *, wide: bool) -> Any:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for name in ("machine", "address", "protocol", *(("served by",) if wide else ()), "answers"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=7 if name == "answers" else None)
    for s in told["services"]:
        answers = Text(
            s["why"] or s["answers"], style={"no": "bold red", "unasked": "dim"}.get(s["answers"], "green")
        )
        served = (s["server"],) if wide else ()
        table.add_row(s["machine"], f"{s['address']}:{s['moved_to']}", s["protocol"], *served, answers)
    return table


def _values(told: dict[str, Any], *, wide: bool) -> Any:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    table.add_column("process variable", no_wrap=True, min_width=32)
    table.add_column("value", no_wrap=True, justify="right", min_width=8)
    table.add_column("", no_wrap=True, min_width=11)
    if wide:
        table.add_column("", no_wrap=True, overflow="ellipsis")
    for v in told["values"]:
        value = Text(f"{v['value']:g}" if abs(v["value"]) < 1e4 else f"{v['value']:,.0f}")
        if v["harmed"]:
            value.stylize("bold red")
        unit = Text(
            f"{v['unit']} HARMED" if v["harmed"] else v["unit"], style="bold red" if v["harmed"] else ""
        )
        table.add_row(v["tag"], value, unit, *((v["text"],) if wide else ()))
    return table


@click.command(short_help="Show the plant alive, twice a second.")
def watch() -> None:
    """Show the plant alive: tanks, pressures, conveyor, alarms, machines, the last attack. Ctrl-C ends it."""
    import time  # noqa: PLC0415

    from rich.live import Live  # noqa: PLC0415

    from interlock.cli.console import Console  # noqa: PLC0415
    from interlock.plant.living.control import said  # noqa: PLC0415
    from interlock.plant.living.page import page  # noqa: PLC0415

    files, console = _files(), Console()
    told = said(files, {"do": "status"})["status"]
    if not console.is_terminal:
        console.print(page(told))
        return
    with Live(page(told, *console.size), console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                told = said(files, {"do": "status"})["status"]
                live.update(page(told, *console.size), refresh=True)
                time.sleep(0.5)
        except KeyboardInterrupt:
            return


@click.command(short_help="Play an attack against the plant that is up.")
@click.argument("name")
@json_option_of("Print the truth alone, as JSON.")
def attack(name: str, *, as_json: bool) -> None:
    """Play an attack against the plant that is up; Ctrl-C stops it. `interlock plant attacks` lists them.

    It reaches the machines that its scenario names, inside the plant, and can be pointed at nothing else.
    """
    from interlock.plant.attacks.table import NAMES, scenario  # noqa: PLC0415

    if name not in NAMES:
        raise click.BadParameter(f"there is no attack {name!r}; `interlock plant attacks` lists them")
    about = scenario(name)
    if not as_json:
        click.echo(f"{about.name} ({about.technique}): {about.title}", err=True)
    _played("attack", name, as_json=as_json)


@click.command(short_help="Let a rare event befall the plant that is up.")
@click.argument("name")
@json_option_of("Print the truth alone, as JSON.")
def event(name: str, *, as_json: bool) -> None:
    """Let a rare event that is nobody's attack befall the plant that is up; Ctrl-C stops it.

    A failover, a backup, a download under a work order, a panel that is restarted: `interlock plant events` lists them.
    """
    from interlock.plant.events.table import NAMES  # noqa: PLC0415
    from interlock.plant.events.table import event as find  # noqa: PLC0415

    if name not in NAMES:
        raise click.BadParameter(f"there is no event {name!r}; `interlock plant events` lists them")
    if not as_json:
        click.echo(f"{name}: {find(name).title}", err=True)
    _played("event", name, as_json=as_json)


def _played(what: str, name: str, *, as_json: bool) -> None:
    """Ask the plant to play it, show how it goes, and say how it ended."""
    from interlock.errors import ConfigError  # noqa: PLC0415
    from interlock.plant.living.control import ask, reach  # noqa: PLC0415

    last: dict[str, Any] = {}
    with reach(_files()) as sock:
        for line in ask(sock, {"do": what, "name": name}):
            if "error" in line:
                raise ConfigError(line["error"])
            last = line["truth"]
            if not as_json and sys.stderr.isatty():
                click.echo(f"\r\x1b[K{_moved(last)}", nl=False, err=True)
    if as_json:
        click.echo(json.dumps(last))
        return
    click.echo(err=True)
    for text in _told_attack(last):
        click.echo(text)


def _moved(truth: dict[str, Any]) -> str:
    counts = f"{truth['asked']} asked, {truth['answered']} answered, {truth['frames_sent']} frames"
    return "; ".join(
        [
            counts,
            *(f"{m['tag']} {m['before']:g} → {m['least']:g}…{m['most']:g}" for m in truth.get("moved", ())),
        ]
    )


def _told_attack(truth: dict[str, Any]) -> Iterator[str]:
    how = "complete" if truth["complete"] else truth["trouble"]
    yield f"{truth['name']}: {truth['begin']} to {truth['end']}, {how}"
    yield f"  {truth['asked']} requests, {truth['answered']} answered; {truth['refused']} connections refused"
    for m in truth.get("moved", ()):
        yield f"  {m['tag']}: {m['before']:g} before, then {m['least']:g} to {m['most']:g}"
    yield f"  {truth['harm']}" if "harm" in truth else f"  nobody's attack; looks like {truth['looks_like']}"


@click.command(short_help="Print what was attacked and what befell the plant.")
@click.option(
    "--policy", is_flag=True, help="Who may ask whom for what, by the plant's design; one JSON object."
)
def truth(*, policy: bool) -> None:
    """Print what was attacked and what befell the plant, a line of JSON each: times, machines, connections, what moved.

    An attack or event has a line when it ends and another one once its consequences have settled; the last one counts.
    """
    if policy:
        from interlock.plant.rights import policy_document  # noqa: PLC0415

        click.echo(json.dumps(policy_document(), indent=1))
        return
    path = _files().truth
    if path.exists():
        click.echo(path.read_text("utf-8"), nl=False)
    else:
        click.echo("nothing was played so far; `interlock plant attack NAME` does it", err=True)


@click.command(short_help="Record what the mirror port hears.")
@click.option("--seconds", type=click.FloatRange(0.1, 86_400 * 31), required=True, help="How long.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The capture (pcap) to write.",
)
def capture(seconds: float, out: Path) -> None:
    """Record what the plant's mirror port hears, for who has no sensor at hand."""
    from interlock.errors import ConfigError, OutputError  # noqa: PLC0415
    from interlock.plant.living.control import said  # noqa: PLC0415
    from interlock.plant.living.recorder import record  # noqa: PLC0415

    mirror = said(_files(), {"do": "status"})["status"]["mirror"]
    if not mirror:
        raise ConfigError(
            "this plant lives on loopback, where there is no mirror port; `plant up` as root has one"
        )
    part = out.with_name(out.name + ".part")
    try:
        with part.open("wb") as target:
            frames, dropped, whole = record(mirror, seconds, target)
        part.replace(out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({(error.strerror or str(error)).lower()})") from error
    told = f"{out}: {frames:,} frames" + (f", {dropped:,} more could not be kept" if dropped else "")
    click.echo(told if whole else f"{told}; the plant went down meanwhile")


COMMANDS = (up, down, status, watch, attack, event, truth, capture)
