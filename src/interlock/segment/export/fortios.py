"""FortiOS: addresses, services, schedules and policies, to be pasted into the console.

Each side is a group of addresses, each rule has a service of its own. The last policy denies and logs the rest.
Source: FortiOS CLI Reference, config firewall address, addrgrp, service custom, schedule onetime, policy.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from interlock.segment.export.comments import about, head_lines, plain
from interlock.segment.export.target import Written
from interlock.segment.export.ways import lacks_of_ways, port_texts, ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.segment.export.plan import Plan, Rule
    from interlock.segment.export.spans import Spans
    from interlock.segment.export.ways import Way

__all__ = ["FORTIOS"]

_FIRST: Final = 62_443
"""The number of the first policy: far from those that people count from 1."""
_COMMENT: Final = 1_023
_MEMBERS: Final = 250


class _Fortios:
    """See Target."""

    def write(self, plan: Plan) -> Written:
        lacks = (*plan.lacks, *lacks_of_ways(plan, "FortiOS", dates=True))
        every = list(ways(plan))
        lines = [f"# {line}" for line in head_lines(plan, "FortiOS", lacks)]
        lines.append(
            "# Policies that stand before these decide first: see their order, then move or remove them."
        )
        for version, word in ((4, ""), (6, "6")):
            sides = {
                name: spans
                for way in every
                if way.version == version
                for name, spans in (way.source, way.target)
            }
            lines += _block(f"firewall address{word}", _addresses(sides, version))
            lines += _block(f"firewall addrgrp{word}", _groups(sides))
        lines += _block("firewall service custom", _services(way.rule for way in every))
        lines += _block("firewall service group", _service_groups(way.rule for way in every))
        lines += _block("firewall schedule onetime", _schedules(plan))
        lines += _block("firewall policy", _policies(every))
        return Written("\n".join(lines) + "\n", lacks)


FORTIOS: Final = _Fortios()


def _block(what: str, entries: Iterable[tuple[str, list[str]]]) -> list[str]:
    found = [
        line
        for name, settings in entries
        for line in (f"    edit {name}", *(f"        set {s}" for s in settings), "    next")
    ]
    return [f"config {what}", *found, "end"] if found else []


def _addresses(sides: dict[str, Spans], version: int) -> Iterator[tuple[str, list[str]]]:
    address = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    for name, spans in sides.items():
        for number, (low, high) in enumerate(spans, 1):
            ends = [f"start-ip {address(low)}", f"end-ip {address(high)}"]
            yield f'"{name}_{number}"', ["type iprange", *ends]


def _groups(sides: dict[str, Spans]) -> Iterator[tuple[str, list[str]]]:
    for name, spans in sides.items():
        members = [f'"{name}_{number}"' for number in range(1, len(spans) + 1)]
        first, *more = (members[at : at + _MEMBERS] for at in range(0, len(members), _MEMBERS))
        yield (
            f'"{name}"',
            [f"member {' '.join(first)}", *(f"append member {' '.join(some)}" for some in more)],
        )


def _parts(rule: Rule) -> Iterator[tuple[str, list[str]]]:
    """The services of a rule by name."""
    services = rule.services
    ports = [
        f"{word}-portrange {' '.join(port_texts(found))}"
        for word, found in (("tcp", services.tcp), ("udp", services.udp))
        if found
    ]
    if ports:
        yield f"{rule.key}_ports", ["protocol TCP/UDP/SCTP", *ports]
    if services.icmp:
        yield "interlock_icmp", ["protocol ICMP"]
    if services.icmp6:
        yield "interlock_icmp6", ["protocol ICMP6"]
    for number in services.ip:
        if number:  # 0 would mean any
            yield f"interlock_ip_{number}", ["protocol IP", f"protocol-number {number}"]


def _services(rules: Iterable[Rule]) -> Iterator[tuple[str, list[str]]]:
    found = {name: settings for rule in rules for name, settings in _parts(rule)}
    yield from ((f'"{name}"', settings) for name, settings in found.items())


def _service_groups(rules: Iterable[Rule]) -> Iterator[tuple[str, list[str]]]:
    for rule in dict.fromkeys(rules):
        members = [f'"{name}"' for name, _ in _parts(rule)]
        if members:
            yield f'"{rule.key}"', [f"member {' '.join(members)}"]


def _schedules(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    for day in sorted({rule.until for rule in plan.then if rule.until}):
        yield f'"until_{day:%Y%m%d}"', [f"start 00:00 {plan.today:%Y/%m/%d}", f"end 23:59 {day:%Y/%m/%d}"]


def _policies(every: list[Way]) -> Iterator[tuple[str, list[str]]]:
    number = _FIRST
    for way in every:
        if not way.rule.services.every and not list(_parts(way.rule)):
            continue
        word = "" if way.version == 4 else "6"
        until = way.rule.until
        yield (
            str(number),
            [
                f'name "{way.name}"',
                *('srcintf "any"', 'dstintf "any"', "action accept"),
                f'srcaddr{word} "{way.source[0]}"',
                f'dstaddr{word} "{way.target[0]}"',
                f'service "{"ALL" if way.rule.services.every else way.rule.key}"',
                f'schedule "{f"until_{until:%Y%m%d}" if until else "always"}"',
                f'comments "{about(way.rule, _COMMENT)}"',
            ],
        )
        number += 1
    yield (
        str(number),
        [
            *('name "interlock_denied"', 'srcintf "any"', 'dstintf "any"', "action deny"),
            *('srcaddr "all"', 'dstaddr "all"', 'srcaddr6 "all"', 'dstaddr6 "all"', 'service "ALL"'),
            *('schedule "always"', "logtraffic all", f'comments "{plain("denied by default")}"'),
        ],
    )
