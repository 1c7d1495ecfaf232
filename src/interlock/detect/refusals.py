"""Refused or unanswered requests far above a relation's own habit."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.batch import MINUTE_NS, REQUEST
from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.control import spoken
from interlock.detect.gate import Deed
from interlock.detect.habit import KEPT_MINUTES, LEAST_MINUTES, LEAST_REQUESTS, Habit
from interlock.detect.learned.deeds import ACTS, deed_of
from interlock.detect.tally import Key, Room, Tally
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.errors import SourceError
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.habit import Break
    from interlock.detect.interface import Context

__all__ = ["Refusals"]

MAX_RELATIONS: Final = 5_000
MAX_FAILING: Final = 2_000
"""Relations whose habit is kept, and of those with failures, whose frames are kept."""
MAX_WORDS: Final = 500_000
"""Words of all failing minutes together."""
MOST_BESIDE: Final = 50
"""Other relations that are looked at to see who falls silent at the same time."""
_STILLING: Final = ("stop", "start", "mode-set", "reset", "configure", "program-write", "firmware-write")
"""What a work order may allow at a machine that answers nobody meanwhile."""
_KINDS: Final = {"refused": "refused", "no-answer": "not answered"}


class Refusals(CauseDetector):
    """One finding per client, server, protocol and kind of failure. Every source has its own habit.

    A habit begins with what was learned of the relation, where anything was (`learn`, `know`).

    Keys of habits: realm, client, server, protocol, kind, source. Failing rows of recent minutes are
    tallied under that key and the minute, and move to the finding's own tally when it broke the habit.
    """

    name: ClassVar[str] = "refusals"
    composed: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"operations": (*REQUEST,)}
    withheld_by: ClassVar[Mapping[str, str]] = {
        "one-way": "the other direction is missing, so every request looks unanswered",
        "broadcast-only": "answers never reached the capture point",
        "gaps": "answers may be among the frames that are missing",
        "snapped": "frames were cut, and with them answers",
    }

    def __init__(self) -> None:
        super().__init__()
        self._habits: dict[Key, Habit] = {}
        self._minutes: dict[Key, dict[int, Tally]] = {}
        self._breaks: dict[Key, tuple[float, float, bool]] = {}
        self._sources: dict[Key, set[Key]] = {}
        self._known: dict[Key, Habit] = {}
        self._room = Room(MAX_WORDS)

    def learn(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Count requests and failures of relations for normal."""
        for (relation, _, minute), counts in sorted(_counts(batch).items()):
            for kind, failures in zip(_KINDS, counts[1:], strict=True):
                key = (*relation, kind)
                if key in self._known or len(self._known) < 2 * MAX_RELATIONS:
                    habit = self._known.setdefault(key, Habit())
                    habit.add(minute, counts[0], failures)
                    habit.settle(KEPT_MINUTES)

    def learned(self) -> bytes:
        """The habits that were learned."""
        for habit in self._known.values():
            habit.settle(0)
        known = [[list(key), habit.state()] for key, habit in sorted(self._known.items())]
        return json.dumps({"detector": self.name, "version": self.version, "habits": known}).encode()

    def know(self, learned: bytes, /) -> None:
        """Begin every habit with what was learned of it. Raises SourceError where it is not its own."""
        try:
            given = json.loads(learned)
            if (given["detector"], given["version"]) != (self.name, self.version):
                raise SourceError(f"what {given['detector']} learned is not for {self.name}/{self.version}")
            known = {tuple(str(w) for w in key): Habit.of(state) for key, state in given["habits"]}
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise SourceError(f"what detector {self.name} learned cannot be read: {error}") from error
        self._known = known

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count requests and failures by relation and minute."""
        touched: set[Key] = set()
        self._room.when = self.tallies.room.when
        groups = batch.relations()
        for group, (source, realm, client, server, protocol, verb, outcome, minute) in groups:
            if outcome in _KINDS:
                count = groups.summary(group)[0]
                key = (realm or "", client or "", server or "", protocol or "", outcome, source or "")
                if key in self._minutes or len(self._minutes) < MAX_FAILING:
                    tally = self._minutes.setdefault(key, {}).setdefault(minute, Tally(self._room))
                    tally.add_group(source or "", groups, group)
                    tally.note("verb", verb or "unknown", count)
                touched.add(key[:5])
        self._count(_counts(batch))
        return touched

    def _count(self, counted: Mapping[tuple[Key, str, int], list[int]]) -> None:
        folding: set[Key] = set()
        for (relation, source, minute), counts in sorted(counted.items()):
            for kind, failures in zip(_KINDS, counts[1:], strict=True):
                key = (*relation, kind, source)
                habit = self._habits.get(key)
                if habit is None:
                    if len(self._habits) >= 2 * MAX_RELATIONS:
                        continue
                    habit = self._habits[key] = self._begun((*relation, kind))
                    self._sources.setdefault(key[:5], set()).add(key)
                habit.add(minute, counts[0], failures)
                if len(habit.recent) > KEPT_MINUTES:
                    folding.add(key)
        for key in folding:
            self._fold(key)

    def _begun(self, key: Key) -> Habit:
        """A habit that goes on from what was learned."""
        known = self._known.get(key)
        return Habit() if known is None else Habit(known.requests, known.failures, known.minutes)

    def _fold(self, key: Key) -> None:
        """Settle minutes that are too old to change: what broke the habit stays, the rest is forgotten."""
        habit = self._habits[key]
        for broken in habit.fold():
            self.tallies[key].merge(self._broken(key, broken))
            self._worst(key, broken)
        kept = self._minutes.get(key, {})
        for minute in [m for m in kept if m not in habit.recent]:
            kept.pop(minute).leave(self._room)

    def _broken(self, key: Key, broken: Break) -> Tally:
        return self._minutes.get(key, {}).get(broken.minute, Tally())

    def _worst(self, key: Key, broken: Break) -> None:
        self._breaks[key] = max(self._breaks.get(key, _NEVER), self._measured(key, broken))

    def _measured(self, key: Key, broken: Break) -> tuple[float, float, bool]:
        """Share, habit, and whether what failed used to be answered."""
        elapsed = (self._broken(key, broken).last - broken.minute * MINUTE_NS) / MINUTE_NS
        return broken.share, broken.habit, broken.lost(min(1.0, elapsed))

    def keys(self) -> Iterable[Key]:
        """Give the relations with either kind of failure."""
        failing = {key[:5] for key in self.tallies} | {key[:5] for key in self._minutes}
        return sorted(failing)

    def tally(self, key: Key) -> Tally:
        """Sum up the minutes that broke the habit, settled ones and recent ones."""
        whole = Tally()
        for sourced in sorted(self._sources.get(key, ())):
            if sourced in self.tallies:
                whole.merge(self.tallies[sourced])
            for broken in self._habits[sourced].breaks():
                whole.merge(self._broken(sourced, broken))
        return whole

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say the habit and how it was broken; the tally holds only what broke it."""
        realm, client, server, protocol, kind = key
        share, habit, lost = self._measure(key, set(tally.spans))
        if not share:
            return None
        together = self._together(key, tally)
        verbs = list(tally.noted("verb"))
        asked, told = context.name(realm, server), spoken(protocol)
        refused = kind == "refused"
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} {kind}",
            kind="change" if together else "alert",
            severity="medium",
            confidence=0.7,
            title=f"{asked} suddenly {'refuses' if refused else 'leaves unanswered'} {told} requests of "
            f"{context.name(realm, client)}{', which it used to answer' if refused and lost else ''}",
            seen=f"Seen {counted(tally.count, 'request')} {_KINDS[kind]} ({', '.join(verbs[:5])}); in the "
            f"worst minute {share:.0%} of all requests, where this relation's habit is {habit:.2%}."
            + _beside(together),
            matters=_MATTERS["lost" if lost else "search"] if refused else _MATTERS["silent"],
            silent="Silent for relations whose requests always fail at that rate, for the first "
            f"{LEAST_MINUTES} minutes or {LEAST_REQUESTS} requests of a relation, and where one direction "
            "of the traffic is missing; a change, not an alert, where several machines fall silent together.",
            actions=_ACTIONS,
            deed=None if refused else Deed(realm=realm, machines=(server,), verbs=_STILLING),
            techniques=named(_refused(tally.noted("verb"), lost=lost) if refused else "no-answers"),
            requirements=(
                *("IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 7.1"),
                *(("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 1.11") if refused else ()),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(
                ("habit", f"{habit:.4f}"),
                *((("outcome", kind),) if refused and not lost else ()),  # nothing came of it
                ("worst-minute", f"{share:.4f}"),
                ("verbs", ", ".join(verbs)),
            ),
        )

    def _together(self, key: Key, tally: Tally) -> int:
        """How many other machines left requests unanswered in the same time; none of who is refused something."""
        if key[4] != "no-answer":
            return 0
        machines: set[str] = set()
        others = (k for k in self.keys() if (k[0], k[4]) == (key[0], key[4]) and k[2] != key[2])
        for other in islice(others, MOST_BESIDE):
            theirs = self.tally(other)
            near = theirs.first - MINUTE_NS <= tally.last and tally.first <= theirs.last + MINUTE_NS
            if theirs.count and near:
                machines.add(other[2])
        return len(machines)

    def _measure(self, key: Key, sources: set[str]) -> tuple[float, float, bool]:
        """Of the worst minute in these sources: see _measured."""
        worst = _NEVER
        for sourced in self._sources.get(key, ()):
            if sourced[5] in sources:
                recent = [self._measured(sourced, b) for b in self._habits[sourced].breaks()]
                worst = max([worst, self._breaks.get(sourced, worst), *recent])
        return worst

    def own_state(self) -> Any:
        """Give habits, failing minutes and worst breaks."""
        return {
            "habits": [[list(k), h.state()] for k, h in self._habits.items()],
            "minutes": [[list(k), [[m, t.state()] for m, t in v.items()]] for k, v in self._minutes.items()],
            "breaks": [[list(k), list(v)] for k, v in self._breaks.items()],
            "known": [[list(k), h.state()] for k, h in self._known.items()],
        }

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self._habits = {tuple(k): Habit.of(h) for k, h in state["habits"]}
        self._room = room = Room(MAX_WORDS)
        self._minutes = {tuple(k): {int(m): Tally.of(t, room) for m, t in v} for k, v in state["minutes"]}
        tallies = [tally for minutes in self._minutes.values() for tally in minutes.values()]
        room.left -= sum(len(words) for tally in tallies for words in tally.words.values())
        self._breaks = {
            tuple(k): (float(v[0]), float(v[1]), bool(v[2:] and v[2])) for k, v in state["breaks"]
        }
        self._known = {tuple(k): Habit.of(h) for k, h in state.get("known", ())}
        self._sources = {}
        for key in self._habits:
            self._sources.setdefault(key[:5], set()).add(key)


