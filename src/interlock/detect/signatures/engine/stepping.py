# cython: compiled
# ruff: noqa: ERA001 (the line above tells setup.py to compile this module)

"""A walk over payloads that holds steps of a rule against each: numbers and octets at places that are known by then.

Compiled with bounds checks, runs as it is too. Arrays are contiguous.
"""
# mypy: disable-error-code="import-untyped,untyped-decorator,valid-type,name-defined"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.

from __future__ import annotations

import cython

__all__ = ["JUMP", "SHAPE", "TEST", "THERE", "compared", "hold"]

JUMP, TEST, THERE, SHAPE = range(4)
"""Kinds of steps. Each is a row of numbers: kind, relative, then
jump:  offset, octets, little, multiplier, more, -, -
test:  offset, octets, little, comparison (0 to 4: = < > <= >=), value, negated, -
there: place, negated, -, -, -, -, -
shape: fixed octets (begin, end), octets ahead (begin, end), ahead asked, without, nocase
"""


@cython.ccall
def hold(
    steps: cython.const[cython.longlong][:, ::1],
    shapes: cython.const[cython.short][::1],
    cells: cython.const[cython.uchar][::1],
    begins: cython.const[cython.longlong][::1],
    lengths: cython.const[cython.longlong][::1],
    held: cython.uchar[::1],
) -> cython.void:
    """Whether all steps hold, per payload: written to `held`. shapes: octets, -1 for any."""
    i: cython.Py_ssize_t
    s: cython.Py_ssize_t
    place: cython.longlong
    kind: cython.longlong
    for i in range(begins.shape[0]):
        place = 0
        for s in range(steps.shape[0]):
            kind = steps[s, 0]
            if kind == 0:
                place = _jumped(steps, s, cells, begins[i], lengths[i], place)
                if place < 0:
                    break
            elif (
                (kind == 1 and not _tested(steps, s, cells, begins[i], lengths[i], place))
                or (kind == 2 and not _there(steps, s, lengths[i], place))
                or (kind == 3 and not _shaped(steps, s, shapes, cells, begins[i], lengths[i], place))
            ):
                break
        else:
            held[i] = 1
            continue
        held[i] = 0


@cython.ccall
def compared(how: cython.longlong, number: cython.longlong, value: cython.longlong) -> cython.bint:
    """How a number stands to another one. how: 0 to 4, for = < > <= >=."""
    return (
        (how == 0 and number == value)
        or (how == 1 and number < value)
        or (how == 2 and number > value)
        or (how == 3 and number <= value)
        or (how == 4 and number >= value)
    )


@cython.cfunc
def _start(
    steps: cython.const[cython.longlong][:, ::1],
    s: cython.Py_ssize_t,
    length: cython.longlong,
    place: cython.longlong,
) -> cython.longlong:
    """Where the number of a step begins in a payload; -1 where it is not within it."""
    start: cython.longlong = steps[s, 2]
    if steps[s, 1]:
        start += place
    if start < 0 or start + steps[s, 3] > length or length <= 0 or (steps[s, 1] and start >= length):
        return -1
    return start


@cython.cfunc
def _number(
    steps: cython.const[cython.longlong][:, ::1],
    s: cython.Py_ssize_t,
    cells: cython.const[cython.uchar][::1],
    at: cython.Py_ssize_t,
) -> cython.longlong:
    k: cython.Py_ssize_t
    count: cython.Py_ssize_t = steps[s, 3]
    number: cython.longlong = 0
    for k in range(count):
        number = number << 8 | cells[at + (count - 1 - k if steps[s, 4] else k)]
    return number


@cython.cfunc
def _jumped(
    steps: cython.const[cython.longlong][:, ::1],
    s: cython.Py_ssize_t,
    cells: cython.const[cython.uchar][::1],
    begin: cython.longlong,
    length: cython.longlong,
    place: cython.longlong,
) -> cython.longlong:
    """Where one is behind the jump; -1 where that is not within the payload."""
    start: cython.longlong = _start(steps, s, length, place)
    if start < 0:
        return -1
    start += steps[s, 3] + _number(steps, s, cells, begin + start) * steps[s, 5] + steps[s, 6]
    start = max(0, start)
    return start if start <= length else -1


@cython.cfunc
def _tested(
    steps: cython.const[cython.longlong][:, ::1],
    s: cython.Py_ssize_t,
    cells: cython.const[cython.uchar][::1],
    begin: cython.longlong,
    length: cython.longlong,
    place: cython.longlong,
) -> cython.bint:
    start: cython.longlong = _start(steps, s, length, place)
    if start < 0:
        return False
    holds: cython.bint = compared(steps[s, 5], _number(steps, s, cells, begin + start), steps[s, 6])
    return not holds if steps[s, 7] else holds


@cython.cfunc
def _there(
    steps: cython.const[cython.longlong][:, ::1],
    s: cython.Py_ssize_t,
    length: cython.longlong,
    place: cython.longlong,
) -> cython.bint:
    there: cython.bint = place + steps[s, 2] <= length if steps[s, 1] else steps[s, 2] < length
    return not there if steps[s, 3] else there


@cython.cfunc
def _shaped(
    steps: cython.const[cython.longlong][:, ::1],
    s: cython.Py_ssize_t,
    shapes: cython.const[cython.short][::1],
    cells: cython.const[cython.uchar][::1],
    begin: cython.longlong,
    length: cython.longlong,
    place: cython.longlong,
) -> cython.bint:
    start: cython.longlong = min(place, length) if steps[s, 1] else 0
    nocase: cython.bint = steps[s, 8] != 0
    if not _stand(shapes, steps[s, 2], steps[s, 3], cells, begin + start, length - start, nocase):
        return False
    if not steps[s, 6]:
        return True
    start += steps[s, 3] - steps[s, 2]
    ahead: cython.bint = _stand(
        shapes, steps[s, 4], steps[s, 5], cells, begin + start, length - start, nocase
    )
    return not ahead if steps[s, 7] else ahead


@cython.cfunc
def _stand(
    shapes: cython.const[cython.short][::1],
    first: cython.Py_ssize_t,
    stop: cython.Py_ssize_t,
    cells: cython.const[cython.uchar][::1],
    at: cython.Py_ssize_t,
    left: cython.longlong,
    nocase: cython.bint,
) -> cython.bint:
    """Whether octets stand at a place. left: how many there are from there on."""
    k: cython.Py_ssize_t
    octet: cython.int
    if left < stop - first:
        return False
    for k in range(stop - first):
        octet = shapes[first + k]
        if octet < 0 or cells[at + k] == octet:
            continue
        if not (nocase and (octet | 32) >= 97 and (octet | 32) <= 122 and cells[at + k] == octet ^ 32):
            return False
    return True
