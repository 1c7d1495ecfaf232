"""The least conduits that let pass what was seen and answered, and is denied so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from interlock.records.conduit import Conduit
from interlock.records.counting import times
from interlock.segment.model.groups import is_group
from interlock.segment.model.objects import merged, span_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from interlock.segment.check.verdicts import Judged
    from interlock.segment.model.objects import Span

__all__ = ["GRAVE", "MOST_NAMES", "UPKEEP", "Names", "conversations", "operations"]

GRAVE: Final = frozenset(
    {
        *(
            "configure",
            "start",
            "stop",
            "force",
            "program-read",
            "program-write",
            "firmware-write",
            "file-read",
        ),
        *("file-write", "mode-set", "time-set", "reset", "alarm-suppress"),
    }
)
"""Verbs that a person orders and no cycle needs: what was seen of them is asked about, and never taken for granted."""
UPKEEP: Final = ("close", "open")
"""Whoever may ask may open a session for it, also after a restart that was not seen."""
_WITH_OBJECTS: Final = frozenset(
    {
        "read",
        "write",
        "force",
        "select",
        "operate",
        "program-read",
        "program-write",
        "file-read",
        "file-write",
    }
)
_TOLD_ONCE: Final = frozenset({"cip", "s7comm", "s7comm-plus"})
"""Protocols whose units a session's opening tells (COTP's called TSAP, the path of a Forward_Open), and its requests do
not: such a unit is as good as the address, and a rule for it would be one about what the next look may miss."""
MOST_NAMES: Final = 64
"""Objects without numbers that a conduit lists; of more, any object is allowed, and the decision says so."""

Pair = tuple[str, str]


class Names:
    """Names for conduits, each once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def free(self, wanted: str) -> str:
        """The wanted name, with a number behind it where it is taken."""
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted} {number}", number + 1
        self._taken.add(name)
        return name


@dataclass(slots=True)
class _Need:
    """What one client asks one server by one protocol and verb. bare: also where the wire names no object."""

    spans: list[Span] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    units: set[str | None] = field(default_factory=set)
    bare: bool = False
    count: int = 0
    first: int = 2**63 - 1
    last: int = 0

    def objects(self, verb: str) -> tuple[str, ...]:
        """Patterns for all of it; empty for any object."""
        if verb not in _WITH_OBJECTS or self.bare or len(self.names) > MOST_NAMES:
            return ()
        # A name with a `*` in it would be a pattern for others, too: then any object, said by no pattern at all.
        literal = () if any("*" in name for name in self.names) else tuple(sorted(self.names))
        return (*map(str, merged(self.spans)), *literal) if literal or not self.names else ()


@dataclass(frozen=True, slots=True)
class _Shape:
    """What conduits that can be one have in common."""

    ends: Pair
    protocol: str
    verbs: tuple[str, ...]
    objects: tuple[str, ...]
    units: tuple[str, ...]


def operations(
    denied: Iterable[Judged], names: Names, sessions: Collection[str]
) -> Iterator[tuple[Conduit, int]]:
    """Conduits for denied operations, each with how many it lets pass. sessions: protocols that open some first."""
    needs: dict[tuple[Pair, str, Pair], dict[str, _Need]] = {}
    groups: dict[tuple[Pair, str, str, str], dict[str, _Need]] = {}
    for each in denied:
        ask, answer = each.kind.ask, each.answer
        if ask.verb is None or ask.protocol is None or not each.kind.seen.answered:
            continue
        if answer.client_zone is None or answer.server_zone is None:
            continue
        zones = answer.client_zone, answer.server_zone
        if answer.reason == "group":
            group, sender = _group_and_sender(ask.client, ask.server)
            for other in ask.hearers:
                if other != zones[0]:
                    place = ((zones[0], other), ask.protocol, group, sender)
                    _take(groups.setdefault(place, {}).setdefault(ask.verb, _Need()), each)
        elif ask.verb not in GRAVE:
            place_ = (zones, ask.protocol, (ask.client, ask.server))
            _take(needs.setdefault(place_, {}).setdefault(ask.verb, _Need()), each)
    yield from _joined(needs, names, sessions, _several(needs))
    yield from _for_groups(groups, names)


def _several(needs: dict[tuple[Pair, str, Pair], dict[str, _Need]]) -> set[tuple[str, str]]:
    """(protocol, server) of those with several units behind one address."""
    units: dict[tuple[str, str], set[str | None]] = {}
    for (_, protocol, (_, server)), by_verb in needs.items():
        units.setdefault((protocol, server), set()).update(*(need.units for need in by_verb.values()))
    return {place for place, seen in units.items() if len(seen - {None}) > 1}


def _group_and_sender(client: str, server: str) -> Pair:
    return (client, server) if is_group(client) else (server, client)


def _take(need: _Need, each: Judged) -> None:
    ask, seen = each.kind.ask, each.kind.seen
    span = None if ask.object is None else span_of(ask.object, ask.many)
    if span is not None:
        need.spans.append(span)
    elif ask.object is not None:
        need.names[ask.object] = None
    else:
        need.bare = True
    need.units.add(ask.unit)
    need.count += seen.count
    need.first, need.last = min(need.first, seen.first), max(need.last, seen.last)


