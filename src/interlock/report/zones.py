"""What `interlock zone check` says: as a JSON document and as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from interlock.records.counting import counted
from interlock.segment.check.wording import doubt, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlock.records.site import Site
    from interlock.segment.check.requirements import Requirement
    from interlock.segment.check.verdicts import Outcome, Usage, Violation

__all__ = [
    "check_document",
    "check_lines",
    "iso_time",
    "unseen_document",
    "unseen_lines",
    "violation_document",
]

_SHOWN: Final = 40


def check_document(
    outcome: Outcome,
    requirements: Sequence[Requirement],
    site: Site,
    approval: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the document `interlock/zone-check/1`; its schema ships as `zone-check.schema.json`.

    approval: see `zone_drift.drift_document`.
    """
    return {
        "schema": "interlock/zone-check/1",
        "operations": outcome.operations,
        "flows": outcome.flows,
        "violations": len(outcome.violations),
        "cut_share": round(outcome.cut_share, 9),
        "cut_operations": outcome.cut_operations,
        "cut_flows": outcome.cut_flows,
        "between_neighbours": outcome.link,
        "not_judged": outcome.left_out,
        "not_seen": unseen_document(outcome, site),
        "rows": [violation_document(violation, site) for violation in outcome.violations],
        "conduits": [_used(name, usage) for name, usage in outcome.conduits.items()],
        "insides": [_used(name, usage) for name, usage in outcome.insides.items()],
        "in_no_zone": [
            {"realm": realm, "address": address, "why": why} for realm, address, why in outcome.nowhere
        ],
        "requirements": [
            {
                "id": each.id,
                "title": each.title,
                "answer": each.answer,
                "sentence": each.sentence,
                "basis": dict(each.basis),
            }
            for each in requirements
        ],
        "approval": approval,
    }


def violation_document(violation: Violation, site: Site) -> dict[str, Any]:
    """One row: what was denied, why, and the frames that show it."""
    return {
        "what": violation.what,
        "sentence": sentence(violation, site),
        "reason": violation.reason,
        "conduit": violation.conduit,
        "realm": violation.realm,
        "client": violation.client,
        "client_zone": violation.client_zone,
        "server": violation.server,
        "server_zone": violation.server_zone,
        "protocol": violation.protocol,
        "verb": violation.verb,
        "objects": list(violation.objects),
        "units": list(violation.units),
        "ports": list(violation.ports),
        "count": violation.count,
        "answered": violation.answered,
        "first": iso_time(violation.first),
        "last": iso_time(violation.last),
        "source": violation.source,
        "frames": list(violation.frames),
    }


def unseen_document(outcome: Outcome, site: Site) -> list[dict[str, Any]]:
    """Rows of what passed although its unit or object was not seen."""
    return [
        {
            "what": each.what, "sentence": doubt(each, site), "realm": each.realm, "client": each.client,
            "server": each.server, "protocol": each.protocol, "verb": each.verb, "conduit": each.conduit,
            "count": each.count,
        }
        for each in outcome.unseen
    ]  # fmt: skip


def unseen_lines(outcome: Outcome, site: Site) -> Iterator[str]:
    """The same as lines of text."""
    for each in outcome.unseen[:_SHOWN]:
        yield f"not known: {doubt(each, site)}"
    if len(outcome.unseen) > _SHOWN:
        yield f"and {len(outcome.unseen) - _SHOWN} more whose unit or object was not seen; --json lists all of them"


def _used(name: str, usage: Usage) -> dict[str, Any]:
    last = iso_time(usage.last) if usage.last else None
    return {"name": name, "operations": usage.operations, "flows": usage.flows, "last": last}


def iso_time(instant: int) -> str:
    """UTC, to the microsecond."""
    seconds, rest = divmod(instant, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def check_lines(outcome: Outcome, requirements: Sequence[Requirement], site: Site) -> Iterator[str]:
    """The same as lines of text; violations that happened most often first."""
    for violation in outcome.violations[:_SHOWN]:
        frames = ", ".join(map(str, violation.frames[:5])) + ("…" if len(violation.frames) > 5 else "")
        shown = f" ({violation.source}, frames {frames})" if frames else ""
        yield f"{sentence(violation, site)}{shown}"
    if len(outcome.violations) > _SHOWN:
        yield f"and {len(outcome.violations) - _SHOWN} more; --json lists all of them"
    yield from unseen_lines(outcome, site)
    for realm, address, why in outcome.nowhere[:_SHOWN]:
        yield f"in no zone: {address}{'' if realm == 'default' else f' of {realm}'}: {why}"
    unused = [name for name, usage in outcome.conduits.items() if not usage.operations + usage.flows]
    if unused:
        yield f"conduits that nothing used: {', '.join(unused)}"
    for each in requirements:
        yield f"{each.id:<11} {each.answer:<7} {each.sentence}"
    if outcome.left_out:
        yield f"{outcome.left_out:,} rows were of more kinds than there is room for, and were not judged"
    yield (
        f"{counted(outcome.operations, 'operation')} and {counted(outcome.flows, 'conversation')}:"
        f" {counted(len(outcome.violations), 'violation')}, {counted(outcome.cut_operations, 'operation')}"
        f" ({outcome.cut_share:.4%}) and {counted(outcome.cut_flows, 'conversation')} would be cut"
    )
