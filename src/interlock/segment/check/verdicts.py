"""Every kind of traffic judged once, and what was denied told one row per cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.segment.check.sightings import MOST_FRAMES
from interlock.segment.model.groups import is_group
from interlock.segment.model.objects import merged, span_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.check.traffic import Kind, Traffic
    from interlock.segment.model.objects import Span
    from interlock.segment.model.policy import Answer, Ask, Policy

__all__ = ["Judged", "Outcome", "Unseen", "Usage", "Violation", "judged", "outcome_of"]

_MOST_OBJECTS: Final = 64
_Doubt = tuple[str, str, str, str, "str | None", "str | None", str]
"""What an Unseen says, without its count."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A kind of traffic and the policy's answer."""

    kind: Kind
    answer: Answer


@dataclass(slots=True, kw_only=True)
class Usage:
    """What passed by a conduit, or inside a zone. last: UTC ns, 0 where nothing did."""

    operations: int = 0
    flows: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Denied traffic of one cause. what: operation or flow. verb: None of a flow.

    objects: what was asked for, merged, the first ones. ports: as `tcp/502`. conduit: the one that came nearest.
    frames: of `source`, the first ones. first, last: UTC ns. answered: how many of `count` were answered well; refused:
    how many were not, by an answer that says so.
    """

    what: str
    source: str
    realm: str
    client: str
    server: str
    client_zone: str | None
    server_zone: str | None
    protocol: str | None
    verb: str | None
    reason: str
    conduit: str | None
    count: int
    answered: int
    first: int
    last: int
    frames: tuple[int, ...]
    objects: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Operations that a conduit for certain units or objects lets pass although which ones they were was not seen.

    what: unit or object. count: how many operations.
    """

    what: str
    realm: str
    client: str
    server: str
    protocol: str | None
    verb: str | None
    conduit: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that was seen, judged. left_out: rows that were not. conduits, insides: by name, also unused ones.

    unseen: what passed by doubt alone, most often first.
    """

    operations: int
    flows: int
    cut_operations: int
    cut_flows: int
    link: int
    left_out: int
    conduits: dict[str, Usage]
    insides: dict[str, Usage]
    violations: tuple[Violation, ...]
    nowhere: tuple[tuple[str, str, str], ...] = ()
    """Machines in no zone: realm, address, why."""
    unseen: tuple[Unseen, ...] = ()

    @property
    def cut_share(self) -> float:
        """Share of operations that would be cut; of conversations where nobody asked for anything."""
        if self.operations:
            return self.cut_operations / self.operations
        return self.cut_flows / self.flows if self.flows else 0.0


def judged(policy: Policy, traffic: Traffic) -> Iterator[Judged]:
    """Ask the policy about every kind, each distinct question once."""
    known: dict[Ask, Answer] = {}
    for kind in traffic.kinds(policy):
        answer = known.get(kind.ask)
        if answer is None:
            answer = known[kind.ask] = policy.judge(kind.ask)
        yield Judged(kind, answer)


@dataclass(slots=True)
class _Cause:
    """A violation while it is put together."""

    judged: Judged
    count: int = 0
    answered: int = 0
    refused: int = 0
    first: int = 2**63 - 1
    last: int = 0
    frames: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    units: dict[str, None] = field(default_factory=dict)
    ports: dict[str, None] = field(default_factory=dict)

    def add(self, kind: Kind) -> None:
        seen, ask = kind.seen, kind.ask
        self.count += seen.count
        self.answered += seen.answered
        self.refused += seen.refused
        self.first, self.last = min(self.first, seen.first), max(self.last, seen.last)
        self.frames.extend(seen.frames)
        span = None if ask.object is None else span_of(ask.object, ask.many)
        if span is not None:
            self.spans.append(span)
        elif ask.object is not None:
            self.names[ask.object] = None
        if ask.unit is not None:
            self.units[ask.unit] = None
        if ask.port is not None:
            self.ports["/".join(map(str, ask.port)) if ask.port[1] else ask.port[0]] = None

    def told(self) -> Violation:
        kind, answer = self.judged.kind, self.judged.answer
        objects = (*map(str, merged(self.spans)), *sorted(self.names))
        return Violation(
            what=kind.what,
            source=kind.source,
            realm=kind.ask.realm,
            client=kind.ask.client,
            server=kind.ask.server,
            client_zone=answer.client_zone,
            server_zone=answer.server_zone,
            protocol=kind.ask.protocol,
            verb=kind.ask.verb,
            reason=answer.reason or "",
            conduit=answer.by,
            count=self.count,
            answered=self.answered,
            first=self.first,
            last=self.last,
            frames=tuple(sorted(set(self.frames))[:MOST_FRAMES]),
            objects=objects[:_MOST_OBJECTS],
            units=tuple(sorted(self.units)[:_MOST_OBJECTS]),
            ports=tuple(sorted(self.ports)[:_MOST_OBJECTS]),
            refused=self.refused,
        )


def outcome_of(policy: Policy, traffic: Traffic) -> Outcome:
    """Judge all that was seen. Violations: what happened most often first."""
    conduits = {conduit.name: Usage() for conduit in policy.site.conduits}
    insides = {zone.name: Usage() for zone in policy.site.zones}
    causes: dict[tuple[object, ...], _Cause] = {}
    cut = {"operation": 0, "flow": 0}
    nowhere: dict[tuple[str, str], str] = {}
    doubts: dict[_Doubt, int] = {}
    link = 0
    for each in judged(policy, traffic):
        kind, answer = each.kind, each.answer
        if answer.how == "denied":
            cut[kind.what] += kind.seen.count
            causes.setdefault(_cause(each), _Cause(each)).add(kind)
            if answer.reason == "no-zone":
                nowhere.update(_nowhere(policy, kind.ask))
        elif answer.how == "link":
            link += kind.seen.count
        else:
            _doubt(doubts, each)
            _use((conduits if answer.how == "conduit" else insides)[answer.by or ""], kind)
    violations = sorted(
        (c.told() for c in causes.values()), key=lambda v: (-v.count, v.first, v.client, v.server)
    )
    return Outcome(
        operations=traffic.operations,
        flows=traffic.flows,
        cut_operations=cut["operation"],
        cut_flows=cut["flow"],
        link=link,
        left_out=traffic.left_out,
        conduits=conduits,
        insides=insides,
        violations=tuple(violations),
        nowhere=tuple((realm, address, why) for (realm, address), why in sorted(nowhere.items())),
        unseen=_told(doubts),
    )


def _doubt(doubts: dict[_Doubt, int], each: Judged) -> None:
    """Count what passes although not all of it was seen."""
    ask, answer = each.kind.ask, each.answer
    if answer.unseen is not None:
        key = answer.unseen, ask.realm, ask.client, ask.server, ask.protocol, ask.verb, answer.by or ""
        doubts[key] = doubts.get(key, 0) + each.kind.seen.count


def _told(doubts: dict[_Doubt, int]) -> tuple[Unseen, ...]:
    rows = sorted(doubts.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(
        Unseen(what=w, realm=r, client=c, server=s, protocol=p, verb=v, conduit=by, count=count)
        for (w, r, c, s, p, v, by), count in rows
    )


def _cause(each: Judged) -> tuple[object, ...]:
    ask = each.kind.ask
    return (
        each.kind.what,
        each.kind.source,
        ask.realm,
        ask.client,
        ask.server,
        ask.protocol,
        ask.verb,
        *each.answer[:5],
    )


def _use(usage: Usage, kind: Kind) -> None:
    if kind.what == "operation":
        usage.operations += kind.seen.count
    else:
        usage.flows += kind.seen.count
    usage.last = max(usage.last, kind.seen.last)


def _nowhere(policy: Policy, ask: Ask) -> Iterator[tuple[tuple[str, str], str]]:
    for address in (ask.client, ask.server):
        place = policy.places.of(ask.realm, address)
        if place.zone is None and not is_group(address):
            yield (ask.realm, address), place.why
