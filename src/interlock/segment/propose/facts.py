"""What questions ask about: who serves what, and who was seen to do what to whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from interlock.segment.check.traffic import Kind
    from interlock.segment.model.places import Places

__all__ = ["Facts", "Machine"]

Machine = tuple[str, str]
"""Realm and address."""


@dataclass(slots=True)
class Facts:
    """Of answered operations alone.

    served: machine → control protocols that it answers. verbs: (realm, client, server) → protocol → verbs.
    shouts: realm → control protocols by which machines call all others. counts: as verbs, with how often.
    told: realm and control protocol → (sender, group) of what is told to many.
    """

    served: dict[Machine, set[str]] = field(default_factory=dict)
    verbs: dict[tuple[str, str, str], dict[str, set[str]]] = field(default_factory=dict)
    shouts: dict[str, set[str]] = field(default_factory=dict)
    counts: dict[tuple[str, str, str, str, str], int] = field(default_factory=dict)
    told: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, kinds: Iterable[Kind], control: Collection[str], places: Places) -> Facts:
        """Gather them. control: protocols that move a process. Machines in no zone are passed over."""
        facts = cls()
        for kind in kinds:
            ask = kind.ask
            if ask.verb is None or ask.protocol is None or not kind.seen.answered or is_group(ask.client):
                continue
            if is_group(ask.server):
                if ask.protocol in control and ask.verb == "discover":
                    facts.shouts.setdefault(ask.realm, set()).add(ask.protocol)
                if ask.protocol in control and ask.verb == "report" and places.of(ask.realm, ask.client).zone:
                    facts.told.setdefault((ask.realm, ask.protocol), set()).add((ask.client, ask.server))
                continue
            if places.of(ask.realm, ask.client).zone is None or places.of(ask.realm, ask.server).zone is None:
                continue
            if ask.protocol in control:
                facts.served.setdefault((ask.realm, ask.server), set()).add(ask.protocol)
            pair = ask.realm, ask.client, ask.server
            facts.verbs.setdefault(pair, {}).setdefault(ask.protocol, set()).add(ask.verb)
            key = (*pair, ask.protocol, ask.verb)
            facts.counts[key] = facts.counts.get(key, 0) + kind.seen.count
        return facts
