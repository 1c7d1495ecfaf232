# cython: compiled
"""Columns of numbers: room for more rows, what rows have of their flows, and bitmaps of the rows that have a number."""

from __future__ import annotations

import cython
import numpy as np

__all__ = ["ends", "gathered", "laid", "picked", "present", "present_codes", "roomier", "scattered"]

_TCP, _UDP = 6, 17
MANY = 2048
"""Rows beyond which numpy's passes cost less than a loop that stops at each."""
STRETCH = 512
"""Rows from which on it is quicker to copy a stretch of them than to take each."""


def present(numbers, least):
    """Bitmap (octets, bit 0 first) of the numbers (int64 array) that are `least` or more; None where all are.

    One pass that stops at nothing in most columns: numpy would make a mask for each, which costs a small batch more
    than its rows. Of many rows it is much quicker.
    """
    if not cython.compiled or len(numbers) > MANY:
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
    # Most columns have all numbers, or lack the first: the least is found in a third of the time that a mask takes.
    if len(numbers) and numbers[0] >= least and numbers.min() >= least:
        return None
    mask = numbers >= least
    return None if mask.all() else bytearray(np.packbits(mask, bitorder="little").tobytes())


def present_codes(codes, least=0):
    """The same of int32: of codes, those that stand for something, which are not negative."""
    if not cython.compiled or len(codes) > MANY:
        return _present(codes, least)
    view: cython.const_int[::1] = codes
    bound: cython.int = least
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


