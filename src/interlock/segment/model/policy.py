"""What the policy says to one request: allowed by which conduit, or denied and how near the nearest conduit came.

Everything is denied but what one of these allows:

1. both ends are in one zone whose `inside` is "allow";
2. a conduit from the client's zone to the server's zone, with these ends, and
   a. one of its protocols with one of its verbs, units and objects, or
   b. one of its ports.

The answers of what is allowed come back. What a server tells of itself within a client's session is a `report` that the
client's conduit must allow. A conversation in which nothing is asked (cyclic data, an unknown protocol) needs the
conduit's protocol or port alone; where nothing was said that shows its protocol, one that is at home at its port. What
is sent to a group is heard in the sender's own zone as 1 says, and in another zone where a conduit to it names the
group. What is between neighbours of a link (ARP, LLDP) is no way between zones.

What was not seen is nothing else: where a conversation was joined after its beginning, a unit or object that its
messages do not repeat is not known, and a conduit for certain ones lets it pass by doubt (`Answer.unseen`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.records.conduit import ANY, ports_of
from interlock.records.site import covers
from interlock.segment.model.groups import is_group, is_link, is_nobody, names_group
from interlock.segment.model.objects import allows
from interlock.segment.model.places import Places, nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from interlock.records.asset import Asset
    from interlock.records.conduit import Conduit
    from interlock.records.site import Site

__all__ = ["REASONS", "Answer", "Ask", "Policy"]

REASONS: Final = (
    *("no-zone", "no-conduit", "direction", "machine", "protocol", "verb", "unit", "object"),
    *("group", "expired"),
)
"""Why something is denied: an end in no zone; no conduit; one the other way round only; one for other machines; for
other protocols and ports; verbs; units; objects; a group that other zones use without a conduit; one that has ended.
"""
_FAR: Final = frozenset({"no-conduit", "machine", "protocol"})
"""So far off that a conduit the other way round says more."""
_NEARNESS: Final = {reason: rank for rank, reason in enumerate(REASONS)}


class Ask(NamedTuple):
    """One request, or one conversation (verb None). protocol: None where nobody knows it.

    many: how many objects from `object` on. port: transport and the server's port, None where unknown.
    hearers: other zones that evidently use the group that it is sent to. joined: whether its conversation is older than
    what was seen, so that a unit or object that is None here may have been told before.
    """

    realm: str
    client: str
    server: str
    protocol: str | None
    verb: str | None = None
    unit: str | None = None
    object: str | None = None
    many: int | None = None
    port: tuple[str, int] | None = None
    hearers: tuple[str, ...] = ()
    joined: bool = False


class Answer(NamedTuple):
    """by: the conduit, or the zone that allows it inside; of something denied the conduit that came nearest, or None.

    how: conduit, inside, link (between neighbours, no way between zones) or denied. reason: of REASONS where denied.
    unseen: `unit` or `object` where the conduit is for certain ones and which it was is not known.
    """

    how: str
    by: str | None = None
    reason: str | None = None
    client_zone: str | None = None
    server_zone: str | None = None
    unseen: str | None = None

    @property
    def allowed(self) -> bool:
        """Whether the policy lets it pass."""
        return self.how != "denied"


@dataclass(frozen=True, slots=True)
class _Way:
    """A conduit, ready to be compared."""

    conduit: Conduit
    verbs: frozenset[str]
    protocols: frozenset[str]
    ports: tuple[tuple[str, int, int], ...] = field(default=())


class Policy:
    """Judges requests; pure, and the same for the same site file, day and inventory."""

    def __init__(
        self,
        site: Site,
        today: date,
        find: Callable[[str, str], Asset | None] = nobody,
        spoken_at: Mapping[tuple[str, int], frozenset[str]] | None = None,
    ) -> None:
        """today: the day (UTC) by which conduits hold or have ended.

        spoken_at: transport and port → protocols at home there, for conversations in which nothing was said.
        """
        self.site, self.today = site, today
        self._spoken_at = spoken_at or {}
        self.places = Places(site, today, find)
        self._inside = {zone.name: zone.inside == "allow" for zone in site.zones}
        self._ways: dict[tuple[str, str], list[_Way]] = {}
        self._over: dict[tuple[str, str], list[_Way]] = {}
        for conduit in site.conduits:
            held = conduit.until is None or today <= conduit.until
            for pair in _pairs(conduit):
                (self._ways if held else self._over).setdefault(pair, []).append(_way(conduit))

    def judge(self, ask: Ask) -> Answer:
        """Say whether a request is allowed."""
        if is_link(ask.protocol, ask.port[0] if ask.port else None, ask.server):
            return Answer("link")
        if is_group(ask.server):
            return self._shout(ask, ask.client, ask.server)
        if is_group(ask.client):  # who answers a call to many by another
            return self._shout(ask, ask.server, ask.client)
        places = self.places.of(ask.realm, ask.client), self.places.of(ask.realm, ask.server)
        pair = places[0].name, places[1].name
        if pair[0] is None or pair[1] is None:
            return Answer("denied", None, "no-zone", *pair)
        if pair[0] == pair[1] and self._inside[pair[0]]:
            return Answer("inside", pair[0], None, *pair)
        return self._through(ask, pair[0], pair[1])

    def _shout(self, ask: Ask, sender: str, group: str) -> Answer:
        """Something sent to many."""
        if is_nobody(sender):  # who has no address yet asks its own link for one
            return Answer("link")
        zone = self.places.of(ask.realm, sender).name
        if zone is None:
            return Answer("denied", None, "no-zone", None, None)
        named = [
            (way, pair[1])
            for pair, ways in self._ways.items()
            if pair[0] == zone
            for way in ways
            if any(names_group(g, group) for g in way.conduit.groups)
            and self._fits(way, ask, sender, None) is None
        ]
        heard = {to for _, to in named}
        for other in ask.hearers:
            if other != zone and other not in heard:
                return Answer("denied", None, "group", zone, other)
        if named:
            return Answer("conduit", named[0][0].conduit.name, None, zone, named[0][1])
        if self._inside[zone]:
            return Answer("inside", zone, None, zone, zone)
        return Answer("denied", None, "group", zone, zone)

    def _through(self, ask: Ask, client: str, server: str) -> Answer:
        """Something from one zone to another, or within one that wants conduits."""
        nearest, reason = None, "no-conduit"
        doubtful: Answer | None = None
        for way in self._ways.get((client, server), ()):
            lacks = self._fits(way, ask, ask.client, ask.server)
            if lacks is None:
                unseen = _unseen(way.conduit, ask)
                answer = Answer("conduit", way.conduit.name, None, client, server, unseen)
                if unseen is None:
                    return answer
                doubtful = doubtful or answer
            elif _NEARNESS[lacks] > _NEARNESS[reason]:
                nearest, reason = way.conduit.name, lacks
        if doubtful is not None:
            return doubtful
        for way in self._over.get((client, server), ()):
            if self._fits(way, ask, ask.client, ask.server) is None:
                return Answer("denied", way.conduit.name, "expired", client, server)
        if reason in _FAR and client != server:
            for way in self._ways.get((server, client), ()):
                if self._fits(way, ask, ask.server, ask.client) is None:
                    return Answer("denied", way.conduit.name, "direction", client, server)
        return Answer("denied", nearest, reason, client, server)

    def _fits(self, way: _Way, ask: Ask, client: str, server: str | None) -> str | None:
        """None where the conduit allows it, else what of it does not fit."""
        conduit = way.conduit
        if conduit.groups and server is not None:
            return "machine"
        for members, machine in ((conduit.clients, client), (conduit.servers, server)):
            if members and machine is not None and not self._among(members, ask.realm, machine):
                return "machine"
        if ask.port and any(t == ask.port[0] and low <= ask.port[1] <= high for t, low, high in way.ports):
            return None
        silent = ask.protocol is None and ask.port is not None and ask.verb is None
        at_home = silent and bool(way.protocols & self._spoken_at.get(ask.port or ("", 0), frozenset()))
        if ask.protocol not in way.protocols and not at_home:
            return "protocol"
        if ask.verb is None:
            return None
        if ask.verb not in way.verbs and ANY not in way.verbs:
            return "verb"
        if conduit.units and ask.unit not in conduit.units and not (ask.joined and ask.unit is None):
            return "unit"
        known = not (ask.joined and ask.object is None)
        return "object" if known and not allows(conduit.objects, ask.object, ask.many) else None

    def _among(self, members: Iterable[str], realm: str, address: str) -> bool:
        return any(covers(members, alias) for alias in self.places.aliases(realm, address))


def _unseen(conduit: Conduit, ask: Ask) -> str | None:
    """What a conduit that fits asks for and nobody saw; nothing where it fits by its port alone."""
    if ask.verb is None or ask.protocol not in conduit.protocols:
        return None
    if conduit.units and ask.unit is None:
        return "unit"
    return "object" if conduit.objects and ask.object is None else None


def _pairs(conduit: Conduit) -> list[tuple[str, str]]:
    return [(one, other) for one in dict.fromkeys(conduit.from_) for other in dict.fromkeys(conduit.to)]


def _way(conduit: Conduit) -> _Way:
    ports = tuple(known for known in map(ports_of, conduit.ports) if known is not None)
    return _Way(conduit, frozenset(conduit.verbs), frozenset(conduit.protocols), ports)
