"""What writes do to one tag: steps, strokes to and fro, writers against each other, drifts of many small steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.safety.trend import Trend

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.safety.limits import Limits
    from interlock.detect.safety.series import Series
    from interlock.records.site import Tag

__all__ = ["CREEP_STEPS", "Doubt", "Moves"]

SECOND: Final = 10**9
STROKES_PER_MIN: Final = 6.0
"""Where the site file says nothing: a pump or valve that is moved to and fro more often than that wears out."""
STROKE: Final = 0.1
"""Share of the safe span from which a change counts as a stroke."""
CONTEST: Final = 4
"""Within a minute: so many changes of hands with other values are two writers against each other."""
CONTEST_SHARE: Final = 0.05
MARGIN: Final = 0.05
CREEP_STEPS: Final = 8
CREEP_STEP: Final = 0.03
CREEP_TOTAL: Final = 0.10
CREEP_NS: Final = 3600 * SECOND
CREEP_APART_NS: Final = 10 * SECOND
"""A drift: so many steps one way, each no more than that share of the span, at least so much together, within an hour.
Writes closer than ten seconds are one step: somebody presses an arrow key."""
_MINUTE_NS: Final = 60 * SECOND
_MOST_EVENTS: Final = 20_000
_MOST_WRITERS: Final = 64

Doubt = tuple[int, str, float, float]
"""Row of the merged writes, what is doubtful, the value before (of a drift, where it began), the value written."""


class _Writer:
    """One client's writes to the tag. last: its value, nan before the first; at: when (UTC ns)."""

    __slots__ = ("at", "count", "last", "sign", "strokes")

    def __init__(self) -> None:
        self.last, self.at, self.count = math.nan, 0, 0
        self.sign = 0
        self.strokes: list[int] = []

    def take(
        self,
        tag: Tag,
        limits: Limits,
        wrote: NDArray[np.float64],
        at: NDArray[np.int64],
        change: NDArray[np.float64],
    ) -> Iterator[tuple[int, str]]:
        """Take its writes in time order; change: of the tag's value by each, whoever set it before."""
        own = np.diff(wrote, prepend=wrote[0] if math.isnan(self.last) else self.last)
        gaps = np.diff(at, prepend=self.at)
        # To want again what one wanted a moment ago is no step, whatever another has written between.
        steps = np.where(gaps < _MINUTE_NS, np.minimum(np.abs(change), np.abs(own)), np.abs(change))
        yield from _steps(tag, steps, gaps / SECOND)
        yield from self._hammering(tag, limits, wrote, own, at)
        self.last, self.at = float(wrote[-1]), int(at[-1])

    def _hammering(
        self,
        tag: Tag,
        limits: Limits,
        wrote: NDArray[np.float64],
        own: NDArray[np.float64],
        at: NDArray[np.int64],
    ) -> Iterator[tuple[int, str]]:
        reach = limits.span if math.isfinite(limits.span) else np.maximum(np.abs(wrote), np.abs(wrote - own))
        large = np.abs(own) >= np.maximum(STROKE * reach, 1e-12)
        most = tag.reversals_per_min or STROKES_PER_MIN
        for n in np.flatnonzero(large)[:_MOST_EVENTS].tolist():
            sign = 1 if own[n] > 0 else -1
            if sign == -self.sign:
                self.strokes = _lately(self.strokes, int(at[n]))
                if len(self.strokes) > most:
                    yield n, "hammering"
            self.sign = sign

    def state(self) -> list[Any]:
        """As JSON values."""
        return [None if math.isnan(self.last) else self.last, self.at, self.count, self.sign, self.strokes]

    @classmethod
    def of(cls, state: list[Any]) -> _Writer:
        """From JSON values."""
        writer = cls()
        writer.last = math.nan if state[0] is None else float(state[0])
        writer.at, writer.count, writer.sign = (int(n) for n in state[1:4])
        writer.strokes = [int(t) for t in state[4]]
        return writer


