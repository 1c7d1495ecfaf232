"""nftables: one file that `nft -f` puts in force as a whole, or not at all.

    table inet interlock_zones         what a router passes on; sessions are known
    table bridge interlock_zones       what goes through a bridge: where the policy speaks of frames, or asked for

Each table is declared, deleted and written anew in one transaction, so no moment is without rules. IP on a bridge is
judged by table inet, to which br_netfilter hands it; what it lets pass gets a mark, without which table bridge drops
it. So a kernel without br_netfilter lets no IP through the bridge (ADR 20). Sources: nft(8).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from interlock.segment.export.comments import about, head_lines, plain, short
from interlock.segment.export.plan import Lack
from interlock.segment.export.spans import written
from interlock.segment.export.target import Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.segment.export.plan import Ends, Plan, Rule
    from interlock.segment.export.spans import Spans

__all__ = ["BETWEEN", "LINK_TYPES", "MARK", "NFTABLES", "NFTABLES_BRIDGE", "TABLE"]

TABLE: Final = "interlock_zones"
_COMMENT: Final = 120
"""Octets of a rule's comment: the kernel keeps 128 with the zero."""
_WIDTH: Final = 110
LINK_TYPES: Final = (0x0806, 0x8809, 0x88CC, 0x88E3, 0x9000)
"""Between neighbours: ARP, LACP, LLDP, MRP, loop tests (model/groups)."""
_TO_MANY: Final = "& 01:00:00:00:00:00 == 01:00:00:00:00:00"
_LINK_GROUPS: Final = "01:80:c2:00:00:00-01:80:c2:00:00:0f"
_MASKED: Final = "& 0.0.0.255 == 0.0.0.255"
MARK: Final = "0x10000000"
"""A bit of a packet's mark: table inet has let it pass."""
_NEIGHBOURS: Final = 'accept comment "between neighbours of a link"'
BETWEEN: Final = (
    f"ip6 daddr {{ ff02::/16, fe80::/10 }} meta l4proto ipv6-icmp counter {_NEIGHBOURS}",
    f"meta l4proto igmp counter {_NEIGHBOURS}",
    f"ip saddr 0.0.0.0 ip daddr 255.255.255.255 counter {_NEIGHBOURS}",
)
"""IP that no router passes on, but a bridge does (model/groups.is_link, is_nobody)."""


class _Nftables:
    """See Target. bridges: whether table bridge is written also where the policy speaks of no frames."""

    def __init__(self, *, bridges: bool) -> None:
        self._bridges = bridges

    def write(self, plan: Plan) -> Written:
        bridges = self._bridges or any(rule.of_frames for rule in plan.rules)
        lacks = (*plan.lacks, *_lacks(plan, bridges=bridges, asked=self._bridges))
        lines = ["#!/usr/sbin/nft -f", *(f"# {line}" for line in head_lines(plan, "nftables", lacks)), ""]
        lines += _routed(plan, bridges=bridges, asked=self._bridges)
        if bridges:
            lines += ["", *_bridged(plan)]
        else:  # not every kernel knows bridges, so nothing is said to one that need not
            lines += [
                "",
                "# No frames without IP: if an earlier file made it, nft delete table bridge " + TABLE,
            ]
        return Written("\n".join(lines) + "\n", lacks)


NFTABLES: Final = _Nftables(bridges=False)
NFTABLES_BRIDGE: Final = _Nftables(bridges=True)


def _lacks(plan: Plan, *, bridges: bool, asked: bool) -> Iterator[Lack]:
    yield Lack(
        None, "target", "elsewhere",
        "what is for the firewall itself, or comes from it, is not judged here: these tables hook what is passed on",
    )  # fmt: skip
    frames = [rule for rule in plan.rules if rule.of_frames]
    if bridges:
        yield Lack(
            None, "layer-2", "narrower",
            "IP through a bridge is judged by table inet where br_netfilter hands it over, and dropped otherwise",
        )  # fmt: skip
    else:
        yield Lack(
            None, "layer-2", "elsewhere",
            "what this machine bridges instead of routing it is not judged by this text: nftables-bridge does",
        )  # fmt: skip
    if bridges and any(rule.conduit is None for rule in plan.rules):
        also = "" if asked else "; IP to groups and broadcasts do not, for that is nftables-bridge"
        yield Lack(
            None, "hearers", "elsewhere",
            "what the machines of a zone whose inside is allowed send to groups without IP goes through a bridge to"
            f" all its ports{also}",
        )  # fmt: skip
    for rule in frames:
        if rule.groups is None and rule.conduit is not None:
            yield Lack(
                rule.title, "direction", "wider",
                f"{rule.title}: frames know no sessions, so the answering side may begin, too",
            )  # fmt: skip


