"""Answers that come later than they ever did: a machine under load, or somebody on the way who holds them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.causes import Verdict
from interlock.detect.control import CONTROL_PROTOCOLS, spoken
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["LateAnswers"]

MAX_RELATIONS: Final = 10_000
LEAST_LEARNED: Final = 50
LEAST_LATE: Final = 6
"""Answers of a relation that must be known, and late ones in a minute that are no accident."""
SHARE: Final = 0.3
"""Part of a minute's answers that must be late: a single slow request (a program, a long list) is none of it."""
TIMES: Final = 4
FLOOR_NS: Final = 50_000_000
"""Late is beyond so many times what 99 of 100 answers took, and this much more."""
_BINS: Final = 32
_KEPT: Final = 16


class LateAnswers(Learner):
    """One finding per client, server and protocol. Keys: realm, client, server, protocol.

    Learned: per relation, how many answers took how long, in powers of two of a microsecond.
    """

    name: ClassVar[str] = "late-answers"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "time", "frame", "response_frame", "client", "server"),
            *("protocol", "verb", "outcome", "item", "latency"),
        ),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "clock-step": "the capture's clock jumped, and how long anything took is not known",
        "gaps": "answers may be among the frames that are missing, and later ones taken for them",
    }

    def __init__(self) -> None:
        super().__init__()
        self.habits: dict[Key, list[int]] = {}
        self._minutes: dict[Key, dict[int, list[int]]] = {}
        self._bad: set[Key] = set()

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Count how long answers took."""
        for key, _, _, _, latencies, minute in _answers(batch):
            habit = self.habits.get(key)
            if habit is None:
                if len(self.habits) >= MAX_RELATIONS:
                    continue
                habit = self.habits[key] = [0] * _BINS
            limit = _limit(habit)
            if limit and _is_much(int((latencies > limit).sum()), len(latencies)):
                self.surprise(key, minute)
            for bin_, count in zip(*np.unique(_bins(latencies), return_counts=True), strict=True):
                habit[int(bin_)] += int(count)

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count answers, and those that are late."""
        for key, source, messages, rows, latencies, minute in _answers(batch):
            limit = _limit(self.habits.get(key, []))
            if not limit:
                continue
            late = latencies > limit
            minutes = self._minutes.setdefault(key, {})
            counts = minutes.setdefault(minute, [0, 0])
            counts[0] += len(latencies)
            counts[1] += int(late.sum())
            if _is_much(counts[1], counts[0]):
                self._bad.add(key)
            if len(minutes) > _KEPT:
                del minutes[min(minutes)]
            if late.any():
                tally = self.tallies[key]
                tally.add_rows(source, messages, rows[late])
                tally.note("longest", f"{int(latencies.max()).bit_length()}")
                yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say how late, and how soon they had come."""
        if key not in self._bad:
            return None
        realm, client, server, protocol = key
        ends = standing(context, (realm, client, server), tally, stranger=False)
        name, limit = context.name, _limit(self.habits.get(key, []))
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
        return [[list(key), habit] for key, habit in self.habits.items()]

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.habits)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.habits = {tuple(str(w) for w in key): [int(n) for n in habit] for key, habit in known}

    def besides(self) -> Any:
        """Give the counts of recent minutes, and who had a bad one."""
        minutes = [[list(key), sorted(counts.items())] for key, counts in sorted(self._minutes.items())]
        return [minutes, sorted(self._bad)]

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        self._minutes = {
            tuple(str(w) for w in key): {int(m): [int(n) for n in c] for m, c in counts}
            for key, counts in state[0]
        }
        self._bad = {tuple(str(w) for w in key) for key in state[1]}


def _answers(batch: Batch) -> Iterator[tuple[Key, str, Batch, NDArray[np.int64], NDArray[np.int64], int]]:
    """Give relation, source, messages, rows of those answered, how long each took (ns), and the minute."""
    messages, groups = batch.messages(), batch.relations()
    taken = messages.integers("latency")
    if not taken.any():
        return
    for group, (source, realm, client, server, protocol, _, outcome, minute) in groups:
        if outcome not in ("ok", "refused") or protocol not in CONTROL_PROTOCOLS:
            continue
        rows = groups.rows(group)
        rows = rows[taken[rows] > 0]
        if len(rows):
            key = (realm or "", client or "", server or "", protocol)
            yield key, source or "", messages, rows, taken[rows], minute


def _bins(latencies: NDArray[np.int64]) -> NDArray[np.int64]:
    bins: NDArray[np.int64] = np.log2(np.maximum(latencies // 1000, 1)).astype(np.int64)
    return np.minimum(bins, _BINS - 1)


def _limit(habit: list[int]) -> int:
    """Nanoseconds from which an answer is late; 0 where too little is known."""
    whole = sum(habit)
    if whole < LEAST_LEARNED:
        return 0
    reached = np.cumsum(habit) >= 0.99 * whole
    longest_us = 2 << int(np.argmax(reached))
    return TIMES * 1000 * longest_us + FLOOR_NS


def _is_much(late: int, answers: int) -> bool:
    return late >= LEAST_LATE and late >= SHARE * answers


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
