"""Where a worker's frames come from: an interface (capture/live), or captures replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from interlock.records.frames import Frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from interlock.capture.run import CaptureRun
    from interlock.capture.statistics import Statistics
    from interlock.records.frames import Source

__all__ = ["FrameSource", "Interface", "Listener", "Replay"]

SECOND_NS = 1_000_000_000


class FrameSource(Protocol):
    """Frames as they come.

    ended: whether nothing will come any more. live: whether time goes on where nothing comes. paced: whether
    frames come at some pace, so that nobody can wait for the end.
    """

    @property
    def sources(self) -> Sequence[Source]:
        """Who they are, by the index that Frames carry."""
        ...

    @property
    def statistics(self) -> Sequence[Statistics]:
        """The sources' figures so far."""
        ...

    @property
    def links(self) -> Sequence[dict[str, Any] | None]:
        """For each source that is an interface what it does (`state`) and since when (`since`, UTC ns)."""
        ...

    @property
    def rings(self) -> Sequence[tuple[int, int] | None]:
        """For each source that is read from a ring how many of its blocks are not free, and how many there are."""
        ...

    @property
    def live(self) -> bool:
        """Whether time goes on where nothing comes."""
        ...

    @property
    def paced(self) -> bool:
        """Whether frames come at some pace, so that nobody can wait for the end."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more."""
        ...

    @property
    def losses(self) -> Sequence[str]:
        """A sentence for each source that ended before its end."""
        ...

    @property
    def reached(self) -> int:
        """Frames that were read, by those before, too."""
        ...

    def batch(self, timeout_s: float) -> Frames | None:
        """Frames that are there, waited for at most that long; None where none came."""
        ...

    def done(self, reached: int) -> None:
        """Batches up to so many frames are dealt with."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class _State(Protocol):
    @property
    def state(self) -> str: ...

    @property
    def since_ns(self) -> int: ...


class Listener(Protocol):
    """What capture/live offers: see LiveSource."""

    @property
    def statistics(self) -> Statistics:
        """Its figures so far."""
        ...

    @property
    def state(self) -> _State:
        """What the interface does, and since when."""
        ...

    @property
    def reached(self) -> int:
        """Frames that were read, by those before, too."""
        ...

    @property
    def filled(self) -> tuple[int, int]:
        """Blocks of its ring that are not free, and how many there are."""
        ...

    def batch(self, timeout_s: float, *, keep: bool = False) -> Frames | None:
        """The next frames, None where none came. keep: those before are not done with."""
        ...

    def done(self, reached: int | None = None) -> None:
        """Batches up to so many frames are dealt with; None: all."""
        ...

    def close(self) -> None:
        """Give up this process's hold."""
        ...


class Replay:
    """Captures as if they came now. speed: times as fast as they were recorded; None: as fast as they are read.

    Time stamps stay those of the capture. skip: frames that an earlier worker has already handed on. begun: where
    the batch ended that it had begun: it is read again as one.
    """

    live = False

    def __init__(
        self,
        run: CaptureRun,
        *,
        speed: float | None,
        clock: Callable[[], int],
        sleep: Callable[[float], None],
        skip: int = 0,
        begun: int = 0,
    ) -> None:
        """clock: ns that only rise. sleep: seconds."""
        self._run = run
        self._frames: Iterator[Frames] = iter(run)
        self._speed, self._clock, self._sleep = speed, clock, sleep
        self._begin: tuple[int, int] | None = None
        self._held: Frames | None = None
        self._skip = self.reached = skip
        self._begun = begun
        self.ended = False

    @property
    def sources(self) -> Sequence[Source]:
        """The captures."""
        return self._run.sources

    @property
    def links(self) -> Sequence[None]:
        """Files have none."""
        return (None,) * len(self._run.sources)

    @property
    def rings(self) -> Sequence[None]:
        """Files have none."""
        return self.links

    @property
    def paced(self) -> bool:
        """Whether there is a speed to keep to."""
        return self._speed is not None

    @property
    def statistics(self) -> Sequence[Statistics]:
        """Figures of what was read."""
        return self._run.statistics

    @property
    def losses(self) -> Sequence[str]:
        """Captures that are cut or cannot be read further."""
        return self._run.losses

    def batch(self, timeout_s: float) -> Frames | None:
        """The next frames whose time has come."""
        frames = self._next()
        if frames is None:
            return None
        ready = frames.n
        if self._speed is not None:
            due = self._due(int(frames.time[0]))
            if due > 0:
                self._sleep(min(due, timeout_s))
                return None
            ready = self._ready(frames)
        if self.reached < self._begun:
            ready = min(ready, self._begun - self.reached)
        self._held = part(frames, ready, frames.n) if ready < frames.n else None
        self.reached += ready
        return part(frames, 0, ready) if ready < frames.n else frames

    def done(self, reached: int) -> None:
        """A file keeps what was read of it."""

    def close(self) -> None:
        """Give the files back."""
        self._run.close()

    def _next(self) -> Frames | None:
        while self._held is None:
            self._held = next(self._frames, None)
            if self._held is None:
                self.ended = True
                return None
            if self._skip:
                self._pass_over()
        return self._held

    def _pass_over(self) -> None:
        assert self._held is not None
        known = min(self._skip, self._held.n)
        self._skip -= known
        self._held = part(self._held, known, self._held.n) if known < self._held.n else None

    def _due(self, time: int) -> float:
        """Seconds until a frame of that time may be handed on."""
        assert self._speed is not None
        now = self._clock()
        if self._begin is None:
            self._begin = (now, time)
        return (self._begin[0] - now + (time - self._begin[1]) / self._speed) / SECOND_NS

    def _ready(self, frames: Frames) -> int:
        """How many of them are due: at least one."""
        assert self._begin is not None
        assert self._speed is not None
        reached = self._begin[1] + int((self._clock() - self._begin[0]) * self._speed)
        return max(1, int(np.searchsorted(np.maximum.accumulate(frames.time), reached, side="right")))


def part(frames: Frames, begin: int, end: int) -> Frames:
    """Frames begin to end of a batch, over the same octets."""
    return Frames(
        octets=frames.octets,
        used=frames.used,
        offset=frames.offset[begin:end],
        caplen=frames.caplen[begin:end],
        wirelen=frames.wirelen[begin:end],
        time=frames.time[begin:end],
        linktype=frames.linktype[begin:end],
        source=frames.source[begin:end],
        number=frames.number[begin:end],
        notes=frames.notes if begin == 0 else (),
    )


class Interface:
    """One live interface (capture/live) as a worker's only source."""

    live = paced = True
    ended = False
    losses = ()

    def __init__(self, listener: Listener, source: Source) -> None:
        self._listener = listener
        self.sources = (source,)

    @property
    def statistics(self) -> Sequence[Statistics]:
        """Its figures so far, of all workers that read this ring."""
        return (self._listener.statistics,)

    @property
    def links(self) -> Sequence[dict[str, Any] | None]:
        """What it does, and since when."""
        state = self._listener.state
        return ({"state": state.state, "since": state.since_ns},)

    @property
    def rings(self) -> Sequence[tuple[int, int]]:
        """How full its ring is."""
        return (self._listener.filled,)

    def batch(self, timeout_s: float) -> Frames | None:
        """The next frames."""
        return self._listener.batch(timeout_s, keep=True)

    @property
    def reached(self) -> int:
        """Frames read from this ring since it was opened."""
        return self._listener.reached

    def done(self, reached: int) -> None:
        """Batches up to so many frames are dealt with."""
        self._listener.done(reached)

    def close(self) -> None:
        """A batch that is not done with is left to the next worker."""
        self._listener.close()
