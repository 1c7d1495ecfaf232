# cython: compiled
"""Columns of numbers: room for more rows, and the bitmap of the rows that have one, which Arrow needs beside them."""

from __future__ import annotations

import cython
import numpy as np

__all__ = ["present", "present_codes", "roomier"]


def present(numbers, least):
    """Bitmap (octets, bit 0 first) of the numbers (int64 array) that are `least` or more; None where all are.

    One pass that stops at nothing in most columns: numpy would make a mask for each, which costs a small batch more
    than its rows.
    """
    if not cython.compiled:
        return _present(numbers, least)
    view: cython.const_longlong[::1] = numbers
    bound: cython.longlong = least
    n: cython.Py_ssize_t = view.shape[0]
    i: cython.Py_ssize_t = 0
    while i < n and view[i] >= bound:
        i += 1
    if i == n:
        return None
    bits = bytearray((n + 7) // 8)
    octets: cython.uchar[::1] = bits
    for i in range(n):
        if view[i] >= bound:
            octets[i >> 3] |= 1 << (i & 7)
    return bits


def _present(numbers, least):
    mask = numbers >= least
    return None if mask.all() else bytearray(np.packbits(mask, bitorder="little").tobytes())


def present_codes(codes):
    """Bitmap of the codes (int32 array) that stand for something, which are not negative; None where all do."""
    if not cython.compiled:
        return _present(codes, 0)
    view: cython.const_int[::1] = codes
    n: cython.Py_ssize_t = view.shape[0]
    i: cython.Py_ssize_t = 0
    while i < n and view[i] >= 0:
        i += 1
    return None if i == n else present(codes.astype(np.int64), 0)


def roomier(columns, kinds, capacity, rows):
    """Columns (name → array) of `capacity` zeros each that begin with the first `rows` of the old ones.

    kinds: name → type of each column; columns may lack any. Views of the old arrays show the old rows only.
    """
    grown = {}
    for name, kind in kinds.items():
        column = np.zeros(capacity, kind)
        if name in columns:
            column[:rows] = columns[name][:rows]
        grown[name] = column
    return grown
