"""What people have taken away of a proposal: it is not proposed again.

Whoever takes a proposal over, strikes a conduit out or narrows it, and proposes again, has decided. So every conduit
that was ever proposed is remembered beside the drafts. A site file has taken a proposal over where it has at least one
conduit of it by name; what earlier proposals would let pass and the file denies was then taken away by hand, whatever
became of the zones in between.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from interlock.records.conduit import Conduit
from interlock.records.site import Site
from interlock.records.site_text import read_entries
from interlock.records.toml_places import WrongError, parse_toml, refusal, unlisted
from interlock.segment.propose.needs import Names
from interlock.segment.propose.writing import with_proposal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.segment.check.verdicts import Judged
    from interlock.segment.model.policy import Policy

__all__ = ["Removals", "Taken", "load_proposed", "proposed_text"]

_MOST: Final = 20_000
_HEAD: Final = (
    "# Every conduit that was ever proposed here. What you take away of a proposal that you took over is known by it,\n"
    "# and not proposed again; without this file it is.\n"
)

Taken = tuple[str, str, str, str | None, str | None]
"""Realm, client, server, protocol, verb."""


def load_proposed(text: str, *, file: str) -> tuple[Conduit, ...]:
    """Read what was ever proposed. Raises ConfigError naming file, line and column."""
    content = parse_toml(text, file=file)
    try:
        _check_keys(content)
        return read_entries(content.get("conduits", []), "conduits", Conduit)
    except WrongError as wrong:
        raise refusal(text, wrong, file=file) from None


def _check_keys(content: Iterable[str]) -> None:
    wrong = next((key for key in content if key != "conduits"), None)
    if wrong is not None:
        raise WrongError((wrong,), unlisted(wrong, ("conduits",)), key=True)


def proposed_text(known: tuple[Conduit, ...], new: Iterable[Conduit]) -> str:
    """Write it with what is new, the oldest left out where there are too many; each name stands once."""
    kept = list(known[-_MOST:])
    there, names = set(kept), Names(conduit.name for conduit in kept)
    fresh = [conduit for conduit in new if conduit not in there]
    kept += [dataclasses.replace(conduit, name=names.free(conduit.name)) for conduit in fresh]
    return with_proposal(_HEAD, (), kept, (), file="proposed.toml")


class Removals:
    """Tells what was taken away; empty where nothing was proposed before, or nothing of it taken over."""

    def __init__(self, site: Site, before: Iterable[Conduit], build: Callable[[Site], Policy]) -> None:
        """site: the file's, with new zones. before: conduits of earlier proposals. build: a policy of a site."""
        there = {conduit.name for conduit in site.conduits}
        kept = tuple(before)
        names = tuple(zone.name for zone in site.zones)
        self._policy: Policy | None = None
        self.taken: set[Taken] = set()
        if names and any(conduit.name in there for conduit in kept):
            # Each names its machines (or groups): between which zones they are now does not matter.
            every = tuple(dataclasses.replace(conduit, from_=names, to=names, until=None) for conduit in kept)
            self._policy = build(Site(zones=site.zones, conduits=every))

    def stays(self, each: Judged) -> bool:
        """Whether something that is denied was proposed before: then it stays so, and is noted."""
        if self._policy is None or not self._policy.judge(each.kind.ask).allowed:
            return False
        ask = each.kind.ask
        self.taken.add((ask.realm, ask.client, ask.server, ask.protocol, ask.verb))
        return True
