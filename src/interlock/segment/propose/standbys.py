"""What a standby may: all that the machine may in whose place it comes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from interlock.segment.propose.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.records.conduit import Conduit
    from interlock.records.site import Site
    from interlock.segment.model.places import Places
    from interlock.segment.propose.answers import Answered
    from interlock.segment.propose.needs import Names
    from interlock.segment.propose.questions import Question

__all__ = ["pairs_of", "standby_conduits"]

Pair = tuple[str, str, str, "Answered"]
"""Realm, standby, machine, the answer that says so."""


def pairs_of(questions: Iterable[Question], answers: Iterable[Answered]) -> Iterator[Pair]:
    """Who stands in for whom, by the answers to the questions that ask it."""
    asked = {question.id: question.realm for question in questions if question.stands_in}
    for answer in answers:
        if answer.yes and answer.id in asked:
            for machine in answer.servers:
                yield from ((asked[answer.id], standby, machine, answer) for standby in answer.clients)


def standby_conduits(
    site: Site, pairs: Iterable[Pair], places: Places, names: Names
) -> Iterator[Conduit | Decision]:
    """Each conduit that names a machine once more for its standby; a decision instead where it is in no zone.

    Conduits that name no machines hold for it anyhow, as it is in one of their zones.
    """
    there = {_content(conduit) for conduit in site.conduits}
    for realm, standby, machine, answer in pairs:
        zone = places.of(realm, standby).name
        if zone is None:
            said = f"{standby} stands in for {machine} and is in no zone: put it into one, and propose again."
            yield Decision(about=f"standby {standby}", sentence=said, confidence=0.95)
            continue
        for conduit in site.conduits:
            made = _instead(conduit, machine, standby, zone)
            if made is not None and _content(made) not in there:
                there.add(_content(made))
                reason = answer.reason or f"{standby} stands in for {machine}"
                named = names.free(f"{conduit.name}: standby")
                yield dataclasses.replace(
                    made, name=named, reason=reason, owner=answer.owner or conduit.owner, until=answer.until
                )


def _instead(conduit: Conduit, machine: str, standby: str, zone: str) -> Conduit | None:
    """The same conduit for a standby alone, None where it does not name the machine."""
    if machine in conduit.clients:
        return dataclasses.replace(conduit, clients=(standby,), from_=(zone,))
    if machine in conduit.servers:
        return dataclasses.replace(conduit, servers=(standby,), to=(zone,))
    return None


def _content(conduit: Conduit) -> Conduit:
    """What it allows, whatever it is called and why."""
    return dataclasses.replace(conduit, name="", reason=None, owner=None, description=None, until=None)
