"""The one realm that a text, a drawing or a search is about, and whether its zones can be looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.records.asset import Asset
    from interlock.records.site import Site
    from interlock.segment.model.policy import Policy

__all__ = ["realm_of", "refuse_unknown"]


def realm_of(policy: Policy, wanted: str | None, option: str = "--realm") -> str:
    """Choose the one realm that is meant. option: that says it. Raises PolicyError where it has to be said."""
    realms = list(dict.fromkeys(zone.realm for zone in policy.site.zones))
    if wanted is not None and wanted not in realms:
        raise PolicyError(f"no zone is of the realm {wanted}; name one of {', '.join(realms) or 'none'}")
    if not realms:
        raise PolicyError("the site file has no zones; `interlock zone propose` drafts some from traffic")
    if wanted is None and len(realms) != 1:
        said = f"zones of the realms {', '.join(realms)}, and one realm is meant"
        raise PolicyError(f"the site file has {said}; name it by {option}")
    return wanted or realms[0]


def refuse_unknown(site: Site, realm: str, assets: Sequence[Asset] | None) -> None:
    """Raise PolicyError where zones need an inventory and there is none: what is not looked up would be left out."""
    needing = [zone.name for zone in site.zones if zone.realm == realm and (zone.assets or zone.selector)]
    if needing and assets is None:
        raise PolicyError(
            f"zone {needing[0]} names machines by id or by what is known of them; "
            "give the inventory that knows them: --assets FOLDER (of `interlock analyze`) or --store DIR"
        )
