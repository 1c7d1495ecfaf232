# cython: compiled
# ruff: noqa: ERA001, F821 (the line above tells setup.py to compile this module; C's names stand in laying.pxd)
"""Walks over the payloads of a batch: laid behind each other, octets at places compared, ends of streams kept.

    | kept of before | segment | segment | ... next stream ... | packet | ...

Compiled with bounds checks, runs as it is too. Arrays are contiguous; what is written to is named in each docstring.
Rows are payloads as they came. Keys are those of `streams.Streams`: two of each conversation, one per side, which
differ in their lowest bit.
"""
# mypy: disable-error-code="import-untyped,untyped-decorator,valid-type,name-defined"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.
# C's functions stand in laying.pxd.

from __future__ import annotations

import cython

from interlock.detect.signatures.engine.stepping import compared

__all__ = ["AGAIN", "KEPT", "PACKET", "ROOM", "STREAM", "compare", "keep", "lay", "tell"]

KEPT = 512
"""Octets of a stream that are kept, so that what lies across two segments is seen."""
AGAIN = 127
"""Of those the last that are looked through for literals again, where it is known that they hold none."""
ROOM = 1024
"""Octets of the place where they are kept: most segments go behind what is there."""
PACKET, STREAM = 1, 2
"""Bits of a row: it is a packet, and it is the next piece of a stream."""


@cython.ccall
def lay(
    bits: cython.const[cython.uchar][::1],
    keys: cython.const[cython.longlong][::1],
    offsets: cython.const[cython.longlong][::1],
    begins: cython.const[cython.longlong][::1],
    lengths: cython.const[cython.int][::1],
    octets: cython.const[cython.uchar][::1],
    places: cython.const[cython.int][::1],
    tails: cython.const[cython.longlong][:, ::1],
    kept: cython.const[cython.uchar][::1],
    last: cython.int[::1],
    codes: cython.const[cython.int][::1],
    clean: cython.const[cython.int][::1],
    following: cython.int[::1],
    out: cython.uchar[::1],
    sought: cython.uchar[::1],
    made: cython.longlong[:, ::1],
) -> cython.Py_ssize_t:
    """Lay rows that have bits behind each other, those of a stream behind what is kept of it; how many stretches.

    bits to octets: of the rows, and where each stands in the octets. places: per key where its octets are kept, or -1;
    tails: per place (begin, length, where the stream is then); kept: ROOM octets a place.
    last: per key -1, and so again at the end; following: written, one of each row. out: written.
    codes: of each row; clean: per place the code under which no literal is in what is kept (streams.Streams).
    sought: written, what is to be looked through for literals: the same without what is known to hold none.
    made: written, per stretch: its row (-1: what was kept), where it starts, from where on it is looked at, octets of
    its stream before that, whether it goes on from the one before, where it starts in `sought`; and one more, where
    the last one ends.
    """
    # Over 40 lines: one walk, whose places in both octets go on from one stretch to the next.
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    at: cython.Py_ssize_t = 0
    to: cython.Py_ssize_t = 0
    run: cython.Py_ssize_t
    size: cython.Py_ssize_t
    skipped: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    place: cython.Py_ssize_t
    count: cython.Py_ssize_t = 0
    end: cython.longlong
    _link(bits, keys, last, following)
    for i in range(bits.shape[0]):
        if not bits[i] or (bits[i] & 2 and last[keys[i]] != -1):  # or laid with the first one of its stream
            continue
        if not bits[i] & 2:
            _note(made, count, i, at, 0, 0, to)
            at = _copy(out, at, octets, begins[i], lengths[i])
            to = _copy(sought, to, octets, begins[i], lengths[i])
            count += 1
            continue
        last[keys[i]] = 0
        place = places[keys[i]]
        run = at
        if place >= 0 and tails[place, 1] > 0 and tails[place, 2] == offsets[i]:
            _note(made, count, -1, at, 0, offsets[i] - tails[place, 1], to)
            size, begin = tails[place, 1], place * 1024 + tails[place, 0]
            at = _copy(out, at, kept, begin, size)
            skipped = max(0, size - 127) if clean[place] == codes[i] else 0
            to = _copy(sought, to, kept, begin + skipped, size - skipped)
            count += 1
        j = i
        end = offsets[i]
        while j >= 0:
            if offsets[j] != end:
                run = at
            size = min(512, at - run)
            _note(made, count, j, at, size, offsets[j] - size, to)
            at = _copy(out, at, octets, begins[j], lengths[j])
            to = _copy(sought, to, octets, begins[j], lengths[j])
            end = offsets[j] + lengths[j]
            count += 1
            j = following[j]
    for i in range(bits.shape[0]):
        if bits[i] & 2:
            last[keys[i]] = -1
    made[1, count], made[5, count] = at, to
    return count


