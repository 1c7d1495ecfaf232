"""What reading a source showed about the capture itself: the raw figures behind capture health."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.records.frames import Frames

__all__ = ["CLOCK_STEP_NS", "FCS_OCTETS", "Statistics"]

CLOCK_STEP_NS: Final = 60_000_000_000
FCS_OCTETS: Final = 4
"""Taps that count the Ethernet check sequence without keeping it lack this much of every frame."""


@dataclass(slots=True, kw_only=True)
class Statistics:
    """Figures of one source; they grow while it is read and stand when it ends.

    octets: captured; wire_octets: on the wire. snapped: frames that lack more than their check sequence.
    first, last: earliest and latest time (UTC ns), None before the first frame.
    steps_back, steps_forward: clock jumps of more than 60 s between neighbouring frames; largest_back_ns,
    forward_ns: the largest jump back and the sum of those forward; step_frame: frame behind the first back.
    longest_pause_ns: the longest silence that is no jump.
    untimed: frames whose time is missing or outside 1970..2116, which were given the one before.
    dropped: frames that the capture program says it lost. linktypes: LINKTYPE_ number to frames.
    cut: octet (of the uncompressed file) from which nothing could be used, with the reason; None if none.
    failure: why the source could not be read (further), as a sentence; None if it could.
    """

    frames: int = 0
    octets: int = 0
    wire_octets: int = 0
    snapped: int = 0
    first: int | None = None
    last: int | None = None
    steps_back: int = 0
    steps_forward: int = 0
    largest_back_ns: int = 0
    forward_ns: int = 0
    longest_pause_ns: int = 0
    step_frame: int | None = None
    untimed: int = 0
    dropped: int = 0
    linktypes: dict[int, int] = field(default_factory=dict)
    cut: int | None = None
    cut_reason: str = ""
    failure: str | None = None
    _previous: int | None = None

    def add(self, frames: Frames) -> None:
        """Count a batch of this source; batches come in file order."""
        self._steps(frames.time)
        self.frames += frames.n
        self.octets += int(frames.caplen.sum(dtype=np.int64))
        self.wire_octets += int(frames.wirelen.sum(dtype=np.int64))
        self.snapped += int(np.count_nonzero(frames.wirelen - frames.caplen > FCS_OCTETS))
        kinds = frames.linktype
        if int(kinds.min()) == int(kinds.max()):
            counted = {int(kinds[0]): frames.n}
        else:
            counted = {int(k): int(c) for k, c in zip(*np.unique(kinds, return_counts=True), strict=True)}
        for kind, count in counted.items():
            self.linktypes[kind] = self.linktypes.get(kind, 0) + count

    def _steps(self, time: NDArray[np.int64]) -> None:
        earliest, latest = int(time.min()), int(time.max())
        self.first = earliest if self.first is None else min(self.first, earliest)
        self.last = latest if self.last is None else max(self.last, latest)
        before = int(time[0]) if self._previous is None else self._previous
        self._previous = int(time[-1])
        jumps = np.diff(time, prepend=before)
        back, forward = jumps < -CLOCK_STEP_NS, jumps > CLOCK_STEP_NS
        pause = int(np.max(jumps, initial=0, where=~forward))
        self.longest_pause_ns = max(self.longest_pause_ns, pause)
        if back.any():
            if self.step_frame is None:
                self.step_frame = self.frames + int(back.argmax()) + 1
            self.steps_back += int(np.count_nonzero(back))
            self.largest_back_ns = max(self.largest_back_ns, -int(jumps.min()))
        if forward.any():
            self.steps_forward += int(np.count_nonzero(forward))
            self.forward_ns += int(jumps[forward].astype(object).sum())
