"""A proposal: zones for who has none, conduits for what is needed and denied so far, questions about the rest.

What stands in the site file stays as people wrote it. So a proposal after hands have merged, split or renamed zones
begins from their work, and one more from the same traffic proposes nothing new.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.records.conduit import Conduit
from interlock.segment.check.verdicts import judged, outcome_of
from interlock.segment.model.places import Places
from interlock.segment.propose.answers import answered_conduits
from interlock.segment.propose.coverage import Coverage, coverage_of
from interlock.segment.propose.decision import Decision
from interlock.segment.propose.facts import Facts
from interlock.segment.propose.needs import Names, conversations, operations
from interlock.segment.propose.questions import Question, questions_of
from interlock.segment.propose.refusals import refusals_of
from interlock.segment.propose.removals import Removals, Taken
from interlock.segment.propose.standbys import pairs_of, standby_conduits
from interlock.segment.propose.topics import Speech
from interlock.segment.propose.zones import proposed_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import date

    from interlock.records.asset import Asset
    from interlock.records.site import Site, Zone
    from interlock.segment.check.traffic import Kind, Traffic
    from interlock.segment.check.verdicts import Outcome
    from interlock.segment.model.policy import Policy
    from interlock.segment.propose.answers import Answered

__all__ = ["Draft", "Proposal", "draft_of", "proposal_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The first half: zones and questions, before answers are read. site: with the new zones. kinds: what was seen."""

    site: Site
    zones: tuple[Zone, ...]
    decisions: tuple[Decision, ...]
    questions: tuple[Question, ...]
    kinds: list[Kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """site: the file's model with all that is proposed. zones, conduits: only what is new.

    outcome: what was seen, judged by it: its violations are what stays cut. taken: those that people have taken away.
    """

    site: Site
    zones: tuple[Zone, ...]
    conduits: tuple[Conduit, ...]
    decisions: tuple[Decision, ...]
    questions: tuple[Question, ...]
    coverage: Coverage
    outcome: Outcome
    taken: frozenset[Taken] = frozenset()


def draft_of(
    site: Site,
    traffic: Traffic,
    find: Callable[[str, str], Asset | None],
    build: Callable[[Site], Policy],
    control: Collection[str],
    today: date,
) -> Draft:
    """Zones and questions. build: a policy of a site, for this day and inventory. control: protocols of control."""
    places = Places(site, today, find)
    kinds = list(traffic.kinds(build(site)))
    zones, decisions = proposed_zones(site, kinds, places, find, control)
    drawn = dataclasses.replace(site, zones=(*site.zones, *zones))
    placed = Places(drawn, today, find)
    questions = questions_of(
        drawn, Facts.of(kinds, control, placed), refusals_of(kinds, placed), placed, find
    )
    return Draft(site=drawn, zones=zones, decisions=decisions, questions=questions, kinds=kinds)


def proposal_of(
    draft: Draft,
    answers: tuple[Answered, ...],
    traffic: Traffic,
    build: Callable[[Site], Policy],
    expressed: Mapping[str, frozenset[str]],
    before: Iterable[Conduit] = (),
) -> Proposal:
    """The whole. answers: to the draft's questions. expressed: protocol → verbs that its functions have.

    before: conduits of earlier proposals.
    """
    names = Names(conduit.name for conduit in draft.site.conduits)
    places = build(draft.site).places
    speech = _speech(draft.kinds, expressed)
    given = list(answered_conduits(draft.site, draft.questions, answers, places, names, speech))
    removals = Removals(draft.site, before, build)
    site, told = _with(draft.site, given), [_of_answer(conduit) for conduit in given]
    new = list(given)
    for needs in (operations, conversations):
        policy = build(site)
        denied = [
            each
            for each in judged(policy, traffic)
            if each.answer.how == "denied" and not removals.stays(each)
        ]
        found = list(needs(denied, names, speech.sessions))
        new += [conduit for conduit, _ in found]
        told += [_of_need(conduit, count) for conduit, count in found]
        site = _with(site, [conduit for conduit, _ in found])
    pairs = list(pairs_of(draft.questions, answers))
    made = list(standby_conduits(site, pairs, build(site).places, names))
    standing = [each for each in made if isinstance(each, Conduit)]
    new += standing
    told += [_of_answer(each) if isinstance(each, Conduit) else each for each in made]
    site = _with(site, standing)
    return Proposal(
        site=site,
        zones=draft.zones,
        conduits=tuple(new),
        decisions=(*draft.decisions, *told),
        questions=draft.questions,
        coverage=coverage_of(traffic.spans, draft.questions, (answer.id for answer in answers)),
        outcome=outcome_of(build(site), traffic),
        taken=frozenset(removals.taken),
    )


def _speech(kinds: Iterable[Kind], expressed: Mapping[str, frozenset[str]]) -> Speech:
    """Who opens sessions: whose opening was seen, or cannot have been seen and is none of what a protocol lacks."""
    seen, sessions = set(), set()
    for kind in kinds:
        ask = kind.ask
        if ask.protocol is not None and ask.verb is not None:
            seen.add(ask.protocol)
            if ask.verb == "open" or (ask.joined and "open" in expressed.get(ask.protocol, ())):
                sessions.add(ask.protocol)
    return Speech(expressed, seen, sessions)


def _with(site: Site, conduits: list[Conduit]) -> Site:
    return dataclasses.replace(site, conduits=(*site.conduits, *conduits))


def _of_answer(conduit: Conduit) -> Decision:
    return Decision(
        about=conduit.name, sentence=f"conduit {conduit.name}: {conduit.reason}.", confidence=0.95
    )


def _of_need(conduit: Conduit, count: int) -> Decision:
    """How sure: what was seen often is needed; once may have been chance, or somebody who should not."""
    confidence = 0.9 if count >= 100 else 0.7 if count >= 10 else 0.5
    hidden = (
        " Its verbs are enciphered or not known: they cannot be told apart."
        if "unknown" in conduit.verbs
        else ""
    )
    by_port = " It is allowed by port, whatever is spoken there." if conduit.ports else ""
    return Decision(
        about=conduit.name,
        sentence=f"conduit {conduit.name}: {conduit.reason}.{hidden}{by_port}",
        confidence=confidence if not hidden else min(confidence, 0.6),
    )
