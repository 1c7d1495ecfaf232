# cython: compiled
"""Many integers as decimal text at once: the buffers of a string column."""

from __future__ import annotations

import cython
import numpy as np

__all__ = ["decimals"]

DIGITS = 19
"""Of the largest 63-bit number."""


@cython.cfunc
@cython.locals(
    numbers=cython.longlong[::1], ends=cython.int[::1], octets=cython.uchar[::1], value=cython.longlong,
    ten=cython.longlong, at=cython.Py_ssize_t, i=cython.Py_ssize_t, k=cython.Py_ssize_t, width=cython.Py_ssize_t,
)  # fmt: skip
def _write(numbers, ends, octets):
    at = 0
    ends[0] = 0
    for i in range(numbers.shape[0]):
        value = numbers[i]
        if value >= 0:
            width = 1
            ten = 10
            while value >= ten and width < 18:  # a comparison costs a tenth of a division
                ten = ten * 10
                width += 1
            if value >= ten:
                width = 19
            for k in range(width):
                octets[at + width - 1 - k] = 48 + value % 10
                value = value // 10
            at += width
        ends[i + 1] = at
    return at


def decimals(numbers):
    """Offsets (int32, one more than numbers) and octets (uint8) of their decimal texts; a negative one has none.

    numbers: int64 array, fewer than 2**31 / 19 of them.
    """
    ends = np.empty(len(numbers) + 1, np.int32)
    octets = np.empty(len(numbers) * DIGITS, np.uint8)
    if cython.compiled:
        used = _write(np.ascontiguousarray(numbers, np.int64), ends, octets)
    else:
        texts = [str(n) if n >= 0 else "" for n in numbers.tolist()]
        ends[0] = 0
        np.cumsum([len(t) for t in texts], out=ends[1:])
        used = int(ends[-1])
        octets[:used] = np.frombuffer("".join(texts).encode("ascii"), np.uint8)
    return ends, octets[:used]
