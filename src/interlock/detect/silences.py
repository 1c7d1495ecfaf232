"""When publishers were heard, and when they were not though the capture went on."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Publisher", "Silence", "Watches"]

_SECOND_NS: Final = 1_000_000_000
_MS_NS: Final = 1_000_000
LEAST_GAP_NS: Final = 3 * _SECOND_NS // 2
"""Shorter gaps are no silence of anybody."""
MOST_GAPS: Final = 64
"""Of a publisher: its longest."""
MOST_PAUSES: Final = 256
"""Of a source: its latest."""
LEAST_HEARD: Final = 20
LEAST_LIVES: Final = 5
"""Messages, and times for which one holds, that a publisher must have been heard before."""
LIVES: Final = 2
USUAL: Final = 4
"""A silence is so many times as long as a message holds, and as it usually takes until the next one."""

Gap = tuple[int, int, int, int]
"""Begin and end (UTC ns), the frames there."""


@dataclass(frozen=True, slots=True)
class Silence:
    """begin, end: UTC ns. frames: around it. missed: messages that its numbers went on by; restarted: began anew."""

    begin: int
    end: int
    frames: tuple[int, ...]
    missed: int
    restarted: bool


def _longest(gaps: list[Gap]) -> list[Gap]:
    return (
        gaps if len(gaps) <= MOST_GAPS else sorted(sorted(gaps, key=lambda g: (g[0] - g[1], g))[:MOST_GAPS])
    )


def _gaps(last: tuple[int, int], times: NDArray[np.int64], frames: NDArray[np.int64]) -> list[Gap]:
    """Gaps between rows, the first after (time, frame) `last` (0: none); times that go back end none."""
    before = np.append(last[0] or times[0], times[:-1])
    shown = np.append(last[1], frames[:-1])
    wide = np.flatnonzero(times - before >= LEAST_GAP_NS).tolist()
    return [(int(before[n]), int(times[n]), int(shown[n]), int(frames[n])) for n in wide]


class Watches:
    """Of each source: until when it was heard, and its latest pauses."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._pauses: dict[str, list[Gap]] = {}

    def hear(self, source: str, times: NDArray[np.int64]) -> None:
        """Take in when something of a source was heard."""
        if not len(times):
            return
        times, last = np.maximum.accumulate(times), self._last.get(source, 0)
        times = times[times > last]
        if len(times):
            if fresh := _gaps((last, 0), times, np.zeros(len(times), np.int64)):
                self._pauses[source] = [*self._pauses.get(source, ()), *fresh][-MOST_PAUSES:]
            self._last[source] = int(times[-1])

    def now(self, source: str) -> int:
        """Until when a source was heard; 0: never."""
        return self._last.get(source, 0)

    def paused(self, source: str, begin: int, end: int) -> int:
        """How much of a time nothing at all was heard of a source."""
        pauses, paused = self._pauses.get(source, ()), 0
        for at in range(bisect_right(pauses, begin, key=_end), len(pauses)):
            first, last, *_ = pauses[at]
            if first >= end:  # they rise, and none reaches into the next
                break
            paused += min(end, last) - max(begin, first)
        return paused

    def state(self) -> Any:
        """As JSON values."""
        return [[source, last, self._pauses.get(source, [])] for source, last in self._last.items()]

    @classmethod
    def of(cls, state: Any) -> Watches:
        """From JSON values."""
        watches = cls()
        for source, last, pauses in state:
            watches._last[str(source)] = int(last)
            watches._pauses[str(source)] = [_gap(pause) for pause in pauses]
        return watches


def _end(gap: Gap) -> int:
    return gap[1]


def _gap(values: Any) -> Gap:
    begin, end, before, after = (int(value) for value in values)
    return begin, end, before, after


