# cython: compiled
# ruff: noqa: ERA001, F821 (the line above tells setup.py to compile this module; C's names stand in ring.pxd)
"""Walks the blocks of a TPACKET_V3 ring and copies their frames. Compiled with bounds checks, runs as it is too.

    block   | version u32 | private u32 | status u32 | packets u32 | first u32 | length u32 | sequence u64 | times
    16 | … packet  | next u32 | seconds u32 | nanoseconds u32 | captured u32 | length u32 | status u32 | mac u16 |
    net u16 |
            | hash u32 | VLAN tci u32 | VLAN tpid u16 | … up to octet 48 | address | … | frame at `mac` |

Numbers are in the machine's byte order. The kernel fills blocks in turn and numbers them from 1 without gaps, so that
block `sequence` lies at place (sequence - 1) modulo the number of blocks. A block is the reader's while bit 0 of its
status is set. What a block says is nevertheless checked against its bounds: other processes write to this memory,
too.

Callers pass `memoryview` objects. Source: Linux, include/uapi/linux/if_packet.h,
Documentation/networking/packet_mmap.rst.
"""
# mypy: disable-error-code="import-untyped,untyped-decorator,name-defined"
# The compiler's own package has no type stubs; to mypy its decorators and C types are Any.
# C's functions stand in ring.pxd.

from __future__ import annotations

import sys

import cython

__all__ = [
    "BROKEN",
    "DAMAGED",
    "FRAMES",
    "LOST",
    "OCTETS",
    "USED",
    "copy_blocks",
    "give_back",
    "ready",
    "recover",
]

OCTETS, FRAMES, BROKEN = range(3)
"""What `ready` writes into its row: octets and frames the blocks have at most; the number of a filled block that stands
where another one should (-1 for one that no block has), 0 where none does."""
USED, DAMAGED, LOST = range(3)
"""What `copy_blocks` writes into its row: octets copied; blocks whose lengths contradict each other; frames lost
by that."""

ORDER = sys.byteorder
BIG = sys.byteorder == "big"


@cython.cfunc
@cython.inline
def _u16(octets: cython.uchar[::1], at: cython.Py_ssize_t) -> cython.longlong:
    high: cython.longlong
    low: cython.longlong
    high = octets[at] if BIG else octets[at + 1]
    low = octets[at + 1] if BIG else octets[at]
    return (high << 8) | low


@cython.cfunc
@cython.inline
def _u32(octets: cython.uchar[::1], at: cython.Py_ssize_t) -> cython.longlong:
    if at < 0 or at + 4 > octets.shape[0]:
        raise IndexError(at)
    if cython.compiled:
        number: cython.uint = 0
        memcpy(cython.address(number), cython.address(octets[at]), 4)
        return number
    return int.from_bytes(octets[at : at + 4], ORDER)


@cython.cfunc
@cython.inline
def _u64(octets: cython.uchar[::1], at: cython.Py_ssize_t) -> cython.longlong:
    """Give the number, or -1 where it has more than 62 bits, which no counter reaches."""
    if at < 0 or at + 8 > octets.shape[0]:
        raise IndexError(at)
    number: cython.longlong = 0
    if cython.compiled:
        memcpy(cython.address(number), cython.address(octets[at]), 8)
    else:
        number = int.from_bytes(octets[at : at + 8], ORDER, signed=True)
    return number if number >> 62 == 0 else -1


@cython.cfunc
@cython.inline
def _status(octets: cython.uchar[::1], at: cython.Py_ssize_t) -> cython.longlong:
    """Read a block's status; what the kernel wrote before it is seen by whoever reads after it."""
    if at < 0 or at + 4 > octets.shape[0]:
        raise IndexError(at)
    if cython.compiled:
        return ring_load(cython.address(octets[at]))
    return int.from_bytes(octets[at : at + 4], ORDER)


@cython.cfunc
@cython.inline
def _begin(
    ring: cython.uchar[::1], block_octets: cython.Py_ssize_t, sequence: cython.longlong
) -> cython.Py_ssize_t:
    blocks: cython.Py_ssize_t = ring.shape[0] // block_octets
    place: cython.Py_ssize_t = (sequence - 1) % blocks
    return place * block_octets


