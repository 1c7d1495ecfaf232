"""`interlock baseline accept`: what was found is normal from now on, with its reason."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import click

from interlock.errors import ConfigError

__all__ = ["accept"]

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@click.command()
@click.argument("what", metavar="FINDING-ID|RELATION")
@click.option("--state", required=True, metavar="DIR", help="The state folder that is judged by.")
@click.option("--reason", metavar="TEXT", help="Why it is normal; kept with the time.")
@click.option("--undo", is_flag=True, help="Take an acceptance back.")
@click.option("--realm", default="default", show_default=True, metavar="NAME", help="Of a relation.")
def accept(what: str, state: str, reason: str | None, realm: str, *, undo: bool) -> None:
    """Take a finding, or all of a relation, for normal from now on.

    RELATION is written CLIENT,SERVER (addresses as findings name them). What is accepted is still shown, as info and as
    accepted, with its reason; --undo ends that.
    """
    from interlock.bootstrap.learning import accept_cause  # noqa: PLC0415 (--help stays quick)
    from interlock.detect.learned.learner import relation_id  # noqa: PLC0415

    key = what
    if not _ID.fullmatch(what):
        client, comma, server = what.partition(",")
        if not comma or not client or not server:
            raise ConfigError(f"{what}: is no finding's id; a relation is written CLIENT,SERVER")
        key = relation_id(realm, (client.strip(), server.strip()))
    if not undo and not reason:
        raise ConfigError("an acceptance needs its reason: --reason TEXT")
    at = datetime.fromtimestamp(int(time.time()), UTC).isoformat()  # noqa: TID251 - the time of the deed, for people
    accept_cause(state, key, None if undo else (reason or "", at, what))
    click.echo(f"{state}: {what} is {'judged again' if undo else 'normal from now on'}")
