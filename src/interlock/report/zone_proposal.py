"""What `interlock zone propose` says: as a JSON document and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.records.counting import counted
from interlock.report.zones import iso_time, violation_document
from interlock.segment.check.wording import sentence
from interlock.segment.propose.coverage import lasting
from interlock.segment.propose.needs import GRAVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.check.verdicts import Violation
    from interlock.segment.propose.coverage import Coverage
    from interlock.segment.propose.proposal import Proposal
    from interlock.segment.propose.questions import Question

__all__ = ["coverage_document", "coverage_lines", "proposal_document", "proposal_lines"]

_SHOWN: Final = 20


def proposal_document(proposal: Proposal) -> dict[str, Any]:
    """Return the document `interlock/zone-proposal/1`; its schema ships as `zone-proposal.schema.json`."""
    return {
        "schema": "interlock/zone-proposal/1",
        "zones": [zone.name for zone in proposal.zones],
        "conduits": [conduit.name for conduit in proposal.conduits],
        "decisions": [
            {"about": each.about, "sentence": each.sentence, "confidence": each.confidence}
            for each in proposal.decisions
        ],
        "questions": [
            {"id": q.id, "text": q.text, "unanswered": q.unanswered, "clients": list(q.clients),
             "servers": list(q.servers), "verbs": list(q.verbs)}
            for q in proposal.questions
        ],
        "coverage": coverage_document(proposal.coverage),
        "operations": proposal.outcome.operations,
        "flows": proposal.outcome.flows,
        "cut_share": round(proposal.outcome.cut_share, 9),
        "denied": [
            {**violation_document(v, proposal.site), "taken_away": _taken(v, proposal)}
            for v in proposal.outcome.violations
        ],
    }  # fmt: skip


def coverage_document(coverage: Coverage) -> dict[str, Any]:
    """The coverage statement."""
    return {
        "periods": [{"first": iso_time(first), "last": iso_time(last)} for first, last in coverage.periods],
        "hours": round(coverage.hours, 3),
        "missing": list(coverage.missing),
        "cut": list(coverage.cut),
    }


def proposal_lines(proposal: Proposal) -> Iterator[str]:
    """The same as lines of text."""
    for decision in proposal.decisions:
        yield f"{decision.confidence:.0%} {decision.sentence}"
    violations = proposal.outcome.violations
    for violation in violations[:_SHOWN]:
        yield f"stays denied: {sentence(violation, proposal.site)}{_because(violation, proposal)}"
    if len(violations) > _SHOWN:
        yield f"and {len(violations) - _SHOWN} more stay denied; --json lists all of them"
    yield from coverage_lines(proposal.coverage)
    still = len(proposal.coverage.cut)
    yield (
        f"proposed: {counted(len(proposal.zones), 'zone')} and {counted(len(proposal.conduits), 'conduit')};"
        f" {counted(still, 'question')} open; of what was seen"
        f" {counted(proposal.outcome.cut_operations, 'operation')} ({proposal.outcome.cut_share:.4%}) would be cut"
    )


def _because(violation: Violation, proposal: Proposal) -> str:
    """Why a proposal leaves something denied that was seen."""
    if _taken(violation, proposal):
        return "; it was proposed before, and taken away by hand"
    if violation.reason == "no-zone":
        return ""
    if violation.verb in GRAVE:
        return f"; {violation.verb} is allowed only where its question is answered"
    if violation.answered:
        return ""
    if violation.refused:
        return f"; it was refused each time ({violation.refused:,}): its question asks whether it is needed"
    asked = any(_about(question, violation) for question in proposal.questions)
    return "; nobody answered it" + (": its question asks whether it is needed" if asked else "")


def _about(question: Question, v: Violation) -> bool:
    return question.id.startswith("refused:") and (v.client, v.server, v.verb) in {
        (client, server, verb)
        for client in question.clients
        for server in question.servers
        for verb in question.verbs
    }


def _taken(v: Violation, proposal: Proposal) -> bool:
    return (v.realm, v.client, v.server, v.protocol, v.verb) in proposal.taken


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """What was seen, and what could be missing."""
    stretches = counted(len(coverage.periods), "stretch", "stretches")
    yield f"seen: {lasting(coverage.hours)} in {stretches}"
    for first, last in coverage.periods[:_SHOWN]:
        yield f"seen: {iso_time(first)} to {iso_time(last)}"
    for text in coverage.missing:
        yield f"could be missing: {text}"
    for text in coverage.cut:
        yield f"cut until its question is answered: {text}"