@cython.cfunc
def _link(
    bits: cython.const[cython.uchar][::1],
    keys: cython.const[cython.longlong][::1],
    last: cython.int[::1],
    following: cython.int[::1],
) -> cython.void:
    """Each piece knows the next one of its stream."""
    i: cython.Py_ssize_t
    for i in range(bits.shape[0]):
        if bits[i] & 2:
            following[i] = -1
            if last[keys[i]] >= 0:
                following[last[keys[i]]] = i
            last[keys[i]] = i
    for i in range(bits.shape[0]):
        if bits[i] & 2:
            last[keys[i]] = -1


@cython.cfunc
def _note(
    made: cython.longlong[:, ::1],
    k: cython.Py_ssize_t,
    row: cython.longlong,
    at: cython.longlong,
    size: cython.longlong,
    before: cython.longlong,
    to: cython.longlong,
) -> cython.void:
    """Stretch k. size: octets before it that are looked at, too; before: octets of its stream before those.

    to: where it starts in what is looked through.
    """
    made[0, k], made[1, k], made[2, k] = row, at, at - size
    made[3, k], made[4, k], made[5, k] = before, size > 0, to


@cython.cfunc
def _copy(
    to: cython.uchar[::1],
    at: cython.Py_ssize_t,
    octets: cython.const[cython.uchar][::1],
    start: cython.Py_ssize_t,
    count: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Copy octets; where the next ones go. Raises IndexError where they leave either."""
    if count < 0 or start < 0 or at < 0 or count > octets.shape[0] - start or count > to.shape[0] - at:
        raise IndexError(count)
    if count == 0:
        return at
    if cython.compiled:
        memcpy(cython.address(to[at]), cython.address(octets[start]), count)
    else:
        to[at : at + count] = octets[start : start + count]
    return at + count


@cython.ccall
def keep(
    bits: cython.const[cython.uchar][::1],
    keys: cython.const[cython.longlong][::1],
    offsets: cython.const[cython.longlong][::1],
    begins: cython.const[cython.longlong][::1],
    lengths: cython.const[cython.int][::1],
    octets: cython.const[cython.uchar][::1],
    places: cython.const[cython.int][::1],
    codes: cython.const[cython.int][::1],
    clean: cython.int[::1],
    tails: cython.longlong[:, ::1],
    kept: cython.uchar[::1],
) -> cython.void:
    """Keep the last octets of each stream; of those that have no place nothing. The arguments are those of `lay`.

    tails, kept, clean: written. That literals were met is for others to note.
    """
    i: cython.Py_ssize_t
    place: cython.Py_ssize_t
    base: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    have: cython.Py_ssize_t
    more: cython.Py_ssize_t
    for i in range(bits.shape[0]):
        if not bits[i] & 2 or places[keys[i]] < 0:
            continue
        place = places[keys[i]]
        base = place * 1024
        clean[place] = codes[i]
        begin, have, more = tails[place, 0], tails[place, 1], lengths[i]
        if tails[place, 2] != offsets[i]:
            begin = have = 0
        tails[place, 2] = offsets[i] + more
        if more >= 512:
            _copy(kept, base, octets, begins[i] + more - 512, 512)
            tails[place, 0], tails[place, 1] = 0, 512
            continue
        if begin + have + more > 1024:
            _to_front(kept, base, begin, have)
            begin = 0
        _copy(kept, base + begin + have, octets, begins[i], more)
        have += more
        if have > 512:
            begin += have - 512
            have = 512
        tails[place, 0], tails[place, 1] = begin, have


@cython.cfunc
def _to_front(
    kept: cython.uchar[::1], base: cython.Py_ssize_t, begin: cython.Py_ssize_t, have: cython.Py_ssize_t
) -> cython.void:
    """What is kept at a place goes to its beginning."""
    if begin < 0 or have < 0 or begin + have > 1024 or base < 0 or base + 1024 > kept.shape[0]:
        raise IndexError(begin)
    if have == 0:
        return
    if cython.compiled:
        memmove(cython.address(kept[base]), cython.address(kept[base + begin]), have)
    else:
        kept[base : base + have] = bytes(kept[base + begin : base + begin + have])


@cython.ccall
def tell(
    keys: cython.const[cython.longlong][::1],
    ends: cython.const[cython.longlong][::1],
    chosen: cython.const[cython.longlong][::1],
    sent: cython.longlong[::1],
    told: cython.longlong[:, ::1],
) -> cython.void:
    """Count what each side has sent, and tell it of chosen rows.

    keys, ends: of rows, in order; an end is how much its side has sent with it. chosen: rows, rising.
    sent: per key, -1 where that side has not spoken; written. told: written, per chosen row (its own side, the other).
    """
    i: cython.Py_ssize_t
    k: cython.Py_ssize_t = 0
    n: cython.Py_ssize_t = chosen.shape[0]
    for i in range(keys.shape[0]):
        sent[keys[i]] = max(sent[keys[i]], ends[i])
        while k < n and chosen[k] == i:
            told[k, 0] = sent[keys[i]]
            told[k, 1] = sent[keys[i] ^ 1]
            k += 1


@cython.ccall
def compare(
    groups: cython.const[cython.int][::1],
    begins: cython.const[cython.longlong][::1],
    starts: cython.const[cython.longlong][::1],
    ends: cython.const[cython.longlong][::1],
    before: cython.const[cython.longlong][::1],
    octets: cython.const[cython.uchar][::1],
    rules_of: cython.const[cython.int][:, ::1],
    rules: cython.const[cython.int][::1],
    anchors_of: cython.const[cython.int][:, ::1],
    anchors: cython.const[cython.int][:, ::1],
    sought: cython.const[cython.uchar][::1],
    sizes: cython.const[cython.longlong][:, ::1],
    numbers_of: cython.const[cython.int][:, ::1],
    numbers: cython.const[cython.longlong][:, ::1],
    packets: cython.bint,
    found: list[tuple[int, int]],
) -> cython.void:
    """Every stretch that has all octets of a rule at their places, and its size: (stretch, rule) goes to `found`.

    groups: of each stretch, -1 where it is not looked at; begins: from where on it is; starts, ends: its own octets;
    before: octets of its stream before `begins`, from whose beginning places count. rules_of: per group where its
    rules begin and end among `rules`; anchors_of: per rule the same among `anchors`, each of which is (place, where
    its octets begin among those sought, how many they are). sizes: per rule the least and the most octets of its own.
    numbers_of: per rule the same of numbers, which are compared in packets: as `groups` has them.
    """
    i: cython.Py_ssize_t
    r: cython.Py_ssize_t
    a: cython.Py_ssize_t
    at: cython.Py_ssize_t
    rule: cython.Py_ssize_t
    own: cython.longlong
    there: cython.bint
    for i in range(groups.shape[0]):
        if groups[i] < 0:
            continue
        own = ends[i] - starts[i]
        for r in range(rules_of[groups[i], 0], rules_of[groups[i], 1]):
            rule = rules[r]
            if own < sizes[rule, 0] or own > sizes[rule, 1]:
                continue
            there = True
            for a in range(anchors_of[rule, 0], anchors_of[rule, 1]):
                at = begins[i] + anchors[a, 0] - before[i]
                there = at >= begins[i] and _stands(octets, at, ends[i], sought, anchors[a, 1], anchors[a, 2])
                if not there:
                    break
            if there and packets:
                for a in range(numbers_of[rule, 0], numbers_of[rule, 1]):
                    if not _holds(octets, starts[i], ends[i], numbers, a):
                        there = False
                        break
            if there:
                found.append((i, rule))


@cython.cfunc
def _stands(
    octets: cython.const[cython.uchar][::1],
    at: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    sought: cython.const[cython.uchar][::1],
    first: cython.Py_ssize_t,
    size: cython.Py_ssize_t,
) -> cython.bint:
    """Whether octets stand at a place, and end in time."""
    k: cython.Py_ssize_t
    if at + size > end:
        return False
    for k in range(size):  # noqa: SIM110 - a generator would cost more than the octets
        if octets[at + k] != sought[first + k]:
            return False
    return True


@cython.cfunc
def _holds(
    octets: cython.const[cython.uchar][::1],
    start: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    numbers: cython.const[cython.longlong][:, ::1],
    a: cython.Py_ssize_t,
) -> cython.bint:
    """Whether a number of a payload is there, and as it is asked."""
    at: cython.Py_ssize_t = start + numbers[a, 0]
    count: cython.Py_ssize_t = numbers[a, 1]
    k: cython.Py_ssize_t
    number: cython.longlong = 0
    if at < start or at + count > end:
        return False
    for k in range(count):
        number = number << 8 | octets[at + (count - 1 - k if numbers[a, 2] else k)]
    holds: cython.bint = compared(numbers[a, 3], number, numbers[a, 4])
    return not holds if numbers[a, 5] else holds
