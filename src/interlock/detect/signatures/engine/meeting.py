# cython: compiled
# ruff: noqa: ERA001 (the line above tells setup.py to compile this module)

"""Walks over what Hyperscan has told: which stretches hold literals of rules that are held against them.

Compiled with bounds checks, runs as it is too. Arrays are contiguous.
"""
# mypy: disable-error-code="import-untyped,untyped-decorator,valid-type,name-defined"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.

from __future__ import annotations

import cython

__all__ = ["PLACE", "meet"]

PLACE = 32
"""Bits of a place in octets; a literal's number stands above them."""


@cython.ccall
def meet(
    told: cython.const[cython.longlong][::1],
    starts: cython.const[cython.longlong][::1],
    sought: cython.const[cython.longlong][::1],
    floors: cython.const[cython.longlong][::1],
    joined: cython.const[cython.uchar][::1],
    lengths: cython.const[cython.longlong][::1],
    owners_of: cython.const[cython.longlong][:, ::1],
    owners: cython.const[cython.longlong][::1],
    groups: cython.const[cython.int][::1],
    there: cython.const[cython.uchar][::1],
    packets: cython.const[cython.uchar][:, ::1],
    streams: cython.const[cython.uchar][:, ::1],
    found: set[tuple[int, int, int, int]],
    ending: cython.uchar[::1],
) -> cython.void:
    """(level, place among the owners, stretch, rule) of all that were told goes to `found`.

    told: number of a literal and where it ends (PLACE) in what was looked through. starts to streams: as of
    scanner.Looked; levels are the bits `packet` and `stream`. lengths: of literals; owners_of: where the rules of each
    begin and end among `owners`. Of a packet a literal lies in what its stretch adds; of a stream in what is looked at.
    Nothing is told of one that begins before all that was looked through of its stream. ending: written, 1 for each
    stretch in which one of the others ends, whoever looks for it.
    """
    i: cython.Py_ssize_t
    row: cython.Py_ssize_t
    first: cython.Py_ssize_t
    stop: cython.longlong
    begin: cython.longlong
    number: cython.longlong
    count: cython.Py_ssize_t = floors.shape[0]
    for i in range(told.shape[0]):
        number = told[i] >> 32
        stop = told[i] & 0xFFFFFFFF
        begin = stop - lengths[number]
        row = _stretch(sought, stop - 1)
        if row < 0 or row >= count:
            continue
        first = row
        while first > 0 and joined[first] and sought[first] > begin:
            first -= 1
        if begin < sought[first]:
            continue
        ending[row] = 1
        begin += starts[row + 1] - sought[row + 1]  # what is not looked through of a stretch is its beginning
        if begin >= floors[row]:
            _note(
                owners_of, owners, number, row, groups, there, packets, streams, begin >= starts[row], found
            )
        row += 1
        while row < count and joined[row] and floors[row] <= begin:
            _note(owners_of, owners, number, row, groups, there, packets, streams, False, found)
            row += 1


@cython.cfunc
def _stretch(starts: cython.const[cython.longlong][::1], at: cython.longlong) -> cython.Py_ssize_t:
    """The last one that begins at or before a place; -1 for none."""
    low: cython.Py_ssize_t = 0
    high: cython.Py_ssize_t = starts.shape[0]
    middle: cython.Py_ssize_t
    while low < high:
        middle = (low + high) // 2
        if starts[middle] <= at:
            low = middle + 1
        else:
            high = middle
    return low - 1


@cython.cfunc
def _note(
    owners_of: cython.const[cython.longlong][:, ::1],
    owners: cython.const[cython.longlong][::1],
    number: cython.Py_ssize_t,
    row: cython.Py_ssize_t,
    groups: cython.const[cython.int][::1],
    there: cython.const[cython.uchar][::1],
    packets: cython.const[cython.uchar][:, ::1],
    streams: cython.const[cython.uchar][:, ::1],
    own: cython.bint,
    found: set[tuple[int, int, int, int]],
) -> cython.void:
    j: cython.Py_ssize_t
    rule: cython.Py_ssize_t
    if not there[row]:
        return
    for j in range(owners_of[number, 0], owners_of[number, 1]):
        rule = owners[j]
        if own and there[row] & 1 and packets[groups[row], rule]:
            found.add((1, j, row, rule))
        if there[row] & 2 and streams[groups[row], rule]:
            found.add((2, j, row, rule))