class Moves:
    """What is remembered of one tag."""

    def __init__(self) -> None:
        self.trend = Trend()
        self.last: tuple[int, float] | None = None
        self._written: float | None = None
        self._writer, self._before = "", (0, math.nan)
        self._contests: list[int] = []
        self._run: list[float] = []  # first time, last time, first value, last value, steps, direction
        self._writers: dict[str, _Writer] = {}
        self._owner, self._owned = "", 0
        self._begins: list[
            tuple[int, float]
        ] = []  # of this batch: where the drift began whose step a write is

    @property
    def writers(self) -> tuple[str, ...]:
        """Who writes it."""
        return tuple(self._writers)

    def take(
        self, tag: Tag, limits: Limits, every: Sequence[Series]
    ) -> Iterator[tuple[Series, int, str, float, float]]:
        """Take all series of the tag of one batch; whatever is doubtful: series, row of it, what, before, written."""
        times = np.concatenate([s.times for s in every])
        order = np.argsort(times, kind="stable")
        times = times[order]
        values = np.concatenate([s.values for s in every])[order]
        whose = np.repeat(np.arange(len(every)), [len(s.times) for s in every])[order]
        within = np.concatenate([np.arange(len(s.times)) for s in every])[order]
        written = np.array([s.written for s in every])[whose]
        fed = 0
        if written.any():
            for row, what, before, now in self._doubts(tag, limits, times, values, written, whose, every):
                self.trend.add(times[fed : row + 1], values[fed : row + 1])
                fed = max(fed, row + 1)
                yield every[whose[row]], int(within[row]), what, before, now
        self.trend.add(times[fed:], values[fed:])
        self.last = (int(times[-1]), float(values[-1]))

    def _doubts(
        self, tag: Tag, limits: Limits, times: NDArray[np.int64], values: NDArray[np.float64],
        written: NDArray[np.bool_], whose: NDArray[np.int64], every: Sequence[Series],
    ) -> list[Doubt]:  # fmt: skip
        rows = np.flatnonzero(written)
        wrote, at = values[rows], times[rows]
        before = np.concatenate(([math.nan if self.last is None else self.last[1]], values[:-1]))[rows]
        clients = np.array([every[w].client for w in whose[rows].tolist()])
        self._begins = []
        found: list[tuple[int, str]] = [
            *_outside(limits, wrote), *_near(tag, limits, wrote, before),
            *self._by_writer(tag, limits, wrote, at, wrote - before, clients),
            *self._contested(limits, wrote, at, clients),
            *(self._creeping(limits, wrote, at, float(before[0])) if tag.drives else ()),
        ]  # fmt: skip
        self._written = float(wrote[-1])
        began = before.copy()
        for n, value in self._begins:
            began[n] = value
        doubts = [
            (int(rows[n]), what, float((began if what == "creep" else before)[n]), float(wrote[n]))
            for n, what in found[:_MOST_EVENTS]
        ]
        return sorted(doubts, key=lambda d: d[0])

    def _by_writer(
        self, tag: Tag, limits: Limits, wrote: NDArray[np.float64], at: NDArray[np.int64],
        change: NDArray[np.float64], clients: NDArray[np.str_],
    ) -> Iterator[tuple[int, str]]:  # fmt: skip
        for client in dict.fromkeys(clients.tolist()):
            writer = self._writers.get(client)
            if writer is None and len(self._writers) < _MOST_WRITERS:
                writer = self._writers[client] = _Writer()
            if writer is not None:
                theirs = np.flatnonzero(clients == client)
                for n, what in writer.take(tag, limits, wrote[theirs], at[theirs], change[theirs]):
                    yield int(theirs[n]), what

    def _own(self, client: str, many: int, now: int) -> None:
        """Whoever first wrote it a few times is the one it belongs to, until they have not for ten minutes."""
        writer = self._writers.get(client)
        if writer is not None:
            writer.count += many
            if writer.count >= CONTEST and (not self._owner or now - self._owned > 10 * _MINUTE_NS):
                self._owner = client
        if client == self._owner:
            self._owned = now

    def _contested(
        self, limits: Limits, wrote: NDArray[np.float64], at: NDArray[np.int64], clients: NDArray[np.str_]
    ) -> Iterator[tuple[int, str]]:
        """Who always wrote it is the one it belongs to; whoever else wants something different is told."""
        alone = bool((clients == self._writer).all())
        if alone and self._writer in self._writers:
            self._own(self._writer, len(clients), int(at[-1]))
            self._before = (int(at[-1]), float(wrote[-1]))
            return
        for n, client in enumerate(clients.tolist()):
            now, value = int(at[n]), float(wrote[n])
            (then, other), self._before, last, self._writer = self._before, (now, value), self._writer, client
            self._own(client, 1, now)
            if last in ("", client) or now - then > _MINUTE_NS:
                continue
            if abs(value - other) > limits.fraction(CONTEST_SHARE, value, other):
                self._contests = _lately(self._contests, now)
                if len(self._contests) >= CONTEST and client != self._owner:
                    yield n, "contest"

    def _creeping(
        self, limits: Limits, wrote: NDArray[np.float64], at: NDArray[np.int64], before: float
    ) -> Iterator[tuple[int, str]]:
        if not math.isfinite(limits.span):
            return
        seen = before if math.isfinite(before) else float(wrote[0])
        was = seen if self._written is None else self._written
        changes = np.flatnonzero(np.diff(wrote, prepend=was) != 0)[:_MOST_EVENTS]
        for n in changes.tolist():
            value, now = float(wrote[n]), int(at[n])
            if self._stepped(value - was, was, value, now, limits.span):
                self._begins.append((n, self._run[2]))
                yield n, "creep"
            was = value

    def _stepped(self, change: float, was: float, value: float, now: int, span: float) -> bool:
        """Go on with a drift or begin one; whether it is one by now."""
        direction = 1.0 if change > 0 else -1.0
        run = self._run
        small = abs(change) <= CREEP_STEP * span
        if not run or run[5] != direction or not small or now - run[0] > CREEP_NS:
            self._run = [now, now, was, value, 1, direction] if small else []
            return False
        if now - run[1] >= CREEP_APART_NS:
            run[1], run[4] = now, run[4] + 1
        run[3] = value
        return run[4] >= CREEP_STEPS and abs(value - run[2]) >= CREEP_TOTAL * span - 1e-9 * span

    def state(self) -> list[Any]:
        """As JSON values."""
        before = [self._before[0], None if math.isnan(self._before[1]) else self._before[1]]
        writers = {client: writer.state() for client, writer in self._writers.items()}
        return [
            self.trend.state(), self.last, self._written, self._writer, before, self._contests, self._run, writers,
            self._owner, self._owned,
        ]  # fmt: skip

    @classmethod
    def of(cls, state: list[Any]) -> Moves:
        """From JSON values."""
        moves = cls()
        moves.trend = Trend.of(state[0])
        moves.last = None if state[1] is None else (int(state[1][0]), float(state[1][1]))
        moves._written = None if state[2] is None else float(state[2])
        moves._writer = str(state[3])
        moves._before = (int(state[4][0]), math.nan if state[4][1] is None else float(state[4][1]))
        moves._contests = [int(t) for t in state[5]]
        moves._run = [float(n) if 1 < i < 4 else int(n) for i, n in enumerate(state[6])]
        moves._owner, moves._owned = str(state[8]), int(state[9])
        moves._writers = {str(client): _Writer.of(writer) for client, writer in state[7].items()}
        return moves


