"""PAN-OS: set commands of address objects, services, schedules and security rules.

Where App-IDs of functions exist (Modbus) a rule names those of its verbs, where one of the protocol is known the
protocol; elsewhere the application is any, and a Lack says that content is not looked at. Zones of the firewall are
`any`: addresses decide. Sources: PAN-OS CLI Quick Start; Palo Alto Networks, App-IDs for ICS and SCADA.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import TYPE_CHECKING, Final

from interlock.segment.export.comments import about, head_lines
from interlock.segment.export.modbus_functions import allowed
from interlock.segment.export.plan import Lack
from interlock.segment.export.target import Written
from interlock.segment.export.ways import lacks_of_ways, numbers_of, port_texts, ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.records.conduit import Conduit
    from interlock.segment.export.plan import Plan, Rule
    from interlock.segment.export.spans import Spans
    from interlock.segment.export.ways import Way

__all__ = ["PAN_OS"]

_DESCRIPTION: Final = 1_023
_BASES: Final = {
    "modbus": "modbus-base",
    "cip": "cip-ethernet-ip-base",
    "enip": "cip-ethernet-ip-base",
    "iec104": "iec-60870-5-104-base",
}
"""Protocols whose App-ID is known to us; every one of Modbus stands on modbus-base."""


_OWN: Final = Lack(
    None,
    "target",
    "narrower",
    "the last rule also denies what is for the firewall's own interfaces (routing protocols, VPN): rules of yours"
    " before these must allow it",
)


class _PanOs:
    """See Target."""

    def write(self, plan: Plan) -> Written:
        named = {rule.title: _apps(rule.conduit) for rule in plan.rules if rule.conduit is not None}
        lacks = (
            *(_narrowed(lack, named.get(lack.conduit or "", ())) for lack in plan.lacks),
            *lacks_of_ways(plan, "PAN-OS", dates=True),
            _OWN,
        )
        every = list(ways(plan))
        lines = [f"# {line}" for line in head_lines(plan, "PAN-OS", lacks)]
        lines.append("# In configuration mode; rules that stand before these decide first. Then commit.")
        sides = {name: spans for way in every for name, spans in (way.source, way.target)}
        for name, spans in sides.items():
            lines += _addresses(name, spans)
        lines += _applications(plan)
        for day in sorted({rule.until for rule in plan.then if rule.until}):
            span = f"{plan.today:%Y/%m/%d}@00:00-{day:%Y/%m/%d}@23:59"
            lines.append(f"set schedule until_{day:%Y%m%d} schedule-type non-recurring {span}")
        for way in every:
            lines += _rules(way)
        lines += _rule(
            "interlock_denied",
            ("any", "any"),
            "any",
            "any",
            'action deny log-end yes description "denied by default"',
        )
        return Written("\n".join(lines) + "\n", lacks)


PAN_OS: Final = _PanOs()


def _narrowed(lack: Lack, apps: tuple[str, ...]) -> Lack:
    """What content means where App-IDs look at it."""
    if lack.what != "content" or not apps:
        return lack
    text = f"{lack.conduit}: {', '.join(apps)} narrow it to what App-ID can tell: units and objects are not looked at"
    return dataclasses.replace(lack, sentence=text)


def _apps(conduit: Conduit | None) -> tuple[str, ...]:
    """App-IDs of a conduit; none where one of its protocols has none that is known, or ports are named."""
    if conduit is None or conduit.ports or not conduit.protocols:
        return ()
    if any(protocol not in _BASES for protocol in conduit.protocols):
        return ()
    functions = [f.app for f in allowed(conduit) if f.app] if "modbus" in conduit.protocols else []
    return tuple(dict.fromkeys((*(_BASES[p] for p in conduit.protocols), *functions)))


def _addresses(name: str, spans: Spans) -> Iterator[str]:
    address = ipaddress.IPv4Address if name.endswith("4") else ipaddress.IPv6Address
    for number, (low, high) in enumerate(spans, 1):
        kind = f"ip-netmask {address(low)}" if low == high else f"ip-range {address(low)}-{address(high)}"
        yield f"set address {name}_{number} {kind}"
    members = " ".join(f"{name}_{number}" for number in range(1, len(spans) + 1))
    yield f"set address-group {name} static [ {members} ]"


def _applications(plan: Plan) -> Iterator[str]:
    """Other IP protocols are applications."""
    for number in sorted({n for rule in plan.then for n in rule.services.ip if n}):
        kind = "category networking subcategory ip-protocol technology network-protocol risk 1"
        yield f"set application interlock_ip_{number} {kind} default ident-by-ip-protocol {number}"


def _rules(way: Way) -> Iterator[str]:
    rule, sides = way.rule, (way.source[0], way.target[0])
    ending = f'action allow log-end yes description "{about(rule, _DESCRIPTION)}"'
    if rule.until:
        ending = f"schedule until_{rule.until:%Y%m%d} {ending}"
    if rule.services.every:
        yield from _rule(way.name, sides, "any", "any", ending)
        return
    services = []
    for word in ("tcp", "udp"):
        if ports := numbers_of(way, word):
            services.append(f"{way.name}_{word}")
            yield f"set service {services[-1]} protocol {word} port {','.join(port_texts(ports))}"
    if services:
        apps = _apps(rule.conduit)
        yield from _rule(way.name, sides, _list(apps) if apps else "any", _list(services), ending)
    others = [*_icmp(rule, way.version), *(f"interlock_ip_{number}" for number in rule.services.ip if number)]
    if others:
        yield from _rule(f"{way.name}_ip", sides, _list(others), "application-default", ending)


def _icmp(rule: Rule, version: int) -> list[str]:
    if version == 4:
        return ["icmp", "ping"] if rule.services.icmp else []
    return ["ipv6-icmp", "ping6"] if rule.services.icmp6 else []


def _list(words: list[str] | tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"[ {' '.join(words)} ]"


def _rule(name: str, sides: tuple[str, str], application: str, service: str, ending: str) -> Iterator[str]:
    yield (
        f"set rulebase security rules {name} from any to any source {sides[0]} destination {sides[1]}"
        f" application {application} service {service} {ending}"
    )
