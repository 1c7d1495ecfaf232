# cython: compiled
# ruff: noqa: ERA001 (the line above tells setup.py to compile this module)
"""The hot loops of capture: record headers become columns. Compiled with bounds checks, runs as it is too.

Callers pass `memoryview` objects, also to the uncompiled module, so that every element is a Python int there.

    pcap record   | seconds u32 | fraction u32 | caplen u32 | wirelen u32 | (modified: 8 more) | octets |
    pcapng block  | type u32 | length u32 | body, padded to 4 | length u32 |
      enhanced      interface u32 | ticks high u32 | ticks low u32 | caplen u32 | wirelen u32 | octets …
      obsolete      interface u16 | drops u16 | then as enhanced
      simple        wirelen u32 | octets

Source: draft-ietf-opsawg-pcap sections 4 and 5; draft-ietf-opsawg-pcapng sections 3, 4.3, 4.4 and appendix A.
"""
# mypy: disable-error-code="import-untyped,untyped-decorator"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.

from __future__ import annotations

import cython

__all__ = [
    "BAD_LENGTH",
    "BAD_TRAILER",
    "BLOCK",
    "FULL",
    "MAX_BLOCK_OCTETS",
    "MAX_FRAME_OCTETS",
    "NEED_MORE",
    "NO_INTERFACE",
    "SKIP",
    "TIME_MAX",
    "ZEROS",
    "scan_pcap",
    "scan_pcapng",
]

NEED_MORE = 0
"""The next record is not all there yet."""
FULL = 1
"""The columns are full."""
BAD_LENGTH = 2
"""A length that no capture program writes."""
ZEROS = 3
"""A record header of zeros only: room that was set aside and never written."""
BLOCK = 4
"""pcapng: a section header, interface description or statistics block, for the caller to read."""
SKIP = 5
"""pcapng: a block of no interest that is longer than what is there; `state[1]` is its length."""
BAD_TRAILER = 6
"""pcapng: the length behind a block differs from the one before it."""
NO_INTERFACE = 7
"""pcapng: a packet of an interface that was not described."""

MAX_FRAME_OCTETS = 262144
"""libpcap's largest snapshot length; a longer record is damage."""
MAX_BLOCK_OCTETS = 1048576
"""Longest packet, section, interface or statistics block that is read: a frame and generous options."""
TIME_MAX = (1 << 62) - 1
"""Times are held to 0..TIME_MAX ns (1970 to 2116), so that sums of two never overflow 64 bits."""


@cython.cfunc
@cython.inline
def _u32(octets: cython.uchar[::1], at: cython.Py_ssize_t, big: cython.bint) -> cython.longlong:
    top: cython.longlong
    if at < 0 or at + 4 > octets.shape[0]:
        raise IndexError(at)
    with cython.boundscheck(False):  # one check for all four
        if big:
            top = octets[at]
            return (top << 24) | (octets[at + 1] << 16) | (octets[at + 2] << 8) | octets[at + 3]
        top = octets[at + 3]
        return (top << 24) | (octets[at + 2] << 16) | (octets[at + 1] << 8) | octets[at]


@cython.cfunc
@cython.inline
def _wire(wirelen: cython.longlong, caplen: cython.longlong) -> cython.longlong:
    """Wire length, or the captured one where that is larger or the field is damaged (over 16 MiB)."""
    if wirelen < caplen or wirelen > 16777216:
        return caplen
    return wirelen


