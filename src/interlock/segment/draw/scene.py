"""What a zone map shows: zones as boxes, conduits and violations as arrows between them, computed from the model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Final

from interlock.segment.model.groups import is_group
from interlock.segment.model.levels import level_of, lineage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.records.asset import Asset
    from interlock.records.conduit import Conduit
    from interlock.records.site import Zone
    from interlock.segment.check.verdicts import Judged, Violation
    from interlock.segment.model.policy import Policy

__all__ = [
    "ADDED",
    "DENIED",
    "MOST_BOXES",
    "NOWHERE",
    "REMOVED",
    "SAME",
    "Arrow",
    "Box",
    "Entry",
    "Scene",
    "scene_of",
    "seen_scene",
]

SAME, ADDED, REMOVED, DENIED = "same", "added", "removed", "denied"
NOWHERE: Final = "no zone"
MOST_BOXES: Final = 30
"""Beyond so many zones those of one kind and level are one box; what has violations, and safety, stays alone."""
_NAMED: Final = 3
_STRANGERS: Final = 5
_LOOKING: Final = frozenset(
    {"read", "report", "discover", "identify", "diagnose", "subscribe", "open", "close"}
)
"""Verbs that change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One allowance or one kind of what was seen. text: what passes; title: the conduit. state: of the four above.

    acts: whether it can change something. many: how often it was seen, None of a policy. note: end, reason of a denial.
    """

    title: str
    text: str
    verbs: tuple[str, ...] = ()
    acts: bool = False
    many: int | None = None
    note: str = ""
    state: str = SAME

    @property
    def what(self) -> tuple[str, str]:
        """What makes it the same on two maps."""
        return self.title, self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A zone, or several of one kind (zones > 1). parent: key of the box around it.

    roles: (role or None, how many machines, names of the first) by number. inside: allow or conduits.
    changes: what differs, on a map of two.
    """

    key: str
    name: str
    kind: str
    level: str | None
    parent: str | None = None
    sl_t: tuple[int, ...] | None = None
    owner: str | None = None
    inside: str = "allow"
    machines: int = 0
    roles: tuple[tuple[str | None, int, tuple[str, ...]], ...] = ()
    zones: int = 1
    within: tuple[Entry, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    state: str = SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """Everything that leads from one box to another, allowances and denials apart."""

    client: str
    server: str
    denied: bool
    entries: tuple[Entry, ...]

    @property
    def state(self) -> str:
        """Of all its entries, or `same` where they differ."""
        states = {entry.state for entry in self.entries}
        return next(iter(states)) if len(states) == 1 else SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A whole map. differs: it shows what two have not in common. judged: denials are among its arrows."""

    site: str
    realm: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    differs: bool = False
    judged: bool = False


@dataclass(slots=True)
class _Members:
    """A zone's machines while they are counted."""

    roles: Counter[str | None] = field(default_factory=Counter)
    names: dict[str | None, list[str]] = field(default_factory=dict)
    levels: Counter[str] = field(default_factory=Counter)


def scene_of(
    policy: Policy, realm: str, assets: Sequence[Asset], violations: Iterable[Violation] | None = None
) -> Scene:
    """Draw a policy. assets: the machines that are known; without any the site file's members are counted.

    violations: what was seen and is denied; None where nothing was held against the policy.
    """
    denied = [violation for violation in violations or () if violation.realm == realm]
    boxes, key_of = _boxes(
        policy, realm, assets, {z for v in denied for z in (v.client_zone, v.server_zone) if z}
    )
    arrows: dict[tuple[str, str, bool], list[Entry]] = {}
    for conduit in policy.site.conduits:
        if conduit.until is None or policy.today <= conduit.until:
            for pair in _pairs(conduit, key_of):
                arrows.setdefault((*pair, False), []).append(_entry(conduit))
    for violation in denied:
        ends = (_end(violation.client_zone, key_of), _end(violation.server_zone, key_of))
        arrows.setdefault((*ends, True), []).append(_denial(violation))
    strangers = {v.client for v in denied if v.client_zone is None} | {
        v.server for v in denied if v.server_zone is None
    }
    return replace(_scene(policy, realm, boxes, arrows, strangers), judged=violations is not None)


def seen_scene(policy: Policy, realm: str, assets: Sequence[Asset], judged: Iterable[Judged]) -> Scene:
    """Draw what was seen between the zones of a policy, allowed or denied; what is between neighbours is left out."""
    found: dict[tuple[str, str, bool], dict[tuple[str, str], Entry]] = {}
    rows = _told([each for each in judged if each.kind.ask.realm == realm])
    loud = {zone for each in rows if not each.answer.allowed for _, zone in _ends(each) if zone}
    boxes, key_of = _boxes(policy, realm, assets, loud)
    for each in rows:
        (_, one), (_, other) = _ends(each)
        entry = _sight(each)
        known = found.setdefault((_end(one, key_of), _end(other, key_of), not each.answer.allowed), {})
        before = known.get(entry.what)
        many = entry.many if before is None else (before.many or 0) + (entry.many or 0)
        known[entry.what] = replace(entry, many=many)
    strangers = {address for each in rows for address, zone in _ends(each) if zone is None}
    arrows = {key: list(entries.values()) for key, entries in found.items()}
    return replace(_scene(policy, realm, boxes, arrows, strangers), judged=True)


def _told(every: list[Judged]) -> list[Judged]:
    """What crosses zones, or is denied; a conversation whose operations are told is not told again."""
    asks = [each.kind.ask for each in every]
    asked = {(ask.client, ask.server, ask.protocol) for ask in asks if ask.verb is not None}
    found = []
    for each in every:
        ask, answer = each.kind.ask, each.answer
        spoken = ask.protocol is not None and (ask.client, ask.server, ask.protocol) not in asked
        within = answer.allowed and answer.client_zone == answer.server_zone
        if answer.how != "link" and not within and (ask.verb is not None or spoken):
            found.append(each)
    return found


def _ends(each: Judged) -> tuple[tuple[str, str | None], tuple[str, str | None]]:
    """Client and server, each with its zone."""
    ask, answer = each.kind.ask, each.answer
    return (ask.client, answer.client_zone), (ask.server, answer.server_zone)


def _scene(
    policy: Policy,
    realm: str,
    boxes: dict[str, Box],
    arrows: dict[tuple[str, str, bool], list[Entry]],
    strangers: set[str],
) -> Scene:
    ends = {end for client, server, _ in arrows for end in (client, server)}
    if NOWHERE in ends:
        known = sorted(address for address in strangers if not is_group(address))
        roles = ((None, len(known), tuple(known[:_STRANGERS])),) if known else ()
        boxes[NOWHERE] = Box(
            key=NOWHERE,
            name=NOWHERE,
            kind="",
            level=None,
            inside="conduits",
            machines=len(known),
            roles=roles,
        )
    within = {
        client: tuple(entries)
        for (client, server, denied), entries in arrows.items()
        if client == server and not denied
    }
    shown = tuple(
        Arrow(
            client=client, server=server, denied=denied, entries=tuple(sorted(entries, key=lambda e: e.what))
        )
        for (client, server, denied), entries in sorted(arrows.items())
        if denied or client != server
    )
    made = (replace(box, within=within.get(box.key, ())) for box in boxes.values())
    return Scene(
        site=policy.site.name or "", realm=realm, boxes=tuple(sorted(made, key=lambda b: b.key)), arrows=shown
    )


def _end(zone: str | None, key_of: dict[str, str]) -> str:
    return NOWHERE if zone is None else key_of.get(zone, NOWHERE)


def _pairs(conduit: Conduit, key_of: dict[str, str]) -> list[tuple[str, str]]:
    clients, servers = (
        [key_of[zone] for zone in zones if zone in key_of] for zones in (conduit.from_, conduit.to)
    )
    return list(dict.fromkeys(product(clients, servers)))


def _entry(conduit: Conduit) -> Entry:
    asked = ", ".join(conduit.protocols)
    verbs = " ".join("any verb" if verb == "*" else verb for verb in conduit.verbs)
    parts = [f"{asked}: {verbs}" if asked and verbs else asked, ", ".join(conduit.ports)]
    if conduit.objects:
        parts.append(f"for {', '.join(conduit.objects[:4])}{' …' if len(conduit.objects) > 4 else ''}")
    if conduit.groups:
        parts.append(f"to {', '.join(conduit.groups)}")
    notes = [
        "exception" if conduit.exception else "",
        f"until {conduit.until}" if conduit.until else "",
        conduit.reason or "",
    ]
    acts = bool(conduit.ports) or (not conduit.verbs) or any(verb not in _LOOKING for verb in conduit.verbs)
    return Entry(
        title=conduit.name, text="; ".join(filter(None, parts)), acts=acts, note=", ".join(filter(None, notes)),
        verbs=conduit.verbs or conduit.ports or ("cyclic",),
    )  # fmt: skip


def _denial(violation: Violation) -> Entry:
    said = " ".join(
        filter(None, (violation.protocol or ", ".join(violation.ports) or "unknown protocol", violation.verb))
    )
    return Entry(
        title=f"{violation.client} asks {violation.server}", text=said, verbs=(violation.verb or "conversation",),
        acts=True, many=violation.count, note=violation.reason, state=DENIED,
    )  # fmt: skip


def _sight(each: Judged) -> Entry:
    ask, answer = each.kind.ask, each.answer
    said = ask.protocol or (f"{ask.port[0]}/{ask.port[1]}" if ask.port else "unknown protocol")
    return Entry(
        title=answer.by or "no conduit" if answer.allowed else "denied", verbs=(ask.verb or "conversation",),
        text=f"{said}: {ask.verb}" if ask.verb else f"{said}: conversations", acts=ask.verb not in _LOOKING,
        many=each.kind.seen.count, note="" if answer.allowed else answer.reason or "",
        state=SAME if answer.allowed else DENIED,
    )  # fmt: skip


def _boxes(
    policy: Policy, realm: str, assets: Sequence[Asset], loud: set[str]
) -> tuple[dict[str, Box], dict[str, str]]:
    """Boxes by key, and the key of each zone's box. loud: zones that are never folded."""
    zones = [zone for zone in policy.site.zones if zone.realm == realm]
    members = _members(policy, realm, assets)
    around = {zone.parent for zone in zones if zone.parent}
    fold = len(zones) > MOST_BOXES
    boxes: dict[str, Box] = {}
    key_of: dict[str, str] = {}
    folded: dict[tuple[str, str | None], list[Zone]] = {}
    for zone in zones:
        level = _level(policy, zone, members)
        kept = zone.name in loud or zone.kind == "safety" or zone.name in around or zone.parent
        if fold and not kept:
            folded.setdefault((zone.kind, level), []).append(zone)
            continue
        key_of[zone.name] = zone.name
        boxes[zone.name] = _box(policy, zone, level, members.get(zone.name, _Members()))
    for (kind, level), several in folded.items():
        key = f"{kind} zones at {level}" if level else f"{kind} zones"
        key_of |= {zone.name: key for zone in several}
        together = _Members()
        for zone in several:
            one = members.get(zone.name, _Members())
            together.roles.update(one.roles)
        boxes[key] = Box(
            key=key, name=f"{len(several):,} {kind} zones", kind=kind, level=level, machines=together.roles.total(),
            roles=_roles(together), zones=len(several), inside="conduits",
        )  # fmt: skip
    return boxes, key_of


def _box(policy: Policy, zone: Zone, level: str | None, members: _Members) -> Box:
    line = lineage(policy.site, zone)
    parent = line[1].name if line and len(line) > 1 and line[1].realm == zone.realm else None
    return Box(
        key=zone.name, name=zone.name, kind=zone.kind, level=level, parent=parent, sl_t=level_of(policy.site, zone),
        owner=zone.owner, inside=zone.inside, machines=members.roles.total(), roles=_roles(members),
    )  # fmt: skip


def _roles(members: _Members) -> tuple[tuple[str | None, int, tuple[str, ...]], ...]:
    order = sorted(members.roles.items(), key=lambda item: (-item[1], item[0] or "~"))
    return tuple((role, many, tuple(sorted(members.names.get(role, ()))[:_NAMED])) for role, many in order)


def _members(policy: Policy, realm: str, assets: Sequence[Asset]) -> dict[str, _Members]:
    """Each zone's machines: those that are known, else the site file's single addresses and networks."""
    found: dict[str, _Members] = {}
    for asset in assets:
        if asset.realm != realm or asset.parent is not None:
            continue
        address = next(iter((*asset.ips, *asset.macs)), None)
        home = None if address is None else policy.places.of(realm, address).name
        if home is not None:
            mine = found.setdefault(home, _Members())
            mine.roles[asset.role] += 1
            mine.names.setdefault(asset.role, []).append(next(iter(asset.names), address or ""))
            if asset.purdue_level:
                mine.levels[asset.purdue_level] += 1
    if assets:
        return found
    for zone in policy.site.zones:
        if zone.realm == realm:
            mine = found.setdefault(zone.name, _Members())
            for member in zone.members:
                kind = "network" if "/" in member else None
                mine.roles[kind] += 1
                mine.names.setdefault(kind, []).append(member)
    return found


def _level(policy: Policy, zone: Zone, members: dict[str, _Members]) -> str | None:
    """Its own, else that of the zone around it, else most of its machines'; what is external stands outside."""
    for each in lineage(policy.site, zone) or (zone,):
        if each.purdue_level:
            return each.purdue_level
    if zone.kind == "external":
        return "outside"
    counted = members.get(zone.name, _Members()).levels
    if counted:
        return max(sorted(counted), key=lambda level: counted[level])
    return "4" if zone.kind == "business" else None
