"""Every family of attacks, by name. A test finds each file of `families/` in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.blind.families import (
    controllers,
    field,
    first,
    hosts,
    in_path,
    modbus,
    network,
    opcua,
    reported,
    services,
    telecontrol,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.attacks.scenario import Scenario
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES", "draw"]

FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    **first.FAMILIES,
    **modbus.FAMILIES,
    **in_path.FAMILIES,
    **telecontrol.FAMILIES,
    **told.FAMILIES,
    **controllers.FAMILIES,
    **opcua.FAMILIES,
    **field.FAMILIES,
    **network.FAMILIES,
    **services.FAMILIES,
    **hosts.FAMILIES,
    **reported.FAMILIES,
}


def draw(family: str, draws: Draws) -> Scenario:
    """One attack of a family. Raises KeyError where there is no such family."""
    return FAMILIES[family](draws)
