# cython: compiled
# ruff: noqa: ERA001 (the line above tells setup.py to compile this module)
"""Rows numbered by what they hold: a pass or two each, where numpy and Arrow would take half a dozen.

Compiled with bounds checks, runs as it is too. Arrays are contiguous and, if nothing else is said, int64 of a length;
what is written to is named in each docstring.
"""
# mypy: disable-error-code="import-untyped,untyped-decorator,valid-type"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.

from __future__ import annotations

from typing import Any

import cython
import numpy as np

__all__ = [
    "alike",
    "cross",
    "fold_up",
    "lots",
    "mark",
    "mark_named",
    "number",
    "place",
    "place_named",
    "sift",
    "sort_out",
    "sum_up",
    "views",
]


def views(*arrays: np.ndarray[Any, Any]) -> list[memoryview]:
    """Arrays as the walks take them: uncompiled, too, each element is a number of Python's own."""
    return [(array.view(np.uint8) if array.dtype == np.bool_ else array).data for array in arrays]


@cython.ccall
def alike(codes: cython.const[cython.longlong][::1]) -> cython.bint:
    """Whether all are the same; looks no further than it must."""
    i: cython.Py_ssize_t
    for i in range(1, codes.shape[0]):  # noqa: SIM110 - compiled, a generator costs more than the loop
        if codes[i] != codes[0]:
            return False
    return True


@cython.ccall
def mark(codes: cython.const[cython.longlong][::1], places: cython.longlong[::1]) -> cython.void:
    """Mark the codes (from -1) that occur. places: written, 1 at each one's place, which is its code and one."""
    i: cython.Py_ssize_t
    for i in range(codes.shape[0]):
        places[codes[i] + 1] = 1


@cython.ccall
def place(
    codes: cython.const[cython.longlong][::1],
    places: cython.const[cython.longlong][::1],
    found: cython.longlong[::1],
) -> cython.void:
    """Look codes (from -1) up. places: what stands at each one's place, which is its code and one. found: written."""
    i: cython.Py_ssize_t
    for i in range(codes.shape[0]):
        found[i] = places[codes[i] + 1]


@cython.ccall
def mark_named(
    codes: cython.const[cython.int][::1],
    bits: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    places: cython.longlong[::1],
) -> cython.void:
    """As `mark`, of codes as Arrow holds them: int32, and of each a bit, from bit `begin` on, that is 0 for null (-1).

    bits: empty where none is null.
    """
    i: cython.Py_ssize_t
    if bits.shape[0] == 0:
        for i in range(codes.shape[0]):
            places[codes[i] + 1] = 1
        return
    for i in range(codes.shape[0]):
        places[codes[i] + 1 if _is_known(bits, begin + i) else 0] = 1


@cython.ccall
def place_named(
    codes: cython.const[cython.int][::1],
    bits: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    places: cython.const[cython.longlong][::1],
    found: cython.longlong[::1],
) -> cython.void:
    """As `place`, of codes as in `mark_named`. found: written."""
    i: cython.Py_ssize_t
    if bits.shape[0] == 0:
        for i in range(codes.shape[0]):
            found[i] = places[codes[i] + 1]
        return
    for i in range(codes.shape[0]):
        found[i] = places[codes[i] + 1 if _is_known(bits, begin + i) else 0]


@cython.cfunc
@cython.inline
def _is_known(bits: cython.const[cython.uchar][::1], at: cython.Py_ssize_t) -> cython.bint:
    return (bits[at >> 3] >> (at & 7)) & 1


@cython.ccall
def cross(
    cells: cython.const[cython.longlong][::1],
    codes: cython.const[cython.longlong][::1],
    width: cython.longlong,
    crossed: cython.longlong[::1],
) -> cython.void:
    """One number for each pair of cell and code, which is below `width`. crossed: written; may be the cells."""
    i: cython.Py_ssize_t
    for i in range(cells.shape[0]):
        crossed[i] = cells[i] * width + codes[i]


