"""What observed traffic answers of IEC 62443-3-3 SR 5.1 to 5.4 and of IEC 62443-3-2 ZCR 3, 5.6, 6.4 and 7.

Each answer says what it rests on. A capture shows what happened, never that nothing else can: `met` means met by all
that was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.records.counting import counted
from interlock.segment.check.verdicts import judged
from interlock.segment.model.levels import level_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interlock.records.site import Site, Zone
    from interlock.segment.check.traffic import Traffic
    from interlock.segment.check.verdicts import Judged, Outcome
    from interlock.segment.model.policy import Policy

__all__ = ["Requirement", "requirements_of"]

_MAIL: Final = frozenset({"smtp", "imap", "pop3", "xmpp", "irc", "sip", "nntp", "msrp"})
"""Protocols by which people talk to each other (SR 5.3)."""
_MAIL_PORTS: Final = frozenset({25, 110, 143, 194, 465, 587, 993, 995, 1863, 5060, 5061, 5222, 5269, 6667})
_KINDS: Final = {
    "ZCR 3.2": ("business", "business machines apart from control"),
    "ZCR 3.4": ("temporary", "machines that are connected for a time apart"),
    "ZCR 3.5": ("wireless", "wireless machines apart"),
    "ZCR 3.6": ("external", "machines on outside networks apart"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """answer: met, not-met, or unknown where nothing seen or written could show it. basis: what was counted."""

    id: str
    title: str
    answer: str
    sentence: str
    basis: tuple[tuple[str, int], ...] = ()


def requirements_of(
    policy: Policy, traffic: Traffic, outcome: Outcome, approval: Requirement | None = None
) -> tuple[Requirement, ...]:
    """Answer each requirement, in the standards' order. approval: the answer to ZCR 7, where one was looked for."""
    every = list(judged(policy, traffic))
    site = policy.site
    return (
        _segmentation(site, outcome),
        _boundary(outcome),
        _deny_by_default(site, outcome),
        _people(every),
        _partitioning(site, every),
        _partition(site, outcome),
        *(_apart(site, every, number) for number in ("ZCR 3.2",)),
        _safety(policy, every),
        *(_apart(site, every, number) for number in ("ZCR 3.4", "ZCR 3.5", "ZCR 3.6")),
        _levels(site),
        _characteristics(site),
        approval or Requirement(
            id="ZCR 7", title="the owner has approved it", answer="unknown",
            sentence="No approval of zones and conduits is recorded; traffic cannot show one.",
        ),
    )  # fmt: skip


def _segmentation(site: Site, outcome: Outcome) -> Requirement:
    crossing = sum(use.operations + use.flows for use in outcome.conduits.values())
    cut = len(outcome.violations)
    basis = (("zones", len(site.zones)), ("through conduits", crossing), ("violations", cut))
    if len(site.zones) < 2:
        return Requirement(
            id="SR 5.1", title="networks are segmented", answer="not-met", basis=basis,
            sentence=f"The site file has {counted(len(site.zones), 'zone')}: nothing is apart from anything.",
        )  # fmt: skip
    said = (
        f"{cut} kinds of traffic crossed zones without a conduit."
        if cut
        else "All that crossed zones had a conduit."
    )
    return Requirement(
        id="SR 5.1", title="networks are segmented", answer=_met(not cut), sentence=said, basis=basis
    )


def _boundary(outcome: Outcome) -> Requirement:
    denied = outcome.cut_operations + outcome.cut_flows
    said = (
        f"{outcome.cut_operations:,} operations and {outcome.cut_flows:,} conversations passed that the policy denies:"
        " nothing at the boundary stopped them."
        if denied
        else "Nothing that the policy denies was seen to pass a boundary."
    )
    basis = (("operations", outcome.operations), ("flows", outcome.flows), ("denied", denied))
    return Requirement(
        id="SR 5.2", title="boundaries are protected", answer=_met(not denied), sentence=said, basis=basis
    )


def _deny_by_default(site: Site, outcome: Outcome) -> Requirement:
    wide = [c.name for c in site.conduits if "*" in c.verbs or any(p.endswith("/1-65535") for p in c.ports)]
    answer = _met(not wide and not outcome.violations)
    said = (
        f"Conduits that allow everything: {', '.join(wide[:5])}."
        if wide
        else "Every conduit names what may pass; what was seen beside them is listed as violations."
        if outcome.violations
        else "Every conduit names what may pass, and nothing else was seen."
    )
    basis = (("conduits", len(site.conduits)), ("that allow everything", len(wide)))
    return Requirement(id="SR 5.2 RE 1", title="deny by default", answer=answer, sentence=said, basis=basis)


def _people(every: Iterable[Judged]) -> Requirement:
    found = [e for e in every if e.kind.what == "flow" and _is_mail(e)]
    count = sum(e.kind.seen.count for e in found)
    ends = ", ".join(dict.fromkeys(e.kind.ask.client for e in found[:3]))
    said = (
        f"Mail or messages of people: {count} conversations, of {ends}."
        if found
        else "No mail and no messages of people were seen."
    )
    return Requirement(
        id="SR 5.3", title="no messages of people in control networks", answer=_met(not found), sentence=said,
        basis=(("conversations", count),),
    )  # fmt: skip


