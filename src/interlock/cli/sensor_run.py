"""`interlock sensor run`: watch interfaces until somebody stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interlock.cli.judgement import judgement_of
from interlock.cli.reading import descriptions
from interlock.cli.sensor_settings import configuration, finish, made, settings

if TYPE_CHECKING:
    from interlock.records.config import InterfaceConfig
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["run"]


@click.command()
@click.option(
    "-i",
    "--interface",
    "interfaces",
    multiple=True,
    metavar="NAME[=REALM]",
    help="The interface at the mirror port; may be repeated.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes for each interface.",
)
@settings
@descriptions
@click.pass_context
def run(
    ctx: click.Context,
    interfaces: tuple[str, ...],
    workers: int,
    folder: str | None,
    site_file: str | None,
    rules: tuple[str, ...],
    state: str | None,
    projects: tuple[str, ...],
    indicators: tuple[str, ...],
    signatures: tuple[str, ...],
    midstream: Midstream | None,
    checksums: Checksums | None,
    config_file: str | None,
    gsdml: tuple[str, ...],
) -> None:
    """Watch mirror ports day and night, without sending one octet.

    Findings are printed as they are committed. SIGHUP reads all files that it was given anew; Ctrl-C or SIGTERM
    ends it, everything kept. `interlock sensor prepare` first makes an interface fit for it.
    """
    config = configuration(config_file)
    named = tuple(_named(text, workers) for text in interfaces) or config.sensor.interfaces
    if not named:
        raise click.UsageError(
            "which interface? Say -i NAME, or name it in the configuration (`ip link` shows them)"
        )
    names = [one.name for one in named]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise click.UsageError(f"-i {twice} stands twice: it would hear every frame twice; name each once")
    from interlock.bootstrap.listening import listen  # noqa: PLC0415 (--help stays quick)

    # First of all: frames wait in the rings while the rest is imported.
    ears = listen(named, ctx.obj, config.sensor.memory.ring_mib)
    from interlock.bootstrap.sensor import build_live  # noqa: PLC0415 (see above)

    overridden = frozenset({"interfaces"} if interfaces else ())
    given = judgement_of(
        rules, state, projects, indicators, signatures, midstream=midstream, checksums=checksums
    )
    finish(ctx, build_live(made(config, folder, site_file, gsdml, config_file, overridden, given), ears))


def _named(text: str, workers: int) -> InterfaceConfig:
    from interlock.records.config import InterfaceConfig  # noqa: PLC0415

    name, _, realm = text.partition("=")
    if not realm:
        return InterfaceConfig(name=name, workers=workers)
    return InterfaceConfig(name=name, realm=realm, workers=workers)
