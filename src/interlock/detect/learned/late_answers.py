"""Answers that come later than they ever did: a machine under load, or somebody on the way who holds them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS, REQUEST
from interlock.detect.causes import Verdict
from interlock.detect.control import CONTROL_PROTOCOLS, spoken
from interlock.detect.learned.latency_habits import (
    FLOOR_NS,
    LEAST_LATE,
    LEAST_LEARNED,
    SHARE,
    TIMES,
    Answers,
    Habits,
    Recent,
)
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.crossing import distinct
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Groups
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["LateAnswers"]

MAX_RELATIONS: Final = 10_000


class LateAnswers(Learner):
    """One finding per client, server and protocol. Keys: realm, client, server, protocol.

    Learned: per relation, how many answers took how long, in powers of two of a microsecond.
    """

    name: ClassVar[str] = "late-answers"
    leisurely: ClassVar[frozenset[str]] = frozenset({"operations"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *REQUEST,
            "latency",
        ),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "clock-step": "the capture's clock jumped, and how long anything took is not known",
        "gaps": "answers may be among the frames that are missing, and later ones taken for them",
    }

    def __init__(self) -> None:
        super().__init__()
        self.habits = Habits(MAX_RELATIONS)
        self._recent = Recent()
        self._bad: set[Key] = set()

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Count how long answers took."""
        answers = self._answers(batch.messages(), batch.relations(), self.habits.make)
        if answers is None:
            return
        for place, minute in self._recent.bad(answers, self._late(answers)):
            self.surprise(self.habits.keys[place], minute)
        self.habits.add(answers)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count answers, and those that are late."""
        answers = self._answers(batch.messages(), batch.relations(), self.habits.find)
        if answers is None:
            return
        late = self._late(answers)
        self._bad.update(self.habits.keys[place] for place, _ in self._recent.bad(answers, late))
        groups, messages = batch.relations(), batch.messages()
        cells = groups.numbers[answers.rows]
        for group in distinct(cells[late]).tolist():
            mine = late & (cells == group)
            key = self.habits.keys[int(answers.places[mine][0])]
            tally = self.tallies[key]
            tally.add_rows(groups.keys[group][0] or "", messages, answers.rows[mine])
            tally.note("longest", f"{int(answers.took[mine].max()).bit_length()}")
            yield key

    def _late(self, answers: Answers) -> NDArray[np.bool_]:
        limits = self.habits.limits(answers.places)
        late: NDArray[np.bool_] = (limits > 0) & (answers.took > limits)
        return late

    def _answers(self, messages: Batch, groups: Groups, place: Callable[[Key], int]) -> Answers | None:
        """Line up the messages that were answered, each with the place of its relation."""
        took = messages.integers("latency")
        if not took.any():
            return None
        places = np.full(len(groups.keys), -1, np.int64)
        for group, (_, realm, client, server, protocol, _, outcome, _) in groups:
            if outcome in _ANSWERED and protocol in CONTROL_PROTOCOLS:
                places[group] = place((realm or "", client or "", server or "", protocol))
        mine = places[groups.numbers]
        rows = np.flatnonzero((mine >= 0) & (took > 0))
        if not len(rows):
            return None
        return Answers(rows, mine[rows], took[rows], messages.times_ns()[rows] // MINUTE_NS)

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say how late, and how soon they had come."""
        if key not in self._bad or self.habits.find(key) < 0:
            return None
        realm, client, server, protocol = key
        ends = standing(context, (realm, client, server), tally, stranger=False)
        name, limit = context.name, self.habits.limit(key)
        longest = max((2 ** int(bits) for bits in tally.noted("longest")), default=0)
        usual = (limit - FLOOR_NS) / TIMES / 1e6
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} late",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("medium"),
            confidence=0.7,
            title=f"{name(realm, server)} answers {name(realm, client)} late ({spoken(protocol)}): up to about "
            f"{longest / 1e9:.2g} s, where 99 of 100 answers had taken at most {usual:.3g} ms",
            seen=f"Seen {counted(tally.count, 'answer')} later than {limit / 1e6:.3g} ms. {ends.told()}".strip(),
            matters="What arrives late shows a process as it was: operators and interlocks act on the past. A machine "
            "that is flooded answers late, and so does one whose answers somebody on the way holds back.",
            silent=f"Silent below {LEAST_LATE} late answers or {SHARE:.0%} of a minute's, for relations of which fewer "
            f"than {LEAST_LEARNED} answers were learned, and once accepted (`interlock baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, client, (server,), tally.noted("verb")),
            techniques=named("late-answers"),
            requirements=(
                *("IEC 62443-3-3 SR 7.1", "IEC 62443-3-3 SR 3.1", "IEC 62443-3-3 SR 6.2"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("limit-ms", f"{limit / 1e6:.3g}"),),
        )

    def knowledge(self) -> Any:
        """Give all habits."""
        return self.habits.state()

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.habits)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.habits, self._recent = Habits(MAX_RELATIONS), Recent()
        for words, habit in known:
            self.habits.restore(tuple(str(word) for word in words), habit)

    def besides(self) -> Any:
        """Give the counts of recent minutes, and who had a bad one."""
        return [self._recent.state(self.habits.keys), sorted(self._bad)]

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        for words, *counts in state[0]:
            self._recent.restore(self.habits.find(tuple(str(word) for word in words)), *counts)
        self._bad = {tuple(str(w) for w in key) for key in state[1]}


_ANSWERED: Final = frozenset({"ok", "refused"})
_ACTIONS: Final = (
    Action(
        text="Look at the server's load and at who else asks it: a flood of questions makes it late.",
        risk="None while only looking.",
    ),
    Action(
        text="Measure at the server's own switch port: answers that are in time there are held back on the way.",
        risk="None while only listening.",
    ),
)
