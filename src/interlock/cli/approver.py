"""`interlock approver`: who may approve windows, work orders, zones and packs of rules."""

from __future__ import annotations

import dataclasses
import getpass
import json
from datetime import UTC, datetime
from pathlib import Path

import click

from interlock.cli.as_json import json_option
from interlock.errors import ConfigError

__all__ = ["approver"]


@click.group()
def approver() -> None:
    """Enrol who may approve: windows and work orders, zones and conduits, packs of rules.

    The list is kept in the installation's state folder, or where INTERLOCK_APPROVERS says; never where a site
    file says.
    """


@approver.command("new-key", short_help="Make a key: FILE, and FILE.pub to be enrolled.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--no-passphrase", is_flag=True, help="Do not encipher it: whoever copies the file can approve."
)
def new_key_command(file: Path, *, no_passphrase: bool) -> None:
    """Make an Ed25519 key: the private one in FILE (readable by its owner only), the public one in FILE.pub."""
    from interlock.bootstrap.signing_keys import new_key  # noqa: PLC0415 (--help stays quick)

    secret = None if no_passphrase else click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    private, public = new_key(file, secret)
    click.echo(f"{private}: the private key, for its owner only; {public}: to be enrolled")


@approver.command()
@click.argument("name")
@click.option(
    "--key",
    "file",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The public key: FILE.pub.",
)
def add(name: str, file: Path) -> None:
    """Enrol NAME with a public key."""
    from interlock.bootstrap.approving import approvers_file, keep_approvers, known_approvers  # noqa: PLC0415
    from interlock.bootstrap.signing_keys import read_public  # noqa: PLC0415
    from interlock.records.approval import Approver, check_name, fingerprint  # noqa: PLC0415

    path, key = approvers_file(), read_public(file)
    known = known_approvers(path)
    now = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - the wall's clock is what an enrolment is dated by
    fresh = Approver(name=check_name(name), key=key, added=now, by=getpass.getuser())
    keep_approvers(path, dataclasses.replace(known, approvers=(*known.approvers, fresh)))
    click.echo(f"{name} may approve, with the key {fingerprint(key)}; the list is {path}")


@approver.command("list")
@json_option
def list_command(*, as_json: bool) -> None:
    """Say who may approve, and how many of them must."""
    from interlock.bootstrap.approving import approvers_file, known_approvers  # noqa: PLC0415
    from interlock.records.approval import fingerprint  # noqa: PLC0415

    known = known_approvers(approvers_file())
    every = [
        {"name": a.name, "key": fingerprint(a.key), "added": a.added, "by": a.by} for a in known.approvers
    ]
    if as_json:
        click.echo(
            json.dumps(
                {"schema": "interlock/approvers/1", "requires": known.requires, "approvers": every}, indent=1
            )
        )
        return
    for one in every:
        click.echo(f"{one['name']}  {one['key']}  enrolled {one['added']} by {one['by']}")
    click.echo(f"{len(every)} enrolled; {known.requires} must sign")


@approver.command()
@click.argument("name")
def remove(name: str) -> None:
    """Take NAME off the list: none of their signatures holds from now on."""
    from interlock.bootstrap.approving import approvers_file, keep_approvers, known_approvers  # noqa: PLC0415

    path = approvers_file()
    known = known_approvers(path)
    left = tuple(a for a in known.approvers if a.name != name)
    if len(left) == len(known.approvers):
        raise ConfigError(f"{path}: nobody is enrolled as {name!r}; see `interlock approver list`")
    keep_approvers(path, dataclasses.replace(known, approvers=left))
    click.echo(f"{name} is no approver any more")


@approver.command(short_help="Say how many different approvers must sign.")
@click.argument("number", type=click.IntRange(1, 100))
def require(number: int) -> None:
    """Say how many different approvers must sign everything; 2 is two-person control."""
    from interlock.bootstrap.approving import approvers_file, keep_approvers, known_approvers  # noqa: PLC0415

    path = approvers_file()
    keep_approvers(path, dataclasses.replace(known_approvers(path), requires=number))
    click.echo(f"{number} must sign from now on")
