"""Far more requests in a minute than ever before; or more values of a clockwork than it has ever told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.batch import MINUTE_NS, REQUEST
from interlock.detect.causes import Verdict
from interlock.detect.control import CONTROL_PROTOCOLS, spoken
from interlock.detect.learned.deeds import ACTS, is_group
from interlock.detect.learned.learner import Learner
from interlock.detect.learned.recent_counts import RecentCounts
from interlock.detect.learned.rhythm import Rhythm
from interlock.detect.learned.standing import deed_at, standing
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interlock.detect.batch import Batch, Groups
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["UnusualRate"]

MAX_RHYTHMS: Final = 20_000
_FLOOR: Final = {"act": 15, "login": 15, "ask": 120, "cycle": 10, "campaign": 10}
"""Requests a minute beyond three times the highest minute: a burst of a start or of a busy operator is no flood."""
TIMES: Final = 3
SELDOM: Final = 0.1
"""Of the minutes while learning: who commands in more of them has no busy hours, but a rhythm."""
TIMES_EVEN, _FLOOR_EVEN = 2, 60
"""The same of who asked nearly as often in each minute: its program asks in turn, and needs no room for busy hours."""
TIMES_STEADY: Final = 1.4
"""What one machine tells like a clock comes twice as often where a second one tells it, too."""


class UnusualRate(Learner):
    """One finding per client, server, protocol and kind of request.

    Keys: realm, client, server, protocol, kind (act, login, ask, cycle, campaign). Only rows beyond the limit of
    their minute or hour count.
    """

    name: ClassVar[str] = "unusual-rate"
    leisurely: ClassVar[frozenset[str]] = frozenset({"values"})
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (*REQUEST,),
        "values": ("source", "realm", "time", "frame", "client", "server", "protocol", "direction"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.rhythms: dict[Key, Rhythm] = {}
        self._minutes = RecentCounts()

    def take(self, batch: Batch, context: Context) -> None:  # noqa: ARG002 - the interface's shape
        """Count by relation and minute."""
        _, groups = _counted(batch)
        for group, (_, *words, minute) in groups:
            count = groups.summary(group)[0]
            for key, slot in _slots(words, minute):
                rhythm = self.rhythms.get(key)
                if rhythm is None:
                    if len(self.rhythms) >= MAX_RHYTHMS:
                        continue
                    rhythm = self.rhythms[key] = Rhythm()
                if rhythm.peak and rhythm.count(slot) + count > self._limit(rhythm, key):
                    self.surprise(key, minute)
                rhythm.add(slot, count)

    def _limit(self, rhythm: Rhythm, key: Key) -> int:
        if key[4] == "cycle":
            return int(TIMES_STEADY * rhythm.peak) + _FLOOR["cycle"] if rhythm.steady else 1 << 62
        if key[4] == "campaign":
            minutely = self.rhythms.get((*key[:4], "act"))
            if minutely is None or minutely.minutes > SELDOM * self.observed.minutes:
                return 1 << 62
        if key[4] == "ask" and rhythm.even:
            return TIMES_EVEN * rhythm.peak + _FLOOR_EVEN
        return TIMES * rhythm.peak + _FLOOR[key[4]]

    def deviations(self, batch: Batch, context: Context) -> Iterator[Key]:  # noqa: ARG002 - the interface's shape
        """Count the rows beyond the limit of their minute."""
        messages, groups = _counted(batch)
        for group, (source, *words, minute) in groups:
            for key, slot in _slots(words, minute):
                beyond = self._beyond(key, slot, groups.summary(group)[0], words)
                if beyond is None:
                    continue
                rows = groups.rows(group)[beyond:]
                tally = self.tallies[key]
                tally.add_rows(source or "", messages, rows)
                tally.note("verb", words[4] or "unknown", len(rows))
                if len(words) > 5:
                    tally.note("outcome", words[5] or "unknown", len(rows))
                tally.note("minute", str(slot))
                yield key

    def _beyond(self, key: Key, slot: int, count: int, words: list[Any]) -> int | None:
        """Count on; the number of the first of these rows that is beyond the limit, None where none is."""
        rhythm = self.rhythms.get(key)
        if rhythm is None:
            if not _asks_everybody(key, words) or len(self._minutes) >= MAX_RHYTHMS:
                return None
            rhythm = _NEVER
        before = self._minutes.add(key, slot, count) - count
        limit = self._limit(rhythm, key)
        return max(0, limit - before) if before + count > limit else None

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Say how many there are, and how many there ever were."""
        realm, client, server, protocol, kind = key
        rhythm = self.rhythms.get(key, _NEVER)
        ends = standing(context, (realm, client, server), tally, stranger=False)
        minutes = max(1, len(tally.noted("minute")))
        most = tally.count // minutes + self._limit(rhythm, key)
        name, verbs = context.name, ", ".join(tally.noted("verb"))
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause=f"{protocol} {kind}",
            kind="change" if ends.ordered else "alert",
            severity=ends.severity("high" if kind in ("act", "cycle", "campaign") else "medium"),
            confidence=0.8,
            title=f"{name(realm, client)} {_DOES[kind]} {name(realm, server)} about {most} times "
            f"{_EACH.get(kind, 'a minute')} ({spoken(protocol)}), where {rhythm.peak} was the most",
            seen=f"Seen {counted(tally.count, 'request')} ({verbs}) beyond what was the most while learning, in "
            f"{counted(minutes, 'hour' if kind == 'campaign' else 'minute')}. {ends.told()}".strip(),
            matters=_MATTERS[kind],
            silent=f"Silent up to {TIMES} times the highest minute or hour while learning and {_FLOOR[kind]} more "
            f"({TIMES_EVEN} times and {_FLOOR_EVEN} for whom each minute was like the other), for "
            "new relations to one machine (new-deed tells these), and once accepted (`interlock baseline accept`).",
            actions=_ACTIONS,
            deed=deed_at(realm, client, (server,), tally.noted("verb")),
            techniques=_TECHNIQUES[kind],
            requirements=(
                "IEC 62443-3-3 SR 7.1",
                "IEC 62443-3-3 SR 6.2",
                "IEC 62443-3-3 SR 3.5",
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("limit", str(self._limit(rhythm, key))), ("peak", str(rhythm.peak)), ("verbs", verbs)),
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
        """Give the counts of recent minutes."""
        return self._minutes.state()

    def restore_besides(self, state: Any) -> None:
        """Take them back."""
        self._minutes.restore(state)