def _opening(family: str) -> list[str]:
    """Declare, so that deleting never fails; delete; write."""
    name = f"table {family} {TABLE}"
    return [name, f"delete {name}", f"{name} {{"]


def _routed(plan: Plan, *, bridges: bool, asked: bool) -> list[str]:
    """bridges: whether a table for them follows. asked: whether the machine is one, and no router."""
    sets: dict[str, list[str]] = {}
    body = [f'        ip saddr {_MASKED} counter drop comment "nobody is called by a broadcast address"']
    for rule in plan.first:
        body += _commented(rule, [line for version in (4, 6) for line in _to_groups(rule, version, sets)])
    for rule in plan.then if asked else ():
        body += _commented(rule, [line for version in (4, 6) for line in _within(rule, version, sets)])
    body.append(f'        ip daddr {_MASKED} counter drop comment "broadcasts that no conduit names"')
    for rule in plan.then:
        body += _commented(rule, [line for version in (4, 6) for line in _to_machines(rule, version, sets)])
    return [
        *_opening("inet"),
        *(line for declared in sets.values() for line in declared),
        "    chain forward {",
        "        type filter hook forward priority filter; policy drop;",
        "        ct state established,related accept",
        "        ct state invalid drop",
        *(f"        {line}" for line in BETWEEN),
        *body,
        '        counter comment "denied by default"',
        "    }",
        *(_handed_on() if bridges else ()),
        "}",
    ]


def _handed_on() -> list[str]:
    """What comes after all rules, and so only to what they let pass."""
    return [
        "    chain handed_on {",
        "        type filter hook forward priority filter + 10; policy accept;",
        f"        meta mark set meta mark | {MARK}",
        "    }",
    ]


def _commented(rule: Rule, statements: list[str]) -> list[str]:
    """Statements of one rule below the whole of what people wrote of it."""
    if not statements:
        return []
    note = short(rule, _COMMENT)
    ended = f' comment "{note}"'
    lines = [f"        {statement}{ended}" for statement in statements]
    return [f"        # {about(rule)}", *lines]


def _accept(rule: Rule) -> str:
    """The verdict, which ends with the rule's last day."""
    if rule.until is None:
        return "counter accept"
    ends = datetime(rule.until.year, rule.until.month, rule.until.day, tzinfo=UTC) + timedelta(days=1)
    return f"meta time < {int(ends.timestamp())} counter accept"


def _to_machines(rule: Rule, version: int, sets: dict[str, list[str]]) -> Iterator[str]:
    if rule.reaches(version):
        word = "ip" if version == 4 else "ip6"
        ends = (
            f"{word} saddr {_ip_set(rule.source, version, sets)}"
            f" {word} daddr {_ip_set(rule.target, version, sets)}"
        )
        for service in _services(rule, version):
            yield " ".join(filter(None, (ends, service, _accept(rule))))


def _to_groups(rule: Rule, version: int, sets: dict[str, list[str]]) -> Iterator[str]:
    if rule.groups is None or not rule.reaches(version):
        return
    word = "ip" if version == 4 else "ip6"
    source = f"{word} saddr {_ip_set(rule.source, version, sets)}"
    there = []
    if rule.groups.ip(version):
        there.append(f"{word} daddr {{ {', '.join(written(version, rule.groups.ip(version)))} }}")
    if rule.groups.broadcast and version == 4:
        there.append(f"ip daddr != 224.0.0.0/4 ip daddr {_MASKED}")
    for group in there:
        for service in _services(rule, version):
            yield " ".join(filter(None, (source, group, service, _accept(rule))))


def _within(rule: Rule, version: int, sets: dict[str, list[str]]) -> Iterator[str]:
    """What a zone's machines say to many is heard in their own zone, also through a bridge."""
    if rule.conduit is None and rule.reaches(version):
        word = "ip" if version == 4 else "ip6"
        source = f"{word} saddr {_ip_set(rule.source, version, sets)}"
        for group in (
            ("ip daddr 224.0.0.0/4", f"ip daddr {_MASKED}") if version == 4 else ("ip6 daddr ff00::/8",)
        ):
            yield f"{source} {group} counter accept"


