"""A drill on the practice plant, wired: a clean background, rare events, every scenario; then the record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.bootstrap.drilling import (
    ADDRESSES,
    BEGINS_MINUTE,
    LASTS,
    LASTS_DRAWN,
    LASTS_ELSE,
    learn,
    rehearse,
)
from interlock.pipeline.drill.record import Quiet, document
from interlock.pipeline.drill.score import alarms, score
from interlock.plant.events.table import NAMES as EVENTS
from interlock.plant.machines import MACHINES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.bootstrap.detecting import Judgement
    from interlock.pipeline.drill.score import Row
    from interlock.plant.attacks.scenario import Scenario

__all__ = ["EVENT_MINUTES", "Drill", "run_drill"]

EVENT_MINUTES: Final = 9.0
"""From one rare event to the next."""
LEARNT_EVENTS: Final = ("shift-change", "hmi-reboot")
"""What happens so often that whoever learns a plant for some days has seen it (events' `a_year`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What was asked. scenarios: names, or drawn ones. background: minutes that are learned. tick(what, share done)."""

    scenarios: tuple[str | Scenario, ...]
    seed: int
    background: float
    judgement: Judgement | None = None
    tick: Callable[[str, float], None] = field(default=lambda _what, _share: None)


def run_drill(drill: Drill) -> dict[str, Any]:
    """Everything in memory; the record. Raises whatever `tick` raises: nothing is left then."""
    state = _learned(drill)
    calm = rehearse(
        drill.background / 2,
        drill.seed + 1,
        state,
        judgement=drill.judgement,
        tick=lambda share: drill.tick("a quiet plant", share),
    )
    quiet_ids = {one.finding.id for one in calm.said}
    events = [(name, 2.0 + k * EVENT_MINUTES) for k, name in enumerate(EVENTS)]
    minutes = 2.0 + len(events) * EVENT_MINUTES
    lively = rehearse(
        minutes,
        drill.seed + 2,
        state,
        planned=events,
        judgement=drill.judgement,
        tick=lambda share: drill.tick("rare events that are nobody's attack", share),
    )
    false = [incident.title for watched in (calm, lively) for incident in watched.incidents]
    quiet = Quiet(
        hours=(drill.background / 2 + minutes) / 60,
        machines=len(MACHINES),
        false=tuple(false),
        alarms=tuple(one.finding.title for watched in (calm, lively) for one in alarms(watched.said)),
    )
    rows = [_row(drill, name, state, quiet_ids) for name in drill.scenarios]
    return document(rows, quiet, seed=drill.seed, latency_why="not measured: nothing was on a wire")


def _learned(drill: Drill) -> bytes | None:
    if drill.judgement is not None and drill.judgement.state is not None:
        return None
    third = drill.background / 3
    planned: Sequence[tuple[str, float]] = [(name, (k + 1) * third) for k, name in enumerate(LEARNT_EVENTS)]
    return learn(
        drill.background,
        drill.seed,
        planned,
        drill.judgement,
        lambda share: drill.tick("learning a clean background", share),
    )


def _row(drill: Drill, what: str | Scenario, state: bytes | None, quiet: set[str]) -> Row:
    name = what if isinstance(what, str) else what.name
    watched = rehearse(
        LASTS.get(name, LASTS_ELSE if isinstance(what, str) else LASTS_DRAWN),
        drill.seed + 3,
        state,
        attacks=((what, BEGINS_MINUTE),),
        judgement=drill.judgement,
        tick=lambda share: drill.tick(name, share),
    )
    return score(watched.truths[0], watched.said, quiet, ADDRESSES, watched.incidents)
