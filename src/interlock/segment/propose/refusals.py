"""What machines ask for although it is refused, or never answered: whether a plant needs it, only people know.

A server that refuses something is there and answers: a browser that is sent on from `/` has to be let ask for it, and
a panel that reads one register too many goes on without. Rules that take the refusal away leave a client waiting. The
same of whom else is answered: a lost or late answer is none that nobody wanted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlock.segment.model.groups import is_group
from interlock.segment.model.objects import Span, allows, merged, span_of
from interlock.segment.propose.needs import GRAVE, MOST_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.segment.check.traffic import Kind
    from interlock.segment.model.places import Places

__all__ = ["Refusal", "refusals_of"]

_Asked = tuple[str, str, str, str, str]
"""Realm, client, server, protocol, verb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """verbs: with how often each. objects: patterns; empty where the wire named none."""

    realm: str
    client: str
    server: str
    protocol: str
    verbs: tuple[tuple[str, int], ...]
    objects: tuple[str, ...]


@dataclass(slots=True)
class _Objects:
    """Objects of requests that ended alike."""

    spans: list[Span] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    bare: bool = False
    count: int = 0

    def add(self, kind: Kind) -> None:
        name = kind.ask.object
        span = None if name is None else span_of(name, kind.ask.many)
        if span is not None:
            self.spans.append(span)
        elif name is not None:
            self.names[name] = None
        self.bare |= name is None
        self.count += kind.seen.count

    def take(self, other: _Objects) -> None:
        self.spans += other.spans
        self.names |= other.names
        self.bare |= other.bare
        self.count += other.count

    def patterns(self) -> tuple[str, ...]:
        """All of it; empty where that is any object: too many to list, or names that would be patterns."""
        if self.bare or len(self.names) > MOST_NAMES or any("*" in name for name in self.names):
            return ()
        return (*map(str, merged(self.spans)), *sorted(self.names))


def refusals_of(kinds: Iterable[Kind], places: Places) -> tuple[Refusal, ...]:
    """What one zone's machines ask another's and never get, and what they are given does not include.

    Grave verbs are no part of it: those are asked about where they succeed; nor what nobody answers to whom it answers
    nothing at all by that protocol, as scans are.
    """
    refused, granted, silent = _apart(kinds, places)
    spoken = {asked[:4] for asked in (*refused, *granted)}
    for asked, objects in silent.items():
        if asked[:4] in spoken:
            refused.setdefault(asked, _Objects()).take(objects)
    verbs: dict[tuple[str, str, str, str], dict[str, _Objects]] = {}
    for asked, objects in refused.items():
        verbs.setdefault(asked[:4], {})[asked[4]] = objects
    found = []
    for (realm, client, server, protocol), by_verb in sorted(verbs.items()):
        left = {
            verb: objects
            for verb, objects in by_verb.items()
            if not _within(objects, granted.get((realm, client, server, protocol, verb)))
        }
        if left:
            found.append(Refusal(
                realm=realm, client=client, server=server, protocol=protocol,
                verbs=tuple(sorted((verb, objects.count) for verb, objects in left.items())),
                objects=_together(left.values()),
            ))  # fmt: skip
    return tuple(found)


_Sorted = dict[_Asked, _Objects]


def _apart(kinds: Iterable[Kind], places: Places) -> tuple[_Sorted, _Sorted, _Sorted]:
    """Requests between zones that were always refused, those answered at least once, and those never answered."""
    refused: _Sorted = {}
    granted: _Sorted = {}
    silent: _Sorted = {}
    for kind in kinds:
        ask, seen = kind.ask, kind.seen
        if ask.verb is None or ask.protocol is None or ask.verb in GRAVE:
            continue
        if is_group(ask.client) or is_group(ask.server):
            continue
        ends = places.of(ask.realm, ask.client).name, places.of(ask.realm, ask.server).name
        if None in ends or ends[0] == ends[1]:
            continue
        asked = ask.realm, ask.client, ask.server, ask.protocol, ask.verb
        ended = granted if seen.answered else refused if seen.refused else silent
        ended.setdefault(asked, _Objects()).add(kind)
    return refused, granted, silent


def _within(objects: _Objects, granted: _Objects | None) -> bool:
    """Whether what is answered anyhow includes all of it, as a proposal would allow it."""
    if granted is None:
        return False
    patterns = granted.patterns()
    names = [(str(Span(s.head, s.low, s.low, s.tail)), s.high - s.low + 1) for s in objects.spans]
    names += [(name, 1) for name in objects.names]
    return not patterns or (not objects.bare and all(allows(patterns, name, many) for name, many in names))


def _together(some: Iterable[_Objects]) -> tuple[str, ...]:
    """Patterns for all of them; none where one of them needs any object."""
    parts = [objects.patterns() for objects in some]
    return tuple(dict.fromkeys(p for part in parts for p in part)) if all(parts) else ()
