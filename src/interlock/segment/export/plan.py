"""What a policy comes to at layers 2 to 4: rules that any firewall could be given, and all that is lost on the way.

A rule is for one conduit, or for the inside of one zone whose machines may talk as they like. What no rule can say
is never lost in silence: it becomes a `Lack`, which says whether the firewall then lets pass more
than the policy, or less.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from interlock.records.conduit import Conduit
    from interlock.segment.export.regions import Region
    from interlock.segment.export.services import Services

__all__ = ["EFFECTS", "LACKS", "Ends", "Groups", "Lack", "Plan", "Rule"]

EFFECTS: Final = ("wider", "narrower", "elsewhere")
"""What becomes of it: more passes than the policy allows; less; or it must be kept at another place."""
LACKS: Final = {
    "content": "protocols, verbs, units and objects: needs an enforcer that knows the protocol",
    "ports": "a protocol at other ports than its usual ones: is not passed on",
    "helper": "connections that a protocol opens by itself at ports agreed on the way: needs a helper that knows it",
    "layer-2": "frames without IP: need a bridge or switch that filters frames",
    "hearers": "who hears a group: is up to routes and IGMP snooping",
    "direction": "who opens, where a target knows no sessions",
    "machines": "zones and conduits without a machine that has an address: nothing is let pass",
    "until": "the last day: somebody must remove the rule after it",
    "broadcast": "addresses that end in .255, which the policy takes for broadcasts",
    "target": "what only this target cannot say",
}
"""Kinds of what a packet filter cannot say."""


@dataclass(frozen=True, slots=True)
class Lack:
    """conduit: its name (or the zone's), None where it is of all. what: of LACKS. effect: of EFFECTS."""

    conduit: str | None
    what: str
    effect: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Ends:
    """One side of a rule. name: a word of [a-z0-9_], the same for the same addresses. zones: for people."""

    name: str
    region: Region
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Groups:
    """Where a rule leads to many: addresses of multicast as ranges, MACs of groups, and whether broadcasts count."""

    v4: tuple[tuple[int, int], ...] = ()
    v6: tuple[tuple[int, int], ...] = ()
    macs: tuple[str, ...] = ()
    broadcast: bool = False

    def ip(self, version: int) -> tuple[tuple[int, int], ...]:
        """Addresses of one version of IP, without broadcasts."""
        return self.v4 if version == 4 else self.v6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One allowance. conduit: None for the inside of a zone. number: of the conduit or zone in the file, from 1.

    groups: where set, `target` is empty and what is sent to these addresses passes.
    """

    number: int
    source: Ends
    target: Ends
    services: Services
    conduit: Conduit | None = None
    groups: Groups | None = None

    @property
    def key(self) -> str:
        """A word that is this rule's alone."""
        return f"{'zone' if self.conduit is None else 'conduit'}_{self.number}"

    @property
    def title(self) -> str:
        """What people call it."""
        return f"inside {self.source.zones[0]}" if self.conduit is None else self.conduit.name

    @property
    def until(self) -> date | None:
        """The last day (UTC) that it holds."""
        return None if self.conduit is None else self.conduit.until

    def reaches(self, version: int) -> bool:
        """Whether it says anything of one version of IP."""
        there = self.target.region.ip(version) if self.groups is None else self._heard(version)
        return bool(self.services.of_ip and self.source.region.ip(version) and there)

    def _heard(self, version: int) -> bool:
        groups = self.groups
        return groups is not None and bool(groups.ip(version) or (version == 4 and groups.broadcast))

    @property
    def of_frames(self) -> bool:
        """Whether it says anything of frames without IP."""
        there = self.target.region.macs if self.groups is None else self.groups.macs
        return bool((self.services.every or self.services.types) and self.source.region.macs and there)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A realm's rules, the same for every target. today: the day (UTC) it was made for.

    An address that ends in .255 is no machine (docs/zones.md), though it may lie within a side's networks: nothing
    comes from it, and nothing but what a rule with groups allows goes to it. Targets that cannot say so have a Lack.
    """

    site: str
    realm: str
    today: date
    rules: tuple[Rule, ...]
    lacks: tuple[Lack, ...] = ()
    zones: tuple[Ends, ...] = field(default=())

    @property
    def first(self) -> tuple[Rule, ...]:
        """Rules of groups: they come before what denies broadcasts."""
        return tuple(rule for rule in self.rules if rule.groups is not None)

    @property
    def then(self) -> tuple[Rule, ...]:
        """All others."""
        return tuple(rule for rule in self.rules if rule.groups is None)
