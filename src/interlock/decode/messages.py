# cython: compiled
"""The messages of one protocol in one batch, in the order in which they were complete."""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.columns import roomier

__all__ = ["Messages"]

NOTHING = np.zeros(1, np.uint8)

_TYPES = {
    "offset": np.int64,
    "time": np.int64,
    "frame": np.int64,
    "clock": np.int64,
    "length": np.int32,
    "flow": np.int32,
    "source": np.int32,
    "gaps": np.int32,
    "side": np.uint8,
    "direction": np.uint8,
}


class Messages:
    """Columns over `octets`, each `n` long.

    offset, length: where message i stands in `octets`. flow: slot in the flow table.
    direction: 0 from the flow's client, 1 from its server. side: 0 or 1, the flow's own numbering.
    time: UTC ns, frame: number within source, both of the frame that completed the message. clock: the
    dissector's then, ns, by which requests go unanswered. gaps: of its flow
    till then (Flows.gaps has those of the whole batch). `waiting`: told `place` once there is something to decode.
    turn: how often the messages have been decoded, plus 1.
    """

    def __init__(self):
        self.n = 0
        self.turn = 1
        self.place = 0
        self.waiting = []
        self.capacity = 0
        self.columns = {}
        self.bind(NOTHING)
        self._resize(1024)

    def _resize(self, capacity):
        fresh = self.columns = roomier(self.columns, _TYPES, capacity, self.n)
        self.capacity = capacity
        v = {name: memoryview(column) for name, column in fresh.items()}
        vars(self).update(v)
        self.offset, self.time, self.frame, self.length = v["offset"], v["time"], v["frame"], v["length"]
        self.clock, self.gaps = v["clock"], v["gaps"]
        self.flow, self.source, self.side, self.direction = v["flow"], v["source"], v["side"], v["direction"]

    def bind(self, array):
        """Point at this batch's buffer (uint8 array)."""
        self.array = array
        self.octets = memoryview(array)

    def append(self, flow, side, direction, offset, length, time, frame, source, clock=0, gaps=0):
        """Add one message."""
        i: cython.int = self.n
        if i == 0:
            self.waiting.append(self.place)
        if i == self.capacity:
            self._resize(self.capacity * 2)
        self.offset[i] = offset
        self.length[i] = length
        self.flow[i] = flow
        self.side[i] = side
        self.direction[i] = direction
        self.time[i] = time
        self.frame[i] = frame
        self.source[i] = source
        self.clock[i] = clock
        self.gaps[i] = gaps
        self.n = i + 1
        return 0

    def done(self):
        """All are decoded: none is here, and nothing of this batch's buffer is held, which can be used again."""
        self.n = 0
        self.turn += 1
        self.bind(NOTHING)

    def bytes(self, i):
        """Message i as bytes, for rare and rich messages."""
        start: cython.Py_ssize_t = self.offset[i]
        length: cython.Py_ssize_t = self.length[i]
        if cython.compiled and 0 < length <= len(self.octets) - start:
            return cython.cast(cython.p_char, cython.address(self.octets[start]))[:length]
        return self.array[start : start + length].tobytes()
