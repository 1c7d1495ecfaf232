"""`interlock signature check`: which rules of a set load, before a sensor is given them."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.as_json import json_option
from interlock.cli.exits import DONE, FINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["check", "chosen_by", "lists_of", "rules_progress", "site_option"]


def chosen_by(command: Callable[..., Any]) -> Callable[..., Any]:
    """--disable, --enable, --drop, --modify, --threshold and --variables."""
    form = "a list in the form of suricata-update; may be repeated."
    disable = click.option(
        "--disable", multiple=True, metavar="FILE", help=f"Rules that are switched off: {form}"
    )
    enable = click.option(
        "--enable", multiple=True, metavar="FILE", help=f"Rules that are switched on: {form}"
    )
    drop = click.option("--drop", multiple=True, metavar="FILE", help=f"Rules whose action is drop: {form}")
    modify = click.option("--modify", multiple=True, metavar="FILE", help=f"Rules that are changed: {form}")
    threshold = click.option(
        "--threshold",
        multiple=True,
        metavar="FILE",
        help="How often rules speak, as Suricata's threshold.config.",
    )
    variables = click.option(
        "--variables",
        multiple=True,
        metavar="FILE",
        help="What $HOME_NET and other variables mean, one a line.",
    )
    return disable(enable(drop(modify(threshold(variables(site_option(command)))))))


def site_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--site."""
    option = click.option(
        "--site", "site_file", metavar="FILE", help="site.toml: its zones say what $HOME_NET means."
    )
    return option(command)


def lists_of(
    lists: Mapping[str, tuple[str, ...]], site_file: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Kind and path of each list that was named, and of the site file."""
    site = (("site", site_file),) if site_file else ()
    return (*site, *((kind, path) for kind, paths in lists.items() for path in paths))


@click.command()
@click.argument("path", metavar="PATH")
@chosen_by
@json_option
@click.pass_context
def check(
    ctx: click.Context, /, path: str, *, site_file: str | None, as_json: bool, **lists: tuple[str, ...]
) -> None:
    """Read the rules of PATH, a file or a folder (*.rules, *.txt, also .xz and .gz), and say which load.

    One wrong rule never keeps out another. Lists beside the rules (disable.conf, enable.conf, drop.conf, modify.conf)
    say which of them are in force. What $HOME_NET and other variables mean is told, too, and where that is from.

    Exit codes: 0 every rule that is switched on loads; 1 some are refused.
    """
    from interlock.bootstrap.signatures import check_signatures  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415
    from interlock.report.signatures import signature_document, signature_lines  # noqa: PLC0415

    with rules_progress() as progress:
        tally = check_signatures(path, progress, perf_counter, lists_of(lists, site_file))
    if as_json:
        click.echo(json.dumps(signature_document(tally), indent=1, ensure_ascii=False))
    else:
        for line in signature_lines(tally):
            click.echo(escaped(line))
    ctx.exit(FINDINGS if tally.all.refused else DONE)


@contextmanager
def rules_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal's standard error, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.progress import Progress  # noqa: PLC0415

    from interlock.cli.console import Console  # noqa: PLC0415 (small commands stay small)

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading rules", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