def ends(flow, asker, columns):
    """Of each row's flow: realm, id, both addresses and both ports, who asks first, and the bitmap of rows with ports.

    flow: int32, slots. asker: uint8, the side that asks. columns: Flows.columns. The bitmap is as of `present`.
    """
    n: cython.Py_ssize_t = len(flow)
    kinds = (np.int32, np.uint64, np.int32, np.int32, np.uint16, np.uint16)
    made = [np.empty(n, kind) for kind in kinds]
    if not cython.compiled:
        return (*made, _ends(flow, asker, columns, made))
    slots: cython.const_int[::1] = flow
    sides: cython.const_uchar[::1] = asker
    realms: cython.const_int[::1] = columns["realm"]
    idents: cython.const_ulonglong[::1] = columns["ident"]
    transports: cython.const_int[::1] = columns["transport"]
    addresses: cython.const_int[:, ::1] = columns["address"]
    ports: cython.const_int[:, ::1] = columns["port"]
    realm: cython.int[::1] = made[0]
    ident: cython.ulonglong[::1] = made[1]
    client: cython.int[::1] = made[2]
    server: cython.int[::1] = made[3]
    client_port: cython.ushort[::1] = made[4]
    server_port: cython.ushort[::1] = made[5]
    bits = bytearray((n + 7) // 8)
    octets: cython.uchar[::1] = bits
    missing: cython.Py_ssize_t = n
    i: cython.Py_ssize_t
    for i in range(n):
        slot: cython.Py_ssize_t = slots[i]
        side: cython.Py_ssize_t = sides[i] & 1
        realm[i] = realms[slot]
        ident[i] = idents[slot]
        client[i] = addresses[slot, side]
        server[i] = addresses[slot, 1 - side]
        client_port[i] = ports[slot, side]
        server_port[i] = ports[slot, 1 - side]
        if transports[slot] == 6 or transports[slot] == 17:
            octets[i >> 3] |= 1 << (i & 7)
            missing -= 1
    return (*made, bits if missing else None)


def _ends(flow, asker, columns, made):
    """Fill in what `ends` returns; the bitmap."""
    slot = flow.astype(np.intp)
    client = 2 * slot + (asker & 1)
    address, port = columns["address"].reshape(-1), columns["port"].reshape(-1)
    made[0][:], made[1][:] = columns["realm"].take(slot), columns["ident"].take(slot)
    made[2][:], made[3][:] = address.take(client), address.take(client ^ 1)
    made[4][:], made[5][:] = port.take(client), port.take(client ^ 1)
    transport = columns["transport"].take(slot)
    return _present(np.where((transport == _TCP) | (transport == _UDP), 0, -1), 0)


def gathered(octets, begin, length):
    """Stretches of octets one behind the other (uint8 array), and where each begins (int32, one more than there are).

    octets: uint8 array. begin, length: int64 and int32 arrays. Raises IndexError where a stretch leaves the octets, and
    OverflowError where all of them together are 2 GiB or more.
    """
    n: cython.Py_ssize_t = len(length)
    bounds = np.zeros(n + 1, np.int64)
    np.cumsum(length, out=bounds[1:])
    if n and int(bounds[n]) >= 1 << 31:
        raise OverflowError("more octets than Arrow's binary column can hold")
    if n and (begin.min() < 0 or length.min() < 0 or (begin + length).max() > len(octets)):
        raise IndexError("a stretch leaves the octets")
    made = np.empty(int(bounds[n]), np.uint8)
    offsets = bounds.astype(np.int32)
    if not cython.compiled:
        for i in range(n):
            made[offsets[i] : offsets[i + 1]] = octets[begin[i] : begin[i] + length[i]]
        return made, offsets
    there: cython.const_uchar[::1] = octets
    to: cython.uchar[::1] = made
    starts: cython.const_longlong[::1] = begin
    sizes: cython.const_int[::1] = length
    i: cython.Py_ssize_t
    k: cython.Py_ssize_t
    at: cython.Py_ssize_t = 0
    start: cython.Py_ssize_t
    size: cython.Py_ssize_t
    for i in range(n):
        start = starts[i]
        size = sizes[i]
        if size < 128:  # a slice costs as much to make as so many octets to copy
            for k in range(size):
                to[at + k] = there[start + k]
        else:
            to[at : at + size] = there[start : start + size]
        at += size
    return made, offsets


def laid(sizes):
    """Where stretches that lie one behind the other begin (int32, one more than there are); -1 (int32 array): none."""
    n: cython.Py_ssize_t = len(sizes)
    offsets = np.empty(n + 1, np.int32)
    if not cython.compiled:
        offsets[0] = 0
        np.cumsum(np.maximum(sizes, 0), dtype=np.int32, out=offsets[1:])
        return offsets
    lengths: cython.const_int[::1] = sizes
    starts: cython.int[::1] = offsets
    at: cython.int = 0
    i: cython.Py_ssize_t
    for i in range(n):
        starts[i] = at
        if lengths[i] > 0:
            at += lengths[i]
    starts[n] = at
    return offsets


def scattered(given, n):
    """Octets or texts of some of n rows (row → them), in the order of the rows: what an Arrow column is made of.

    That is: where each row's begin (int32, one more than rows), the bitmap of rows that have some (as of `present`;
    None where all have), and all octets, one behind the other. Together they are less than 2 GiB.
    """
    rising: cython.Py_ssize_t = -1
    row: cython.Py_ssize_t
    for row in given:
        if row <= rising:
            given = dict(sorted(given.items()))
            break
        rising = row
    if not cython.compiled:
        return _scattered(given, n)
    offsets = np.empty(n + 1, np.int32)
    starts: cython.int[::1] = offsets
    bits = bytearray((n + 7) // 8)
    octets: cython.uchar[::1] = bits
    parts: list = []
    at: cython.Py_ssize_t = 0
    end: cython.Py_ssize_t = 0
    there: dict = given
    for row, part in there.items():
        piece: bytes = part if isinstance(part, bytes) else part.encode()
        while at <= row:
            starts[at] = end
            at += 1
        octets[row >> 3] |= 1 << (row & 7)
        end += len(piece)
        parts.append(piece)
    while at <= n:
        starts[at] = end
        at += 1
    return offsets, None if len(parts) == n else bits, b"".join(parts)


def _scattered(given, n):
    parts = [part if isinstance(part, bytes) else part.encode() for part in given.values()]
    lengths, filled = np.zeros(n + 1, np.int64), np.full(n, -1, np.int64)
    rows = np.array(list(given), np.int64)
    lengths[rows + 1] = list(map(len, parts))
    filled[rows] = 0
    return np.cumsum(lengths).astype(np.int32), _present(filled, 0), b"".join(parts)


def picked(columns, places):
    """Rows of columns (name → array) at some places (int array): copied in stretches where few rows are left out."""
    begins = np.flatnonzero(np.diff(places) != 1) + 1 if len(places) else places
    if len(places) < MANY or STRETCH * len(begins) > len(places):
        return {name: column.take(places) for name, column in columns}
    firsts = places[np.append(0, begins)].tolist()
    lasts = places[np.append(begins, len(places)) - 1].tolist()
    stretches = [slice(first, last + 1) for first, last in zip(firsts, lasts, strict=True)]
    return {name: np.concatenate([column[rows] for rows in stretches]) for name, column in columns}


def roomier(columns, kinds, capacity, rows):
    """Columns (name → array) of `capacity` each that begin with the first `rows` of the old ones.

    kinds: name → type of each column; columns may lack any. Views of the old arrays show the old rows only.
    Behind those rows stands anything: filling it would cost more than most rows, and who adds a row writes all of it.
    """
    grown = {}
    for name, kind in kinds.items():
        column = np.empty(capacity, kind)
        if name in columns:
            column[:rows] = columns[name][:rows]
        grown[name] = column
    return grown
