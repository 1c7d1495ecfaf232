"""One incident as it grows: its steps, who did them, and whom it reached."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal

from interlock.detect.wording import counted
from interlock.records.incident import Step

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["HORIZON_NS", "MOST_STEPS", "News", "Thread"]

HORIZON_NS: Final = 4 * 3600 * 10**9
"""Between what was done last and what is done next; longer, and it is another incident."""
MOMENT_NS: Final = 600 * 10**9
MOST_STEPS: Final = 200
MOST_MACHINES: Final = 1_000
_FIELDS: Final = tuple(Step.__dataclass_fields__)

News = Literal["", "more", "new"]
"""What a finding says to an incident: nothing, more of what it knew, or something new of it."""


class Thread:
    """actors, reached: addresses and ids of assets, each with when it first was so. order: of its beginning."""

    def __init__(self, number: str, realm: str, order: int) -> None:
        self.id, self.realm, self.order = number, realm, order
        self.steps: dict[str, Step] = {}
        self.first = self.last = 0
        self.actors: dict[str, int] = {}
        self.reached: dict[str, int] = {}
        self.left_out = 0
        self.merged: list[str] = []
        self.news = ""

    @property
    def machines(self) -> set[str]:
        """Keys of every machine that it knows."""
        return {*self.actors, *self.reached}

    def takes(self, step: Step, who: set[str], whom: set[str]) -> bool:
        """Whether a finding is a part of it. who, whom: keys of the machine that did it and of those it was done to."""
        if step.finding in self.steps:
            return True
        if step.time > self.last + HORIZON_NS or step.last < self.first - HORIZON_NS:
            return False
        if (who | whom) & self.actors.keys():
            return bool(who & self.actors.keys()) or self._fits(step, whom)
        onward = any(self.reached[key] <= step.last for key in who & self.reached.keys())
        return onward or self._same(step, who | whom)

    def _fits(self, step: Step, whom: set[str]) -> bool:
        """How its first machine was reached: not later than what that machine did."""
        return any(self.actors[key] >= step.time for key in whom & self.actors.keys()) or self._same(
            step, whom
        )

    def _same(self, step: Step, keys: set[str]) -> bool:
        if not keys & (self.actors.keys() | self.reached.keys()):
            return False
        return any(
            step.techniques[:1] == other.techniques[:1]
            and step.time <= other.last + MOMENT_NS
            and step.last >= other.time - MOMENT_NS
            for other in self.steps.values()
        )

    def add(self, step: Step, who: set[str], whom: set[str]) -> News:
        """Take it in; what that says."""
        known = self.steps.get(step.finding)
        if known == step:
            return ""
        if known is None and len(self.steps) >= MOST_STEPS:
            self.left_out += 1
            return ""
        self._put(step, known)
        _note(self.actors, who, step.time)
        _note(self.reached, whom, step.time)
        if known is None:
            self.news = f"new: {step.title}"
            return "new"
        self.news = f"again: {step.title} ({counted(step.count, 'time')} by now)"
        return "more" if (known.severity, known.consequence) == (step.severity, step.consequence) else "new"

    def _put(self, step: Step, known: Step | None) -> None:
        """A step in place of the one known; the span is looked up anew only where that one was its edge."""
        shrinks = known is not None and (
            (known.time == self.first and step.time > known.time)
            or (known.last == self.last and step.last < known.last)
        )
        fresh = not self.steps
        self.steps[step.finding] = step
        if shrinks:
            self.look_up_span()
        else:
            self.first = step.time if fresh else min(self.first, step.time)
            self.last = step.last if fresh else max(self.last, step.last)

    def look_up_span(self) -> None:
        """Its first and last time, from its steps."""
        self.first = min(step.time for step in self.steps.values())
        self.last = max(step.last for step in self.steps.values())

    def absorb(self, other: Thread) -> None:
        """Two that turned out to be one."""
        for step in other.steps.values():
            if len(self.steps) < MOST_STEPS:
                self.steps.setdefault(step.finding, step)
            else:
                self.left_out += 1
        self.look_up_span()
        for mine, theirs in ((self.actors, other.actors), (self.reached, other.reached)):
            for key, when in theirs.items():
                _note(mine, {key}, when)
        self.left_out += other.left_out
        self.merged += [other.id, *other.merged]

    def dump(self) -> str:
        """What it remembers, as JSON."""
        steps = [{name: getattr(step, name) for name in _FIELDS} for step in self.steps.values()]
        return json.dumps(
            {
                "id": self.id, "realm": self.realm, "steps": steps, "actors": self.actors,
                "reached": self.reached, "left_out": self.left_out, "merged": self.merged, "news": self.news,
            }
        )  # fmt: skip

    @classmethod
    def load(cls, one: dict[str, Any], order: int) -> Thread:
        """The thread that `dump` gave. Raises ValueError, TypeError, KeyError or AttributeError where it is none."""
        thread = cls(str(one["id"]), str(one["realm"]), order)
        lists = ("machines", "techniques")
        steps = (Step(**{**step, **{name: tuple(step[name]) for name in lists}}) for step in one["steps"])
        thread.steps = {step.finding: step for step in steps}
        if not thread.steps:
            raise ValueError("an incident of nothing")
        thread.look_up_span()
        thread.actors = {str(key): int(when) for key, when in one["actors"].items()}
        thread.reached = {str(key): int(when) for key, when in one["reached"].items()}
        thread.left_out, thread.news = int(one["left_out"]), str(one["news"])
        thread.merged = [str(other) for other in one["merged"]]
        return thread


def _note(known: dict[str, int], keys: Iterable[str], when: int) -> None:
    for key in keys:
        if key in known or len(known) < MOST_MACHINES:
            known[key] = min(when, known.get(key, when))
