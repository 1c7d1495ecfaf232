"""A violation as a sentence that a plant engineer can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.records.counting import times
from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from interlock.records.conduit import Conduit
    from interlock.records.site import Site
    from interlock.segment.check.verdicts import Unseen, Violation

__all__ = ["did", "doubt", "sentence"]


def sentence(violation: Violation, site: Site) -> str:
    """Say what was seen, and why the policy denies it."""
    return f"{did(violation)}, but {_why(violation, site)}"


def did(violation: Violation) -> str:
    """Say who did what to whom, and how often."""
    often = times(violation.count)
    protocol = violation.protocol or "an unknown protocol"
    ports = f" ({', '.join(violation.ports)})" if violation.ports and violation.protocol is None else ""
    ends = f"{violation.client} and {violation.server}"
    if violation.what == "flow":
        return f"{ends} spoke {protocol}{ports} {often}"
    objects = ", ".join(violation.objects[:3]) + (" and others" if len(violation.objects) > 3 else "")
    about = f" of {objects}" if objects else ""
    if violation.verb == "report":
        teller, told = violation.server, violation.client
        if is_group(teller):
            teller, told = told, teller
        return f"{teller} told {told} by {protocol}{about} {often}"
    return f"{violation.client} asked {violation.server} by {protocol} for {violation.verb}{about} {often}"


def doubt(unseen: Unseen, site: Site) -> str:
    """Say what passed although not all of it was seen."""
    conduit = next(c for c in site.conduits if c.name == unseen.conduit)
    often = times(unseen.count)
    named = conduit.units if unseen.what == "unit" else conduit.objects
    return (
        f"{unseen.client} asked {unseen.server} by {unseen.protocol} for {unseen.verb} {often}; its {unseen.what} was"
        f" not seen, since the conversation is older than what was read: it counts as allowed by conduit"
        f" {unseen.conduit}, which is for {_listed(named)}"
    )


def _why(violation: Violation, site: Site) -> str:
    conduit = next((c for c in site.conduits if c.name == violation.conduit), None)
    one, other = violation.client_zone, violation.server_zone
    if violation.reason == "no-zone":
        pairs = (violation.client, one), (violation.server, other)
        ends = [end for end, zone in pairs if zone is None and not is_group(end)]
        verb = "are" if len(ends) > 1 else "is"
        return f"{' and '.join(dict.fromkeys(ends))} {verb} in no zone"
    if violation.reason == "group":
        inside = f"members of {one} talk with each other by conduits only"
        return (
            inside
            if one == other
            else f"{other} uses this group, too, and no conduit from {one} to it names it"
        )
    if conduit is None:
        return f"no conduit leads from {one} to {other}"
    return {
        "direction": f"conduit {conduit.name} lets only {other} open towards {one}",
        "machine": f"conduit {conduit.name} is for other machines",
        "protocol": f"conduit {conduit.name} is for {_listed(conduit.protocols + conduit.ports)}",
        "verb": f"conduit {conduit.name} is for the verbs {_listed(conduit.verbs)}",
        "unit": f"conduit {conduit.name} is for the units {_listed(conduit.units)}",
        "object": f"conduit {conduit.name} is for {_listed(conduit.objects)}",
        "expired": f"conduit {conduit.name} ended on {_until(conduit)}",
    }[violation.reason]


def _listed(words: tuple[str, ...]) -> str:
    shown = ", ".join(words[:6]) + (f" and {len(words) - 6} more" if len(words) > 6 else "")
    return f"{shown} only" if words else "conversations without operations only"


def _until(conduit: Conduit) -> str:
    return "" if conduit.until is None else conduit.until.isoformat()