def _counted(batch: Batch) -> tuple[Batch, Groups]:
    """Give what is counted, and its groups by source, relation, kind (of values: direction) and minute."""
    if batch.table == "operations":
        return batch.messages(), batch.relations()
    told = batch.among("direction", ("reported",))
    batch = batch if told.all() else batch.take(told)
    minutes = batch.times_ns() // MINUTE_NS
    columns = ("source", "realm", "client", "server", "protocol", "direction")
    return batch, batch.groups(*columns, bins=minutes, named="minute")


def _asks_everybody(key: Key, words: list[Any]) -> bool:
    """Whether it is a question to all: to whoever speaks a protocol that is no news (new-deed), but not how often."""
    asks = key[4] == "ask" and words[4] in _QUESTIONS
    return asks and key[3] in CONTROL_PROTOCOLS and is_group(key[2])


def _slots(words: list[Any], minute: int) -> Iterator[tuple[Key, int]]:
    """Give what a group counts for: its minute, and of what does something its hour."""
    key = _key(words)
    yield key, minute
    if key[4] == "act":
        yield (*key[:4], "campaign"), minute // 60


def _key(words: list[Any]) -> Key:
    realm, client, server, protocol, verb = words[:5]
    if len(words) == 5:
        return (realm or "", client or "", server or "", protocol or "", "cycle")
    kind = "act" if verb in ACTS else "login" if verb in ("authenticate", "open") else "ask"
    return (realm or "", client or "", server or "", protocol or "", kind)


_NEVER: Final = Rhythm()
"""Of whom nothing was learned."""
_QUESTIONS: Final = frozenset({"discover", "identify", "diagnose"})
_EACH: Final = {"campaign": "an hour"}
_DOES: Final = {
    "campaign": "commands",
    "act": "commands",
    "login": "knocks to be let in at",
    "ask": "asks",
    "cycle": "exchanges values with",
}
_MATTERS: Final = {
    "campaign": "Many small steps bring a process as far as a large one, and nobody looks up at any of them.",
    "cycle": "A clockwork that suddenly tells more has a second teller: what is true of its values is no longer known.",
    "act": "Outputs written over and over wear out or tear what they move, and drown the operator's own commands.",
    "login": "Whoever tries again and again guesses, or holds a device's few connections so that others get none.",
    "ask": "Controllers answer between two rounds of their program: a flood of questions makes them late.",
}
_TECHNIQUES: Final = {
    "campaign": named("campaign"),
    "cycle": named("second-clock"),
    "act": named("flood-of-acts"),
    "login": named("flood-of-logins"),
    "ask": named("flood-of-questions"),
}
_ACTIONS: Final = (
    Action(
        text="Look at the client: which program asks so often, and since when?",
        risk="Stopping that program may take values from operators or records.",
    ),
    Action(
        text="Look at the server's load and at what its outputs do; limit the client at the switch if it suffers.",
        risk="A limit also slows the client's proper requests.",
    ),
)
