"""Payloads of a batch behind each other, so that all of them are looked through at once.

    | kept of before | segment | segment | ... next conversation ...

Segments of one stream stand behind each other: what lies across two of them is seen without copying any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from interlock.detect.signatures.engine.conversations import KEPT, keys_of
from interlock.detect.signatures.engine.gathering import gather
from interlock.detect.signatures.engine.headers import Headers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.signatures.engine.conversations import Conversations

__all__ = ["PADDING", "Stretches", "lengths_of", "packets", "streams"]

PADDING: Final = 8
"""Zeros behind all octets, so that eight can be read at each place."""


class Stretches(NamedTuple):
    """octets: all of them, and some zeros. The others have one number of each stretch.

    rows: of which row it is, -1 where it is what was kept of before. starts: where it begins, and where the last ends.
    floors: from where on it is looked at: up to 512 octets before it are seen, too. before: octets of its stream
    before that. joined: whether it goes on from the one before it. packet, stream: whether it is a packet, and a piece
    of a stream. headers: of packets, where they are known.
    """

    octets: NDArray[np.uint8]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    floors: NDArray[np.int64]
    before: NDArray[np.int64]
    joined: NDArray[np.bool_]
    packet: NDArray[np.bool_]
    stream: NDArray[np.bool_]
    headers: Headers | None = None

    def cut(self, first: int, behind: int) -> bytes:
        """Octets from one place to another."""
        return self.octets[first:behind].tobytes()


def packets(rows: Batch, where: NDArray[np.int64]) -> Stretches:
    """Each payload by itself. where: rows, rising."""
    starts, octets = _flat([rows.column("octets").take(pa.array(where))])
    nothing = np.zeros(len(where), np.int64)
    never = nothing.astype(np.bool_)
    return Stretches(octets, where, starts, starts[:-1], nothing, never, ~never, never, _headers(rows, where))


def _headers(rows: Batch, where: NDArray[np.int64]) -> Headers | None:
    """Headers of these rows, none of -1; None where none are known."""
    if not rows.has("headers") or (column := rows.column("headers")).null_count == len(column):
        return None
    starts, octets = _flat([column.take(pa.array(where, mask=where < 0))])
    return Headers(octets, starts)


def streams(
    rows: Batch, where: NDArray[np.int64], known: Conversations, whole: NDArray[np.bool_]
) -> Stretches:
    """Segments in the order of their streams, each stream behind what is known of it.

    where: rows, rising. whole: per row of the batch whether it is a packet, too.
    """
    keys = keys_of(rows.integers("flow")[where], rows.among("direction", ("to_server",))[where])
    order = np.argsort(keys, kind="stable")
    where, keys = where[order], keys[order]
    offsets = rows.integers("offset")[where]
    taken = rows.column("octets").take(pa.array(where))
    lengths = lengths_of(taken)
    same = np.zeros(len(where), np.bool_)
    same[1:] = keys[1:] == keys[:-1]
    joined = same.copy()
    joined[1:] &= offsets[1:] == offsets[:-1] + lengths[:-1]
    firsts = np.flatnonzero(~same)
    kept, bounds = known.tails(keys[firsts], offsets[firsts])
    # Before the first segment of each stream stands what was kept of it; that may be nothing.
    n, at_tail = len(where), firsts + np.arange(len(firsts))
    index = np.insert(np.arange(n), firsts, n + np.arange(len(firsts)))
    starts, octets = _flat([taken, _binary(kept, bounds)], index)
    joined_all = np.insert(joined, firsts, values=False)
    joined_all[at_tail + 1] = True
    before = np.insert(offsets, firsts, offsets[firsts] - np.diff(bounds))
    runs = np.maximum.accumulate(np.where(joined_all, 0, np.arange(len(index))))
    floors = np.maximum(starts[runs], starts[:-1] - KEPT)
    last = np.append(at_tail[1:] - 1, len(index) - 1)
    stop = starts[last + 1]
    begin = np.maximum(starts[runs[last]], stop - KEPT)
    tails, ends = gather(octets, begin, (stop - begin).astype(np.int32))
    known.keep(keys[firsts], before[last] + stop - starts[last], tails, ends.astype(np.int64))
    rows_of = np.insert(where, firsts, -1)
    packet = (rows_of >= 0) & whole[rows_of]
    headers = _headers(rows, np.where(packet, rows_of, -1)) if packet.any() else None
    before -= starts[:-1] - floors
    return Stretches(octets, rows_of, starts, floors, before, joined_all, packet, rows_of >= 0, headers)


def lengths_of(octets: pa.Array) -> NDArray[np.int64]:
    """How long each is."""
    return np.diff(_bounds(octets)).astype(np.int64)


def _bounds(octets: pa.Array) -> NDArray[np.int32]:
    return np.frombuffer(octets.buffers()[1], np.int32)[octets.offset : octets.offset + len(octets) + 1]


def _binary(octets: NDArray[np.uint8], bounds: NDArray[np.int32]) -> pa.Array:
    return pa.Array.from_buffers(
        pa.binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(octets)]
    )


def _flat(
    parts: list[pa.Array], index: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where each stretch starts, and behind the last; and all of them in one.

    index: of the parts' stretches; None: all.
    """
    padding = pa.array([bytes(PADDING)], pa.binary())
    whole = pa.concat_arrays([*parts, padding])
    if index is not None:
        whole = whole.take(pa.array(np.append(index, len(whole) - 1)))
    return _bounds(whole)[:-1].astype(np.int64), np.frombuffer(whole.buffers()[2], np.uint8)
