"""What was learned of a plant, as sentences and as JSON."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from interlock.detect.learned.chances import MINUTES_A_DAY
from interlock.detect.learned.learner import together
from interlock.detect.learned.new_deed import NewDeed
from interlock.records.counting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interlock.detect.learned.chances import Expectation
    from interlock.detect.learned.learner import Learner
    from interlock.detect.learned.relation import Relation

__all__ = ["expectation_text", "learned_document", "learned_sentences", "relations_of"]


def relations_of(learners: Mapping[str, Learner], part: str | None = None) -> tuple[Relation, ...]:
    """Give every relation, sorted; part: only those in whose ends or protocol it occurs."""
    deeds = learners.get("new-deed")
    found = deeds.relations() if isinstance(deeds, NewDeed) else ()
    return tuple(r for r in found if part is None or part in f"{r.client} {r.server} {r.protocol}")


def learned_sentences(learners: Mapping[str, Learner], folder: str) -> Iterator[str]:
    """What a person wants to know after a lesson."""
    relations, whole = relations_of(learners), together(learners.values())
    done = sum(1 for relation in relations if relation.expectation.converged)
    minutes = max((learner.observed.minutes for learner in learners.values()), default=0)
    known = f"{counted(len(relations), 'relation')}, {done:,} of them converged"
    yield f"{folder}: {counted(minutes, 'minute')} observed, {known}"
    yield expectation_text(whole)
    if not whole.converged:
        yield (
            "this plant is still being learned: judging by it is possible from now on (`interlock analyze --state`), "
            "and more captures of normal work make false alarms rarer"
        )


def expectation_text(whole: Expectation) -> str:
    """What is to be expected of false alarms, with its bound and what it rests on."""
    if not whole.minutes:
        return "false alarms to expect: not known yet, nothing was held back"
    hours = whole.minutes * 24 / MINUTES_A_DAY
    span = f"{hours:.1f} hours" if hours >= 1 else counted(int(whole.minutes), "minute")
    return (
        f"false alarms to expect: {whole.a_day:.1f} a day, at most {whole.at_most:.1f} (95 %), "
        f"from the last {span} judged by what was learned before them"
    )


def learned_document(learners: Mapping[str, Learner], folder: str, part: str | None = None) -> dict[str, Any]:
    """The same for programs."""
    relations, whole = relations_of(learners, part), together(learners.values())
    return {
        "schema": "interlock/baseline/1",
        "state": folder,
        "minutes": max((learner.observed.minutes for learner in learners.values()), default=0),
        "converged": whole.converged,
        "false_alarms_a_day": _number(whole.a_day),
        "false_alarms_a_day_at_most": _number(whole.at_most),
        "held_back_minutes": whole.minutes,
        "accepted": accepted_of(learners),
        "relations": [relation_document(relation) for relation in relations],
    }


def accepted_of(learners: Mapping[str, Learner]) -> list[dict[str, str]]:
    """What was accepted, each once."""
    found = {what: why for learner in learners.values() for what, why in learner.accepted.items()}
    return [
        {"id": what, "reason": why[0], "time": why[1], "of": why[2]} for what, why in sorted(found.items())
    ]


def relation_document(relation: Relation) -> dict[str, Any]:
    """One relation for programs."""
    said = relation.expectation
    return {
        "realm": relation.realm,
        "client": relation.client,
        "server": relation.server,
        "protocol": relation.protocol,
        "verbs": list(relation.verbs),
        "functions": list(relation.functions),
        "objects": relation.objects,
        "minutes": said.minutes,
        "met_once": relation.once,
        "news_a_day": _number(said.a_day),
        "news_a_day_at_most": _number(said.at_most),
        "converged": said.converged,
        "judged_since": _minute(relation.judged),
    }


def _minute(since_1970: int) -> str | None:
    return datetime.fromtimestamp(60 * since_1970, UTC).isoformat() if since_1970 else None


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
