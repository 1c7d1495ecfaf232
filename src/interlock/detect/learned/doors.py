"""Who knocks at doors where nobody of theirs ever went: a sequential test on first contacts that come to nothing.

A machine of a plant keeps calling whom it always called. A first contact without a word (refused, unanswered, opened
and left) is then rare, however slowly somebody goes about it. Mistakes come one by one, at a rate that is learned:
`strays` of the last part of what was observed, with one of a day before anything was (a Gamma prior of one in a day, so
that little learning is no proof of rarity). A search is told where mistakes alone would make so many first contacts in
so short a time, by one machine, less than once in ALARMS_APART_DAYS: the expected number of clusters of n events within
a span s in a Poisson process of rate r is, to first order, r (r s)^(n-1) / (n-1)! a day (Naus' scan statistic).
To judge scanners by the fate of their first contacts, one at a time, is Jung, Paxson, Berger and Balakrishnan's idea
(threshold random walk, 2004); a control network's first contacts are rare enough for their times to count, too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.batch import MINUTE_NS
from interlock.detect.learned.chances import MINUTES_A_DAY
from interlock.detect.learned.recent_counts import RecentCounts

if TYPE_CHECKING:
    from interlock.detect.tally import Key

__all__ = ["ALARMS_APART_DAYS", "ANNOUNCED", "MANY_TRIES", "MOST_CALLERS", "Doors", "clusters_a_day"]

ANNOUNCED: Final = frozenset(
    {7, 9, 67, 68, 123, 137, 138, 319, 320, 427, 520, 546, 547, 631, 1900, 1947, 3289, 3702, 5353, 5355, 5678, 6771,
     8610, 8612, 9999, 10001, 15600, 17500, 21027, 22222, 27036, 32412, 32414}
)  # fmt: skip
"""Ports at which systems, printers, licences and offices' programs tell or ask everybody by themselves."""
ALARMS_APART_DAYS: Final = 100.0
MOST_CALLERS: Final = 4_096
MOST_KNOCKS: Final = 64
MOST_STRAYS: Final = 10_000
_DAY_NS: Final = MINUTES_A_DAY * MINUTE_NS
_SPARE_DOORS: Final = 2
"""Doors of one machine say less than machines: who looks for a device's page tries two or three ports."""

MANY_TRIES: Final = 16
"""Connections to one closed door within two minutes by the clock: a program that tries, no mistake of a person's.

A machine that waits for an answer makes one every few seconds at most, of which TCP repeats the packets.
"""

Knock = tuple[int, str, str]
"""When (UTC ns), at which machine, at which door of it."""


def clusters_a_day(events: int, span_ns: int, rate_a_day: float) -> float:
    """How many clusters of so many events within a span mistakes alone make a day; 1 event: the rate itself."""
    if events <= 1:
        return rate_a_day
    return rate_a_day * (rate_a_day * span_ns / _DAY_NS) ** (events - 1) / math.factorial(events - 1)


class Doors:
    """Knocks of each caller, lately; and how often strays came while learning. Bounded: who knocked last stays.

    strays: door → minute in which it was first met while learning.
    """

    def __init__(self) -> None:
        self.strays: dict[Key, int] = {}
        self._knocks: dict[Key, list[Knock]] = {}
        self._searches: dict[Key, None] = {}
        self._tries = RecentCounts()

    def stray(self, door: Key, minute: int) -> None:
        """A first contact that came to nothing, while learning."""
        if len(self.strays) < MOST_STRAYS:
            self.strays.setdefault(door, minute)

    def rate_a_day(self, since: int, minutes: int) -> float:
        """Strays a day to be expected: those since a minute, in so many observed ones, and the prior's one in a day."""
        late = sum(1 for minute in self.strays.values() if minute >= since)
        return (1 + late) / (1 + minutes / MINUTES_A_DAY)

    def knock(self, caller: Key, knock: Knock, *, stranger: bool, rate_a_day: float) -> None:
        """Take a first contact; what it makes of the caller `searches` says."""
        if caller in self._searches:
            return
        known = self._knocks.pop(caller, [])
        if all(door[1:] != knock[1:] for door in known):
            known = sorted([*known, knock])[-MOST_KNOCKS:]
        self._knocks[caller] = known
        if len(self._knocks) > MOST_CALLERS:
            del self._knocks[next(iter(self._knocks))]
        if _is_search(known, stranger=stranger, rate_a_day=rate_a_day):
            self._searches[caller] = None
            del self._knocks[caller]
            if len(self._searches) > MOST_CALLERS:
                del self._searches[next(iter(self._searches))]

    def tried(self, caller: Key, door: tuple[str, str], minute: int, times: int) -> None:
        """Count connections to a door that came to nothing: at which machine, which door of it, since 1970."""
        key = (*caller, *door)
        if key not in self._tries and len(self._tries) >= MOST_CALLERS:
            return
        here = self._tries.add(key, minute, times)
        beside = max(self._tries.add(key, minute + step, 0) for step in (-1, 1))
        if here + beside >= MANY_TRIES and (caller in self._searches or len(self._searches) < MOST_CALLERS):
            self._searches[caller] = None

    def searches(self, caller: Key) -> bool:
        """Whether it was told by now that a caller searches."""
        return caller in self._searches

    def state(self) -> list[Any]:
        """What is remembered of this run, as JSON values."""
        knocks = [[list(caller), [list(k) for k in known]] for caller, known in self._knocks.items()]
        return [knocks, [list(caller) for caller in self._searches], self._tries.state()]

    def restore(self, state: list[Any]) -> None:
        """Take it back."""
        self._knocks = {
            tuple(str(w) for w in caller): [(int(at), str(whom), str(door)) for at, whom, door in known]
            for caller, known in state[0]
        }
        self._searches = {tuple(str(w) for w in caller): None for caller in state[1]}
        self._tries.restore(state[2] if len(state) > 2 else [])  # the first versions counted none


def _is_search(knocks: list[Knock], *, stranger: bool, rate_a_day: float) -> bool:
    """Whether the latest knocks, however many of them, are more than mistakes make."""
    last = knocks[-1][0]
    machines: set[str] = set()
    for doors, (at, whom, _) in enumerate(reversed(knocks), 1):
        machines.add(whom)
        # That nobody ever saw the caller is an event of its own, at the moment of its first knock.
        events = max(len(machines) + stranger, doors - _SPARE_DOORS)
        if events > 1 and clusters_a_day(events, last - at, rate_a_day) <= 1 / ALARMS_APART_DAYS:
            return True
    return False
