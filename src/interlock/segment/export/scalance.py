"""SCALANCE S and M: IPv4 rules for the console, and the IP services that they name.

The device's rules lead from one VLAN to another, and a policy knows none: each zone stands for the VLAN of its number
in the site file, as the head says, and is to be renumbered. The device takes 128 rules. IP services are entered in
Security > Firewall > IP Services; here each is a line of its own. Source: Siemens, PH SCALANCE S615 CLI, ipv4rule;
SCALANCE S615 Web Based Management, IP services.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from interlock.segment.export.comments import about, head_lines, plain, short
from interlock.segment.export.plan import Lack
from interlock.segment.export.spans import both, written
from interlock.segment.export.target import Written
from interlock.segment.export.ways import lacks_of_ways, numbers_of, port_texts, ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.export.plan import Ends, Plan
    from interlock.segment.export.spans import Spans
    from interlock.segment.export.ways import Way

__all__ = ["SCALANCE"]

_MOST: Final = 128
_COMMENT: Final = 32


class _Scalance:
    """See Target."""

    def write(self, plan: Plan) -> Written:
        vlans = {ends.zones[0]: (number, ends) for number, ends in enumerate(plan.zones, 1)}
        body: list[str] = []
        services: dict[str, str] = {}
        many = 0
        for way in ways(plan, (4,)):
            found = list(_rules(way, vlans, services, many))
            many += len(found)
            body += [f"! {about(way.rule)}", *found] if found else []
        lacks = (
            *plan.lacks,
            *lacks_of_ways(plan, "SCALANCE", dates=False, versions=(4,), others=False),
            *_lacks(many),
        )
        lines = [
            *(f"! {line}" for line in head_lines(plan, "SCALANCE S and M", lacks)),
            "! VLANs stand for zones; renumber them as the device has them:",
            *(f"!   vlan {number} = {plain(name)}" for name, (number, _) in vlans.items()),
            "! IP services, to be entered first (name, transport, source ports, destination ports):",
            *(f"!   {name}: {text}" for name, text in services.items()),
            *("configure terminal", "firewall", "no ipv4rule all", *body, "end", "write startup-config"),
        ]
        return Written("\n".join(lines) + "\n", lacks)


SCALANCE: Final = _Scalance()


def _lacks(many: int) -> Iterator[Lack]:
    yield Lack(
        None, "target", "elsewhere", "rules lead from VLAN to VLAN: renumber them as the device has them"
    )
    yield Lack(
        None,
        "target",
        "elsewhere",
        "within a VLAN nothing passes the device: conduits inside a zone are a switch's",
    )
    if many > _MOST:
        text = f"{many} rules, and the device takes {_MOST}: those behind are refused"
        yield Lack(None, "target", "narrower", text)


def _rules(
    way: Way, vlans: dict[str, tuple[int, Ends]], services: dict[str, str], number: int
) -> Iterator[str]:
    sides = product(
        _by_vlan(way.rule.source, way.source[1], vlans), _by_vlan(way.rule.target, way.target[1], vlans)
    )
    comment = short(way.rule, _COMMENT).replace(" ", "_")
    for ((one, source), (other, target)), service in product(sides, list(_services(way, services))):
        yield (
            f"ipv4rule from vlan {one} to vlan {other} srcip {source} dstip {target} action acc service {service}"
            f" log no prior {min(number, _MOST - 1)} comment {comment}"
        )
        number += 1


def _by_vlan(ends: Ends, spans: Spans, vlans: dict[str, tuple[int, Ends]]) -> list[tuple[int, str]]:
    """Addresses of a side with the VLAN that each is in."""
    return [
        (vlans[zone][0], text)
        for zone in ends.zones
        for text in written(4, both(spans, vlans[zone][1].region.v4))
    ]


def _services(way: Way, known: dict[str, str]) -> Iterator[str]:
    services = way.rule.services
    if services.every:
        yield "all"
        return
    for word in ("tcp", "udp"):
        for text in port_texts(numbers_of(way, word)):
            name = f"{word}-{text}"
            known[name] = f"{word.upper()}, *, {text}"
            yield name
    if services.icmp:
        known["icmp-any"] = "ICMP, any type (Security > Firewall > ICMP Services)"
        yield "icmp-any"
