"""A violation as a finding: who did what, which conduit is missing, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.gate import Deed
from interlock.detect.techniques import SEEN, named
from interlock.detect.wording import counted
from interlock.records.finding import Action
from interlock.segment.check.verdicts import Violation
from interlock.segment.check.wording import sentence

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.detect.zones.ruling import Ruling
    from interlock.records.vocabulary import Severity

__all__ = ["told"]

_HARMLESS: Final = frozenset(
    {"read", "subscribe", "report", "discover", "identify", "open", "close", "diagnose"}
)
_LOOKS: Final = {
    "discover": "explore", "identify": "explore-one", "read": "watch", "subscribe": "watch", "report": "tell",
    "open": "connect", "close": "connect", "diagnose": "explore-one", "select": "operate",
}  # fmt: skip
_TRANSPORTS: Final = ("tcp", "udp", "icmp", "icmp6", "eth/", "ip/", "sctp")
_GRAVITY: Final[tuple[Severity, ...]] = ("low", "medium", "high", "critical")
_SHOWN: Final = 5


def told(key: Key, tally: Tally, context: Context, ruling: Ruling) -> Verdict:
    """One verdict. key: as of ConduitViolation; ruling: of the policy in force."""
    # Over 40 lines: most of it is the text of one verdict.
    realm, client, zone, protocol, reason, conduit = key
    servers, verbs = sorted(tally.noted("server")), sorted(tally.noted("verb"))
    name = context.name
    others = ", ".join(name(realm, s) for s in servers[:_SHOWN]) + (
        " and others" if len(servers) > _SHOWN else ""
    )
    ports = sorted(tally.noted("port"))
    by = (
        f"by {spoken(protocol)}"
        if not protocol.startswith(_TRANSPORTS)
        else f"at {', '.join(ports[:_SHOWN])}"
    )
    asked = f"asks {others} {by} for {', '.join(verbs)}" if verbs else f"calls {others} {by}"
    here = ruling.zone(realm, client)
    missing = _missing(here, zone, protocol, verbs, conduit, reason)
    return Verdict(
        realm=realm,
        machines=(client,),
        others=tuple(s for s in servers if s != client),
        cause=f"{zone} {protocol} {reason} {conduit}",
        kind="alert",
        severity=_severity(verbs, zone, reason, tally, ruling),
        confidence=0.9,
        title=f"{name(realm, client)} {asked}, which no conduit allows",
        seen=f"Seen {counted(tally.count, 'time')}: {sentence(_violation(key, tally, here, servers), context.site)}.",
        matters=f"{missing} Zones and conduits are what keeps a taken machine from reaching the next one: what crosses"
        " them unseen is either a way that an attacker uses, or one that a rule will cut when it is enforced.",
        silent="Silent for what a conduit of the site file allows, inside zones whose machines may talk with each"
        " other, where units or objects were not seen, and where no conduits are declared.",
        actions=(
            Action(
                text=f"If it has to be: {missing[0].lower()}{missing[1:]} Hold the file against recorded traffic"
                " (`interlock zone replay`) before it is used.",
                risk="A conduit that allows more than this opens more than this: name its machines, verbs and objects.",
            ),
            Action(
                text=f"If not: find out which program on {name(realm, client)} does it, and who put it there.",
                risk="None while only looking; a scan of the machine may disturb it.",
            ),
        ),
        deed=Deed(realm=realm, stations=(client,), machines=tuple(servers), verbs=tuple(verbs), mild=True)
        if servers and verbs
        else None,
        techniques=_techniques(verbs, tally),
        requirements=(
            "IEC 62443-3-3 SR 5.2",
            "IEC 62443-3-3 SR 5.1",
            "NIS2 Art. 21(2)(b)",
            "NIS2 Art. 21(2)(e)",
        ),
        data=(
            ("reason", reason),
            ("conduit", conduit),
            ("zones", f"{here or 'none'} to {zone or 'none'}"),
            ("servers", ", ".join(servers)[:2000]),
            ("verbs", ", ".join(verbs)),
            ("objects", ", ".join(tally.noted("object"))[:2000]),
            ("ports", ", ".join(tally.noted("port"))[:2000]),
        ),
    )


def _missing(here: str | None, zone: str, protocol: str, verbs: list[str], conduit: str, reason: str) -> str:
    """What the site file would have to say, as a sentence."""
    what = f"protocol {protocol}" + (f" and the verbs {', '.join(verbs)}" if verbs else "")
    if reason == "no-zone":
        return "Put the machine that is in no zone into one in the site file, or take it off the network."
    if reason == "expired":
        return f"Renew conduit {conduit} with a later `until`, or stop the traffic that it allowed."
    if reason in {"machine", "verb", "unit", "object", "protocol"} and conduit:
        return f"Widen conduit {conduit} of the site file by this {reason}, for {what}."
    if reason == "group":
        return f"Write a conduit from {here or 'its zone'} to {zone} for {what} that names the group."
    return f"Write a conduit from {here or 'its zone'} to {zone} into the site file for {what}."


def _severity(verbs: list[str], zone: str, reason: str, tally: Tally, ruling: Ruling) -> Severity:
    """By what was asked for, and of whom: a safety system is a step graver; who was not even let in, milder."""
    acts = bool(set(verbs) - _HARMLESS)
    step = 2 if acts else 1
    states = set(tally.noted("state"))
    if not verbs and states and states <= {"refused", "opened"}:
        step = 0
    if reason in {"unit", "object", "expired"} and not acts:
        step -= 1
    safety = any(z.name == zone and z.kind == "safety" for z in ruling.policy.site.zones)
    return _GRAVITY[min(3, max(0, step) + safety)]


def _techniques(verbs: list[str], tally: Tally) -> tuple[str, ...]:
    """By the gravest verb; of conversations alone by what they may be."""
    if not verbs:
        refused = set(tally.noted("state")) <= {"refused", "opened"}
        return named("search-doors" if refused and tally.noted("state") else "port-called")
    grave = [verb for verb in verbs if verb not in _HARMLESS] or verbs
    seen = [_LOOKS.get(verb, verb) for verb in grave]
    return (
        named(*(word for word in seen if word in SEEN), beside="")
        if any(w in SEEN for w in seen)
        else named("connect")
    )


def _violation(key: Key, tally: Tally, here: str | None, servers: list[str]) -> Violation:
    """As `interlock zone check` would tell it of the first server."""
    realm, client, zone, protocol, reason, conduit = key
    verbs = tuple(sorted(tally.noted("verb")))
    server = servers[0] if servers else client
    return Violation(
        what="operation" if verbs else "flow",
        source="",
        realm=realm,
        client=client,
        server=server,
        client_zone=here,
        server_zone=zone or None,
        protocol=None if protocol.startswith(_TRANSPORTS) else protocol,
        verb=" and ".join(verbs) or None,
        reason=reason,
        conduit=conduit or None,
        count=tally.count,
        answered=0,
        first=tally.first,
        last=tally.last,
        frames=(),
        objects=tuple(sorted(tally.noted("object"))),
        ports=tuple(sorted(tally.noted("port"))),
    )