@cython.cfunc
def _check(ring: cython.uchar[::1], block_octets: cython.Py_ssize_t, sequence: cython.longlong) -> cython.int:
    if block_octets < 48 or ring.shape[0] < block_octets or sequence < 1:
        raise ValueError(block_octets, ring.shape[0], sequence)
    return 0


@cython.ccall
def ready(
    ring: cython.uchar[::1],
    block_octets: cython.Py_ssize_t,
    sequence: cython.longlong,
    most_octets: cython.longlong,
    most_frames: cython.longlong,
    row: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """How many blocks from `sequence` on are filled and together within the limits; at least one if one is filled.

    row: see OCTETS.
    """
    blocks: cython.Py_ssize_t
    count: cython.Py_ssize_t = 0
    begin: cython.Py_ssize_t
    length: cython.longlong
    packets: cython.longlong
    octets: cython.longlong = 0
    frames: cython.longlong = 0
    broken: cython.longlong = 0
    _check(ring, block_octets, sequence)
    blocks = ring.shape[0] // block_octets
    while count < blocks:
        begin = _begin(ring, block_octets, sequence + count)
        if not _status(ring, begin + 8) & 1:
            break
        if _u64(ring, begin + 24) != sequence + count:
            broken = _u64(ring, begin + 24)
            if broken == 0:
                broken = -1
            break
        length = min(_u32(ring, begin + 20), block_octets)
        packets = min(_u32(ring, begin + 12), length // 48)
        if count and (octets + length > most_octets or frames + packets > most_frames):
            break
        octets += length
        frames += packets
        count += 1
    row[0] = octets
    row[1] = frames
    row[2] = broken
    return count


@cython.ccall
def copy_blocks(
    ring: cython.uchar[::1],
    block_octets: cython.Py_ssize_t,
    sequence: cython.longlong,
    count: cython.Py_ssize_t,
    octets: cython.uchar[::1],
    offset: cython.longlong[::1],
    caplen: cython.int[::1],
    wirelen: cython.int[::1],
    time: cython.longlong[::1],
    row: cython.longlong[::1],
) -> cython.Py_ssize_t:
    """Copy the frames of `count` blocks to the columns and `octets`; returns how many there are.

    A VLAN tag that kernel or card took off is put back behind the addresses. What does not fit (where a block grew
    since `ready` measured it) is lost and counted. row: see USED. Longer than 40 lines: one loop over two layouts.
    """
    # Over 40 lines: one loop over packets of the kernel; a call for each would cost more than the copy.
    room: cython.Py_ssize_t = min(offset.shape[0], caplen.shape[0], wirelen.shape[0], time.shape[0])
    space: cython.longlong = octets.shape[0]
    n: cython.Py_ssize_t = 0
    k: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    end: cython.Py_ssize_t
    at: cython.Py_ssize_t
    body: cython.Py_ssize_t
    told: cython.longlong
    done: cython.longlong
    mac: cython.longlong
    captured: cython.longlong
    wire: cython.longlong
    status: cython.longlong
    step: cython.longlong
    tag: cython.longlong
    used: cython.longlong = 0
    damaged: cython.longlong = 0
    lost: cython.longlong = 0
    _check(ring, block_octets, sequence)
    for k in range(count):
        begin = _begin(ring, block_octets, sequence + k)
        end = begin + min(_u32(ring, begin + 20), block_octets)
        told = min(_u32(ring, begin + 12), (end - begin) // 48)
        at = begin + _u32(ring, begin + 16)
        done = 0
        while done < told:
            if at - begin < 48 or end - at < 48:
                break
            step = _u32(ring, at)
            captured = _u32(ring, at + 12)
            wire = _u32(ring, at + 16)
            status = _u32(ring, at + 20)
            mac = _u16(ring, at + 24)
            tag = 4 if status & 16 and captured >= 12 else 0
            if mac < 48 or captured > end - at - mac:
                break
            if n >= room or captured + tag > space - used:
                break
            body = at + mac
            if tag:
                _place(ring, body, octets, used, 12)
                _tag(ring, at, status, octets, used + 12)
                _place(ring, body + 12, octets, used + 16, captured - 12)
            else:
                _place(ring, body, octets, used, captured)
            offset[n] = used
            caplen[n] = captured + tag
            wirelen[n] = captured + tag if wire < captured or wire > 16777216 else wire + tag
            time[n] = _u32(ring, at + 4) * 1000000000 + _u32(ring, at + 8)
            used += captured + tag
            n += 1
            done += 1
            if step < 48 or step > end - at:
                break
            at += step
        if done < told:
            damaged += 1
            lost += told - done
    row[0] = used
    row[1] = damaged
    row[2] = lost
    return n


@cython.cfunc
@cython.inline
def _place(
    ring: cython.uchar[::1],
    start: cython.Py_ssize_t,
    octets: cython.uchar[::1],
    to: cython.Py_ssize_t,
    count: cython.Py_ssize_t,
) -> cython.int:
    """Copy ring[start : start + count] to octets[to:]; both ends are checked once for all octets."""
    if count < 0 or start < 0 or to < 0 or count > ring.shape[0] - start or count > octets.shape[0] - to:
        raise IndexError(count)
    if count == 0:
        return 0
    if cython.compiled:
        memcpy(cython.address(octets[to]), cython.address(ring[start]), count)
    else:
        octets[to : to + count] = ring[start : start + count]
    return 0


@cython.cfunc
@cython.inline
def _tag(
    ring: cython.uchar[::1],
    at: cython.Py_ssize_t,
    status: cython.longlong,
    octets: cython.uchar[::1],
    to: cython.Py_ssize_t,
) -> cython.int:
    """Write the tag that the header of the packet at `at` tells: | tpid u16 | tci u16 |, IEEE 802.1Q clause 9."""
    tci: cython.longlong = _u32(ring, at + 32)
    tpid: cython.longlong = _u16(ring, at + 36) if status & 64 else 0x8100
    octets[to] = tpid >> 8
    octets[to + 1] = tpid & 255
    octets[to + 2] = (tci >> 8) & 255
    octets[to + 3] = tci & 255
    return 0


@cython.ccall
def give_back(
    ring: cython.uchar[::1],
    block_octets: cython.Py_ssize_t,
    sequence: cython.longlong,
    count: cython.Py_ssize_t,
) -> None:
    """Hand `count` blocks from `sequence` on to the kernel; only after their frames are no longer needed."""
    k: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    _check(ring, block_octets, sequence)
    for k in range(count):
        begin = _begin(ring, block_octets, sequence + k)
        if cython.compiled:
            ring_store(cython.address(ring[begin + 8]), 0)
        else:
            ring[begin + 8 : begin + 12] = bytes(4)


@cython.ccall
def recover(
    ring: cython.uchar[::1], block_octets: cython.Py_ssize_t, sequence: cython.longlong
) -> cython.longlong:
    """After a reader died: give back what it was done with; returns where the next one begins.

    Done with is every filled block numbered below `sequence`: its reader was killed between saying so and giving
    back. That a block was filled anew since is told by its higher number. Begins at `sequence`, or behind a hole
    at the lowest number that is there.
    """
    k: cython.Py_ssize_t
    begin: cython.Py_ssize_t
    number: cython.longlong
    lowest: cython.longlong = 0
    _check(ring, block_octets, sequence)
    for k in range(ring.shape[0] // block_octets):
        begin = k * block_octets
        if not _status(ring, begin + 8) & 1:
            continue
        number = _u64(ring, begin + 24)
        if number < sequence:
            give_back(ring, block_octets, k + 1, 1)
        elif lowest == 0 or number < lowest:
            lowest = number
    if lowest <= sequence:
        return sequence
    # Blocks fill in order, so one that was due and filled while this walked has its number by now.
    begin = _begin(ring, block_octets, sequence)
    if _status(ring, begin + 8) & 1 and _u64(ring, begin + 24) == sequence:
        return sequence
    return lowest