def _beside(together: int) -> str:
    """Say that others fell silent at the same time; nothing where none did."""
    if not together:
        return ""
    return (
        f" At the same time {counted(together, 'other machine')} left requests unanswered, too: what they have in "
        "common is the network, a switch that restarts or a cable."
    )


def _counts(batch: Batch) -> dict[tuple[Key, str, int], list[int]]:
    """Relation, source and minute → requests, refused ones and unanswered ones."""
    counted: dict[tuple[Key, str, int], list[int]] = {}
    groups = batch.relations()
    for group, (source, realm, client, server, protocol, _, outcome, minute) in groups:
        if outcome in ("unsolicited", "unknown"):
            continue
        relation = (realm or "", client or "", server or "", protocol or "")
        counts = counted.setdefault((relation, source or "", minute), [0, 0, 0])
        count = groups.summary(group)[0]
        counts[0] += count
        if outcome in _KINDS:
            counts[1 + (outcome == "no-answer")] += count
    return counted


def _refused(verbs: Mapping[str, int], *, lost: bool) -> str:
    """What it is called (techniques.SEEN), by what was asked for most. lost: it used to be answered."""
    deed = deed_of(max(verbs, key=lambda verb: verbs[verb], default="unknown"))
    acts = deed in ACTS
    if lost:
        return "refuses-control" if acts else "refuses-view"
    if deed == "watch":
        return "watch-much" if set(verbs) == {"subscribe"} else "search-points"
    return _TRIED.get(deed, deed)


_TRIED: Final = {
    "write": "tried-write",
    "operate": "tried-operate",
    "force": "tried-force",
    "authenticate": "tried-logins",
    "unknown": "explore-one",
}
_NEVER: Final = (0.0, 0.0, False)
_MATTERS: Final = {
    "lost": "A controller that suddenly refuses what it always answered has another program, mode or owner, has no "
    "room left, or is spoken for by somebody in between: until it answers, its operators are blind.",
    "search": "A controller that suddenly refuses is being asked for what it does not have: somebody is trying out "
    "objects, commands or passwords, or a program was changed.",
    "silent": "A controller that suddenly stays silent is overloaded, stopped, cut off or restarting; until it "
    "answers, its operators see old values.",
}
_ACTIONS: Final = (
    Action(
        text="Look at the controller: does it run, is its load normal, did its program or address change?",
        risk="None while only looking; a restart to mend it stops the process.",
    ),
    Action(
        text="Look at the client named here: which program asks, and for what?",
        risk="Stopping that program may take values from operators or records.",
    ),
)
