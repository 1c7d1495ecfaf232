"""`interlock sensor unit`: the sensor as a service of systemd."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from interlock.cli.sensor_prepare import named_in

__all__ = ["unit"]

_HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 (not to write there)


@click.command()
@click.option(
    "-i", "--interface", "interfaces", multiple=True, metavar="NAME[=REALM]",
    help="The interface at the mirror port; may be repeated.",
)  # fmt: skip
@click.option("--config", "config", metavar="FILE", help="interlock.toml, by its whole path.")
@click.option("--store", default="/var/lib/interlock", show_default=True, metavar="DIR", help="The store.")
@click.option("--user", metavar="NAME", help="An account that there is; else systemd makes one for the run.")
@click.option(
    "--reach",
    multiple=True,
    metavar="ADDRESS",
    help="Address or network of a receiver or name server, beside this machine; may be repeated.",
)
@click.option(
    "--credential",
    "credentials",
    multiple=True,
    metavar="NAME:FILE",
    help="A secret that systemd hands over below /run/credentials/interlock-sensor.service/NAME.",
)
@click.option(
    "--memory",
    "memory_mib",
    type=click.IntRange(256, 1 << 20),
    default=2048,
    show_default=True,
    metavar="MIB",
    help="What all its processes may take together.",
)
@click.option(
    "--prepare",
    "prepared",
    is_flag=True,
    help="Prepare the interfaces before each start, as root (see `interlock sensor prepare`), so that a restart of "
    "the machine needs nobody; without -i those that the configuration names then.",
)
def unit(
    interfaces: tuple[str, ...],
    config: str | None,
    store: str,
    user: str | None,
    reach: tuple[str, ...],
    credentials: tuple[str, ...],
    memory_mib: int,
    prepared: bool,
) -> None:
    """Print a unit file: interlock sensor unit -i eth1 --prepare > /etc/systemd/system/interlock-sensor.service.

    The service may read interfaces and write its own folder, and reaches nobody over IP but this machine and
    what --reach names.
    """
    from interlock.systemd.unit import Service, unit_text  # noqa: PLC0415 (--help stays quick)

    if not interfaces and config is None:
        raise click.UsageError("name an interface, -i NAME, or a file that does, --config FILE")
    pairs = tuple((name, file) for name, _, file in (text.partition(":") for text in credentials))
    arguments = [part for name in interfaces for part in ("-i", name)]
    if config is not None:
        arguments += ["--config", config]
    names = tuple(name.partition("=")[0] for name in interfaces)
    if prepared and not names and Path(str(config)).exists():
        named_in(str(config))  # what would fail at each start is said now
    for path in (_program()[0], sys.executable, __file__, *([config] if config else [])):
        if why := _hidden(Path(path)):
            click.echo(f"interlock: {why}", err=True)
    service = Service(
        command=(*_program(), "sensor", "run", *arguments, "--store", store),
        prepare=_prepare(names, config) if prepared else (),
        interfaces=names or (f"what {config} names",),
        user=user,
        reach=reach,
        credentials=pairs,
        memory_mib=memory_mib,
    )
    click.echo(unit_text(service), nl=False)


def _prepare(names: tuple[str, ...], config: str | None) -> tuple[tuple[str, ...], ...]:
    """Commands that prepare interfaces; what a file names is read at each start, so that it may change."""
    which = [("-i", name) for name in names] if names or config is None else [("--config", config)]
    return tuple((*_program(), "sensor", "prepare", "--quiet", *words) for words in which)


def _program() -> tuple[str, ...]:
    """How this program is called by its whole path: this one, whatever else of that name there is on the machine."""
    called = (
        sys.argv[0] if Path(sys.argv[0]).name == "interlock" else Path(sys.executable).with_name("interlock")
    )
    if found := shutil.which(called):
        return (str(Path(found).absolute()),)
    return (sys.executable, "-c", "from interlock.cli.start import main; main()")


def _hidden(path: Path) -> str:
    """Why the service cannot read a file of this machine; empty where it can, or where it is not there yet."""
    found = path.resolve()
    if any(found.is_relative_to(place) for place in _HIDDEN):
        return (
            f"{found}: the service will not see it, since home folders and /tmp are hidden from it; "
            "put it elsewhere, Interlock itself for example in /opt/interlock"
        )
    return ""
