"""iptables: one text for `iptables-restore --noflush` and for `ip6tables-restore --noflush`.

    FORWARD ─► INTERLOCK: from ─► IL-C3: to ─► IL-C3-OK: services ─► ACCEPT

FORWARD is emptied and has one rule; INPUT and OUTPUT stay as they are. What is of one version of IP alone begins with
-4 or -6, which the other program passes over. Each side of a rule has a chain, so that the text grows with the sum of
both sides, not with their product. Sources: iptables-restore(8), iptables-extensions(8).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from interlock.segment.export.comments import about, head_lines, short
from interlock.segment.export.plan import Lack
from interlock.segment.export.spans import networks
from interlock.segment.export.target import Written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.export.plan import Plan, Rule
    from interlock.segment.export.spans import Spans

__all__ = ["IPTABLES"]

_COMMENT: Final = 200
"""xt_comment keeps 256."""
_LAST_DAY: Final = date(2038, 1, 18)
"""xt_time counts seconds in 32 bits."""
_MOST_PORTS: Final = 15
"""Of one multiport match; a range counts twice."""
_ENDS_IN_255: Final = "0.0.0.255/0.0.0.255"
_MULTICAST: Final = ((0xE000_0000, 0xEFFF_FFFF),)
_BEGINNING: Final = (
    "-F FORWARD",
    "-P FORWARD DROP",
    "-A FORWARD -j INTERLOCK",
    "-A INTERLOCK -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
    "-A INTERLOCK -m conntrack --ctstate INVALID -j DROP",
    # What no router passes on, but a bridge does (model/groups.is_link, is_nobody).
    "-6 -A INTERLOCK -d ff02::/16 -p ipv6-icmp -j ACCEPT",
    "-6 -A INTERLOCK -d fe80::/10 -p ipv6-icmp -j ACCEPT",
    "-4 -A INTERLOCK -p igmp -j ACCEPT",
    "-4 -A INTERLOCK -s 0.0.0.0/32 -d 255.255.255.255/32 -j ACCEPT",
    f"-4 -A INTERLOCK -s {_ENDS_IN_255} -j DROP",
)
_HOW: Final = (
    "In force by both: iptables-restore --noflush FILE and ip6tables-restore --noflush FILE.",
    "Without --noflush all other rules of the table go, too.",
)


class _Iptables:
    """See Target."""

    def write(self, plan: Plan) -> Written:
        lacks = (*plan.lacks, *_lacks(plan))
        chains: list[str] = []
        body = list(_body(plan, chains))
        lines = [
            *(f"# {line}" for line in (*head_lines(plan, "iptables-restore", lacks), *_HOW)),
            "*filter",
            ":INTERLOCK - [0:0]",
            *(f":{chain} - [0:0]" for chain in chains),
            *_BEGINNING,
            *body,
            "COMMIT",
        ]
        return Written("\n".join(lines) + "\n", lacks)


IPTABLES: Final = _Iptables()


def _lacks(plan: Plan) -> Iterator[Lack]:
    yield Lack(
        None, "target", "elsewhere",
        "what is for the firewall itself, or comes from it, is not judged here: FORWARD is what is passed on",
    )  # fmt: skip
    yield Lack(
        None, "layer-2", "elsewhere",
        "iptables sees no frames, and what this machine bridges only where br_netfilter hands it over",
    )  # fmt: skip
    for rule in plan.rules:
        if rule.of_frames and rule.conduit is not None:
            text = f"{rule.title}: frames without IP are not seen by iptables, and not let through by it"
            yield Lack(rule.title, "layer-2", "elsewhere", text)
        if rule.until is not None and rule.until > _LAST_DAY:
            text = f"{rule.title}: must be removed after {rule.until}; xt_time knows no day after {_LAST_DAY}"
            yield Lack(rule.title, "until", "elsewhere", text)
        if 0 in rule.services.ip:
            text = f"{rule.title}: IP protocol 0 cannot be said, since it means any"
            yield Lack(rule.title, "target", "narrower", text)


def _body(plan: Plan, chains: list[str]) -> Iterator[str]:
    """Rules in the order in which the first that fits decides. chains: takes the names of those that rules use."""
    for rule in plan.first:
        if rule.groups is not None:
            spans = {version: rule.groups.ip(version) for version in (4, 6)}
            yield from _rule(rule, {v: _texts(v, found) for v, found in spans.items()}, "", chains)
    yield f"-4 -A INTERLOCK -d {_texts(4, _MULTICAST)[0]} -j DROP"
    for rule in plan.first:
        if rule.groups is not None and rule.groups.broadcast:
            yield from _rule(rule, {4: [_ENDS_IN_255]}, "B", chains)
    yield f"-4 -A INTERLOCK -d {_ENDS_IN_255} -j DROP"
    for rule in plan.then:
        there = {version: _texts(version, rule.target.region.ip(version)) for version in (4, 6)}
        yield from _rule(rule, there, "", chains)


def _rule(rule: Rule, targets: dict[int, list[str]], mark: str, chains: list[str]) -> Iterator[str]:
    chain = f"IL-{'Z' if rule.conduit is None else 'C'}{rule.number}{mark}"
    asked = [
        f"-{version} -A {chain} -d {target} -j {chain}-OK"
        for version, found in targets.items()
        if rule.reaches(version)
        for target in found
    ]
    if not asked:
        return
    chains += [chain, f"{chain}-OK"]
    yield f"# {about(rule)}"
    for version in targets:
        for source in _texts(version, rule.source.region.ip(version)):
            yield f"-{version} -A INTERLOCK -s {source} -j {chain}"
    yield from asked
    ending = f'{_until(rule)}-m comment --comment "{short(rule, _COMMENT)}" -j ACCEPT'
    for only, service in _services(rule):
        yield f"{only}-A {chain}-OK {service}{ending}"


def _until(rule: Rule) -> str:
    """The end of the last day, UTC as xt_time counts where nothing else is said."""
    if rule.until is None or rule.until > _LAST_DAY:
        return ""
    return f"-m time --datestop {rule.until}T23:59:59 "


def _services(rule: Rule) -> Iterator[tuple[str, str]]:
    """The mark of a version (empty for both), and matches of transports; no match for anything at all."""
    services = rule.services
    if services.every:
        yield "", ""
        return
    for word, ports in (("tcp", services.tcp), ("udp", services.udp)):
        for several in _several(ports):
            yield "", f"-p {word} -m multiport --dports {','.join(several)} "
    if services.icmp:
        yield "-4 ", "-p icmp "
    if services.icmp6:
        yield "-6 ", "-p ipv6-icmp "
    for number in services.ip:
        if number:  # 0 would mean any
            yield "", f"-p {number} "


def _several(ports: Spans) -> Iterator[list[str]]:
    found: list[str] = []
    room = _MOST_PORTS
    for low, high in ports:
        needs = 1 if low == high else 2
        if needs > room:
            yield found
            found, room = [], _MOST_PORTS
        found.append(str(low) if low == high else f"{low}:{high}")
        room -= needs
    if found:
        yield found


def _texts(version: int, spans: Spans) -> list[str]:
    return [str(network) for network in networks(version, spans)]
