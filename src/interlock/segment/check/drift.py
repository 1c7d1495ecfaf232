"""What has changed since zones and conduits were approved: of the policy, and of what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.records.zone_approval import MOST_KINDS, policy_content

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.site import Site
    from interlock.records.zone_approval import SeenKind, ZoneApproval
    from interlock.segment.check.verdicts import Judged

__all__ = ["Change", "Drift", "NewKind", "drift_of", "kinds_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """what: zone or conduit. how: new, gone or changed. fields: those that changed."""

    what: str
    name: str
    how: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKind:
    """Traffic that was not seen when the policy was approved. allowed: whether the policy lets it pass."""

    kind: SeenKind
    count: int
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """changes: of the policy. new, gone: of traffic, most often first; None where there is nothing to compare."""

    changes: tuple[Change, ...]
    new: tuple[NewKind, ...] | None = None
    gone: tuple[SeenKind, ...] | None = None


def kinds_of(every: Iterable[Judged]) -> dict[SeenKind, tuple[int, bool]]:
    """What was seen between machines → how often, and whether all of it is allowed. Neighbours' talk is left out."""
    found: dict[SeenKind, tuple[int, bool]] = {}
    for each in every:
        ask, answer = each.kind.ask, each.answer
        if answer.how == "link":
            continue
        place = "/".join(map(str, ask.port)) if ask.port and ask.port[1] else (ask.port or ("",))[0]
        kind = (each.kind.what, ask.realm, ask.client, ask.server, ask.protocol or place, ask.verb or "")
        count, allowed = found.get(kind, (0, True))
        found[kind] = count + each.kind.seen.count, allowed and answer.allowed
    return found


def drift_of(approval: ZoneApproval, site: Site, seen: dict[SeenKind, tuple[int, bool]] | None) -> Drift:
    """Compare. seen: of `kinds_of`, None where no traffic was looked at."""
    changes = []
    for what, before, now in zip(
        ("zone", "conduit"), (approval.zones, approval.conduits), policy_content(site), strict=True
    ):
        for name in sorted(before.keys() | now.keys()):
            how = "new" if name not in before else "gone" if name not in now else "changed"
            old, young = before.get(name, {}), now.get(name, {})
            fields = tuple(sorted(f for f in old.keys() | young.keys() if old.get(f) != young.get(f)))
            if how != "changed" or fields:
                changes.append(
                    Change(what=what, name=name, how=how, fields=fields if how == "changed" else ())
                )
    if seen is None or approval.kinds is None:
        return Drift(changes=tuple(changes))
    known = set(approval.kinds)
    new = [] if approval.left_out else [
        NewKind(kind=kind, count=count, allowed=allowed)
        for kind, (count, allowed) in seen.items()
        if kind not in known
    ]  # fmt: skip
    gone = known - seen.keys() if len(seen) <= MOST_KINDS else set()
    return Drift(
        changes=tuple(changes),
        new=tuple(sorted(new, key=lambda each: (each.allowed, -each.count, each.kind))),
        gone=tuple(sorted(gone)),
    )
