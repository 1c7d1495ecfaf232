"""`interlock program compare` and `approve`: files of programs, side by side and as approved."""

from __future__ import annotations

import json
from pathlib import Path

import click

from interlock.cli.as_json import json_option
from interlock.cli.program_difference import difference_lines
from interlock.errors import SourceError
from interlock.records.counting import counted

__all__ = ["approve", "compare"]

MAX_OCTETS = 256 << 20


@click.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@json_option
@click.pass_context
def compare(ctx: click.Context, one: str, other: str, *, as_json: bool) -> None:
    """Say whether A and B are the same, and what differs where the format shows it. Exit code 1 where they differ."""
    from interlock.report.program_diff import compare_octets  # noqa: PLC0415 (--help stays quick)

    compared = compare_octets(_read(one), _read(other), names=(one, other))
    if as_json:
        told = {"schema": "interlock/program-comparison/1", **compared}
        told["a"], told["b"] = ({"path": p, **told[side]} for p, side in ((one, "a"), (other, "b")))
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        for line in difference_lines(compared):
            click.echo(line)
    ctx.exit(0 if compared["outcome"] == "same" else 1)


@click.command()
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True)
@json_option
def approve(folders: tuple[str, ...], *, as_json: bool) -> None:
    """List what `--projects FOLDER` would approve: each file, member of an archive and block, with its SHA-256."""
    from interlock.bootstrap.projects import read_projects  # noqa: PLC0415 (--help stays quick)
    from interlock.export.escape import escaped  # noqa: PLC0415

    approved = read_projects(folders)
    if as_json:
        document = {"whole": dict(approved.whole), "code": dict(approved.code)}
        click.echo(
            json.dumps({"schema": "interlock/approved-programs/1", **document}, indent=1, ensure_ascii=False)
        )
        return
    for sha256, place in sorted(approved.whole.items(), key=lambda pair: pair[1]):
        click.echo(f"{sha256}  {escaped(place)}")
    click.echo(
        f"{counted(len(approved.whole), 'file or block', 'files and blocks')}, {len(approved.code):,} of them known by "
        "their code, too"
    )


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"{path}: cannot be read ({reason}); name a file of a program") from error
    if len(octets) > MAX_OCTETS:
        raise SourceError(f"{path}: has more than {MAX_OCTETS >> 20} MiB; name a file of a program")
    return octets
