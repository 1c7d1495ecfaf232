"""Cisco IOS and IOS XE: an extended access list for each version of IP, for every interface that leads into a zone.

    1 nobody is called by a broadcast address     4 broadcasts that conduits name; no others
    2 multicast that conduits name                5 what machines may open, then the answers to it
    3 no other multicast                          6 everything else is denied, and logged

An access list knows no sessions. Answers over TCP are known by their flags (`established`), those over UDP by the port
they come from alone, which lets a server open from that port: a `Lack` says so. The name carries a checksum of the
content, so that a new list is written beside the one in force and put in its place by one command an interface.
Sources: Cisco IOS Security Command Reference, `access-list (IP extended)`, `ipv6 access-list`, `time-range`.
"""

from __future__ import annotations

import textwrap
import zlib
from itertools import product
from typing import TYPE_CHECKING, Final

from interlock.segment.export.comments import about, head_lines, slug
from interlock.segment.export.plan import Lack
from interlock.segment.export.spans import networks
from interlock.segment.export.target import Written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from interlock.segment.export.plan import Plan, Rule
    from interlock.segment.export.spans import Spans

__all__ = ["CISCO_IOS", "MONTHS"]

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_REMARK: Final = 90
"""IOS takes 100 characters."""
_MANY: Final = 1_000
"""Entries from which on it is worth asking whether the switch has room for them."""
_ENDS_IN_255: Final = "0.0.0.255 255.255.255.0"
_ERRORS: Final = {
    4: ("unreachable", "time-exceeded"),
    6: ("unreachable", "packet-too-big", "time-exceeded", "nd-na", "nd-ns"),
}


class _CiscoIos:
    """See Target."""

    def write(self, plan: Plan) -> Written:
        written = {version: list(_entries(plan, version)) for version in (4, 6)}
        many = sum(not line.startswith("remark") for lines in written.values() for line in lines)
        lacks = (*plan.lacks, *_lacks(plan, many))
        body: list[str] = []
        for day in sorted({rule.until for rule in plan.rules if rule.until}):
            ends = f"23:59 {day.day:02d} {MONTHS[day.month - 1]} {day.year}"
            body += [f"time-range {_range_name(day)}", f" absolute end {ends}", "!"]
        names = []
        for version, lines in written.items():
            checksum = zlib.crc32("\n".join(lines).encode())
            names.append(f"INTERLOCK-{slug(plan.realm).upper()}-V{version}-{checksum:08X}")
            kind = "ip access-list extended" if version == 4 else "ipv6 access-list"
            body += [f"{kind} {names[-1]}", *(f" {line}" for line in lines), "!"]
        head = head_lines(plan, "Cisco IOS and IOS XE", lacks)
        head += [
            f"{many} entries.",
            "Then on every interface that leads into a zone, in place of the list before:",
        ]
        words = {4: "ip access-group {} in", 6: "ipv6 traffic-filter {} in"}
        head += [f"  {words[version].format(name)}" for version, name in zip(written, names, strict=True)]
        return Written("\n".join((*(f"! {line}" for line in head), "!", *body, "end")) + "\n", lacks)


CISCO_IOS: Final = _CiscoIos()


def _lacks(plan: Plan, many: int) -> Iterator[Lack]:
    text = (
        "ICMP errors (unreachable, time exceeded, too big) pass between all machines: large packets need them"
    )
    yield Lack(None, "direction", "wider", text)
    if any(rule.until for rule in plan.rules):
        yield Lack(
            None, "until", "elsewhere", "time ranges end by the switch's own clock and time zone, not by UTC"
        )
    if many > _MANY:
        text = f"{many} entries: see how many the switch has room for (show platform tcam utilization)"
        yield Lack(None, "target", "elsewhere", text)
    for rule in plan.rules:
        if rule.of_frames and rule.conduit is not None:
            text = f"{rule.title}: frames without IP are not seen by an access list of IP, and not let through by it"
            yield Lack(rule.title, "layer-2", "elsewhere", text)
        sessionless = rule.services.udp or rule.services.ip
        if sessionless and rule.groups is None and (rule.reaches(4) or rule.reaches(6)):
            text = f"{rule.title}: answers over UDP and other protocols are let pass by where they come from alone"
            yield Lack(rule.title, "direction", "wider", text)


