"""A plan as firewalls want it that know networks, ports and sessions, and nothing else: one way for each rule and IP.

A broadcast address lies within most networks. Where a side is small its addresses that end in .255 are cut out of it;
where it is large (more than 64 of them) a Lack says so. Groups are written by none of these targets, and told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.segment.export.plan import Lack
from interlock.segment.export.spans import without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.export.plan import Plan, Rule
    from interlock.segment.export.spans import Spans

__all__ = ["Way", "lacks_of_ways", "numbers_of", "port_texts", "ways"]

_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Way:
    """What a rule says of one version of IP. sources, targets: names and addresses of both sides."""

    rule: Rule
    version: int
    source: tuple[str, Spans]
    target: tuple[str, Spans]

    @property
    def name(self) -> str:
        """A word of [a-z0-9_] that is this way's alone."""
        return f"{self.rule.key}_v{self.version}"


def ways(plan: Plan, versions: tuple[int, ...] = (4, 6), *, cut: bool = True) -> Iterator[Way]:
    """Every way of a plan, in its order; groups have none. cut: whether broadcasts are cut out of small sides."""
    for rule in plan.then:
        for version in versions:
            if rule.reaches(version):
                sides = [
                    (
                        f"{ends.name}_v{version}",
                        _cut(version, ends.region.ip(version)) if cut else ends.region.ip(version),
                    )
                    for ends in (rule.source, rule.target)
                ]
                if sides[0][1] and sides[1][1]:
                    yield Way(rule, version, sides[0], sides[1])


def _cut(version: int, spans: Spans) -> Spans:
    """Without addresses that end in .255, where that is not too many pieces."""
    if version == 6 or _many(spans):
        return spans
    return without(spans, tuple((at, at) for low, high in spans for at in range(low | 0xFF, high + 1, 256)))


def _any(spans: Spans) -> bool:
    return any(low | 0xFF <= high for low, high in spans)


def _many(spans: Spans) -> bool:
    return sum((high - low) >> 8 for low, high in spans) > _MOST


def numbers_of(way: Way, transport: str) -> Spans:
    """The server's ports of a transport (tcp or udp)."""
    return way.rule.services.tcp if transport == "tcp" else way.rule.services.udp


def port_texts(ports: Spans, dash: str = "-") -> list[str]:
    """Ports and ranges of ports."""
    return [str(low) if low == high else f"{low}{dash}{high}" for low, high in ports]


def lacks_of_ways(
    plan: Plan,
    who: str,
    *,
    dates: bool,
    versions: tuple[int, ...] = (4, 6),
    others: bool = True,
    cut: bool = True,
) -> Iterator[Lack]:
    """What no way says. who: the target, for people. dates: rules end by themselves, by the clock of the device.

    others: whether IP protocols besides TCP, UDP and ICMP can be said. cut: see `ways`.
    """
    yield Lack(
        None,
        "target",
        "elsewhere",
        f"not judged here: what is for the firewall itself or comes from it, and rules that {who} has before these",
    )
    sides = [ends.region.v4 for rule in plan.then for ends in (rule.source, rule.target)]
    if any(map(_many if cut else _any, sides)):
        text = "addresses that end in .255 are broadcasts in the policy's eyes; within networks they pass as machines"
        yield Lack(None, "broadcast", "wider", text)
    for rule in plan.rules:
        yield from _of_rule(rule, who, dates=dates, versions=versions, others=others)


def _of_rule(rule: Rule, who: str, *, dates: bool, versions: tuple[int, ...], others: bool) -> Iterator[Lack]:
    name = rule.title
    if rule.groups is not None:
        yield Lack(name, "target", "narrower", f"{name}: groups and broadcasts are not written for {who}")
    if rule.of_frames and rule.conduit is not None:
        text = f"{name}: frames without IP are not seen by {who}, and not let through by it"
        yield Lack(name, "layer-2", "elsewhere", text)
    for version in (4, 6):
        if version not in versions and rule.reaches(version):
            yield Lack(name, "target", "narrower", f"{name}: IPv{version} is not written for {who}")
    if rule.until is not None:
        text = (
            f"{name}: ends on {rule.until} by the device's own clock and time zone, not by UTC"
            if dates
            else f"{name}: must be removed after {rule.until}; {who} ends no rule by itself"
        )
        yield Lack(name, "until", "elsewhere", text)
    if not others and rule.services.ip:
        numbers = ", ".join(map(str, rule.services.ip))
        yield Lack(name, "target", "narrower", f"{name}: IP protocols {numbers} are not written for {who}")
    elif 0 in rule.services.ip:
        yield Lack(name, "target", "narrower", f"{name}: IP protocol 0 cannot be said, since it means any")
