"""What a firewall's file looks like to the rest: one plan in, one text out, and what that text cannot say."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.segment.export.plan import Lack, Plan

__all__ = ["ENTRY_POINT", "TARGETS", "Target", "Written", "target_named", "targets"]

ENTRY_POINT: Final = "interlock.zone_targets"
"""Packages add targets of their own: an entry point of this group names a `Target`, and is called as it is named."""
TARGETS: Final[dict[str, tuple[str, str]]] = {
    "nftables": ("nftables:NFTABLES", "Linux: one ruleset that replaces the last one as a whole"),
    "nftables-bridge": ("nftables:NFTABLES_BRIDGE", "the same where Linux stands as a bridge in one subnet"),
    "iptables": ("iptables:IPTABLES", "Linux with iptables-restore and ip6tables-restore"),
    "cisco-ios": ("cisco_ios:CISCO_IOS", "extended access lists of Cisco IOS and IOS XE"),
    "fortios": ("fortios:FORTIOS", "FortiOS: addresses, services and policies for the console"),
    "pan-os": ("pan_os:PAN_OS", "PAN-OS: set commands, with App-IDs where they exist"),
    "opnsense": ("opnsense:OPNSENSE", "OPNsense: aliases and rules as config.xml holds them"),
    "hirschmann": (
        "hirschmann:HIRSCHMANN",
        "Hirschmann EAGLE (HiSecOS): rules and Modbus Enforcer, field by field",
    ),
    "scalance": ("scalance:SCALANCE", "SCALANCE S and M: rules for the console, IP services to enter"),
    "csv": ("csv_rows:CSV", "a table for people and for other programs; says everything"),
}
"""name → (where it is below this package, what it is)."""


@dataclass(frozen=True, slots=True)
class Written:
    """text: the whole file, ending in a line feed. lacks: what neither it nor any rule of the plan can say."""

    text: str
    lacks: tuple[Lack, ...]


class Target(Protocol):
    """One firewall's language."""

    def write(self, plan: Plan) -> Written:
        """Write a plan. Pure: the same plan gives the same text. The plan's own lacks come first."""
        ...


def targets() -> Mapping[str, tuple[str, str]]:
    """Every target with its module and what it is, those of other packages last."""
    from importlib.metadata import entry_points  # noqa: PLC0415 (slow, and seldom needed)

    others = {point.name: (point.value, "of another package") for point in entry_points(group=ENTRY_POINT)}
    return {**others, **TARGETS}


def target_named(name: str) -> Target:
    """Import a target. Raises KeyError where there is none of this name."""
    where = targets()[name][0]
    module, _, attribute = where.partition(":")
    inside = f"interlock.segment.export.{module}" if name in TARGETS else module
    return cast("Target", getattr(importlib.import_module(inside), attribute))
