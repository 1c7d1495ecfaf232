"""A drill on the practice plant, wired: a clean background, rare events, every scenario; then the record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.bootstrap.drill_wire import on_a_wire, why_not
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
    """What was asked. scenarios: names, or drawn ones. background: minutes that are learned. tick(what, share done).

    wire: whether latency is measured, too, where that can be.
    """

    scenarios: tuple[str | Scenario, ...]
    seed: int
    background: float
    judgement: Judgement | None = None
    wire: bool = False
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
    latency, why = _on_a_wire(drill, state)
    return document(rows, quiet, seed=drill.seed, latency_ms=latency, latency_why=why)


def _on_a_wire(drill: Drill, state: bytes | None) -> tuple[tuple[float, float] | None, str]:
    """p50 and p99 in milliseconds, or None and why; behind them, how many findings they rest on."""
    if not drill.wire:
        return None, "not asked for"
    if why := why_not():
        return None, why
    measured = on_a_wire(drill.seed, state, lambda share: drill.tick("on a wire of its own", share))
    if isinstance(measured, str):
        return None, measured
    return (round(measured[0], 1), round(measured[1], 1)), f"of {measured[2]} findings of short attacks"


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
