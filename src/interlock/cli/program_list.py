"""`interlock program list` and `show`: what an output folder of `analyze` says of programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from interlock.errors import SourceError

__all__ = ["list_programs", "show"]

_COLUMNS: Final = ("TIME", "SERVER", "UNIT", "KIND", "NAME", "WAY", "OCTETS", "STATE", "SHA-256")
_MARK: Final = 12
_from = click.option(
    "--from", "folder", required=True, metavar="DIR", help="Output folder of `interlock analyze`."
)
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")


@click.command("list")
@_from
@_json
def list_programs(folder: str, *, as_json: bool) -> None:
    """Say which programs, firmware and files were put together, in the order of their times."""
    rows = _rows(folder)
    if as_json:
        click.echo(
            json.dumps({"schema": "interlock/program-list/1", "programs": rows}, indent=1, ensure_ascii=False)
        )
        return
    for line in _table([_COLUMNS, *map(_short, rows)]):
        click.echo(line)
    click.echo(f"{len(rows)} transfers; `interlock program show NAME --from {folder}` tells all of one")


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


def _rows(folder: str) -> list[dict[str, Any]]:
    """Rows of artifacts.parquet as plain words. Raises SourceError."""
    from interlock.bootstrap.programs import read_artifacts  # noqa: PLC0415 (--help stays quick)

    return sorted(read_artifacts(Path(folder)), key=lambda row: (row["time"], row["frame"]))


def _short(row: dict[str, Any]) -> tuple[str, ...]:
    words = (row["time"][:19], row["server"], row["unit"] or "", row["kind"], row["name"], row["direction"])
    return (*words, f"{row['size']:,}", row["state"], (row["sha256"] or "")[:_MARK])


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
