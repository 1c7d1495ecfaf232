"""A machine that never paused while learning, and of which nothing comes any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from interlock.detect.batch import MINUTE_NS, REQUEST
from interlock.detect.causes import Verdict
from interlock.detect.control import spoken
from interlock.detect.learned.deeds import INFRASTRUCTURE, is_group
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.rhythm import Rhythm
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.tally import Tally
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key

__all__ = ["FallenSilent"]

MAX_RELATIONS: Final = 20_000
LEAST_MINUTES: Final = 20
PAUSES: Final = 3
"""Times the longest pause while learning, and in any case some minutes: a restart takes two or three."""
LEAST_SILENCE: Final = 5
PUBLISHERS: Final = frozenset({"goose", "sampled-values"})
LEAST_OF_PUBLISHERS: Final = 3
"""These repeat what they said every few seconds, and who subscribes trips or blocks where they do not."""
MOST_SILENT: Final = 3
"""Relations: where more than this and half of all pause at once, the plant rests, or the capture is elsewhere."""
_PRESENT: Final = 0.95
_KNOWN: Final = 0.5
"""Of the relations that never paused so many must be there: else this is another place, not a silence."""


class FallenSilent(Learner):
    """One finding per machine of which all relations fell silent, else per relation.

    Relations: realm, client, server, protocol. Keys: realm, machine, "" or the other end, protocol or "". What is said
    is worked out when asked: minutes in which each relation was there, and the last frame of it.
    """

    name: ClassVar[str] = "fallen-silent"
    composed: ClassVar[bool] = True
    leisurely: ClassVar[frozenset[str]] = frozenset({"operations"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (*REQUEST,),
    }
    withheld_by: ClassVar[Mapping[str, str]] = {
        "gaps": "frames are missing from the capture, and with them those of a machine that seems silent",
        "one-way": "one direction is missing",
    }

    def __init__(self) -> None:
        super().__init__()
        self.rhythms: dict[Key, Rhythm] = {}
        self._seen: dict[Key, list[Any]] = {}
        self._span: list[int] = []

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Note in which minutes each relation was there."""
        for key, minute, *_ in _present(batch):
            rhythm = self.rhythms.get(key)
            if rhythm is None:
                if len(self.rhythms) >= MAX_RELATIONS:
                    continue
                rhythm = self.rhythms[key] = Rhythm()
            if rhythm.last and minute - rhythm.last > self._patience(key) and self._constant(rhythm):
                self.surprise(key, minute)
            rhythm.add(minute, 1)

    def _constant(self, rhythm: Rhythm) -> bool:
        observed = self.observed.within(rhythm.first, max(rhythm.last, self.observed.end))
        return rhythm.minutes >= LEAST_MINUTES and rhythm.minutes >= _PRESENT * observed

    def _patience(self, key: Key) -> int:
        least = LEAST_OF_PUBLISHERS if key[3] in PUBLISHERS else LEAST_SILENCE
        return max(least, PAUSES * self.rhythms[key].gap)

    def deviations(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Note when each relation was there last, and its longest pause; nothing is said before the end."""
        for key, minute, source, frame, time in _present(batch):
            self._span = [min([minute, *self._span]), max([minute, *self._span])]
            if key not in self.rhythms:
                continue
            seen = self._seen.setdefault(key, [minute, minute, source, frame, time])
            seen[0] = min(seen[0], minute)
            if time >= seen[4]:
                seen[1:] = [minute, source, frame, time]
        return ()

    def keys(self) -> Iterable[Key]:
        """Give what has fallen silent: machines of which all has, else relations."""
        if not self.judging or not self._span:
            return []
        constant = [key for key, rhythm in self.rhythms.items() if self._constant(rhythm)]
        there = sum(1 for key in constant if key in self._seen)
        if not there or there < _KNOWN * len(constant):
            return []
        silent = {key for key in constant if self._silence(key) > self._patience(key)}
        if len(silent) > max(MOST_SILENT, (1 - _KNOWN) * len(constant)):
            return []
        return sorted({self._root(key, silent, constant) for key in silent})

    def _silence(self, key: Key) -> int:
        last = self._seen[key][1] if key in self._seen else self._span[0]
        return int(self._span[1] - last)

    def _root(self, key: Key, silent: set[Key], constant: list[Key]) -> Key:
        """Give the machine behind it, where all that it ever says and hears is silent, else the relation."""
        for machine in (key[2], key[1]):
            theirs = [k for k in constant if k[0] == key[0] and machine in k[1:3]]
            if (
                all(k in silent for k in theirs)
                and not is_group(machine)
                and (len(theirs) > 1 or machine == key[2])
            ):
                return (key[0], machine, "", "")
        return key

    def tally(self, key: Key) -> Tally:
        """Give the last frames of what fell silent; counted in minutes."""
        whole = Tally()
        for relation in self._of(key):
            if relation in self._seen:
                _, minute, source, frame, time = self._seen[relation]
                silence = max(1, self._span[1] - minute)
                whole.add(source, time, self._span[1] * MINUTE_NS, np.array([frame], np.int64), silence)
            whole.note("relation", f"{relation[1]} to {relation[2]} ({spoken(relation[3])})")
        return whole

    def _of(self, key: Key) -> list[Key]:
        if key[3]:
            return [key]
        mine = [
            k
            for k, rhythm in self.rhythms.items()
            if k[0] == key[0] and key[1] in k[1:3] and self._constant(rhythm)
        ]
        return sorted(mine)

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say who is silent, since when, and who misses it."""
        realm, machine, other, protocol = key
        relations = list(tally.noted("relation"))
        minutes = max((self._silence(k) for k in self._of(key)), default=0)
        server = other or machine
        ends = standing(context, (realm, "", server), tally, stranger=False)
        name = context.name
        asks = not other and all(k[1] == machine for k in self._of(key))
        who = f"{name(realm, machine)} and {name(realm, other)}" if other else name(realm, machine)
        title = (
            f"{name(realm, machine)} no longer speaks {spoken(protocol)} with {name(realm, other)}"
            if other
            else ""
        )
        return Verdict(
            realm=realm,
            machines=(machine, other) if other else (machine,),
            cause=f"{protocol} silent",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("medium" if other or asks else "high"),
            confidence=0.6,
            title=f"{title or f'{who} has fallen silent'} for {counted(minutes, 'minute')}, though it never paused",
            seen=f"Seen {counted(tally.count, 'silent minute')} of {counted(len(relations), 'relation')} without a "
            f"pause while learning: {'; '.join(relations[:5])}. {ends.told()}".strip(),
            matters="Nobody sees what the process does there, and commands do not arrive: it runs on as last told."
            if not asks
            else "Whoever watched and commanded from there does so no longer.",
            silent="Silent for pauses of a few minutes, as a restart makes them, for relations that paused while "
            "learning, where most of what is known is not in the capture, and once accepted "
            "(`interlock baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, "", (machine,)),
            techniques=named("silent-client" if asks else "silent-server"),
            requirements=(
                "IEC 62443-3-3 SR 7.1",
                "IEC 62443-3-3 SR 6.2",
                "IEC 62443-3-3 SR 3.6",
                "NIS2 Art. 21(2)(c)",
            ),
            data=(("relations", "; ".join(relations)[:500]), ("minutes", str(minutes))),
        )

    def knowledge(self) -> Any:
        """Give all rhythms."""
        return [[list(key), rhythm.state()] for key, rhythm in self.rhythms.items()]

    @property
    def known_things(self) -> int:
        """See Learner."""
        return len(self.rhythms)

    def restore_knowledge(self, known: Any) -> None:
        """Take them back."""
        self.rhythms = {tuple(str(w) for w in key): Rhythm.of(state) for key, state in known}

    def besides(self) -> Any:
        """Give when each relation was there."""
        return [self._span, [[list(key), seen] for key, seen in sorted(self._seen.items())]]

    def restore_besides(self, state: Any) -> None:
        """Take it back."""
        self._span = [int(minute) for minute in state[0]]
        self._seen = {tuple(str(w) for w in key): list(seen) for key, seen in state[1]}


def _present(batch: Batch) -> Iterable[tuple[Key, int, str, int, int]]:
    """Give relation, minute, source, last frame and its time, where somebody was answered or told something."""
    messages, groups = batch.messages(), batch.relations()
    frames, times = messages.frames(), messages.times_ns()
    for group, (source, realm, client, server, protocol, _, outcome, minute) in groups:
        if outcome in ("ok", "unsolicited", "refused", "unknown") and protocol not in INFRASTRUCTURE:
            last = groups.rows(group)[-1]
            key = (realm or "", client or "", server or "", protocol or "")
            yield key, minute, source or "", int(frames[last]), int(times[last])


_ACTIONS: Final = (
    Action(
        text="Look at the machine itself: is it running, is its load normal, is its link up?",
        risk="None while only looking.",
    ),
    Action(
        text="Run the process by hand, or bring it to its safe state, until it answers again.",
        risk="Stopping and starting the process has its own risks: let operators decide.",
    ),
)
