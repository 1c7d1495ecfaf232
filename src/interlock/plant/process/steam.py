"""Steam: a fired boiler with a relief valve, and the pasteuriser that takes its steam."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.plant.process.tags import State

__all__ = ["step_steam"]

BURNER_KW: Final = 900.0
DRUM_WATER_KG: Final = 2400.0
"""At a level of 100 %."""

FEED_KG_S: Final = 1.2
LATENT_KJ_KG: Final = 2050.0
KJ_PER_BAR: Final = 9000.0
"""What the water and steel of the drum take up while the pressure rises by one bar."""

LOSS_KW_PER_K: Final = 0.18
RELIEF_OPENS_BAR: Final = 11.0
RELIEF_CLOSES_BAR: Final = 10.4
RELIEF_KG_S: Final = 0.5
STEAM_KG_S: Final = 0.4
"""Through the wide open steam valve at 7 bar."""

PRODUCT_COLD_C: Final = 14.0
PASTEURISER_S: Final = 25.0


def step_steam(s: State, dt_s: float) -> None:
    """One step of `dt_s` seconds, 0.05 to 1."""
    pressure, level = s["boiler.pressure"], s["boiler.level"]
    water_kg = level / 100.0 * DRUM_WATER_KG
    burning = s["boiler.burner"] / 100.0 * s["boiler.permit"] * s["power.breaker"]
    feeding = FEED_KG_S * s["boiler.feed"] * s["power.breaker"]
    taken = STEAM_KG_S * s["pasteuriser.steam"] / 100.0 * max(0.0, pressure) / 7.0
    if pressure >= RELIEF_OPENS_BAR:
        s["boiler.relief"] = 1.0
    elif pressure <= RELIEF_CLOSES_BAR:
        s["boiler.relief"] = 0.0
    steam = taken + RELIEF_KG_S * s["boiler.relief"]
    water_kg = min(max(water_kg + (feeding - steam) * dt_s, 0.0), DRUM_WATER_KG)
    s["boiler.level"] = water_kg / DRUM_WATER_KG * 100.0
    heat_kw = BURNER_KW * burning - steam * LATENT_KJ_KG - feeding * 250.0
    heat_kw -= LOSS_KW_PER_K * (s["boiler.temperature"] - s["hall.temperature"])
    # Little water takes up little heat: a drum that runs dry races away.
    capacity = KJ_PER_BAR * max(0.08, water_kg / DRUM_WATER_KG) / 0.6
    s["boiler.pressure"] = min(max(pressure + heat_kw * dt_s / capacity, 0.0), 16.0)
    s["boiler.temperature"] = saturation_c(s["boiler.pressure"])
    _pasteurise(s, taken, dt_s)


def saturation_c(gauge_bar: float) -> float:
    """Temperature of saturated steam, degrees Celsius, within 2 K from 0 to 16 bar above the atmosphere."""
    return 100.0 * math.sqrt(math.sqrt((gauge_bar + 1.013) / 1.013))


def _pasteurise(s: State, steam_kg_s: float, dt_s: float) -> None:
    """Product flows at the filler's pace; without flow the heat stays in the exchanger."""
    product_kg_s = max(s["filler.speed"] * 0.5 / 60.0, 0.25)
    rise = steam_kg_s * LATENT_KJ_KG / (product_kg_s * 4.19)
    goal = min(PRODUCT_COLD_C + rise, s["boiler.temperature"])
    s["pasteuriser.temperature"] += (goal - s["pasteuriser.temperature"]) * min(1.0, dt_s / PASTEURISER_S)
