"""`interlock zone`: zones and conduits. Each command is imported only when it runs."""

from __future__ import annotations

from typing import Final

import click

from interlock.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "zone"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "propose": (
        "interlock.cli.zone_propose:propose",
        "Propose zones and conduits from what is seen, and ask about the rest.",
    ),
    "replay": (
        "interlock.cli.zone_replay:replay",
        "What a policy would cut of recorded traffic, before it is applied.",
    ),
    "check": (
        "interlock.cli.zone_check:check",
        "Hold what was seen against the policy: what it denies, and why.",
    ),
    "approve": (
        "interlock.cli.zone_approve:approve",
        "Record and sign the policy, so that what changes since is told.",
    ),
    "export": (
        "interlock.cli.zone_export:export",
        "Write the policy for a firewall, and say what that cannot say.",
    ),
    "draw": (
        "interlock.cli.zone_draw:draw",
        "Draw zones, conduits and violations, or what differs between two.",
    ),
    "reach": (
        "interlock.cli.zone_reach:reach",
        "Say what a taken machine could touch, and where to cut that.",
    ),
}
"""name → (where it is, its one line)."""


@click.group(cls=LazyGroup, known=COMMANDS)
def zone() -> None:
    """Zones and conduits of a plant (IEC 62443-3-2), held against its own traffic. See docs/zones.md."""
