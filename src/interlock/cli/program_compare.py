"""`interlock program compare` and `approve`: files of programs, side by side and as approved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from interlock.errors import SourceError

__all__ = ["approve", "compare"]

MAX_OCTETS = 256 << 20


@click.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of sentences.")
@click.pass_context
def compare(ctx: click.Context, one: str, other: str, *, as_json: bool) -> None:
    """Say whether A and B are the same, and what differs where the format shows it. Exit code 1 where they differ."""
    a, b = _described(one), _described(other)
    same_code = a["code_sha256"] is not None and a["code_sha256"] == b["code_sha256"]
    outcome = "same" if a["sha256"] == b["sha256"] else "restamped" if same_code else "changed"
    fields = sorted(a["fields"].keys() | b["fields"].keys())
    differences = [
        {"field": f, "a": a["fields"].get(f), "b": b["fields"].get(f)}
        for f in fields
        if a["fields"].get(f) != b["fields"].get(f)
    ]
    if as_json:
        document = {"schema": "interlock/program-comparison/1", "outcome": outcome, "a": a, "b": b}
        click.echo(json.dumps({**document, "differences": differences}, indent=1, ensure_ascii=False))
    else:
        click.echo(f"{outcome}: {a['size']:,} and {b['size']:,} octets, {a['kind']} and {b['kind']}")
        for row in differences:
            click.echo(f"  {row['field']}: {row['a'] or 'none'} → {row['b'] or 'none'}")
        if outcome == "restamped":
            click.echo("  the code is the same")
    ctx.exit(0 if outcome == "same" else 1)


@click.command()
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a list.")
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
        f"{len(approved.whole)} files and blocks, {len(approved.code)} of them known by their code, too"
    )


def _described(path: str) -> dict[str, Any]:
    import hashlib  # noqa: PLC0415

    from interlock.decode.contents import describe, kind_of  # noqa: PLC0415 (--help stays quick)

    try:
        with Path(path).open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"{path}: cannot be read ({reason}); name a file of a program") from error
    if len(octets) > MAX_OCTETS:
        raise SourceError(f"{path}: has more than {MAX_OCTETS >> 20} MiB; name a file of a program")
    kind = kind_of(octets)
    code, fields = describe(kind, octets)
    told = {"path": path, "kind": kind, "size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}
    return {**told, "code_sha256": code, "fields": fields}
