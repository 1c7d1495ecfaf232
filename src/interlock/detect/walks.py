# cython: compiled
# ruff: noqa: ERA001 (the line above tells setup.py to compile this module)
"""Walks over the numbers of readings, one after another: what numpy would do in a dozen passes with room for each.

Compiled with bounds checks, runs as it is too. Arrays are contiguous; what is written to is named in each docstring.
Rows are in the order of their places, and in time within each, as `Lined` has them.

Over 400 lines, for each compiled module costs an import and a compiler's run, and these are all of one kind.
"""
# mypy: disable-error-code="import-untyped,untyped-decorator,valid-type"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.

from __future__ import annotations

import cython

from interlock.records.cells import views

__all__ = [
    "compare_blocks",
    "find_leaps",
    "find_outside",
    "hash_rows",
    "in_time",
    "learn_steps",
    "line_up",
    "put_down",
    "reach",
    "views",
    "walk_moves",
    "walk_runs",
    "widest_gaps",
]


@cython.ccall
def line_up(
    flat: cython.const[cython.double][::1],
    starts: cython.const[cython.longlong][::1],
    widths: cython.const[cython.longlong][::1],
    values: cython.double[::1],
    whole: cython.uchar[::1],
) -> cython.bint:
    """Copy each row's numbers into `values`; whether all are finite. whole: written, 1 where all of a row's are."""
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    at: cython.Py_ssize_t = 0
    begin: cython.Py_ssize_t
    value: cython.double
    fine: cython.bint = True
    for i in range(starts.shape[0]):
        begin = starts[i]
        whole[i] = 1
        for j in range(begin, begin + widths[i]):
            value = flat[j]
            values[at] = value
            at += 1
            if value - value != 0:  # endless, or no number
                whole[i] = 0
                fine = False
    return fine


@cython.ccall
def put_down(
    values: cython.const[cython.double][::1],
    starts: cython.const[cython.longlong][::1],
    widths: cython.const[cython.longlong][::1],
    begins: cython.const[cython.longlong][::1],
    seconds: cython.const[cython.longlong][::1],
    numbers: cython.double[:, ::1],
) -> cython.void:
    """Write each row's numbers down, one below the other from `begins` on, in its second. numbers: written."""
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    start: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    second: cython.Py_ssize_t
    for i in range(starts.shape[0]):
        start, begin, second = starts[i], begins[i], seconds[i]
        for j in range(widths[i]):
            numbers[begin + j, second] = values[start + j]


@cython.ccall
def in_time(
    times: cython.const[cython.longlong][::1],
    span: cython.longlong,
    reached: cython.longlong,
    stretches: cython.longlong[::1],
) -> cython.void:
    """Number each instant's stretch of time, `span` long, since 1970; -1 where it lies before `reached`.

    reached: the latest that had begun before these. Written: stretches. They need not come in time's order: a batch
    holds one protocol's rows behind another's. Most instants lie in the stretch of the one before.
    """
    i: cython.Py_ssize_t
    time: cython.longlong
    stretch: cython.longlong = 0
    begin: cython.longlong = 0
    end: cython.longlong = 0
    for i in range(times.shape[0]):
        time = times[i]
        if time < begin or time >= end:
            stretch = time // span
            if stretch * span > time:  # compiled, a division rounds towards 0
                stretch -= 1
            begin = stretch * span
            end = (
                begin + span if begin <= 0x7FFFFFFFFFFFFFFF - span else begin
            )  # of the last one none is remembered
        stretches[i] = stretch if stretch >= reached else -1


@cython.ccall
def reach(
    numbers: cython.double[:, ::1],
    low: cython.double[::1],
    high: cython.double[::1],
    told: cython.longlong[::1],
) -> cython.void:
    """Find each row's least and greatest number, and how many it has: those that are none do not count.

    Written: low, high (left as they were where a row has no number), told.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    many: cython.longlong
    value: cython.double
    least: cython.double = 0
    most: cython.double = 0
    for i in range(numbers.shape[0]):
        many = 0
        for j in range(numbers.shape[1]):
            value = numbers[i, j]
            if value == value:  # noqa: PLR0124 - what is no number is not itself
                least = value if many == 0 or value < least else least
                most = value if many == 0 or value > most else most
                many += 1
        told[i] = many
        if many:
            low[i] = least
            high[i] = most


@cython.ccall
def widest_gaps(
    one: cython.double[:, ::1], other: cython.double[:, ::1], lag: cython.Py_ssize_t, gap: cython.double[::1]
) -> cython.void:
    """Find how far a number of `one` was at most from all of `other` within `lag` places, row by row.

    What is no number does not count, nor the first and last places, which have none on one side. gap: written, where
    it is more than stands there.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    k: cython.Py_ssize_t
    known: cython.bint
    value: cython.double
    low: cython.double = 0
    high: cython.double = 0
    for i in range(one.shape[0]):
        for j in range(lag, one.shape[1] - lag):
            known = False
            for k in range(j - lag, j + lag + 1):
                value = other[i, k]
                if value == value:  # noqa: PLR0124 - as above
                    low = value if not known or value < low else low
                    high = value if not known or value > high else high
                    known = True
            if known:
                value = one[i, j]
                if low - value > gap[i]:  # noqa: PLR1730 - of what is no number nothing is taken
                    gap[i] = low - value
                if value - high > gap[i]:  # noqa: PLR1730 - as above
                    gap[i] = value - high


