"""Hirschmann EAGLE (HiSecOS): packet filter rules and profiles of the Modbus Enforcer, field by field.

No script: the fields have the names of the dialogs Packet Filter > Rule and DPI > Modbus Enforcer, for whoever enters
them there or by the device's own commands. A conduit of Modbus alone goes through a profile that lists its functions
with their address ranges. Source: Hirschmann, RM GUI HiSecOS EAGLE20/30.
"""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import TYPE_CHECKING, Final

from interlock.segment.export.comments import about, head_lines, short
from interlock.segment.export.modbus_functions import allowed, ranges_of
from interlock.segment.export.plan import Lack
from interlock.segment.export.spans import networks
from interlock.segment.export.target import Written
from interlock.segment.export.ways import lacks_of_ways, numbers_of, port_texts, ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.records.conduit import Conduit
    from interlock.segment.export.modbus_functions import Function
    from interlock.segment.export.plan import Plan, Rule
    from interlock.segment.export.ways import Way

__all__ = ["HIRSCHMANN"]

_PROFILES: Final = 32
_MANY: Final = 1_000
"""Rules from which on it is worth asking whether the device has room for them."""
_DESCRIPTION: Final = 64
_WHO: Final = "HiSecOS"


class _Hirschmann:
    """See Target."""

    def write(self, plan: Plan) -> Written:
        profiles = _profiles(plan)
        body: list[str] = []
        number = 0
        for way in ways(plan, (4,), cut=False):
            found = list(_rules(way, profiles.get(way.rule), number))
            number += len(found)
            body += ["", f"! {about(way.rule)}", *(line for one in found for line in one)] if found else []
        lacks = (
            *(_narrowed(lack, profiles) for lack in plan.lacks),
            *lacks_of_ways(plan, _WHO, dates=False, versions=(4,), others=False, cut=False),
            *_lacks(profiles, number),
        )
        lines = [f"! {line}" for line in head_lines(plan, "Hirschmann EAGLE (HiSecOS)", lacks)]
        for rule, index in profiles.items():
            lines += ["", f"! {about(rule)}", *_profile(rule, index)]
        denied = ["action drop", "log yes", 'description "denied by default"']
        lines += [*body, "", *_one(number + 1, "any", "any", "any", "any", denied)]
        return Written("\n".join(lines) + "\n", lacks)


HIRSCHMANN: Final = _Hirschmann()


def _profiles(plan: Plan) -> dict[Rule, int]:
    """Rules of Modbus alone, as many as there are profiles."""
    found = [
        rule
        for rule in plan.then
        if rule.conduit is not None
        and rule.conduit.protocols == ("modbus",)
        and not rule.conduit.ports
        and rule.reaches(4)
    ]
    return {rule: index for index, rule in enumerate(found[:_PROFILES], 1)}


def _narrowed(lack: Lack, profiles: dict[Rule, int]) -> Lack:
    index = next((i for rule, i in profiles.items() if rule.title == lack.conduit), None)
    if lack.what != "content" or index is None:
        return lack
    text = (
        f"{lack.conduit}: profile {index} lists its functions and, of each table, the range from the first to the last"
        " object; what lies between two ranges passes, and within a function list all units where none are named"
    )
    return dataclasses.replace(lack, sentence=text)


def _lacks(profiles: dict[Rule, int], many: int) -> Iterator[Lack]:
    if many > _MANY:
        text = f"{many} rules: see how many the device has room for"
        yield Lack(None, "target", "elsewhere", text)
    for rule in profiles:
        if rule.services.udp:
            text = f"{rule.title}: the Modbus Enforcer looks at TCP; Modbus over UDP is not written"
            yield Lack(rule.title, "target", "narrower", text)
    if len(profiles) == _PROFILES:
        yield Lack(
            None,
            "target",
            "wider",
            f"the device has {_PROFILES} profiles: further Modbus is let pass whatever it asks",
        )


def _profile(rule: Rule, index: int) -> list[str]:
    conduit = rule.conduit
    assert conduit is not None
    units = [unit for unit in conduit.units if unit.isdecimal()]
    return [
        f"modbus-enforcer profile {index}",
        f'    description "{short(rule, _DESCRIPTION)}"',
        "    function-type advanced",
        f"    function-code {_functions(conduit) or 'none'}",
        *([f"    unit-identifier {','.join(units)}"] if units else []),
        "    sanity-check yes",
        "    profile-active yes",
    ]


def _functions(conduit: Conduit) -> str:
    """`code|range|range` of each function, with commas between."""
    ranges = ranges_of(conduit.objects)
    return ",".join(filter(None, (_function(each, ranges) for each in allowed(conduit))))


def _function(function: Function, ranges: dict[str, tuple[int, int]] | None) -> str:
    if ranges is None:
        return str(function.code)
    found = [ranges.get(table) for table in function.tables]
    if not found or None in found:  # objects are named, and none that this function could ask for
        return ""
    return "|".join((str(function.code), *(f"{low}-{high}" for low, high in filter(None, found))))


def _rules(way: Way, profile: int | None, number: int) -> Iterator[list[str]]:
    pairs = product(*([str(n) for n in networks(4, spans)] for _, spans in (way.source, way.target)))
    for (source, target), (protocol, port) in product(pairs, list(_services(way, profile))):
        number += 1
        act = (
            ["action accept"]
            if profile is None
            else ["action enforce-modbus", f"dpi-profile-index {profile}"]
        )
        yield _one(
            number, source, target, protocol, port, [*act, f'description "{short(way.rule, _DESCRIPTION)}"']
        )


def _services(way: Way, profile: int | None) -> Iterator[tuple[str, str]]:
    services = way.rule.services
    if services.every:
        yield "any", "any"
        return
    for word in ("tcp",) if profile is not None else ("tcp", "udp"):
        yield from ((word, text) for text in port_texts(numbers_of(way, word)))
    if services.icmp:
        yield "icmp", "any"


def _one(number: int, source: str, target: str, protocol: str, port: str, more: list[str]) -> list[str]:
    return [
        f"packet-filter rule {number}",
        f"    source-address {source}",
        "    source-port any",
        f"    destination-address {target}",
        f"    destination-port {port}",
        f"    protocol {protocol}",
        *(f"    {line}" for line in more),
        "    active yes",
    ]
