"""`interlock program diff`: two versions that were kept, or the last one and the approved one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from interlock.cli.as_json import json_option
from interlock.cli.program_difference import difference_lines
from interlock.errors import SourceError

__all__ = ["diff"]

_LEAST_DIGITS: Final = 4


@click.command()
@click.argument("which", metavar="NAME")
@click.argument("other", metavar="[NEWER]", required=False)
@click.option(
    "--from", "folder", required=True, metavar="DIR", help="A sensor's store, or a folder of `analyze`."
)
@click.option("--server", metavar="ADDRESS", help="The machine, where several have a program of that name.")
@click.option("--unit", metavar="UNIT", help="The device behind its address.")
@click.option(
    "--projects", multiple=True, metavar="FOLDER", help="Compare the last version with the approved one."
)
@json_option
@click.pass_context
def diff(ctx: click.Context, /, which: str, other: str | None, folder: str, server: str | None,
         unit: str | None, projects: tuple[str, ...], *, as_json: bool) -> None:  # fmt: skip
    """Say what differs between two versions of a program.

    NAME alone: the last two versions of it. NAME and NEWER: each a name (its last version) or the beginning of a
    SHA-256. With --projects: the approved program of that name and the last version. Exit code 1 where they differ.
    """
    from interlock.bootstrap.programs import read_programs  # noqa: PLC0415 (--help stays quick)
    from interlock.report.program_diff import compare_octets  # noqa: PLC0415

    rows = [
        row
        for row in read_programs(Path(folder))
        if row["sha256"] and server in (None, row["server"]) and unit in (None, row["unit"])
    ]
    pair = _Chosen(rows, folder)
    if projects and other:
        raise click.UsageError("--projects takes the place of NEWER: name one program.")
    a, b = pair.approved(which, projects) if projects else pair.named(which, other)
    compared = compare_octets(a[1], b[1], names=(a[0], b[0]))
    if as_json:
        document = {"schema": "interlock/program-difference/1", "from": a[0], "to": b[0], **compared}
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        click.echo(f"{a[0]}\n{b[0]}")
        for line in difference_lines(compared):
            click.echo(line)
    ctx.exit(0 if compared["outcome"] == "same" else 1)


class _Chosen:
    """Finds what people name among rows of `read_programs`; each as what it is called, and its octets."""

    def __init__(self, rows: list[dict[str, Any]], folder: str) -> None:
        self._rows, self._folder = rows, folder

    def named(self, which: str, other: str | None) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
        """Two versions."""
        if other is not None:
            return self._octets(self._of(which)[-1]), self._octets(self._of(other)[-1])
        versions = self._of(which)
        newest = versions[-1]
        older = [row for row in self._of(newest["name"], newest) if row["sha256"] != newest["sha256"]]
        if not older:
            raise SourceError(
                f"{which}: only one version of it was seen; --projects compares it with an approved one"
            )
        return self._octets(older[-1]), self._octets(newest)

    def approved(self, which: str, projects: tuple[str, ...]) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
        """The approved one and the last version: the same one where there is one, else the first of its name."""
        from interlock.bootstrap.projects import named_in_projects  # noqa: PLC0415

        now = self._octets(row := self._of(which)[-1])
        found = named_in_projects(projects, row["name"])
        if not found:
            raise SourceError(
                f"{row['name']}: no approved file or block has this name in {', '.join(projects)}"
            )
        place, octets = next((pair for pair in found if pair[1] == now[1]), found[0])
        return (f"approved: {place}", octets), now

    def _of(self, which: str, like: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Versions by name or by the beginning of a hash, of one machine, oldest first."""
        digits = which.lower() if len(which) >= _LEAST_DIGITS else "-"
        found = [row for row in self._rows if which == row["name"] or row["sha256"].startswith(digits)]
        if like is not None:
            found = [row for row in found if _place(row) == _place(like)]
        if not found:
            raise SourceError(
                f"{which}: no such program in {self._folder}; `interlock program list` lists them"
            )
        places = sorted(
            {f"{row['server']}" + (f" --unit {row['unit']}" if row["unit"] else "") for row in found}
        )
        if which == found[0]["name"] and len(places) > 1:
            raise SourceError(
                f"{which}: several machines have one: --server {', --server '.join(places[:8])}"
            )
        return found

    def _octets(self, row: dict[str, Any]) -> tuple[str, bytes]:
        from interlock.bootstrap.programs import read_octets  # noqa: PLC0415

        told = f"{row['name']} of {row['server']}, {row['time'][:19]}, SHA-256 {row['sha256'][:12]}"
        return told, read_octets(Path(self._folder), row["sha256"])


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("realm", "server", "unit", "kind", "name"))
