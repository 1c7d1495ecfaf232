"""A table (RFC 4180): one row for each allowance and service, with everything that the policy says of it.

For people who give rules by hand, and for programs: it says verbs, units and objects, too, so of the policy nothing is
lost. Cells that a spreadsheet would run as a formula get an apostrophe.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from interlock.segment.export.spans import written
from interlock.segment.export.target import Written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.export.plan import Plan, Rule
    from interlock.segment.export.regions import Region
    from interlock.segment.export.spans import Spans

__all__ = ["COLUMNS", "CSV"]

COLUMNS: Final = (
    *("rule", "conduit", "from_zones", "sources", "to_zones", "targets", "groups", "transport", "ports"),
    *("protocols", "verbs", "units", "objects", "reason", "owner", "until", "exception"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class _Csv:
    """See Target. A policy that is a table loses nothing, so the plan's lacks of content do not hold for it."""

    def write(self, plan: Plan) -> Written:
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        for rule in plan.rules:
            rows.writerows([_cell(value) for value in row] for row in _rows(rule))
        kept = tuple(lack for lack in plan.lacks if lack.what == "machines")
        return Written(text.getvalue(), kept)


CSV: Final = _Csv()


def _rows(rule: Rule) -> Iterator[tuple[str, ...]]:
    conduit = rule.conduit
    said = (
        ("",) * 8
        if conduit is None
        else (
            " ".join(conduit.protocols), " ".join(conduit.verbs), " ".join(conduit.units), "\n".join(conduit.objects),
            conduit.reason or "", conduit.owner or "", str(conduit.until or ""), "yes" if conduit.exception else "",
        )
    )  # fmt: skip
    groups = "" if rule.groups is None or conduit is None else " ".join(conduit.groups)
    ends = (
        rule.key, rule.title, "\n".join(rule.source.zones), _members(rule.source.region),
        "\n".join(rule.target.zones), _members(rule.target.region), groups,
    )  # fmt: skip
    for transport, ports in _services(rule) or [("", "")]:
        yield (*ends, transport, ports, *said)


def _members(region: Region) -> str:
    return " ".join((*written(4, region.v4), *written(6, region.v6), *region.macs))


def _services(rule: Rule) -> list[tuple[str, str]]:
    services = rule.services
    if services.every:
        return [("any", "")]
    return [
        *((word, _ports(ports)) for word, ports in (("tcp", services.tcp), ("udp", services.udp)) if ports),
        *((word, "") for word, there in (("icmp", services.icmp), ("icmp6", services.icmp6)) if there),
        *((f"ip/{number}", "") for number in services.ip),
        *((f"eth/0x{number:04x}", "") for number in services.types),
    ]


def _ports(ports: Spans) -> str:
    return " ".join(str(low) if low == high else f"{low}-{high}" for low, high in ports)


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
