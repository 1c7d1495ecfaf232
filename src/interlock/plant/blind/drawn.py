"""A drawn attack as a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.plant.attacks.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scene

__all__ = ["drawn"]


def drawn(
    what: str,
    ids: Sequence[str],
    who: str,
    victims: Sequence[str],
    script: Callable[[Scene], Script],
    *,
    slow: bool = False,
) -> Scenario:
    """ids: ATT&CK for ICS techniques that what is on the wire meets, the main one first. slow: see Scenario."""
    return Scenario(
        name=f"blind-{what}",
        title=f"{who}: {what} at {', '.join(victims)}",
        technique=ids[0],
        also=tuple(ids[1:]),
        slow=slow,
        attacker=who,
        victims=tuple(victims),
        harm="Drawn by chance.",
        script=script,
    )