def _entries(plan: Plan, version: int) -> Iterator[str]:
    if version == 4:
        yield f"deny ip {_ENDS_IN_255} any"
    for rule in plan.first:
        yield from _remarked(rule, list(_to_groups(rule, version)))
    if version == 4:
        yield "deny ip any 224.0.0.0 15.255.255.255"
        for rule in plan.first:
            if rule.groups is not None and rule.groups.broadcast and rule.reaches(4):
                yield from _remarked(rule, list(_ways(rule, 4, [_ENDS_IN_255])))
        yield f"deny ip any {_ENDS_IN_255}"
    yield from (f"permit icmp any any {error}" for error in _ERRORS[version])
    for rule in plan.then:
        if rule.reaches(version):
            targets = _addresses(version, rule.target.region.ip(version))
            yield from _remarked(rule, [*_ways(rule, version, targets), *_answers(rule, version, targets)])
    yield f"deny {'ip' if version == 4 else 'ipv6'} any any log"


def _remarked(rule: Rule, entries: list[str]) -> Iterator[str]:
    if entries:
        yield from (f"remark {line}" for line in textwrap.wrap(about(rule), _REMARK, break_long_words=True))
        yield from entries


def _to_groups(rule: Rule, version: int) -> Iterator[str]:
    if rule.groups is not None and rule.groups.ip(version) and rule.reaches(version):
        yield from _ways(rule, version, _addresses(version, rule.groups.ip(version)))


def _ways(rule: Rule, version: int, targets: list[str]) -> Iterator[str]:
    sources = _addresses(version, rule.source.region.ip(version))
    for source, target, (word, ports, _) in product(sources, targets, _services(rule, version)):
        yield _entry(word, source, "", target, ports, _ending(rule))


def _answers(rule: Rule, version: int, targets: list[str]) -> Iterator[str]:
    """What comes back; nothing where both sides may open anyway."""
    if rule.services.every:
        return
    sources = _addresses(version, rule.source.region.ip(version))
    for target, source, (word, ports, answer) in product(targets, sources, _services(rule, version)):
        yield _entry(word, target, ports, source, "", f"{answer}{_ending(rule)}".strip())


def _entry(word: str, source: str, source_ports: str, target: str, target_ports: str, more: str) -> str:
    return " ".join(filter(None, ("permit", word, source, source_ports, target, target_ports, more)))


def _services(rule: Rule, version: int) -> Iterator[tuple[str, str, str]]:
    """Protocol, ports of the server, and what marks an answer."""
    services = rule.services
    if services.every:
        yield ("ip" if version == 4 else "ipv6"), "", ""
        return
    for word, ports, answer in (("tcp", services.tcp, "established "), ("udp", services.udp, "")):
        for low, high in ports:
            yield word, f"eq {low}" if low == high else f"range {low} {high}", answer
    if (services.icmp and version == 4) or (services.icmp6 and version == 6):
        yield "icmp", "", "echo-reply "
    for number in services.ip:
        yield str(number), "", ""


def _addresses(version: int, spans: Spans) -> list[str]:
    texts = []
    for network in networks(version, spans):
        if network.prefixlen == 0:
            texts.append("any")
        elif network.prefixlen == network.max_prefixlen:
            texts.append(f"host {network.network_address}")
        else:
            texts.append(f"{network.network_address} {network.hostmask}" if version == 4 else str(network))
    return texts


def _ending(rule: Rule) -> str:
    return f"time-range {_range_name(rule.until)}" if rule.until else ""


def _range_name(day: date) -> str:
    return f"INTERLOCK-{day:%Y%m%d}"
