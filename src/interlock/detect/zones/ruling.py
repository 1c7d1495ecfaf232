"""The policy of the site file in force, asked once of each question and remembered: a plant asks the same all day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.interface import no_asset
from interlock.segment.model.groups import is_group, is_mac
from interlock.segment.model.policy import Answer, Ask, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interlock.detect.interface import Context
    from interlock.records.asset import Asset
    from interlock.records.site import Site

__all__ = ["Ruling", "spoken_in"]

_MOST_ANSWERS: Final = 65_536
"""Of one kind; past it all are forgotten, and asked anew as they come."""
_MOST_MACHINES: Final = 65_536
"""Addresses whose zones are remembered; past it all of them, and all answers, are forgotten."""
_MOST_GROUPS: Final = 4_096
_MOST_HEARERS: Final = 64
_ANEW_NS: Final = 60_000_000_000
"""How long what is known of machines counts: roles and MACs, by which zones choose, are learned as time goes."""
_DAY_NS: Final = 86_400 * 10**9
_TRANSPORTS: Final = ("tcp", "udp")
_GUESSED: Final = frozenset({"port", "unknown"})


def spoken_in(protocol: str | None, basis: str | None) -> str | None:
    """What is spoken in a conversation, where anything that was said in it shows that."""
    return None if basis in _GUESSED else protocol


class Ruling:
    """Answers by relation, by exact request, and by conversation.

    A conversation may have begun before anybody listened, and its row comes only later: units and objects that are not
    told count as not seen (Ask.joined), never as none.
    changes: rises whenever an answer may have become another one. by_port: whether any conduit allows by port.
    """

    def __init__(self, spoken_at: Mapping[tuple[str, int], frozenset[str]] | None = None) -> None:
        """spoken_at: transport and port → the protocols at home there."""
        self.spoken_at = spoken_at or {}
        self._policy: Policy | None = None
        self._made_of: tuple[Site, int] | None = None
        self._since = 0
        self.changes = 0
        self._asset: Callable[[str, str], Asset | None] = no_asset
        self.by_port = self._by_role = self._by_mac = False
        self._relations: dict[tuple[str, ...], Answer] = {}
        self._exactly: dict[tuple[Any, ...], Answer] = {}
        self._hearers: dict[tuple[str, str, str], tuple[str, ...]] = {}

    def renew(self, context: Context, *, anew: bool = False) -> bool:
        """Take the site that is in force now; whether it says anything at all.

        What is known of machines is looked up again after a minute, or where `anew`, or where nothing was known so far.
        """
        site = context.site
        if not site.conduits:
            self._policy = None
            return False
        anew |= self._asset is no_asset and context.asset is not no_asset
        self._asset = context.asset
        day = max(0, context.now) // _DAY_NS
        old = self._made_of is None or self._made_of[0] is not site or self._made_of[1] != day
        if self._policy is None or old or len(self._policy.places) > _MOST_MACHINES:
            self._begin(site, day)
            self._since = context.now
        elif anew or not 0 <= context.now - self._since < _ANEW_NS:
            self._since = context.now
            self.look_again(lost=False)
        return True

    def _begin(self, site: Site, day: int) -> None:
        """Forget all answers: they were those of another policy."""
        self._policy = Policy(
            site, datetime.fromtimestamp(day * 86_400, UTC).date(), self._find, self.spoken_at
        )
        self._made_of = site, day
        self.by_port = any(conduit.ports for conduit in site.conduits)
        self._by_role = any(zone.selector is not None or zone.assets for zone in site.zones)
        self._by_mac = any(is_mac(member) for zone in site.zones for member in zone.members)
        self._relations.clear()
        self._exactly.clear()
        self.changes += 1

    def _find(self, realm: str, address: str) -> Asset | None:
        return self._asset(realm, address)

    @property
    def policy(self) -> Policy:
        """The policy; only after `renew` has said that there is one."""
        if self._policy is None:
            raise RuntimeError("no policy is in force")
        return self._policy

    @property
    def blind(self) -> bool:
        """Whether nothing is known of machines but their addresses."""
        return self._asset is no_asset

    def look_again(self, *, lost: bool = True) -> None:
        """Find anew in which zone machines are (lost: whoever was in none), and forget the answers of who has moved."""
        if moved := self.policy.places.look_again(lost=lost):
            for kept in (self._relations, self._exactly):  # an Ask is a tuple, too
                for ask in [a for a in kept if (a[0], a[1]) in moved or (a[0], a[2]) in moved]:
                    del kept[ask]
            self.changes += 1

    def waits_for(self, realm: str, address: str) -> bool:
        """Whether a machine is in no zone, and may be in one as soon as more is known of it than its address."""
        if is_group(address) or self.zone(realm, address) is not None:
            return False
        asset = self._asset(realm, address)
        if is_mac(address) and (asset is None or not asset.ips):
            return True
        return self._by_role or (self._by_mac and asset is None)

    def zone(self, realm: str, address: str) -> str | None:
        """In which zone a machine is, as known now."""
        return self.policy.places.of(realm, address).name

    def relation(self, relation: tuple[str, ...]) -> Answer:
        """The answer to realm, client, server, protocol and verb.

        It holds for any unit and object where `unseen` is None; else it depends on these, or on the port.
        """
        answer = self._relations.get(relation)
        if answer is None:
            realm, client, server, protocol, verb = relation
            answer = self._judge(Ask(realm, client, server, protocol, verb, joined=True))
            if not answer.allowed and self.by_port and answer.reason not in {"no-zone", "group"}:
                answer = answer._replace(unseen="port")
            if len(self._relations) >= _MOST_ANSWERS:
                self._relations.clear()
            self._relations[relation] = answer
        return answer

    def remembered(self, relation: tuple[str, ...]) -> Answer | None:
        """What `relation` said before, and would say again; None where it has not been asked."""
        return self._relations.get(relation)

    def exactly(
        self, relation: tuple[str, ...], unit: str | None, name: str | None, many: int, port: int
    ) -> Answer:
        """The answer for one request. many: 0 where it is not told; port: the server's, 0 where it has none."""
        realm, client, server, protocol, verb = relation
        ask = Ask(realm, client, server, protocol, verb, unit, name, many or None, joined=True)
        answer = self._asked(ask)
        if answer.allowed or not port or not self.by_port:
            return answer
        by_port = (self._asked(ask._replace(port=(transport, port))) for transport in _TRANSPORTS)
        return next((other for other in by_port if other.allowed), answer)

    def conversation(
        self, ends: tuple[str, str, str], place: tuple[str, int], protocol: str | None, state: str | None
    ) -> Answer:
        """The answer for a conversation. ends: realm, client, server; either may be client where it was joined.

        place: transport, and port or 0. protocol: see `spoken_in`.
        """
        realm, one, other = ends
        ask = Ask(realm, one, other, protocol, port=place)
        answer = self._asked(ask)
        if answer.allowed or state not in {None, "midstream"}:
            return answer
        turned = self._asked(ask._replace(client=other, server=one))
        return turned if turned.allowed else answer

    def _asked(self, ask: Ask) -> Answer:
        answer = self._exactly.get(ask)
        if answer is None or is_group(ask.server) or is_group(ask.client):
            answer = self._judge(ask)
            if len(self._exactly) >= _MOST_ANSWERS:
                self._exactly.clear()
            self._exactly[ask] = answer
        return answer

    def _judge(self, ask: Ask) -> Answer:
        """Ask the policy; of what goes to a group, who speaks to it hears it, too."""
        if is_group(ask.server) or is_group(ask.client):
            ask = ask._replace(hearers=self._heard(ask))
        return self.policy.judge(ask)

    def _heard(self, ask: Ask) -> tuple[str, ...]:
        group, sender = (ask.server, ask.client) if is_group(ask.server) else (ask.client, ask.server)
        place = ask.realm, group, ask.protocol or ""
        heard, zone = self._hearers.get(place, ()), self.zone(ask.realm, sender)
        if zone is None or zone in heard or ask.protocol is None or len(heard) >= _MOST_HEARERS:
            return heard
        if place not in self._hearers and len(self._hearers) >= _MOST_GROUPS:
            return heard
        self.changes += bool(heard)  # who was heard by its own zone alone is heard by another one from now on
        self._hearers[place] = heard = (*heard, zone)
        self._relations = {key: known for key, known in self._relations.items() if group not in key[1:3]}
        return heard
