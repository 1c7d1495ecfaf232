# cython: compiled
# ruff: noqa: ERA001 (the line above tells setup.py to compile this module)
"""Parquet's encodings of values and levels, each a pass over contiguous memory.

Compiled with bounds checks, runs as it is too. If nothing else is said, a function writes octets to `out` from `at` on
and returns where they end; `out` has room (see the functions `room_…`), else IndexError.

    hybrid     varint count << 1 | value of ⌈width/8⌉ octets          a run of one value
               varint groups << 1 | 1 | 8 · groups values of `width` bits      from the lowest bit on
    delta      varint 128 | varint 4 | varint count | zigzag first
               per 128 values: zigzag least | widths 4 | four times 32 values less the least, in their width
    spelled    length 4 (least octet first) | octets

Over 400 lines because all of it is one compiled module: another would cost every build more than a split would tell.
Bits of what is not null (`bits`, as Arrow has them, the first at bit `first`) are empty where nothing is null.
Source: Apache Parquet format 2.10, Encodings.md.
"""
# mypy: disable-error-code="import-untyped,untyped-decorator,valid-type,no-any-return,misc,unreachable,name-defined"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.

from __future__ import annotations

from typing import Any

import cython

__all__ = [
    "chosen",
    "delta",
    "dense",
    "hybrid",
    "levels",
    "list_levels",
    "number_integers",
    "number_octets",
    "number_words",
    "room_for_delta",
    "room_for_hybrid",
    "run",
    "spelled",
]