@cython.ccall
def hash_rows(
    bits: cython.const[cython.ulonglong][::1],
    starts: cython.const[cython.longlong][::1],
    lengths: cython.const[cython.longlong][::1],
    hashes: cython.ulonglong[::1],
) -> cython.void:
    """Give each row a number that is the same where all of its own are. bits: the numbers'. hashes: written.

    Nothing is the same with either sign.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    mixed: cython.ulonglong
    whole: cython.ulonglong
    nth: cython.ulonglong
    minus: cython.ulonglong = 0x8000000000000000
    first: cython.ulonglong = 0x9E3779B97F4A7C15
    second: cython.ulonglong = 0xBF58476D1CE4E5B9
    third: cython.ulonglong = 0x94D049BB133111EB
    for i in range(starts.shape[0]):
        begin = starts[i]
        whole = nth = 0
        for j in range(begin, begin + lengths[i]):
            nth = _cut(nth + first)
            mixed = bits[j] if bits[j] != minus else 0
            mixed = _cut((mixed ^ nth) * second)
            whole = _cut(whole + _cut((mixed ^ (mixed >> 29)) * third))
        hashes[i] = whole


@cython.cfunc
@cython.inline
def _cut(number: cython.ulonglong) -> cython.ulonglong:
    """The lowest 64 bits, which compiled it has alone."""
    return number if cython.compiled else number & 0xFFFFFFFFFFFFFFFF


@cython.ccall
def walk_moves(
    values: cython.const[cython.double][::1],
    places: cython.const[cython.longlong][::1],
    widths: cython.const[cython.longlong][::1],
    times: cython.const[cython.longlong][::1],
    begins: cython.const[cython.longlong][::1],
    steps: cython.const[cython.longlong][::1],
    waited: cython.const[cython.longlong][::1],
    at: cython.longlong[::1],
    read: cython.uchar[::1],
    last: cython.double[::1],
    pause: cython.double,
    pauses: cython.longlong[::1],
    near: cython.uchar[::1],
    row: cython.longlong[::1],
    slot: cython.longlong[::1],
    step: cython.double[::1],
) -> cython.void:
    """Compare each reading with the one before it. begins, steps, waited: by place.

    Written: at, read (by place) and last (by slot), what was read last; pauses, near (per row); row, slot, step (per
    number).
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    n: cython.Py_ssize_t = 0
    place: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    usual: cython.double
    value: cython.double
    for i in range(places.shape[0]):
        place = places[i]
        begin = begins[place]
        pauses[i] = times[i] - at[place]
        usual = pause * waited[place] / max(steps[place], 1)
        near[i] = 1 if read[place] and (steps[place] == 0 or pauses[i] <= usual) else 0
        at[place] = times[i]
        read[place] = 1
        for j in range(begin, begin + widths[i]):
            value = values[n]
            row[n] = i
            slot[n] = j
            step[n] = abs(value - last[j])
            last[j] = value
            n += 1


@cython.ccall
def learn_steps(
    values: cython.const[cython.double][::1],
    row: cython.const[cython.longlong][::1],
    slot: cython.const[cython.longlong][::1],
    step: cython.const[cython.double][::1],
    near: cython.const[cython.uchar][::1],
    moved: cython.double[::1],
    largest: cython.double[::1],
    least: cython.double[::1],
    most: cython.double[::1],
) -> cython.void:
    """Take steps for usual. Written, by slot: moved, largest, least, most."""
    n: cython.Py_ssize_t
    j: cython.Py_ssize_t
    for n in range(values.shape[0]):
        j = slot[n]
        least[j] = min(least[j], values[n])
        most[j] = max(most[j], values[n])
        if near[row[n]]:
            if step[n] > 0:
                moved[j] += 1
            largest[j] = max(largest[j], step[n])