@cython.ccall
def number(
    cells: cython.const[cython.longlong][::1],
    keys: cython.longlong[::1],
    held: cython.longlong[::1],
    numbers: cython.longlong[::1],
    firsts: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """Number cells from 0 in the order of first sight; how many there are, -1 where the table is too small for them.

    keys, held: a table of a power of two places, -1 in all of `held`; at most half of them are used. Written: keys,
    held, numbers (per row), firsts (the row of each number's first sight; half as many as places, at most all rows).
    """
    i: cython.Py_ssize_t
    at: cython.ulonglong
    known: cython.Py_ssize_t = 0
    most: cython.Py_ssize_t = firsts.shape[0]
    mask: cython.ulonglong = keys.shape[0] - 1
    cell: cython.longlong
    last: cython.longlong = 0
    answer: cython.longlong = -1
    for i in range(cells.shape[0]):
        cell = cells[i]
        if answer < 0 or cell != last:  # many rows are like the one before them
            at = _spread(cell) & mask
            while held[at] >= 0 and keys[at] != cell:
                at = (at + 1) & mask
            if held[at] < 0:
                if known == most:
                    return -1
                keys[at] = cell
                held[at] = known
                firsts[known] = i
                known += 1
            last = cell
            answer = held[at]
        numbers[i] = answer
    return known


@cython.cfunc
@cython.inline
def _spread(cell: cython.longlong) -> cython.ulonglong:
    """Scatter numbers that lie close together, or far apart in even steps."""
    first: cython.ulonglong = 0x9E3779B97F4A7C15
    whole: cython.ulonglong = 0xFFFFFFFFFFFFFFFF
    mixed: cython.ulonglong
    mixed = cython.cast(cython.ulonglong, cell) * first if cython.compiled else (cell * first) & whole
    return mixed ^ (mixed >> 32)


@cython.ccall
def sum_up(
    cells: cython.const[cython.longlong][::1],
    times: cython.const[cython.longlong][::1],
    frames: cython.const[cython.longlong][::1],
    counts: cython.longlong[::1],
    first: cython.longlong[::1],
    last: cython.longlong[::1],
    least: cython.longlong[::1],
) -> cython.void:
    """Count rows by cell; their first and last time, and smallest frame that is not 0. Written: the last four."""
    i: cython.Py_ssize_t
    cell: cython.Py_ssize_t
    for i in range(cells.shape[0]):
        cell = cells[i]
        counts[cell] += 1
        first[cell] = min(first[cell], times[i])
        last[cell] = max(last[cell], times[i])
        if 0 < frames[i] < least[cell]:
            least[cell] = frames[i]


@cython.ccall
def fold_up(
    cells: cython.const[cython.longlong][::1],
    given: tuple[Any, ...],
    made: tuple[Any, ...],
) -> cython.void:
    """Sum rows up by cell. given, made: count, weight, top, first, last, frame, source. Written: made.

    Counts and weights are sums (from 0), top and last the greatest (from the least there is). First, frame and source
    are those of the row that was first (from the greatest there is): of equals the one with the smallest frame, and
    then the smallest source.
    """
    count: cython.const[cython.longlong][::1]
    weight: cython.const[cython.longlong][::1]
    top: cython.const[cython.longlong][::1]
    first: cython.const[cython.longlong][::1]
    last: cython.const[cython.longlong][::1]
    frame: cython.const[cython.longlong][::1]
    source: cython.const[cython.longlong][::1]
    counts: cython.longlong[::1]
    weights: cython.longlong[::1]
    tops: cython.longlong[::1]
    firsts: cython.longlong[::1]
    lasts: cython.longlong[::1]
    frames: cython.longlong[::1]
    sources: cython.longlong[::1]
    count, weight, top, first, last, frame, source = given
    counts, weights, tops, firsts, lasts, frames, sources = made
    i: cython.Py_ssize_t
    cell: cython.Py_ssize_t
    for i in range(cells.shape[0]):
        cell = cells[i]
        counts[cell] += count[i]
        weights[cell] += weight[i]
        tops[cell] = max(tops[cell], top[i])
        lasts[cell] = max(lasts[cell], last[i])
        if first[i] > firsts[cell]:
            continue
        if first[i] == firsts[cell] and (
            frame[i] > frames[cell] or (frame[i] == frames[cell] and source[i] >= sources[cell])
        ):
            continue
        firsts[cell] = first[i]
        frames[cell] = frame[i]
        sources[cell] = source[i]


@cython.ccall
def sift(
    frames: cython.const[cython.longlong][::1],
    below: cython.longlong,
    limit: cython.ulonglong,
    kept: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """Find the frames below a number, and those whose mark (named_frames.marks_of) is below a limit; how many.

    None that stands for none (0). kept: written.
    """
    i: cython.Py_ssize_t
    found: cython.Py_ssize_t = 0
    frame: cython.longlong
    for i in range(frames.shape[0]):
        frame = frames[i]
        if frame > 0 and (frame < below or _mark(frame) < limit):
            kept[found] = frame
            found += 1
    return found


@cython.ccall
def lots(frames: cython.const[cython.longlong][::1], marks: cython.ulonglong[::1]) -> cython.void:
    """The mark of each frame (named_frames.marks_of). marks: written."""
    i: cython.Py_ssize_t
    for i in range(frames.shape[0]):
        marks[i] = _mark(frames[i])


@cython.cfunc
@cython.inline
def _mark(frame: cython.longlong) -> cython.ulonglong:
    first: cython.ulonglong = 0xBF58476D1CE4E5B9
    second: cython.ulonglong = 0x94D049BB133111EB
    mark: cython.ulonglong = _cut(cython.cast(cython.ulonglong, frame) if cython.compiled else frame)
    mark = _cut((mark ^ (mark >> 30)) * first)
    mark = _cut((mark ^ (mark >> 27)) * second)
    return mark ^ (mark >> 31)


@cython.cfunc
@cython.inline
def _cut(number: cython.ulonglong) -> cython.ulonglong:
    """The lowest 64 bits, which compiled it has alone."""
    return number if cython.compiled else number & 0xFFFFFFFFFFFFFFFF


@cython.ccall
def sort_out(
    cells: cython.const[cython.longlong][::1], starts: cython.longlong[::1], order: cython.longlong[::1]
) -> cython.void:
    """Give the rows of each cell one after another, rising.

    Written: starts, one more than there are cells, from 0s: where each one's rows begin in `order`, and its end; order.
    """
    i: cython.Py_ssize_t
    cell: cython.Py_ssize_t
    for i in range(cells.shape[0]):
        starts[cells[i] + 1] += 1
    for i in range(1, starts.shape[0]):
        starts[i] += starts[i - 1]
    for i in range(cells.shape[0]):
        cell = cells[i]
        order[starts[cell]] = i
        starts[cell] += 1
    for i in range(starts.shape[0] - 1, 0, -1):  # each has come to where the next one begins
        starts[i] = starts[i - 1]
    starts[0] = 0