@dataclass(slots=True)
class Publisher:
    """One control block of one sender, as one source shows it.

    count, first, last, frame: messages, their first and last time, the last one's frame. alive_ms: the longest time for
    which one said that it holds. gaps: the longest. leaps: (time, messages that numbers skip) after gaps; anew: when
    numbers began anew.
    """

    count: int = 0
    first: int = 0
    last: int = 0
    frame: int = 0
    alive_ms: int = 0
    gaps: list[Gap] = field(default_factory=list)
    leaps: list[tuple[int, int]] = field(default_factory=list)
    anew: list[int] = field(default_factory=list)
    _numbered: tuple[int, int, int] = (0, 0, 0)

    def hear(self, times: NDArray[np.int64], frames: NDArray[np.int64]) -> None:
        """Take in messages."""
        self.gaps = _longest([*self.gaps, *_gaps((self.last, self.frame), times, frames)])
        self.first = min(self.first or int(times[0]), int(times[0]))
        self.count += len(times)
        self.last, self.frame = max(self.last, int(times[-1])), int(frames[-1])

    def promise(self, alive_ms: NDArray[np.int64]) -> None:
        """Take in for how long messages hold; a day at most."""
        if len(alive_ms):
            self.alive_ms = max(self.alive_ms, min(int(alive_ms.max()), 86_400_000))

    def number(self, times: NDArray[np.int64], states: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        """Take in the numbers of messages: where they skip some or begin anew."""
        last = self._numbered
        before = [
            np.append(first, column[:-1])
            for first, column in zip(last, (times, states, numbers), strict=True)
        ]
        again = (states <= 1) & (numbers <= 1) & ((before[1] > 1) | (before[2] > 1))
        self.anew = [*self.anew, *times[again].tolist()][-MOST_GAPS:]
        late = np.flatnonzero((times - before[0] >= LEAST_GAP_NS) & (before[0] > 0) & ~again)
        same = states[late] == before[1][late]
        skipped = np.where(same, numbers[late] - before[2][late], numbers[late] + 1) - 1
        told = zip(times[late].tolist(), skipped.tolist(), strict=True)
        self.leaps = [*self.leaps, *((time, many) for time, many in told if many > 0)][-MOST_GAPS:]
        self._numbered = (int(times[-1]), int(states[-1]), int(numbers[-1]))

    @property
    def limit_ns(self) -> int:
        """How long it may be silent; 0 where that is not known."""
        if not self.alive_ms:
            return 0
        lives = LIVES * self.alive_ms * _MS_NS
        silent = [end - begin for begin, end, *_ in self.gaps if end - begin > lives]
        usual = (self.last - self.first - sum(silent)) // max(1, self.count - 1 - len(silent))
        return max(lives, USUAL * usual, LEAST_GAP_NS)

    @property
    def settled(self) -> bool:
        """Whether it was heard for long enough."""
        return self.count >= LEAST_HEARD and self.last - self.first >= LEAST_LIVES * self.alive_ms * _MS_NS

    def waits_since(self, now: int) -> bool:
        """Whether it is overdue now."""
        return bool(self.alive_ms) and self.settled and now - self.last > self.limit_ns

    def silences(self, source: str, watches: Watches) -> list[Silence]:
        """Every silence that is too long, the one that goes on included; pauses of the whole source do not count."""
        limit = self.limit_ns
        if not limit or not self.settled:
            return []
        gaps = sorted(self.gaps)
        if (now := watches.now(source)) > self.last:
            gaps.append((self.last, now, self.frame, 0))
        settled = self.first + LEAST_LIVES * self.alive_ms * _MS_NS
        return [
            self._silence(gap)
            for gap in gaps
            if gap[0] >= settled
            and gap[1] - gap[0] > limit  # most are not, whoever paused
            and gap[1] - gap[0] - watches.paused(source, *gap[:2]) > limit
        ]

    def _silence(self, gap: Gap) -> Silence:
        begin, end, *frames = gap
        missed = next((many for time, many in self.leaps if time == end), 0)
        soon = end + LIVES * self.alive_ms * _MS_NS
        restarted = bool(frames[1]) and any(end <= time <= soon for time in self.anew)
        return Silence(
            begin, end, tuple(frame for frame in frames if frame), 0 if restarted else missed, restarted
        )

    def state(self) -> list[Any]:
        """As JSON values."""
        kept = [self.count, self.first, self.last, self.frame, self.alive_ms]
        return [*kept, self.gaps, self.leaps, self.anew, list(self._numbered)]

    @classmethod
    def of(cls, state: list[Any]) -> Publisher:
        """From JSON values."""
        gaps, leaps, anew, numbered = state[5:9]
        count, first, last, frame, alive_ms = (int(n) for n in state[:5])
        one = cls(count, first, last, frame, alive_ms)
        one.gaps, one.anew = [_gap(gap) for gap in gaps], [int(time) for time in anew]
        one.leaps = [(int(time), int(many)) for time, many in leaps]
        one._numbered = (int(numbered[0]), int(numbered[1]), int(numbered[2]))
        return one
