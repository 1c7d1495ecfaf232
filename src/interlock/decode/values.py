# cython: compiled
"""Where decoders write process values: blocks of numbers, a text, or raw octets."""

from __future__ import annotations

import cython
import numpy as np

from interlock.decode.columns import MANY, roomier

__all__ = ["NO_TIME", "READ", "REPORTED", "WRITTEN", "ValueSheet"]

WRITTEN, READ, REPORTED = range(3)

NO_TIME = -(1 << 62)
"""Missing device time."""

_TYPES = {
    "flow": np.int32,
    "source": np.int32,
    "unit": np.int32,
    "object": np.int32,
    "type": np.int32,
    "quality": np.int32,
    "operation": np.int64,
    "time": np.int64,
    "frame": np.int64,
    "begin": np.int64,
    "device_time": np.int64,
    "raw_size": np.int32,
    "direction": np.uint8,
    "server_side": np.uint8,
    "protocol": np.int16,
}


class ValueSheet:
    """Blocks of values; `begin` is where a block's numbers start in `number_array`.

    raw_size: how many octets of `raw_array` are a block's, which follow those of the blocks before it; -1: it has none,
    or they are in `late`, for they came when another block had begun.

    `wanted` is 0 where nobody asked for values: decoders may then leave them out.
    """

    def __init__(self):
        self.n = 0
        self.numbers = 0
        self.capacity = 0
        self.columns = {}
        self.texts = {}
        self.late = {}
        self.wanted = True
        self._resize(1024)
        self.number_capacity = 8192
        self.number_array = np.empty(8192, np.float64)
        self.number_view = memoryview(self.number_array)
        self.raws = 0
        self.raw_octets = 0
        self.raw_capacity = 8192
        self.raw_array = np.empty(8192, np.uint8)
        self.raw_view = memoryview(self.raw_array)

    def _resize(self, capacity):
        grown = self.columns = roomier(self.columns, _TYPES, capacity, self.n)
        self.capacity = capacity
        self.flow, self.source = memoryview(grown["flow"]), memoryview(grown["source"])
        self.unit, self.object = memoryview(grown["unit"]), memoryview(grown["object"])
        self.type, self.quality = memoryview(grown["type"]), memoryview(grown["quality"])
        self.operation, self.time = memoryview(grown["operation"]), memoryview(grown["time"])
        self.frame, self.begin = memoryview(grown["frame"]), memoryview(grown["begin"])
        self.direction, self.protocol = memoryview(grown["direction"]), memoryview(grown["protocol"])
        self.server_side, self.device_time = (
            memoryview(grown["server_side"]),
            memoryview(grown["device_time"]),
        )
        self.raw_size = memoryview(grown["raw_size"])

    def block(self, m, i, protocol, operation, unit, object, direction, type):  # noqa: A002
        """Begin a block in message i. operation: 0 for none; unit, object, type: codes or -1.

        direction: WRITTEN, READ or REPORTED. The server is whoever did not send a write, or sent an answer.
        """
        row: cython.int = self.n
        if row == self.capacity:
            self._resize(self.capacity * 2)
        self.flow[row] = m.flow[i]
        self.source[row] = m.source[i]
        self.unit[row] = unit
        self.object[row] = object
        self.type[row] = type
        self.quality[row] = -1
        self.operation[row] = operation
        self.time[row] = m.time[i]
        self.frame[row] = m.frame[i]
        self.begin[row] = self.numbers
        self.device_time[row] = -4611686018427387904
        self.raw_size[row] = -1
        self.direction[row] = direction
        side: cython.int = m.side[i]
        self.server_side[row] = 1 - side if direction == 0 else side
        self.protocol[row] = protocol
        self.n = row + 1
        return row

    def number(self, value):
        """One more number of the newest block."""
        at: cython.longlong = self.numbers
        if at == self.number_capacity:
            self._grow_numbers()
        self.number_view[at] = value
        self.numbers = at + 1
        return 0

    def registers(self, c, count):
        """The next `count` 16-bit words (most significant octet first) at cursor c, as the newest block's numbers.

        The hot path of every controller that is polled for registers.
        """
        c.need(2 * count)
        at: cython.longlong = self.numbers
        while at + count > self.number_capacity:
            self._grow_numbers()
        p: cython.Py_ssize_t = c.position
        octets: cython.const_uchar[::1] = c.octets
        view: cython.double[::1] = self.number_view
        k: cython.Py_ssize_t
        for k in range(count):
            view[at + k] = (octets[p + 2 * k] << 8) | octets[p + 2 * k + 1]
        self.numbers = at + count
        c.position = p + 2 * count
        return 0

    def every_other(self, c, count):
        """`count` numbers of 32 bits (signed, most significant octet first) at cursor c, as the newest block's numbers.

        Behind each stand 32 bits that the caller has read already: the quality of a sampled value.
        """
        c.need(8 * count)
        at: cython.longlong = self.numbers
        while at + count > self.number_capacity:
            self._grow_numbers()
        view: cython.double[::1] = self.number_view
        k: cython.Py_ssize_t
        for k in range(count):
            view[at + k] = c.i32be()
            c.position += 4
        self.numbers = at + count
        return 0

    def _grow_numbers(self):
        self.number_capacity *= 2
        grown = np.empty(self.number_capacity, np.float64)
        grown[: self.numbers] = self.number_array[: self.numbers]
        self.number_array = grown
        self.number_view = memoryview(grown)

    def set_quality(self, row, quality):
        """Code of the protocol's own quality word."""
        self.quality[row] = quality

    def set_device_time(self, row, time):
        """When the device says that the values held: UTC ns (local time as if it were UTC where it does not tell)."""
        self.device_time[row] = time

    def set_text(self, row, text):
        """The value is text."""
        self.texts[row] = text

    def set_raw(self, row, raw):
        """Octets that neither numbers nor text can hold."""
        if row != self.n - 1 or self.raw_size[row] >= 0:
            self.late[row] = raw
        else:
            self._put(row, raw, 0, len(raw))

    def take_raw(self, row, c, count):
        """The same of the next `count` octets at cursor c."""
        if row != self.n - 1 or self.raw_size[row] >= 0:
            self.late[row] = c.take(count)
            return 0
        c.need(count)
        self._put(row, c.octets, c.position, count)
        c.position += count
        return 0

    def _put(self, row, octets, begin, count):
        """Octets of the newest block, `row`."""
        at: cython.Py_ssize_t = self._room(row, count)
        if cython.compiled:
            # Both ends are looked at, with bounds checks; room for slices alone would cost more than most octets.
            if count > 0:
                self.raw_view[at + count - 1] = octets[begin + count - 1]
                memcpy(
                    cython.address(self.raw_view[at]), cython.address(octets[begin]), count
                )  # of values.pxd
        else:
            self.raw_view[at : at + count] = octets[begin : begin + count]
        return 0

    def _room(self, row, count):
        """Where the octets of the newest block, `row`, are to be put."""
        at: cython.longlong = self.raw_octets
        if at + count > self.raw_capacity:
            self._grow_raws(at + count)
        self.raw_size[row] = count
        self.raws += 1
        self.raw_octets = at + count
        return at

    def _grow_raws(self, least):
        while self.raw_capacity < least:
            self.raw_capacity *= 2
        grown = np.empty(self.raw_capacity, np.uint8)
        grown[: self.raw_octets] = self.raw_array[: self.raw_octets]
        self.raw_array = grown
        self.raw_view = memoryview(grown)

    def set_server_side(self, row, side):
        """Whose process it is, where the direction alone does not tell."""
        self.server_side[row] = side

    def end_batch(self):
        """Take all blocks out: (name → array, numbers, row → text, octets, row → late octets), and begin anew.

        Octets are None where no block has any but late ones.
        """
        # Those of a small batch are copied, many are handed over.
        few: cython.bint = self.n < MANY or 4 * self.n < self.capacity
        done = {
            name: column[: self.n].copy() if few else column[: self.n]
            for name, column in self.columns.items()
        }
        if not few:
            self.columns = {}
            self.n = 0
            self._resize(self.capacity)
        numbers = self.number_array[: self.numbers]
        if (
            4 * self.numbers < self.number_capacity
        ):  # the few of a small batch are copied, many are handed over
            numbers = numbers.copy()
        else:
            self.number_array = np.empty(self.number_capacity, np.float64)
            self.number_view = memoryview(self.number_array)
        octets = None
        if self.raws:
            octets = self.raw_array[: self.raw_octets]
            if 4 * self.raw_octets < self.raw_capacity:
                octets = octets.copy()
            else:
                self.raw_array = np.empty(self.raw_capacity, np.uint8)
                self.raw_view = memoryview(self.raw_array)
        texts, late = self.texts, self.late
        self.n = 0
        self.numbers = 0
        self.raws = 0
        self.raw_octets = 0
        self.texts = {}
        self.late = {}
        return done, numbers, texts, octets, late
