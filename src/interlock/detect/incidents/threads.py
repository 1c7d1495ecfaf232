"""Findings on one path joined into incidents, one at a time, as they are found.

A finding belongs to an incident where, within HORIZON,
- the same machine did it (A→B, A→C);
- it was done by a machine that the incident had reached before (A→B, then B→C), or it is how the incident's first
  machine was reached (told late: B→C, then A→B, which came earlier);
- one of its machines is known to be the one that the incident comes from;
- it says the same of one of the incident's machines at the same time (MOMENT): both ends of a man in the middle.
Where it belongs to several, they become one, and the oldest keeps its id.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.identify import identify
from interlock.detect.incidents.consequence import RANKS, Consequence, calls, consequence_of, of_many
from interlock.detect.incidents.story import tell
from interlock.detect.wording import counted
from interlock.errors import SourceError
from interlock.records.attack_ics import tactics_of
from interlock.records.incident import Incident, Step
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.detect.interface import Context
    from interlock.records.finding import Finding

__all__ = ["HORIZON_NS", "MOST_INCIDENTS", "MOST_STEPS", "Incidents", "incidents_of"]

HORIZON_NS: Final = 4 * 3600 * 10**9
"""Between what was done last and what is done next; longer, and it is another incident."""
MOMENT_NS: Final = 600 * 10**9
MOST_INCIDENTS: Final = 500
MOST_STEPS: Final = 200
MOST_MACHINES: Final = 1_000
_WEIGHTY: Final = SEVERITIES.index("medium")
_FORMAT: Final = "interlock/incidents-state/1"


class _Thread:
    """An incident as it grows. actors, reached: addresses and ids of assets, each with when it first was so."""

    def __init__(self, number: str, realm: str) -> None:
        self.id, self.realm = number, realm
        self.steps: dict[str, Step] = {}
        self.actors: dict[str, int] = {}
        self.reached: dict[str, int] = {}
        self.left_out = 0
        self.merged: list[str] = []
        self.news = ""

    @property
    def first(self) -> int:
        return min(step.time for step in self.steps.values())

    @property
    def last(self) -> int:
        return max(step.last for step in self.steps.values())

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

    def add(self, step: Step, who: set[str], whom: set[str]) -> bool:
        """Take it in; whether that says anything new."""
        known = self.steps.get(step.finding)
        if known == step:
            return False
        if known is None and len(self.steps) >= MOST_STEPS:
            self.left_out += 1
            return False
        self.steps[step.finding] = step
        _note(self.actors, who, step.time)
        _note(self.reached, whom, step.time)
        self.news = (
            f"new: {step.title}"
            if known is None
            else f"again: {step.title} ({counted(step.count, 'time')} by now)"
        )
        return True

    def absorb(self, other: _Thread) -> None:
        """Two that turned out to be one."""
        for step in other.steps.values():
            if len(self.steps) < MOST_STEPS:
                self.steps.setdefault(step.finding, step)
            else:
                self.left_out += 1
        for mine, theirs in ((self.actors, other.actors), (self.reached, other.reached)):
            for key, when in theirs.items():
                _note(mine, {key}, when)
        self.left_out += other.left_out
        self.merged += [other.id, *other.merged]


def _note(known: dict[str, int], keys: Iterable[str], when: int) -> None:
    for key in keys:
        if key in known or len(known) < MOST_MACHINES:
            known[key] = min(when, known.get(key, when))


class Incidents:
    """Give it findings as they are found; it gives incidents that are new or have grown. Bounded, and can be kept."""

    def __init__(self) -> None:
        self._threads: dict[str, _Thread] = {}
        self.forgotten = 0

    def feed(self, findings: Iterable[Finding], context: Context) -> list[Incident]:
        """Take findings, new ones or those that have grown; incidents that this changed, gravest first."""
        touched: dict[str, _Thread] = {}
        for finding in sorted(findings, key=lambda f: (f.time, f.id)):
            thread = self._take(finding, context)
            if thread is not None:
                touched[thread.id] = thread
        self._forget()
        alive = (thread for thread in touched.values() if thread.id in self._threads)
        return _gravest_first(_told(thread, context) for thread in alive)

    def all(self, context: Context) -> list[Incident]:
        """Every incident that is remembered, gravest first."""
        return _gravest_first(_told(thread, context) for thread in self._threads.values())

    def _take(self, finding: Finding, context: Context) -> _Thread | None:
        if finding.kind not in {"alert", "change"} or finding.accepted is not None:
            return None
        who, whom = _ends(finding, context)
        step = _step(finding, consequence_of(finding, context))
        same = [t for t in self._threads.values() if t.realm == finding.realm and t.takes(step, who, whom)]
        if not same:
            if not calls(finding):
                return None
            fresh = _Thread(
                identify("incident", finding.realm, finding.machines[:1], finding.id), finding.realm
            )
            self._threads[fresh.id] = fresh
            same = [fresh]
        thread = min(same, key=lambda t: (t.first if t.steps else step.time, t.id))
        changed = thread.add(step, who, whom)
        for other in same:
            if other is not thread:
                thread.absorb(other)
                del self._threads[other.id]
                changed = True
        return thread if changed else None

    def _forget(self) -> None:
        """What has been silent for longest makes room."""
        if len(self._threads) > MOST_INCIDENTS:
            oldest = sorted(self._threads.values(), key=lambda t: (t.last, t.id))
            for thread in oldest[: len(self._threads) - MOST_INCIDENTS]:
                del self._threads[thread.id]
                self.forgotten += 1

    def dump(self) -> bytes:
        """Everything it remembers, as JSON."""
        threads = [
            {
                "id": t.id, "realm": t.realm, "steps": [asdict(step) for step in t.steps.values()], "actors": t.actors,
                "reached": t.reached, "left_out": t.left_out, "merged": t.merged, "news": t.news,
            }
            for t in self._threads.values()
        ]  # fmt: skip
        return json.dumps({"format": _FORMAT, "threads": threads, "forgotten": self.forgotten}).encode()

    def load(self, state: bytes) -> None:
        """Go on from a dump. Raises SourceError where it is none; nothing has changed then."""
        try:
            known: dict[str, Any] = json.loads(state)
            if known["format"] != _FORMAT:
                raise SourceError(f"the state kept for incidents is {known['format']}, not {_FORMAT}")
            threads = [_thread(one) for one in known["threads"][:MOST_INCIDENTS]]
            forgotten = int(known["forgotten"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise SourceError(f"the state kept for incidents cannot be read: {error}") from error
        self._threads, self.forgotten = {thread.id: thread for thread in threads}, forgotten


def incidents_of(findings: Iterable[Finding], context: Context) -> list[Incident]:
    """The incidents of a finished run, gravest first; in whatever order the findings are given."""
    incidents = Incidents()
    incidents.feed(findings, context)
    return incidents.all(context)


def _thread(one: dict[str, Any]) -> _Thread:
    thread = _Thread(str(one["id"]), str(one["realm"]))
    lists = ("machines", "techniques")
    steps = (Step(**{**step, **{name: tuple(step[name]) for name in lists}}) for step in one["steps"])
    thread.steps = {step.finding: step for step in steps}
    if not thread.steps:
        raise ValueError("an incident of nothing")
    thread.actors = {str(key): int(when) for key, when in one["actors"].items()}
    thread.reached = {str(key): int(when) for key, when in one["reached"].items()}
    thread.left_out, thread.news = int(one["left_out"]), str(one["news"])
    thread.merged = [str(other) for other in one["merged"]]
    return thread


def _ends(finding: Finding, context: Context) -> tuple[set[str], set[str]]:
    """Keys of who did it, and of those it was done to: addresses, and the ids of the assets that have them."""
    who, whom = (_keys(finding.realm, some, context) for some in (finding.machines[:1], finding.machines[1:]))
    return who, whom - who


def _keys(realm: str, machines: tuple[str, ...], context: Context) -> set[str]:
    keys = set()
    for machine in machines:
        address = machine.partition("/")[0]
        if not of_many(address):
            asset = context.asset(realm, address)
            keys |= {address} if asset is None else {address, asset.id}
    return keys


def _step(finding: Finding, consequence: Consequence) -> Step:
    tactics = [tactic for technique in finding.techniques[:1] for tactic in tactics_of(technique)]
    return Step(
        finding=finding.id,
        detector=finding.detector,
        severity=finding.severity,
        title=finding.title,
        time=finding.time,
        last=finding.last,
        count=finding.count,
        machines=finding.machines[:20],
        techniques=finding.techniques,
        tactic=tactics[0] if tactics else "",
        consequence=consequence.name,
    )


def _told(thread: _Thread, context: Context) -> Incident:
    ranks = {consequence.name: consequence for consequence in RANKS}
    steps = sorted(thread.steps.values(), key=lambda s: (s.time, s.finding))
    # What is told beside (a low change, such as a value that is strange) does not say what it was about.
    weighty = [step for step in steps if SEVERITIES.index(step.severity) >= _WEIGHTY] or steps
    gravest = min((ranks[step.consequence] for step in weighty), key=lambda c: c.rank)
    return tell(
        thread.id, thread.realm, steps, gravest, context,
        left_out=thread.left_out, merged=tuple(thread.merged), news=thread.news,
    )  # fmt: skip


def _gravest_first(incidents: Iterable[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda i: (i.rank, -SEVERITIES.index(i.severity), -i.count, i.time, i.id))