@cython.ccall
def scan_pcap(
    octets: cython.uchar[::1],
    start: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    big: cython.bint,
    header: cython.Py_ssize_t,
    fraction_ns: cython.longlong,
    offset: cython.longlong[::1],
    caplen: cython.int[::1],
    wirelen: cython.int[::1],
    time: cython.longlong[::1],
    state: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """Fill the columns with the records in octets[start:end]; returns how many there are.

    big: fields are big-endian. header: octets of a record header (16, modified pcap 24).
    fraction_ns: ns in one unit of the fraction field. state[0]: set to the octet behind the last record,
    state[4]: set to why it stopped (NEED_MORE, FULL, BAD_LENGTH, ZEROS).
    """
    room: cython.Py_ssize_t = offset.shape[0]
    n: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = start
    seconds: cython.longlong
    fraction: cython.longlong
    captured: cython.longlong
    wire: cython.longlong
    stop: cython.int = 1
    longest: cython.longlong = 262144  # MAX_FRAME_OCTETS, as a C integer
    while n < room:
        if end - at < header:
            stop = 0
            break
        seconds = _u32(octets, at, big)
        fraction = _u32(octets, at + 4, big)
        captured = _u32(octets, at + 8, big)
        wire = _u32(octets, at + 12, big)
        if captured > longest:
            stop = 2
            break
        if not (captured or wire or seconds or fraction):
            stop = 3
            break
        if end - at - header < captured:
            stop = 0
            break
        offset[n] = at + header
        caplen[n] = captured
        wirelen[n] = _wire(wire, captured)
        time[n] = seconds * 1000000000 + fraction * fraction_ns
        at += header + captured
        n += 1
    state[0] = at
    state[4] = stop
    return n


@cython.cfunc
@cython.inline
def _nanoseconds(
    ticks: cython.ulonglong,
    mode: cython.longlong,
    factor: cython.longlong,
    shift_ns: cython.longlong,
    most: cython.ulonglong,
) -> cython.longlong:
    """UTC ns of `ticks`, or -1 where that lies outside 0..TIME_MAX.

    mode 0: ticks * factor, 1: ticks // factor, 2: ticks in units of 2^-factor s (0..127), 3: always 0.
    most: TIME_MAX // factor, which mode 0 needs, to save a division per frame.
    Products are split so that none leaves 64 bits: the fraction is multiplied in halves of 32 bits.
    """
    limit: cython.ulonglong = (
        4611686018427387903  # TIME_MAX; long literals need a typed name to be C integers
    )
    last_second: cython.ulonglong = 4611686018
    low_half: cython.ulonglong = 4294967295
    second_ns: cython.ulonglong = 1000000000
    scale: cython.ulonglong = factor
    whole: cython.ulonglong = 0
    part: cython.ulonglong = ticks
    ns: cython.ulonglong = 0
    total: cython.longlong
    latest: cython.longlong = 4611686018427387903
    if mode == 0:
        if ticks > most:
            return -1
        ns = ticks * scale
    elif mode == 1:
        ns = ticks // scale
    elif mode == 2:
        if factor < 64:
            whole = ticks >> factor
            part = ticks - (whole << factor)
        if whole > last_second:
            return -1
        if factor < 32:
            ns = (part * second_ns) >> factor
        elif factor < 96:
            ns = ((part >> 32) * second_ns + (((part & low_half) * second_ns) >> 32)) >> (factor - 32)
        ns += whole * second_ns
    if ns > limit:
        return -1
    total = ns
    total += shift_ns
    if total < 0 or total > latest:
        return -1
    return total


@cython.ccall
def scan_pcapng(
    octets: cython.uchar[::1],
    start: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    big: cython.bint,
    interfaces: cython.longlong[:, ::1],
    count: cython.Py_ssize_t,
    offset: cython.longlong[::1],
    caplen: cython.int[::1],
    wirelen: cython.int[::1],
    time: cython.longlong[::1],
    linktype: cython.int[::1],
    state: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """Fill the columns with the packet blocks in octets[start:end]; returns how many frames there are.

    interfaces: rows of linktype, snaplen (0: none), and mode, factor, shift_ns, most as `_nanoseconds`
    takes them; `count` of them are described. state[0]: set to the octet behind the last block dealt with,
    state[1]: to the length of the block there where it stopped at BLOCK or SKIP, state[2]: in and out, the
    last time seen, which blocks without a time get, state[3]: grows by frames without a (sensible) time,
    state[4]: set to why it stopped. Longer than 40 lines because each block type is a branch of one loop.
    """
    # Over 40 lines: one loop over blocks with a dozen typed locals; a call would hand all of them over.
    room: cython.Py_ssize_t = offset.shape[0]
    n: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = start
    kind: cython.longlong
    length: cython.longlong
    captured: cython.longlong
    wire: cython.longlong
    interface: cython.longlong
    body: cython.longlong
    high: cython.ulonglong
    low: cython.ulonglong
    ticks: cython.ulonglong
    now: cython.longlong
    last: cython.longlong = state[2]
    untimed: cython.longlong = 0
    stop: cython.int = 1
    longest_frame: cython.longlong = 262144  # MAX_FRAME_OCTETS and MAX_BLOCK_OCTETS, as C integers
    longest_block: cython.longlong = 1048576
    state[1] = 0
    while n < room:
        if end - at < 12:
            stop = 0
            break
        kind = _u32(octets, at, big)
        if kind == 0x0A0D0D0A:
            stop = 4
            break
        length = _u32(octets, at + 4, big)
        known: cython.bint = kind in {6, 3, 2, 1, 5}
        if length < 12 or length & 3 or (known and length > longest_block):
            stop = 2
            break
        if length > end - at:
            state[1] = length
            stop = 0 if known else 5
            break
        if _u32(octets, at + length - 4, big) != length:
            stop = 6
            break
        if kind in {1, 5}:
            state[1] = length
            stop = 4
            break
        if not known:
            at += length
            continue
        if kind == 3:
            if length < 16:
                stop = 2
                break
            interface = 0
        elif length < 32:
            stop = 2
            break
        elif kind == 6:
            interface = _u32(octets, at + 8, big)
        elif big:
            interface = (octets[at + 8] << 8) | octets[at + 9]
        else:
            interface = octets[at + 8] | (octets[at + 9] << 8)
        if interface >= count:
            stop = 7
            break
        now = -1
        if kind == 3:
            body = at + 12
            wire = _u32(octets, at + 8, big)
            captured = min(length - 16, wire)
            if 0 < interfaces[0, 1] < captured:
                captured = interfaces[0, 1]
        else:
            body = at + 28
            captured = _u32(octets, at + 20, big)
            wire = _u32(octets, at + 24, big)
            if captured > length - 32:
                stop = 2
                break
            high = _u32(octets, at + 12, big)
            low = _u32(octets, at + 16, big)
            ticks = (high << 32) | low
            now = _nanoseconds(
                ticks,
                interfaces[interface, 2],
                interfaces[interface, 3],
                interfaces[interface, 4],
                interfaces[interface, 5],
            )
        if captured > longest_frame:
            stop = 2
            break
        if now < 0:
            untimed += 1
            now = last
        last = now
        offset[n] = body
        caplen[n] = captured
        wirelen[n] = _wire(wire, captured)
        time[n] = now
        linktype[n] = interfaces[interface, 0]
        at += length
        n += 1
    state[0] = at
    state[2] = last
    state[3] += untimed
    state[4] = stop
    return n