def _is_mail(each: Judged) -> bool:
    port = each.kind.ask.port
    return each.kind.ask.protocol in _MAIL or (
        port is not None and port[0] != "udp" and port[1] in _MAIL_PORTS
    )


def _partitioning(site: Site, every: Iterable[Judged]) -> Requirement:
    """Applications apart by zones: no zone serves both control and business."""
    kinds = {zone.name: zone.kind for zone in site.zones}
    served: dict[str, set[str]] = {}
    for each in every:
        zones = each.answer.client_zone, each.answer.server_zone
        if each.answer.allowed and zones[0] and zones[1] and zones[0] != zones[1]:
            served.setdefault(zones[1], set()).add(kinds[zones[0]])
    mixed = sorted(
        z for z, by in served.items() if {"business", "external"} & by and kinds[z] in {"control", "safety"}
    )
    said = (
        f"Business or outside machines are served by control zones: {', '.join(mixed[:5])}."
        if mixed
        else "No control or safety zone serves business or outside machines."
    )
    return Requirement(
        id="SR 5.4",
        title="applications are apart",
        answer=_met(not mixed),
        sentence=said,
        basis=(("zones", len(mixed)),),
    )


def _partition(site: Site, outcome: Outcome) -> Requirement:
    lost = len(outcome.nowhere)
    shown = ", ".join(address for _, address, _ in outcome.nowhere[:5])
    said = (
        f"{lost} machines are in no zone: {shown}." if lost else "Every machine that was seen is in one zone."
    )
    basis = (("zones", len(site.zones)), ("conduits", len(site.conduits)), ("machines in no zone", lost))
    return Requirement(
        id="ZCR 3.1", title="zones and conduits are set", answer=_met(not lost and bool(site.zones)), sentence=said,
        basis=basis,
    )  # fmt: skip


def _apart(site: Site, every: Iterable[Judged], number: str) -> Requirement:
    """Whether machines of a kind have zones of their own, and what was seen between those and the others."""
    kind, title = _KINDS[number]
    zones = {zone.name for zone in site.zones if zone.kind == kind}
    crossing = _denied_at(every, zones)
    basis = (("zones", len(zones)), ("denied kinds of traffic", crossing))
    if not zones:
        said = f"No zone is of the kind {kind}; whether there are such machines cannot be seen on the wire."
        return Requirement(id=number, title=title, answer="unknown", sentence=said, basis=basis)
    said = (
        f"{crossing} kinds of traffic passed at {', '.join(sorted(zones)[:5])} without a conduit."
        if crossing
        else f"{', '.join(sorted(zones)[:5])}: all traffic with others had a conduit."
    )
    return Requirement(id=number, title=title, answer=_met(not crossing), sentence=said, basis=basis)


def _safety(policy: Policy, every: Iterable[Judged]) -> Requirement:
    """ZCR 3.3: safety systems of the site file in safety zones, and nobody else in those."""
    site = policy.site
    zones = {zone.name for zone in site.zones if zone.kind == "safety"}
    mixed = []
    for system in site.safety_systems:
        zone = policy.places.of(system.realm, system.address.partition("/")[0]).zone
        if zone is None or zone.kind != "safety":
            mixed.append(system.name or system.address)
    crossing = _denied_at(every, zones)
    basis = (
        ("safety systems", len(site.safety_systems)),
        ("zones", len(zones)),
        ("denied kinds of traffic", crossing),
    )
    title = "safety systems apart"
    if not site.safety_systems and not zones:
        said = "The site file names neither safety systems nor a safety zone."
        return Requirement(id="ZCR 3.3", title=title, answer="unknown", sentence=said, basis=basis)
    said = (
        f"In no zone of the kind safety: {', '.join(mixed[:5])}."
        if mixed
        else f"{crossing} kinds of traffic reached or left safety zones without a conduit."
        if crossing
        else "Every safety system is in a safety zone, and what reached it had a conduit."
    )
    return Requirement(
        id="ZCR 3.3", title=title, answer=_met(not mixed and not crossing), sentence=said, basis=basis
    )


def _denied_at(every: Iterable[Judged], zones: set[str]) -> int:
    return sum(
        not e.answer.allowed and bool({e.answer.client_zone, e.answer.server_zone} & zones) for e in every
    )


def _levels(site: Site) -> Requirement:
    without = [zone.name for zone in site.zones if level_of(site, zone) is None]
    said = (
        f"Without SL-T: {', '.join(without[:5])}."
        if without
        else f"All {len(site.zones)} zones have an SL-T."
    )
    return Requirement(
        id="ZCR 5.6", title="target levels are set", answer=_met(bool(site.zones) and not without), sentence=said,
        basis=(("zones", len(site.zones)), ("without", len(without))),
    )  # fmt: skip


def _characteristics(site: Site) -> Requirement:
    def lacks(what: Callable[[Zone], object]) -> list[str]:
        return [zone.name for zone in site.zones if not what(zone)]

    without = lacks(lambda zone: zone.owner)
    said = (
        f"Nobody is named as owner of: {', '.join(without[:5])}."
        if without
        else "Every zone names who answers for it."
    )
    return Requirement(
        id="ZCR 6.4", title="zones are described", answer=_met(bool(site.zones) and not without), sentence=said,
        basis=(("zones", len(site.zones)), ("without owner", len(without))),
    )  # fmt: skip


def _met(holds: bool) -> str:
    return "met" if holds else "not-met"
