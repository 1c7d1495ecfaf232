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
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.identify import identify
from interlock.detect.incidents.consequence import RANKS, Consequence, calls, consequence_of, of_many
from interlock.detect.incidents.story import tell
from interlock.detect.incidents.thread import HORIZON_NS, MOST_STEPS, Thread
from interlock.errors import SourceError
from interlock.records.attack_ics import tactics_of
from interlock.records.incident import Incident, Step
from interlock.records.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from interlock.detect.incidents.thread import News
    from interlock.detect.interface import Context
    from interlock.records.finding import Finding

__all__ = [
    "HORIZON_NS",
    "MOST_INCIDENTS",
    "MOST_STEPS",
    "Incidents",
    "gravest_first",
    "incidents_of",
    "state_of",
]

MOST_INCIDENTS: Final = 500
_WEIGHTY: Final = SEVERITIES.index("medium")
_FORMAT: Final = "interlock/incidents-state/1"


class Incidents:
    """Give it findings as they are found; it gives incidents that are new or have grown. Bounded, and can be kept."""

    def __init__(self) -> None:
        self._threads: dict[str, Thread] = {}
        self._by_step: dict[tuple[str, str], Thread] = {}
        self._by_key: dict[tuple[str, str], dict[str, Thread]] = {}
        """Realm and a finding's id → its thread; realm and key of a machine → the threads that know it."""
        self._begun = 0
        self.forgotten = self.joined = 0
        """joined: how many became part of another one."""

    def feed(self, findings: Iterable[Finding], context: Context) -> list[Incident]:
        """Take findings, new ones or those that have grown; incidents that this changed, gravest first."""
        touched = self.take(findings, context)
        return gravest_first(_told(self._threads[number], context) for number in touched)

    def take(self, findings: Iterable[Finding], context: Context) -> dict[str, News]:
        """Take findings as `feed` does; by the ids of the incidents that this changed what it says of them."""
        touched: dict[str, News] = {}
        for finding in sorted(findings, key=lambda f: (f.time, f.id)):
            thread, news = self._take(finding, context)
            if thread is not None and news:
                touched[thread.id] = "new" if "new" in (news, touched.get(thread.id)) else news
        self._forget()
        return {number: news for number, news in touched.items() if number in self._threads}

    def all(self, context: Context) -> list[Incident]:
        """Every incident that is remembered, gravest first."""
        return gravest_first(_told(thread, context) for thread in self._threads.values())

    def by_turns(self, context: Context) -> Iterator[tuple[Incident, str]]:
        """Every incident, one at a time, with its part of a dump (`state_of`), for whoever does other things between.

        Those that are joined or forgotten meanwhile are not told any more.
        """
        for thread in tuple(self._threads.values()):
            if thread.id in self._threads:
                yield _told(thread, context), thread.dump()

    def __contains__(self, number: str) -> bool:
        """Whether an incident of that id is remembered."""
        return number in self._threads

    def _take(self, finding: Finding, context: Context) -> tuple[Thread | None, News]:
        if finding.kind not in {"alert", "change"} or finding.accepted is not None:
            return None, ""
        who, whom = _ends(finding, context)
        step = _step(finding, consequence_of(finding, context))
        same = [t for t in self._near(step, finding.realm, who | whom) if t.takes(step, who, whom)]
        if not same:
            if not calls(finding):
                return None, ""
            same = [self._begin(finding)]
        thread = min(same, key=lambda t: (t.first if t.steps else step.time, t.id))
        news = thread.add(step, who, whom)
        for other in same:
            if other is not thread:
                thread.absorb(other)
                self._drop(other)
                self.joined += 1
                news = "new"
        if news:
            alone = len(same) == 1
            self._know(
                thread,
                (step.finding,) if alone else thread.steps,
                who | whom if alone else thread.machines,
            )
        return thread, news

    def _near(self, step: Step, realm: str, keys: set[str]) -> list[Thread]:
        """The threads that may take a step, in the order in which they began: those that know it, or a machine of it.

        A step's own thread may be of any time; the others are asked themselves.
        """
        near = {thread.id: thread for key in keys for thread in self._by_key.get((realm, key), {}).values()}
        if (own := self._by_step.get((realm, step.finding))) is not None:
            near[own.id] = own
        return sorted(near.values(), key=lambda thread: thread.order)

    def _begin(self, finding: Finding) -> Thread:
        number = identify("incident", finding.realm, finding.machines[:1], finding.id)
        self._begun += 1
        fresh = self._threads[number] = Thread(number, finding.realm, self._begun)
        return fresh

    def _know(self, thread: Thread, steps: Collection[str], keys: Collection[str]) -> None:
        """Where a thread is to be looked for from now on: these steps of it, and these machines where it has them."""
        self._by_step.update(((thread.realm, name), thread) for name in steps if name in thread.steps)
        for key in keys:
            if key in thread.actors or key in thread.reached:
                self._by_key.setdefault((thread.realm, key), {})[thread.id] = thread

    def _drop(self, thread: Thread) -> None:
        del self._threads[thread.id]
        for name in thread.steps:
            if self._by_step.get((thread.realm, name)) is thread:
                del self._by_step[thread.realm, name]
        for key in thread.machines:
            knowing = self._by_key.get((thread.realm, key), {})
            knowing.pop(thread.id, None)
            if not knowing:
                self._by_key.pop((thread.realm, key), None)

    def _forget(self) -> None:
        """What has been silent for longest makes room."""
        if len(self._threads) > MOST_INCIDENTS:
            oldest = sorted(self._threads.values(), key=lambda t: (t.last, t.id))
            for thread in oldest[: len(self._threads) - MOST_INCIDENTS]:
                self._drop(thread)
                self.forgotten += 1

    def dump(self) -> bytes:
        """Everything it remembers, as JSON."""
        return state_of((thread.dump() for thread in self._threads.values()), self.forgotten)

    def load(self, state: bytes) -> None:
        """Go on from a dump. Raises SourceError where it is none; nothing has changed then."""
        try:
            known: dict[str, Any] = json.loads(state)
            if known["format"] != _FORMAT:
                raise SourceError(f"the state kept for incidents is {known['format']}, not {_FORMAT}")
            threads = [Thread.load(one, order) for order, one in enumerate(known["threads"][:MOST_INCIDENTS])]
            forgotten = int(known["forgotten"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise SourceError(f"the state kept for incidents cannot be read: {error}") from error
        fresh = Incidents()
        fresh._threads, fresh.forgotten, fresh._begun = {t.id: t for t in threads}, forgotten, len(threads)
        for thread in fresh._threads.values():
            fresh._know(thread, thread.steps, thread.machines)
        self.__dict__.update(fresh.__dict__)


def state_of(dumps: Iterable[str], forgotten: int) -> bytes:
    """A dump of incidents from those of each (`Thread.dump`)."""
    threads = ", ".join(dumps)
    return f'{{"format": "{_FORMAT}", "threads": [{threads}], "forgotten": {forgotten}}}'.encode()


def incidents_of(findings: Iterable[Finding], context: Context) -> list[Incident]:
    """The incidents of a finished run, gravest first; in whatever order the findings are given."""
    incidents = Incidents()
    incidents.take(findings, context)
    return incidents.all(context)


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


def _told(thread: Thread, context: Context) -> Incident:
    ranks = {consequence.name: consequence for consequence in RANKS}
    steps = sorted(thread.steps.values(), key=lambda s: (s.time, s.finding))
    # What is told beside (a low change, such as a value that is strange) does not say what it was about.
    weighty = [step for step in steps if SEVERITIES.index(step.severity) >= _WEIGHTY] or steps
    gravest = min((ranks[step.consequence] for step in weighty), key=lambda c: c.rank)
    return tell(
        thread.id, thread.realm, steps, gravest, context,
        left_out=thread.left_out, merged=tuple(thread.merged), news=thread.news,
    )  # fmt: skip


def gravest_first(incidents: Iterable[Incident]) -> list[Incident]:
    """Incidents in the order in which people should look at them."""
    return sorted(incidents, key=lambda i: (i.rank, -SEVERITIES.index(i.severity), -i.count, i.time, i.id))
