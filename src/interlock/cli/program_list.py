"""`interlock program list` and `show`: what a sensor's store or an output folder of `analyze` says of programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from interlock.cli.as_json import json_option
from interlock.errors import SourceError
from interlock.records.counting import counted

__all__ = ["list_programs", "show"]

_COLUMNS: Final = (
    *("TIME", "SERVER", "UNIT", "KIND", "NAME", "WAY", "BY", "OCTETS", "STATE", "VERDICT", "KEPT", "SHA-256"),
)
_MARK: Final = 12
_from = click.option(
    "--from",
    "folder",
    required=True,
    metavar="DIR",
    help="A sensor's store, or an output folder of `analyze`.",
)
_json = json_option


@click.command("list")
@_from
@click.option("--server", metavar="ADDRESS", help="Only those of this machine.")
@click.option("--projects", multiple=True, metavar="FOLDER", help="Say, too, which of them are approved.")
@_json
def list_programs(folder: str, server: str | None, projects: tuple[str, ...], *, as_json: bool) -> None:
    """Say which programs, firmware and files were put together, in the order of their times.

    VERDICT is what each is beside the one before of its machine and name: same, restamped (other times, the same
    code), changed, or unknown (the first). Of a sensor's store each version is one row, of `analyze` each transfer.
    """
    rows = [row for row in _rows(folder) if server in (None, row["server"])]
    _approve(rows, projects)
    if as_json:
        click.echo(
            json.dumps({"schema": "interlock/program-list/1", "programs": rows}, indent=1, ensure_ascii=False)
        )
        return
    for line in _table([_COLUMNS, *map(_short, rows)]):
        click.echo(line)
    click.echo(f"{counted(len(rows), 'row')}; `interlock program show NAME --from {folder}` tells all of one")


@click.command()
@click.argument("which", metavar="NAME")
@_from
@_json
def show(which: str, folder: str, *, as_json: bool) -> None:
    """Tell all transfers of NAME: a block, a path, or the beginning of a SHA-256."""
    rows = [r for r in _rows(folder) if r["name"] == which or (r["sha256"] or "-").startswith(which.lower())]
    if not rows:
        raise SourceError(
            f"{which}: no such program in {folder}; `interlock program list --from {folder}` lists them"
        )
    if as_json:
        click.echo(
            json.dumps({"schema": "interlock/program-list/1", "programs": rows}, indent=1, ensure_ascii=False)
        )
        return
    for row in rows:
        click.echo(f"{row['name']} of {row['server']}" + (f", unit {row['unit']}" if row["unit"] else ""))
        for key, value in row.items():
            if value is not None and key not in ("name", "server", "unit"):
                click.echo(f"  {key:<12} {value}")


def _approve(rows: list[dict[str, Any]], projects: tuple[str, ...]) -> None:
    """Where each is approved, where projects are named; what is in none of them is `not approved`."""
    if not projects:
        return
    from interlock.bootstrap.projects import read_projects  # noqa: PLC0415

    approved = read_projects(projects)
    for row in rows:
        if row["sha256"]:
            row["approved"] = approved.place(row["sha256"], row["code_sha256"])
            row["verdict"] += ", approved" if row["approved"] else ", not approved"


def _rows(folder: str) -> list[dict[str, Any]]:
    """Rows as plain words. Raises SourceError."""
    from interlock.bootstrap.programs import read_programs  # noqa: PLC0415 (--help stays quick)

    return read_programs(Path(folder))


def _short(row: dict[str, Any]) -> tuple[str, ...]:
    words = (row["time"][:19], row["server"], row["unit"] or "", row["kind"], row["name"], row["direction"])
    said = (f"{row['size']:,}", row["state"], row["verdict"], "yes" if row["kept"] else "no")
    return (*words, row["client"], *said, (row["sha256"] or "")[:_MARK])


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