def _joined(
    needs: dict[tuple[Pair, str, Pair], dict[str, _Need]],
    names: Names,
    sessions: Collection[str],
    several: Collection[tuple[str, str]],
) -> Iterator[tuple[Conduit, int]]:
    """Pairs that need the same become one conduit, where every client of it needs every server of it."""
    shapes: dict[_Shape, dict[Pair, list[_Need]]] = {}
    for (zones, protocol, pair), by_verb in needs.items():
        narrow = protocol not in _TOLD_ONCE or (protocol, pair[1]) in several
        for shape, parts in _shapes(zones, protocol, by_verb, sessions, narrow=narrow):
            shapes.setdefault(shape, {})[pair] = parts
    for shape, pairs in sorted(shapes.items(), key=lambda item: str(item[0])):
        servers_of: dict[str, set[str]] = {}
        for client, server in pairs:
            servers_of.setdefault(client, set()).add(server)
        clients_of: dict[tuple[str, ...], list[str]] = {}
        for client, servers in sorted(servers_of.items()):
            clients_of.setdefault(tuple(sorted(servers)), []).append(client)
        for servers_, clients in clients_of.items():
            parts = [need for c in clients for s in servers_ for need in pairs[c, s]]
            yield _conduit(shape, tuple(clients), servers_, parts, names), sum(p.count for p in parts)


def _shapes(
    zones: Pair, protocol: str, by_verb: dict[str, _Need], sessions: Collection[str], *, narrow: bool
) -> Iterator[tuple[_Shape, list[_Need]]]:
    """Verbs with the same objects and units go together; a right to read never becomes one to write elsewhere.

    narrow: whether for the units that were seen alone.
    """
    parts: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, _Need]] = {}
    for verb, need in sorted(by_verb.items()):
        objects = need.objects(verb)
        units = tuple(sorted(u for u in need.units if u is not None))
        plain = () if not narrow or None in need.units or verb not in _WITH_OBJECTS else units
        parts.setdefault((objects, plain), {})[verb] = need
    for verb in UPKEEP if protocol in sessions else ():
        parts.setdefault(((), ()), {}).setdefault(verb, _Need())
    for (objects, units), verbs in sorted(parts.items()):
        yield _Shape(zones, protocol, tuple(verbs), objects, units), list(verbs.values())


def _conduit(
    shape: _Shape, clients: tuple[str, ...], servers: tuple[str, ...], parts: list[_Need], names: Names
) -> Conduit:
    leading = next((verb for verb in shape.verbs if verb not in UPKEEP), "sessions")
    return Conduit(
        name=names.free(f"{shape.ends[0]} to {shape.ends[1]}: {shape.protocol} {leading}"),
        from_=(shape.ends[0],),
        to=(shape.ends[1],),
        protocols=(shape.protocol,),
        verbs=tuple(sorted(shape.verbs)),
        objects=shape.objects,
        units=shape.units,
        clients=clients,
        servers=servers,
        reason=_seen(parts),
    )


def _seen(parts: list[_Need]) -> str:
    seen = [part for part in parts if part.count]
    if not seen:
        return "a session is opened before anything is asked, and again after a restart"
    first, last = min(p.first for p in seen), max(p.last for p in seen)
    count = sum(p.count for p in seen)
    days = dict.fromkeys((_day(first), _day(last)))
    return f"seen {times(count)} {'from' if len(days) > 1 else 'on'} {' to '.join(days)}"


def _day(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant // 10**9, UTC):%Y-%m-%d}"


def _for_groups(
    groups: dict[tuple[Pair, str, str, str], dict[str, _Need]], names: Names
) -> Iterator[tuple[Conduit, int]]:
    for (zones, protocol, group, sender), by_verb in sorted(groups.items()):
        parts = list(by_verb.values())
        yield (
            Conduit(
                name=names.free(f"{zones[0]} to {zones[1]}: {protocol} to {group}"),
                from_=(zones[0],),
                to=(zones[1],),
                protocols=(protocol,),
                verbs=tuple(sorted(by_verb)),
                groups=(group,),
                clients=(sender,),
                reason=_seen(parts),
            ),
            sum(p.count for p in parts),
        )


def conversations(
    denied: Iterable[Judged], names: Names, _sessions: Collection[str]
) -> Iterator[tuple[Conduit, int]]:
    """Conduits for conversations that were answered and are denied still: by protocol, else by port."""
    needs: dict[tuple[Pair, str, tuple[str, ...], Pair], _Need] = {}
    for each in denied:
        ask, answer = each.kind.ask, each.answer
        if (
            ask.verb is not None
            or answer.client_zone is None
            or answer.server_zone is None
            or ask.port is None
        ):
            continue
        if not (each.kind.seen.answered or is_group(ask.server)) or each.kind.state == "refused":
            continue
        group = is_group(ask.server) or is_group(ask.client)
        for zone in ask.hearers if group else (answer.server_zone,):
            if zone == answer.client_zone and group:
                continue
            what = ask.protocol or ("/".join(map(str, ask.port)) if ask.port[1] else ask.port[0])
            pair = _group_and_sender(ask.client, ask.server)[::-1] if group else (ask.client, ask.server)
            kind = ("group",) if group else ("protocol",) if ask.protocol else ("port",)
            _take(needs.setdefault(((answer.client_zone, zone), what, kind, pair), _Need()), each)
    for (zones, what, kind_, (client, server)), need in sorted(needs.items()):
        port = "/" in what or kind_ == ("port",)
        yield (
            Conduit(
                name=names.free(f"{zones[0]} to {zones[1]}: {what}"),
                from_=(zones[0],),
                to=(zones[1],),
                protocols=() if port else (what,),
                ports=(what,) if port else (),
                groups=(server,) if kind_ == ("group",) else (),
                clients=(client,),
                servers=() if kind_ == ("group",) else (server,),
                reason=_seen([need]),
            ),
            need.count,
        )
