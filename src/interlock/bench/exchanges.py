"""Polls and their answers as octets, and the segments that carry them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from interlock.bench.modbus_messages import ADU_OCTETS, Polls, answers, append, requests
from interlock.bench.tcp_frames import PAYLOAD_OCTETS

if TYPE_CHECKING:
    from collections import Counter

    from numpy.typing import NDArray

    from interlock.bench.truth import Truth

__all__ = ["Exchanges", "Segments"]


@dataclass(slots=True)
class Segments:
    """Packets to be, as columns; `kind` 0 nothing, 1 from the request matrix, 2 from the answer matrix."""

    time_us: NDArray[np.int64]
    plc: NDArray[np.int64]
    poll: NDArray[np.int64]
    kind: NDArray[np.int64]
    upstream: NDArray[np.bool_]
    seq: NDArray[np.int64]
    ack: NDArray[np.int64]
    flags: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    completes: NDArray[np.bool_]

    def take(self, order: NDArray[np.int64]) -> Segments:
        """Give the segments that `order` names, in its order."""
        return Segments(*(getattr(self, column.name)[order] for column in fields(self)))


class Exchanges:
    """The octets of one chunk's requests and answers, one row per poll, one or two ADUs in a row."""

    def __init__(self, polls: Polls) -> None:
        self.adus = np.ones(len(polls.plc), np.int64)
        self._function = np.stack([polls.function, np.zeros_like(polls.function)], axis=1)
        self._exception = np.stack([polls.exception > 0, np.zeros(len(polls.plc), np.bool_)], axis=1)
        self.request, self.request_octets = _widened(*requests(polls))
        self.answer, self.answer_octets = _widened(*answers(polls))
        self._second = np.zeros((len(polls.plc), 2), np.int64)

    def double(self, rows: NDArray[np.int64], polls: Polls) -> None:
        """Put one more request and its answer behind the first ones of `rows`."""
        self._second[rows, 0], self._second[rows, 1] = self.request_octets[rows], self.answer_octets[rows]
        append(self.request, self.request_octets, rows, *requests(polls))
        append(self.answer, self.answer_octets, rows, *answers(polls))
        self.adus[rows] = 2
        self._function[rows, 1] = polls.function
        self._exception[rows, 1] = polls.exception > 0

    def number(self, first: NDArray[np.int64]) -> None:
        """Write the transaction identifiers, the second ADU's being the next one."""
        doubled = np.flatnonzero(self.adus == 2)
        for side, octets in enumerate((self.request, self.answer)):
            octets[:, 0], octets[:, 1] = (first >> 8) & 0xFF, first & 0xFF
            column, following = self._second[doubled, side], first[doubled] + 1
            octets[doubled, column] = (following >> 8) & 0xFF
            octets[doubled, column + 1] = following & 0xFF

    def fill(self, payload: NDArray[np.uint8], segments: Segments) -> None:
        """Copy what each segment carries into its payload (packets x PAYLOAD_OCTETS)."""
        for kind, octets in ((1, self.request), (2, self.answer)):
            rows = np.flatnonzero(segments.kind == kind)
            payload[rows] = octets[segments.poll[rows]]
        later = np.flatnonzero(segments.begin > 0)
        column = np.minimum(segments.begin[later, None] + np.arange(PAYLOAD_OCTETS), PAYLOAD_OCTETS - 1)
        payload[later] = np.take_along_axis(payload[later], column, axis=1)
        payload[np.arange(PAYLOAD_OCTETS) >= (segments.end - segments.begin)[:, None]] = 0

    def count(self, truth: Truth, segments: Segments) -> None:
        """Count every ADU at the segment that completes it."""
        for kind, counter in ((1, truth.requests), (2, truth.answers)):
            done = segments.completes & (segments.kind == kind)
            polls = segments.poll[done]
            _tally(counter, self._function[polls])
            if kind == 2:
                _tally(truth.exceptions, self._function[polls] * self._exception[polls])
            truth.pipelined_adus += int(self.adus[polls][self.adus[polls] == 2].sum())
            truth.split_adus += int((segments.begin[done] > 0).sum())


def _widened(
    octets: NDArray[np.uint8], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    wide = np.zeros((len(octets), PAYLOAD_OCTETS), np.uint8)
    wide[:, :ADU_OCTETS] = octets
    return wide, lengths


def _tally(counter: Counter[int], functions: NDArray[np.int64]) -> None:
    codes, times = np.unique(functions[functions > 0], return_counts=True)
    counter.update(dict(zip(codes.tolist(), times.tolist(), strict=True)))
