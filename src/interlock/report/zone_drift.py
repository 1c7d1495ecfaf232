"""What `interlock zone check` says of the last approval: as JSON and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.records.counting import counted, times
from interlock.segment.check.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.records.zone_approval import Approved, SeenKind
    from interlock.segment.check.drift import Change, Drift

__all__ = ["approval_answer", "drift_document", "drift_lines"]

_SHOWN: Final = 20


def approval_answer(approved: Approved | None, drift: Drift | None) -> Requirement:
    """ZCR 7: met by an approval that holds, of the policy as it is."""
    if approved is None or drift is None:
        answer = "unknown"
        said = "No approval of zones and conduits is recorded (`interlock zone approve` records one)."
    elif not approved.enough:
        answer = "not-met"
        said = f"{len(approved.approvers)} of {counted(approved.needed, 'approver')} have signed the recorded approval."
    elif drift.changes:
        answer = "not-met"
        many = counted(len(drift.changes), "zone or conduit", "zones and conduits")
        said = f"{many} changed since the approval of {approved.record.approved}."
    else:
        answer = "met"
        said = f"Approved on {approved.record.approved} by {' and '.join(approved.approvers)}, and unchanged."
    basis = (("changes", 0 if drift is None else len(drift.changes)),)
    return Requirement(
        id="ZCR 7", title="the owner has approved it", answer=answer, sentence=said, basis=basis
    )


def drift_document(approved: Approved | None, drift: Drift | None) -> dict[str, Any] | None:
    """The key `approval` of `interlock/zone-check/1`."""
    if approved is None or drift is None:
        return None
    return {
        "approved": approved.record.approved,
        "approvers": list(approved.approvers),
        "enough": approved.enough,
        "problems": list(approved.problems),
        "changes": [
            {"what": each.what, "name": each.name, "how": each.how, "fields": list(each.fields)}
            for each in drift.changes
        ],
        "new": None
        if drift.new is None
        else [{**_kind(each.kind), "count": each.count, "allowed": each.allowed} for each in drift.new],
        "gone": None if drift.gone is None else [_kind(kind) for kind in drift.gone],
        "not_recorded": approved.record.left_out,
    }


def _kind(kind: SeenKind) -> dict[str, str | None]:
    what, realm, client, server, protocol, verb = kind
    return {
        "what": what, "realm": realm, "client": client, "server": server, "protocol": protocol, "verb": verb or None,
    }  # fmt: skip


def drift_lines(approved: Approved | None, drift: Drift | None) -> Iterator[str]:
    """The same as lines of text; nothing where nothing was ever approved."""
    if approved is None or drift is None:
        return
    who = " and ".join(approved.approvers) or "nobody whose signature holds"
    yield f"approved on {approved.record.approved} by {who}"
    yield from (f"approval: {problem}" for problem in approved.problems)
    yield from (f"changed since then: {_changed(change)}" for change in drift.changes)
    if drift.new is None or drift.gone is None:
        yield "what is new or gone of traffic is not known: none was looked at when it was approved, or is now"
        return
    for each in drift.new[:_SHOWN]:
        how = "allowed" if each.allowed else "denied"
        yield f"new since then ({how}): {_told(each.kind)} {times(each.count)}"
    yield from (f"gone since then: {_told(kind)}" for kind in drift.gone[:_SHOWN])
    more = max(0, len(drift.new) - _SHOWN) + max(0, len(drift.gone) - _SHOWN)
    if more:
        yield f"and {more:,} more that is new or gone; --json lists all of it"
    if approved.record.left_out:
        yield f"{approved.record.left_out:,} kinds of traffic were not recorded: what is new is not known"


def _changed(change: Change) -> str:
    fields = f" ({', '.join(change.fields)})" if change.fields else ""
    return f"{change.what} {change.name} {'is ' if change.how != 'changed' else ''}{change.how}{fields}"


def _told(kind: SeenKind) -> str:
    what, _, client, server, protocol, verb = kind
    if what == "flow":
        return f"{client} and {server} spoke {protocol}"
    return f"{client} asked {server} by {protocol} for {verb}"
