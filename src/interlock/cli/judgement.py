"""What every command that judges is given: the site file, rules, what was learned, projects, indicators, signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interlock.records.vocabulary import CHECKSUMS, MIDSTREAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.detecting import Judgement
    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["judgement", "judgement_of", "midstream_option", "own_rules", "tell_problem"]


def own_rules(command: Callable[..., Any]) -> Callable[..., Any]:
    """--rules."""
    option = click.option(
        "--rules", multiple=True, metavar="FOLDER", help="Rules of your own, beside ours; may be repeated."
    )
    return option(command)


def midstream_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--midstream and --checksums."""
    checksums = click.option(
        "--checksums",
        type=click.Choice(CHECKSUMS),
        help="Whether signatures keep segments with wrong checksums out of connections, as Suricata with "
        "checksum-checks; no, or where --midstream no or yes is given, auto.",
    )
    option = click.option(
        "--midstream",
        type=click.Choice(MIDSTREAM),
        help="What signatures make of connections that nobody saw open: own (a sensor's default), or no (that of "
        "analyze) or yes, as Suricata with stream.midstream.",
    )
    return option(checksums(command))


def judgement(command: Callable[..., Any]) -> Callable[..., Any]:
    """--site, --rules, --state, --projects, --indicators, --signatures, --midstream and --checksums."""
    site = click.option(
        "--site", "site_file", metavar="FILE", help="site.toml: what people know and wires can't tell."
    )
    state = click.option(
        "--state", metavar="DIR", help="What was learned of this plant (`interlock baseline learn`)."
    )
    projects = click.option(
        "--projects",
        multiple=True,
        metavar="FOLDER",
        help="Approved programs of controllers; may be repeated.",
    )
    indicators = click.option(
        "--indicators",
        multiple=True,
        metavar="PATH",
        help="Indicators of compromise: a file or a folder; may be repeated.",
    )
    signatures = click.option(
        "--signatures",
        multiple=True,
        metavar="PATH",
        help="Rules of Suricata and Snort: a file or a folder; may be repeated.",
    )
    return site(own_rules(state(projects(indicators(signatures(midstream_option(command)))))))


def judgement_of(
    rules: tuple[str, ...],
    state: str | None,
    projects: tuple[str, ...],
    indicators: tuple[str, ...] = (),
    signatures: tuple[str, ...] = (),
    site_file: str | None = None,
    midstream: Midstream | None = None,
    checksums: Checksums | None = None,
) -> Judgement:
    """The same as one thing. site_file: where no configuration names it. midstream, checksums: None: nobody says."""
    from interlock.bootstrap.detecting import Judgement  # noqa: PLC0415 (--help stays quick)

    return Judgement(
        rules=rules,
        state=state,
        projects=projects,
        indicators=indicators,
        signatures=signatures,
        lists=(("site", site_file),) if site_file else (),
        midstream=midstream,
        checksums=checksums,
        told=tell_problem,
    )


def tell_problem(text: str) -> None:
    """A sentence about what is not in force, to standard error."""
    from interlock.export.escape import escaped  # noqa: PLC0415

    click.echo(f"interlock: {escaped(text)}", err=True)