@cython.ccall
def find_leaps(
    row: cython.const[cython.longlong][::1],
    slot: cython.const[cython.longlong][::1],
    step: cython.const[cython.double][::1],
    near: cython.const[cython.uchar][::1],
    largest: cython.const[cython.double][::1],
    times: cython.double,
    far: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """Find numbers that moved over `times` their largest step, near the reading before; how many. far: written."""
    n: cython.Py_ssize_t
    found: cython.Py_ssize_t = 0
    for n in range(row.shape[0]):
        if step[n] > times * largest[slot[n]] and near[row[n]]:
            far[found] = n
            found += 1
    return found


@cython.ccall
def find_outside(
    flat: cython.const[cython.double][::1],
    starts: cython.const[cython.longlong][::1],
    widths: cython.const[cython.longlong][::1],
    begins: cython.const[cython.longlong][::1],
    low: cython.const[cython.double][::1],
    high: cython.const[cython.double][::1],
    values: cython.double[::1],
    row: cython.longlong[::1],
    slot: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """Find numbers that do not lie between their low and high, and what is none; how many.

    begins: per row, where its ranges begin. Written: values, row and slot of what is found.
    """
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    start: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    found: cython.Py_ssize_t = 0
    value: cython.double
    for i in range(starts.shape[0]):
        start, begin = starts[i], begins[i]
        for j in range(widths[i]):
            value = flat[start + j]
            if not (low[begin + j] <= value <= high[begin + j]):
                values[found] = value
                row[found] = i
                slot[found] = begin + j
                found += 1
    return found


@cython.ccall
def compare_blocks(
    places: cython.const[cython.longlong][::1],
    last: cython.ulonglong[:, ::1],
    held: cython.ulonglong[:, ::1],
    known: cython.longlong[::1],
    new: cython.longlong[::1],
    same: cython.longlong[::1],
) -> cython.void:
    """Count of each place's held readings those never seen among its last ones, and those equal to the one before.

    last: the latest at the end, of which `known` count. Written: last and known, which take in what is held; new, same.
    """
    i: cython.Py_ssize_t
    t: cython.Py_ssize_t
    j: cython.Py_ssize_t
    place: cython.Py_ssize_t
    first: cython.Py_ssize_t
    memory: cython.Py_ssize_t = last.shape[1]
    block: cython.Py_ssize_t = held.shape[1]
    for i in range(places.shape[0]):
        place = places[i]
        new[i] = 0
        same[i] = 0
        first = memory - known[place]
        for t in range(block):
            if _is_new(last, held, place, max(t, first), t):
                new[i] += 1
            elif held[place, t] == (held[place, t - 1] if t else last[place, memory - 1]):
                same[i] += 1
        for j in range(memory):
            last[place, j] = last[place, j + block] if j + block < memory else held[place, j + block - memory]
        known[place] = min(known[place] + block, memory)


@cython.cfunc
@cython.inline
def _is_new(
    last: cython.ulonglong[:, ::1],
    held: cython.ulonglong[:, ::1],
    place: cython.Py_ssize_t,
    first: cython.Py_ssize_t,
    t: cython.Py_ssize_t,
) -> cython.bint:
    """Whether reading t of those held is none of the earlier ones, nor of the last from `first` on."""
    j: cython.Py_ssize_t
    reading: cython.ulonglong = held[place, t]  # with it, the place is one, and t
    with cython.boundscheck(False):  # up to their own lengths
        for j in range(t):
            if held[place, j] == reading:
                return False
        for j in range(first, last.shape[1]):
            if last[place, j] == reading:
                return False
    return True


@cython.ccall
def walk_runs(
    places: cython.const[cython.longlong][::1],
    slots: cython.const[cython.longlong][::1],
    times: cython.const[cython.longlong][::1],
    last: cython.ulonglong[:, ::1],
    held: cython.ulonglong[:, ::1],
    known: cython.longlong[::1],
    run: cython.longlong[::1],
    fresh: cython.longlong[::1],
    lag: cython.longlong[::1],
    kept: cython.longlong[::1],
    least: cython.longlong,
    lasts: cython.longlong,
    long: cython.longlong[:, ::1],
) -> cython.longlong:
    """Follow readings (held at `slots` of their places) that were there before, one after another.

    Written, per place: run, how many of the latest were there before; fresh, when the last one came that was not; lag,
    how many readings ago the latest one was there (0: never); kept, how many of the run came at the lag of the one
    before. long: the rows here at which a run has `least` readings or more and lasts so long; how many is given.
    """
    i: cython.Py_ssize_t
    place: cython.Py_ssize_t
    ago: cython.longlong
    found: cython.Py_ssize_t = 0
    for i in range(places.shape[0]):
        place = places[i]
        ago = _ago(last, held, place, last.shape[1] - known[place], slots[i])
        if ago == 0:
            run[place] = 0
            kept[place] = 0
            fresh[place] = times[i]
        else:
            run[place] += 1
            kept[place] += ago == lag[place]
            if fresh[place] == 0:
                fresh[place] = times[i]
        lag[place] = ago
        if run[place] >= least and times[i] - fresh[place] >= lasts:
            long[found, 0] = i
            long[found, 1] = run[place]
            long[found, 2] = fresh[place]
            long[found, 3] = ago
            long[found, 4] = kept[place]
            found += 1
    return found


@cython.cfunc
@cython.inline
def _ago(
    last: cython.ulonglong[:, ::1],
    held: cython.ulonglong[:, ::1],
    place: cython.Py_ssize_t,
    first: cython.Py_ssize_t,
    t: cython.Py_ssize_t,
) -> cython.longlong:
    """How many readings ago reading t of those held was there, among the earlier ones and the last from `first` on."""
    j: cython.Py_ssize_t
    reading: cython.ulonglong = held[place, t]  # with it, the place is one, and t
    with cython.boundscheck(False):  # up to their own lengths
        for j in range(1, t + 1):
            if held[place, t - j] == reading:
                return j
        for j in range(1, last.shape[1] - first + 1):
            if last[place, last.shape[1] - j] == reading:
                return t + j
    return 0