def _services(rule: Rule, version: int) -> Iterator[str]:
    """Matches of transports, empty for anything at all."""
    services = rule.services
    if services.every:
        yield ""
        return
    for word, ports in (("tcp", services.tcp), ("udp", services.udp)):
        if ports:
            yield f"{word} dport {_ports(ports)}"
    if services.icmp and version == 4:
        yield "meta l4proto icmp"
    if services.icmp6 and version == 6:
        yield "meta l4proto ipv6-icmp"
    for number in services.ip:
        yield f"meta l4proto {number}"


def _ports(ports: Spans) -> str:
    texts = [str(low) if low == high else f"{low}-{high}" for low, high in ports]
    return texts[0] if len(texts) == 1 else f"{{ {', '.join(texts)} }}"


def _ip_set(ends: Ends, version: int, sets: dict[str, list[str]]) -> str:
    """Name the set of a side's addresses, and declare it once."""
    name = f"{ends.name}_v{version}"
    if name not in sets:
        kind = "ipv4_addr" if version == 4 else "ipv6_addr"
        elements = written(version, ends.region.ip(version))
        sets[name] = _set(name, kind, elements, ends.zones, interval=True)
    return f"@{name}"


def _set(name: str, kind: str, elements: Iterable[str], zones: Iterable[str], *, interval: bool) -> list[str]:
    lines, row = [], ""
    for element in elements:
        if row and len(row) + len(element) + 14 > _WIDTH:
            lines.append(f"            {row},")
            row = ""
        row = f"{row}, {element}" if row else element
    return [
        f"    set {name} {{ # {plain(', '.join(zones))}",
        f"        type {kind}",
        *(["        flags interval"] if interval else []),
        "        elements = {",
        *lines,
        f"            {row}",
        "        }",
        "    }",
    ]


def _bridged(plan: Plan) -> list[str]:
    sets: dict[str, list[str]] = {}
    body: list[str] = []
    for rule in (*plan.first, *plan.then):
        body += _commented(rule, list(_frames(rule, sets)) if rule.of_frames else [])
    types = ", ".join(f"0x{number:04x}" for number in LINK_TYPES)
    return [
        *_opening("bridge"),
        *(line for declared in sets.values() for line in declared),
        "    chain forward {",
        "        type filter hook forward priority 100; policy drop;",  # behind br_netfilter, whose place is 0
        f"        meta protocol {{ {types} }} counter {_NEIGHBOURS}",
        f"        ether daddr {_LINK_GROUPS} counter {_NEIGHBOURS}",
        f'        meta protocol {{ ip, ip6 }} meta mark & {MARK} == {MARK} counter accept comment "table inet said so"',
        '        meta protocol { ip, ip6 } counter drop comment "IP that table inet has not judged"',
        *body,
        '        counter comment "denied by default"',
        "    }",
        "}",
    ]


def _frames(rule: Rule, sets: dict[str, list[str]]) -> Iterator[str]:
    source = _mac_set(rule.source, sets)
    types = [f"0x{number:04x}" for number in rule.services.types]
    kind = (
        ""
        if not types
        else f"meta protocol {types[0] if len(types) == 1 else '{ ' + ', '.join(types) + ' }'}"
    )
    if rule.groups is not None:
        there = f"ether daddr {{ {', '.join(rule.groups.macs)} }}"
        yield " ".join(filter(None, (f"ether saddr {source}", there, kind, _accept(rule))))
        return
    target = _mac_set(rule.target, sets)
    ways = [(source, target)] if source == target else [(source, target), (target, source)]
    for one, other in ways:
        yield " ".join(filter(None, (f"ether saddr {one} ether daddr {other}", kind, _accept(rule))))
    if rule.conduit is None:  # what a zone's machines say to many is heard in their own zone
        yield f"ether saddr {source} ether daddr {_TO_MANY} {_accept(rule)}"


def _mac_set(ends: Ends, sets: dict[str, list[str]]) -> str:
    name = f"{ends.name}_mac"
    if name not in sets:
        sets[name] = _set(name, "ether_addr", ends.region.macs, ends.zones, interval=False)
    return f"@{name}"