def _lately(instants: list[int], now: int) -> list[int]:
    """Those of the last minute, and now."""
    return [*[t for t in instants if now - t < _MINUTE_NS][-256:], now]


def _outside(limits: Limits, wrote: NDArray[np.float64]) -> Iterator[tuple[int, str]]:
    for what, mask in (("above", wrote > limits.high), ("below", wrote < limits.low)):
        for n in np.flatnonzero(mask)[:_MOST_EVENTS].tolist():
            yield n, what


def _near(
    tag: Tag, limits: Limits, wrote: NDArray[np.float64], before: NDArray[np.float64]
) -> Iterator[tuple[int, str]]:
    """A set point within its limits whose process would be at one of them."""
    if not tag.drives or not math.isfinite(limits.span):
        return
    room = (tag.margin or MARGIN) * limits.span
    for limit_of, top in ((limits.high_of, True), (limits.low_of, False)):
        edge = limits.high - room if top else limits.low + room
        beyond = (wrote > edge) & (wrote <= limits.high) if top else (wrote < edge) & (wrote >= limits.low)
        nearer = ~(before > edge) if top else ~(before < edge)
        for n in np.flatnonzero(beyond & nearer & (limit_of.name != tag.name)).tolist():
            yield n, "near"


def _steps(tag: Tag, steps: NDArray[np.float64], passed: NDArray[np.float64]) -> Iterator[tuple[int, str]]:
    """Larger than one write may be, or faster than the rate allows. passed: seconds since its last write."""
    mask = np.zeros(len(steps), np.bool_)
    if tag.step is not None:
        mask |= steps > tag.step * (1 + 1e-9)
    if tag.rate_per_s is not None:
        mask |= steps > tag.rate_per_s * np.maximum(passed, 1.0) * (1 + 1e-9)
    for n in np.flatnonzero(mask)[:_MOST_EVENTS].tolist():
        yield n, "step"