def room_for_hybrid(count: int, width: int) -> int:
    """Octets that `hybrid` may need at most: a run of eight may cost more than eight values."""
    return (count // 8 + 2) * (width + 12)


def room_for_delta(count: int) -> int:
    """Octets that `delta` may need at most."""
    return 8 * count + (count // 128 + 1) * 270 + 40


@cython.cfunc
def _varint(value: cython.ulonglong, out: cython.uchar[::1], at: cython.Py_ssize_t) -> cython.Py_ssize_t:
    while value > 127:
        out[at] = (value & 127) | 128
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@cython.cfunc
def _zigzag(value: cython.ulonglong, out: cython.uchar[::1], at: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Write a signed number, given as its 64 bits."""
    ones: cython.ulonglong = 0xFFFFFFFFFFFFFFFF
    sign: cython.ulonglong = ones if value >> 63 else 0
    return _varint(((value << 1) & ones) ^ sign, out, at)


@cython.cfunc
def _four(value: cython.ulonglong, out: cython.uchar[::1], at: cython.Py_ssize_t) -> cython.Py_ssize_t:
    out[at + 3] = (value >> 24) & 255
    out[at] = value & 255
    out[at + 1] = (value >> 8) & 255
    out[at + 2] = (value >> 16) & 255
    return at + 4


@cython.ccall
def hybrid(
    codes: cython.const[cython.int][::1], width: cython.int, out: cython.uchar[::1], at: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """Codes below 2 ** width, each eight or more alike as a run."""
    n: cython.Py_ssize_t = codes.shape[0]
    begin: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t = 0
    j: cython.Py_ssize_t
    while i < n:
        j = i + 1
        while j < n and codes[j] == codes[i]:
            j += 1
        if j - i < 8:
            i += 8
            continue
        if begin < i:
            at = _literal(codes, begin, i, width, out, at)
        at = run(codes[i], j - i, width, out, at)
        i = j
        begin = j
    if begin < n:
        at = _literal(codes, begin, n, width, out, at)
    return at


@cython.ccall
def run(
    value: cython.uint,
    count: cython.Py_ssize_t,
    width: cython.int,
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """`count` times one value below 2 ** width, of a hybrid."""
    at = _varint(count << 1, out, at)
    while width > 0:
        out[at] = value & 255
        value >>= 8
        at += 1
        width -= 8
    return at


@cython.cfunc
def _literal(
    codes: cython.const[cython.int][::1],
    begin: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    width: cython.int,
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Write values in groups of eight; zeros fill the last one."""
    groups: cython.Py_ssize_t = (end - begin + 7) // 8
    held: cython.ulonglong = 0
    bits: cython.int = 0
    code: cython.ulonglong
    k: cython.Py_ssize_t
    at = _varint((groups << 1) | 1, out, at)
    stop: cython.Py_ssize_t = at + groups * width
    for k in range(begin, end):
        code = codes[k]
        held |= code << bits
        bits += width
        if bits >= 32:
            at = _four(held, out, at)
            held >>= 32
            bits -= 32
    while at < stop:
        out[at] = held & 255
        held >>= 8
        at += 1
    return at


@cython.ccall
def levels(
    bits: cython.const[cython.uchar][::1],
    count: cython.Py_ssize_t,
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Write `count` bits, from the first one on, as the levels of a column that may be null: a hybrid of width 1.

    bits: ⌈count/8⌉ octets, zeros behind the last bit; empty: `count` ones.
    """
    n: cython.Py_ssize_t = bits.shape[0]
    begin: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t = 0
    j: cython.Py_ssize_t
    if n == 0:
        return run(1, count, 1, out, at)
    while i < n:
        j = i
        if bits[i] == 0 or bits[i] == 255:
            while j < n and bits[j] == bits[i]:
                j += 1
        if j - i < 4:  # shorter runs cost as much as they save
            i += 1
            continue
        at = _bits(bits, begin, i, out, at)
        at = run(bits[i] & 1, min(8 * j, count) - 8 * i, 1, out, at)
        i = j
        begin = j
    return _bits(bits, begin, n, out, at)


@cython.cfunc
def _bits(
    bits: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Write octets of bits as groups of eight."""
    k: cython.Py_ssize_t
    if begin < end:
        at = _varint(((end - begin) << 1) | 1, out, at)
        for k in range(begin, end):
            out[at] = bits[k]
            at += 1
    return at


@cython.ccall
def list_levels(
    offsets: cython.const[cython.int][::1],
    bits: cython.const[cython.uchar][::1],
    first: cython.Py_ssize_t,
    repeated: cython.int[::1],
    defined: cython.int[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Levels of lists without null elements: repeated 0 (a list begins) or 1; defined 0 (null), 1 (empty), or 3.

    repeated, defined: written, from `at` on; where they end is returned.
    """
    k: cython.Py_ssize_t
    i: cython.Py_ssize_t
    size: cython.Py_ssize_t
    has: cython.bint = bits.shape[0] > 0
    for k in range(offsets.shape[0] - 1):
        size = offsets[k + 1] - offsets[k]
        repeated[at] = 0
        if has and not (bits[(first + k) >> 3] >> ((first + k) & 7)) & 1:
            defined[at] = 0
            at += 1
        elif size == 0:
            defined[at] = 1
            at += 1
        else:
            for i in range(at, at + size):
                repeated[i] = 1
                defined[i] = 3
            repeated[at] = 0
            at += size
    return at


@cython.ccall
def delta(
    values: cython.const[cython.longlong][::1],
    scratch: cython.ulonglong[::1],
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Write whole numbers of 64 bits as differences. scratch: written, 128 numbers."""
    ones: cython.ulonglong = 0xFFFFFFFFFFFFFFFF
    top: cython.ulonglong = 0x8000000000000000
    n: cython.Py_ssize_t = values.shape[0]
    i: cython.Py_ssize_t = 1
    k: cython.Py_ssize_t
    count: cython.Py_ssize_t
    before: cython.ulonglong
    value: cython.ulonglong
    least: cython.ulonglong
    at = _varint(128, out, at)
    at = _varint(4, out, at)
    at = _varint(n, out, at)
    before = cython.cast(cython.ulonglong, values[0]) & ones if n else 0
    at = _zigzag(before, out, at)
    while i < n:
        count = min(128, n - i)
        least = ones
        for k in range(count):
            value = cython.cast(cython.ulonglong, values[i + k]) & ones
            scratch[k] = ((value - before) ^ top) & ones  # so that signed numbers compare as unsigned ones do
            before = value
            least = min(least, scratch[k])
        at = _zigzag(least ^ top, out, at)
        at = _miniblocks(scratch, count, least, out, at)
        i += count
    return at


@cython.cfunc
def _miniblocks(
    numbers: cython.const[cython.ulonglong][::1],
    count: cython.Py_ssize_t,
    least: cython.ulonglong,
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Write `count` (at most 128) numbers less the least, 32 in a width; zeros fill the last 32."""
    # Over 40 lines: one loop that runs for every number; a call for each 32 would need its state handed back.
    widths: cython.Py_ssize_t = at
    begin: cython.Py_ssize_t
    k: cython.Py_ssize_t
    end: cython.Py_ssize_t
    any_of: cython.ulonglong
    value: cython.ulonglong
    low: cython.ulonglong
    held: cython.ulonglong
    mask: cython.ulonglong = 0xFFFFFFFF
    width: cython.int
    bits: cython.int
    stop: cython.Py_ssize_t
    at += 4
    for begin in range(0, 128, 32):
        end = min(begin + 32, count)
        any_of = 0
        for k in range(begin, end):
            any_of |= numbers[k] - least
        width = 0
        while any_of:
            any_of >>= 1
            width += 1
        out[widths + begin // 32] = width
        stop = at + (4 * width if begin < count else 0)
        held = 0
        bits = 0
        for k in range(begin, end if width else begin):
            value = numbers[k] - least
            if width > 32:
                low = value & mask
                held |= low << bits
                at = _four(held & mask, out, at)
                held >>= 32
                value >>= 32
                held |= value << bits
                bits += width - 32
            else:
                held |= value << bits
                bits += width
            if bits >= 32:
                at = _four(held & mask, out, at)
                held >>= 32
                bits -= 32
        while at < stop:
            out[at] = held & 255
            held >>= 8
            at += 1
    return at


@cython.ccall
def dense(
    values: cython.const[cython.longlong][::1],
    bits: cython.const[cython.uchar][::1],
    first: cython.Py_ssize_t,
    to: cython.longlong[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Copy the values that are not null. to: written, from `at` on; where they end is returned."""
    k: cython.Py_ssize_t
    for k in range(values.shape[0]):
        if (bits[(first + k) >> 3] >> ((first + k) & 7)) & 1:
            to[at] = values[k]
            at += 1
    return at


@cython.ccall
def number_words(
    indices: cython.const[cython.int][::1],
    bits: cython.const[cython.uchar][::1],
    first: cython.Py_ssize_t,
    places: cython.int[::1],
    order: cython.int[::1],
    state: cython.longlong[::1],
    codes: cython.int[::1],
) -> cython.Py_ssize_t:
    """Number the words that rows name, in the order of the rows.

    places: written, word → its number, or -1. order: written, number → word. codes: written, of what is not null.
    state: how many codes and numbers there are, before and after; the codes' is returned.
    """
    at: cython.Py_ssize_t = state[0]
    known: cython.Py_ssize_t = state[1]
    has: cython.bint = bits.shape[0] > 0
    last: cython.int = -1
    code: cython.int = 0
    k: cython.Py_ssize_t
    for k in range(indices.shape[0]):
        if has and not (bits[(first + k) >> 3] >> ((first + k) & 7)) & 1:
            continue
        if indices[k] != last:
            last = indices[k]
            code = places[last]
            if code < 0:
                code = known
                places[last] = code
                order[known] = last
                known += 1
        codes[at] = code
        at += 1
    state[0] = at
    state[1] = known
    return at


@cython.ccall
def number_integers(
    values: cython.const[cython.longlong][::1],
    places: cython.int[::1],
    order: cython.longlong[::1],
    codes: cython.int[::1],
) -> cython.Py_ssize_t:
    """Number the integers of a column in the order of the rows; how many there are, -1: more than `order` holds.

    places: written, a power of two of -1, more than numbers. order: written, number → integer. codes: written.
    """
    known: cython.Py_ssize_t = 0
    mask: cython.ulonglong = places.shape[0] - 1
    ones: cython.ulonglong = 0xFFFFFFFFFFFFFFFF
    golden: cython.ulonglong = 0x9E3779B97F4A7C15
    last: cython.longlong = 0
    code: cython.int = -1
    slot: cython.ulonglong
    value: cython.longlong
    k: cython.Py_ssize_t
    for k in range(values.shape[0]):
        value = values[k]
        if code < 0 or value != last:
            last = value
            slot = ((cython.cast(cython.ulonglong, value) * golden) & ones) >> 32
            code = places[slot & mask]
            while code >= 0 and order[code] != value:
                slot += 1
                code = places[slot & mask]
            if code < 0:
                if known == order.shape[0]:
                    return -1
                code = known
                places[slot & mask] = code
                order[known] = value
                known += 1
        codes[k] = code
    return known


@cython.ccall
def number_octets(
    offsets: cython.const[cython.int][::1],
    octets: cython.const[cython.uchar][::1],
    bits: cython.const[cython.uchar][::1],
    first: cython.Py_ssize_t,
    places: cython.int[::1],
    order: cython.int[::1],
    codes: cython.int[::1],
) -> cython.Py_ssize_t:
    """As `number_integers`, of stretches of octets. order: written, number → row that has it first.

    codes: written, of what is not null.
    """
    known: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = 0
    mask: cython.ulonglong = places.shape[0] - 1
    ones: cython.ulonglong = 0xFFFFFFFFFFFFFFFF
    prime: cython.ulonglong = 0x100000001B3
    has: cython.bint = bits.shape[0] > 0
    code: cython.int
    mixed: cython.ulonglong
    k: cython.Py_ssize_t
    i: cython.Py_ssize_t
    for k in range(offsets.shape[0] - 1):
        if has and not (bits[(first + k) >> 3] >> ((first + k) & 7)) & 1:
            continue
        mixed = 0xCBF29CE484222325
        for i in range(offsets[k], offsets[k + 1]):
            mixed = ((mixed ^ octets[i]) * prime) & ones
        mixed ^= mixed >> 32
        code = places[mixed & mask]
        while code >= 0 and not _same(offsets, octets, order[code], k):
            mixed += 1
            code = places[mixed & mask]
        if code < 0:
            if known == order.shape[0]:
                return -1
            code = known
            places[mixed & mask] = code
            order[known] = k
            known += 1
        codes[at] = code
        at += 1
    return known


@cython.cfunc
def _same(
    offsets: cython.const[cython.int][::1],
    octets: cython.const[cython.uchar][::1],
    one: cython.Py_ssize_t,
    other: cython.Py_ssize_t,
) -> cython.bint:
    size: cython.Py_ssize_t = offsets[one + 1] - offsets[one]
    k: cython.Py_ssize_t
    if offsets[other + 1] - offsets[other] != size:
        return False
    for k in range(size):  # noqa: SIM110 - compiled, a generator costs more than the loop
        if octets[offsets[one] + k] != octets[offsets[other] + k]:
            return False
    return True


@cython.cfunc
def _put(
    octets: cython.const[cython.uchar][::1],
    begin: cython.Py_ssize_t,
    size: cython.Py_ssize_t,
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    at = _four(size, out, at)
    if size > 0:
        # Both ends are looked at, with bounds checks; a slice would cost more to make than most octets to copy.
        out[at + size - 1] = octets[begin + size - 1]
        if cython.compiled:
            memcpy(cython.address(out[at]), cython.address(octets[begin]), size)  # noqa: F821 - of encodings.pxd
        else:
            out[at : at + size] = octets[begin : begin + size]
    return at + size


@cython.ccall
def spelled(
    offsets: cython.const[cython.int][::1],
    octets: cython.const[cython.uchar][::1],
    bits: cython.const[cython.uchar][::1],
    first: cython.Py_ssize_t,
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Stretches of octets that are not null, each with its length."""
    has: cython.bint = bits.shape[0] > 0
    k: cython.Py_ssize_t
    for k in range(offsets.shape[0] - 1):
        if not has or (bits[(first + k) >> 3] >> ((first + k) & 7)) & 1:
            at = _put(octets, offsets[k], offsets[k + 1] - offsets[k], out, at)
    return at


@cython.ccall
def chosen(
    offsets: cython.const[cython.int][::1],
    octets: cython.const[cython.uchar][::1],
    rows: cython.const[cython.int][::1],
    out: cython.uchar[::1],
    at: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Those of some rows, each with its length."""
    k: cython.Py_ssize_t
    row: cython.Py_ssize_t
    for k in range(rows.shape[0]):
        row = rows[k]
        at = _put(octets, offsets[row], offsets[row + 1] - offsets[row], out, at)
    return at


if not cython.compiled:

    def _of_views(function: Any) -> Any:
        """Numbers of numpy overflow in their width; a memoryview gives Python's."""
        return lambda *given: function(*(getattr(one, "data", one) for one in given))

    for _name in __all__:
        globals()[_name] = _of_views(globals()[_name])
