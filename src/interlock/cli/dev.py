"""`interlock dev`: for those who extend Interlock."""

from __future__ import annotations

from pathlib import Path

import click

from interlock.errors import ConfigError

__all__ = ["dev"]


@click.group()
def dev() -> None:
    """Write the beginnings of an extension."""


@dev.command("new-protocol", short_help="Write a decoder that passes the contract suite.")
@click.argument("name", metavar="NAME")
@click.option("--title", metavar="TEXT", help="The protocol's full name; NAME where it is not given.")
@click.option(
    "--tcp", metavar="PORT", type=click.IntRange(1, 65535), help="Registered TCP port of its servers."
)
@click.option(
    "--udp", metavar="PORT", type=click.IntRange(1, 65535), help="Registered UDP port of its servers."
)
@click.option("--table", is_flag=True, help="With a detail table of its own.")
@click.option(
    "--package", metavar="DIR", help="A package of its own in DIR, which pip installs beside Interlock."
)
@click.option("--root", default=".", show_default=True, metavar="DIR", help="The checkout to write into.")
def new_protocol(
    name: str,
    title: str | None,
    tcp: int | None,
    udp: int | None,
    package: str | None,
    root: str,
    *,
    table: bool,
) -> None:
    """Write a decoder NAME that passes the contract suite, with its tests, ready to be changed into the real one.

    Into a checkout: the folder below decode/protocols, seeds for the contract suite and for fuzzing, a golden test,
    and the line in the table of protocols. With --package: a project of its own with an entry point.
    """
    from interlock.cli import stamping  # noqa: PLC0415 (--help stays quick)

    if (tcp is None) == (udp is None):
        raise click.UsageError("name one port: --tcp PORT or --udp PORT")
    way, port = ("udp", udp) if tcp is None else ("tcp", tcp)
    wish = stamping.Wish(name=name, title=title or name, transport=way, port=port or 0, table=table)
    if package is not None:
        stamping.write(Path(package), stamping.outside(wish))
        click.echo(
            f"{package}: install it with pip, then: python -m pytest -k {name} tests/decode/test_contract.py"
        )
        return
    registry = Path(root) / "src/interlock/decode/registry.py"
    if not registry.is_file():
        raise ConfigError(f"{root}: is no checkout of Interlock; name one by --root, or use --package DIR")
    changed = stamping.registered(registry.read_text("utf-8"), name)
    stamping.write(Path(root), stamping.inside(wish))
    registry.write_text(changed, "utf-8")
    click.echo(f"{name}: stamped. Next: make docs; python -m pytest -k {name} tests/decode")
