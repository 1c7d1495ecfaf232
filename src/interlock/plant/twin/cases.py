"""Attacks as they were played: when, which frames, and what they moved; the truth that detection is judged by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from interlock.plant.twin.clock import SECOND

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.events.event import Event, Moment
    from interlock.plant.process.tags import State

__all__ = ["SCHEMA", "Case", "Occasion"]

SCHEMA: Final = "interlock/plant-truth/1"
AFTER_S: Final = 600
"""Seconds after an attack in which what its process variables do still counts as its doing."""


class Now(Protocol):
    """A clock that can be read."""

    @property
    def now(self) -> int:
        """Nanoseconds since the epoch."""
        ...


class Case:
    """One attack as it is played. frames: numbers of its frames in the recording, from 1, ascending."""

    def __init__(self, scenario: Scenario, clock: Now, state: State) -> None:
        self.scenario = scenario
        self.frames: list[int] = []
        self.begin_ns: int | None = None
        self.end_ns: int | None = None
        self._clock = clock
        self._state = state
        self._moved: dict[str, list[float]] = {}
        self._told: list[dict[str, str]] = []
        self._shown: list[int] = []

    def watched(self, scene: Scene) -> Script:
        """The attack's script, its begin and its end noted."""
        self.begin_ns = self._clock.now
        self._told, self._shown = scene.told, scene.shown
        self._moved = {tag: [self._state[tag]] * 3 for tag in self.scenario.moves}
        with scene.accounts.left(self.scenario.logons):
            yield from self.scenario.script(scene)
        self.end_ns = self._clock.now

    def look(self) -> None:
        """Note how far its process variables are by now."""
        if self.begin_ns is None:
            return
        if self.end_ns is not None and self._clock.now > self.end_ns + AFTER_S * SECOND:
            return
        for tag, seen in self._moved.items():
            value = self._state[tag]
            seen[1], seen[2] = min(seen[1], value), max(seen[2], value)

    @property
    def visible_ns(self) -> int | None:
        """From when on one who sees everything could know (Scene.shows); None where it has not come so far."""
        if not self.scenario.slow:
            return self.begin_ns
        return self._shown[0] if self._shown else None

    def truth(self) -> dict[str, Any] | None:
        """The attack as the truth file has it; None where it has not begun."""
        if self.begin_ns is None:
            return None
        last = self._clock.now if self.end_ns is None else self.end_ns
        about = self.scenario
        return {
            "name": about.name, "title": about.title, "technique": about.technique,
            "techniques": [about.technique, *about.also], "pace": "slow" if about.slow else "one-step",
            "attacker": about.attacker, "victims": list(about.victims), "harm": about.harm,
            "begin": _text(self.begin_ns), "end": _text(last),
            "detectable_from": None if (visible := self.visible_ns) is None else _text(visible),
            "complete": self.end_ns is not None, "frames": sorted(self.frames),
            "moved": [
                {"tag": tag, "before": _number(seen[0]), "least": _number(seen[1]), "most": _number(seen[2])}
                for tag, seen in self._moved.items()
            ],
            **({"logons": [logon.truth() for logon in about.logons]} if about.logons else {}),
            **({"messages": list(self._told)} if self._told else {}),
        }  # fmt: skip


class Occasion:
    """One rare event as it is played. frames: numbers of its own frames in the recording, from 1."""

    def __init__(self, event: Event, clock: Now) -> None:
        self.event = event
        self.frames: list[int] = []
        self.begin_ns: int | None = None
        self.end_ns: int | None = None
        self._clock = clock

    def watched(self, moment: Moment) -> Script:
        """The event's script, its begin and its end noted."""
        self.begin_ns = self._clock.now
        yield from self.event.script(moment)
        self.end_ns = self._clock.now

    def look(self) -> None:
        """Nothing is watched: it is no attack on the process."""

    def truth(self) -> dict[str, Any] | None:
        """The event as the truth file has it; None where it has not begun."""
        if self.begin_ns is None:
            return None
        last = self._clock.now if self.end_ns is None else self.end_ns
        about = self.event
        return {
            "name": about.name, "title": about.title, "by": about.by, "machines": list(about.machines),
            "looks_like": about.looks_like, "ordered": about.ordered, "begin": _text(self.begin_ns),
            "end": _text(last), "complete": self.end_ns is not None, "frames": sorted(self.frames),
        }  # fmt: skip


def _number(value: float) -> float:
    return round(value, 4)


def _text(when_ns: int) -> str:
    whole, rest = divmod(when_ns, SECOND)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
