"""Payloads of a batch behind each other, so that all of them are looked through at once.

    | kept of before | segment | segment | ... next conversation ...

Segments of one stream stand behind each other: what lies across two of them is seen without copying any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from interlock.detect.signatures.engine.conversations import KEPT
from interlock.detect.signatures.engine.headers import Headers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.conversations import Conversations

__all__ = ["Stretches", "lengths_of", "packets", "streams"]


class Stretches(NamedTuple):
    """octets: all of them. The others have one number of each stretch.

    rows: of which row it is, -1 where it is what was kept of before. starts: where it begins, and where the last ends.
    floors: from where on it is looked at: up to 512 octets before it are seen, too. before: octets of its stream
    before that. joined: whether it goes on from the one before it. headers: of packets, where they are known.
    """

    octets: bytes
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    floors: NDArray[np.int64]
    before: NDArray[np.int64]
    joined: NDArray[np.bool_]
    headers: Headers | None = None


def packets(rows: Batch, where: NDArray[np.int64]) -> Stretches:
    """Each payload by itself. where: rows, rising."""
    starts, octets = _flat(rows.column("octets").take(pa.array(where)))
    nothing = np.zeros(len(where), np.int64)
    headers = None
    if rows.has("headers") and (known := rows.column("headers").take(pa.array(where))).null_count < len(
        where
    ):
        begins, joined = _flat(known)
        headers = Headers(joined, begins)
    return Stretches(octets, where, starts, starts[:-1], nothing, nothing.astype(np.bool_), headers)


def streams(rows: Batch, where: NDArray[np.int64], known: Conversations) -> Stretches:
    """Segments in the order of their streams, each stream behind what is known of it. where: rows, rising."""
    flows, offsets = rows.integers("flow")[where], rows.integers("offset")[where]
    sides = rows.among("direction", ("to_server",))[where]
    order = np.lexsort((np.arange(len(where)), sides, flows))
    where, flows, offsets, sides = where[order], flows[order], offsets[order], sides[order]
    taken = rows.column("octets").take(pa.array(where))
    lengths = lengths_of(taken)
    same = np.zeros(len(where), np.bool_)
    same[1:] = (flows[1:] == flows[:-1]) & (sides[1:] == sides[:-1])
    joined = same.copy()
    joined[1:] &= offsets[1:] == offsets[:-1] + lengths[:-1]
    firsts = np.flatnonzero(~same)
    keys = list(zip(flows[firsts].tolist(), sides[firsts].tolist(), strict=True))
    tails = _tails(keys, offsets[firsts].tolist(), known)
    # Before the first segment of each stream stands what was kept of it; that may be nothing.
    index = np.insert(np.arange(len(where)), firsts, len(where) + np.arange(len(firsts)))
    starts, octets = _flat(pa.concat_arrays([taken, pa.array(tails, pa.binary())]).take(pa.array(index)))
    at_tail = index >= len(where)
    joined_all = np.insert(joined, firsts, values=False)
    joined_all[np.flatnonzero(at_tail) + 1] = True
    before_each = np.insert(
        offsets, firsts, offsets[firsts] - np.array([len(tail) for tail in tails], np.int64)
    )
    runs = np.maximum.accumulate(np.where(joined_all, 0, np.arange(len(index))))
    floors = np.maximum(starts[runs], starts[:-1] - KEPT)
    made = Stretches(
        octets,
        np.where(at_tail, -1, np.append(where, np.full(len(firsts), -1))[index]),
        starts,
        floors,
        before_each - (starts[:-1] - floors),
        joined_all,
    )
    ends = np.append(np.flatnonzero(at_tail)[1:] - 1, len(index) - 1)
    for (flow, side), last in zip(keys, ends.tolist(), strict=True):
        stop, start = int(starts[last + 1]), int(starts[last])
        kept = octets[max(int(starts[runs[last]]), stop - KEPT) : stop]
        known.keep(flow, int(before_each[last]) + stop - start, kept, to_server=side)
    return made


def _tails(keys: list[tuple[int, bool]], offsets: list[int], known: Conversations) -> list[bytes]:
    """What is kept of each stream before its first segment here."""
    rows = zip(keys, offsets, strict=True)
    return [known.tail(flow, offset, to_server=side) for (flow, side), offset in rows]


def lengths_of(octets: pa.Array) -> NDArray[np.int64]:
    """How long each is."""
    ends = np.frombuffer(octets.buffers()[1], np.int32)[octets.offset : octets.offset + len(octets) + 1]
    return np.diff(ends).astype(np.int64)


def _flat(octets: pa.Array) -> tuple[NDArray[np.int64], bytes]:
    """Where each stretch starts, and behind the last; and all of them in one."""
    starts = np.frombuffer(octets.buffers()[1], np.int32)[octets.offset : octets.offset + len(octets) + 1]
    data = octets.buffers()[2]
    whole = data.to_pybytes() if data is not None else b""
    return starts.astype(np.int64), whole
