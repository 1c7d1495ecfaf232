"""A policy on its way to firewalls: the inventory that selectors need, usual ports, the target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.records.asset import Asset
    from interlock.segment.export.plan import Plan
    from interlock.segment.export.target import Target
    from interlock.segment.model.policy import Policy

__all__ = ["build_plan", "build_target", "known_assets"]


def known_assets(folder: str | None, store: str | None) -> tuple[Asset, ...] | None:
    """Every machine of an inventory; None where neither is named. Raises ConfigError, SourceError."""
    if folder is not None and store is not None:
        raise ConfigError("--assets and --store both name an inventory; name one of them")
    if store is not None:
        from interlock.store.plain.reader import PlainReader  # noqa: PLC0415 (slow to load)

        return tuple(PlainReader(Path(store)).assets())
    if folder is None:
        return None
    from interlock.report.reading import read_folder  # noqa: PLC0415

    path = Path(folder)
    return read_folder(path.parent if path.name == "assets.json" else path).assets


def build_plan(
    policy: Policy, realm: str | None, extra: Sequence[tuple[str, str]], assets: Sequence[Asset] | None
) -> Plan:
    """Plan what a firewall is to be told. extra: (protocol, port range) besides the usual ones. Raises PolicyError."""
    from interlock.bootstrap.zoning import known_ports  # noqa: PLC0415
    from interlock.segment.export.planning import plan_of  # noqa: PLC0415
    from interlock.segment.model.realms import realm_of  # noqa: PLC0415

    return plan_of(policy, realm_of(policy, realm), known_ports(extra), assets)


def build_target(name: str) -> Target:
    """Find a target by its name. Raises ConfigError with the names that there are."""
    from interlock.segment.export.target import target_named, targets  # noqa: PLC0415

    try:
        return target_named(name)
    except KeyError as error:
        raise ConfigError(
            f"no firewall is called {name!r} here; name one of {', '.join(sorted(targets()))}"
        ) from error
