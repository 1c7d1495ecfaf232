"""Reads captures in tests, and puts batches into the plain form that tests compare."""

from __future__ import annotations

import io

from interlock.capture.reader import Reader
from interlock.capture.statistics import Statistics
from interlock.capture.streams import RawOctets
from interlock.records.frames import SPILL_OCTETS


def rows(frames):
    """(time, octets, wirelen, linktype, number) of each frame, after checking the batch's promises."""
    columns = (frames.offset, frames.caplen, frames.wirelen, frames.time, frames.linktype, frames.number)
    assert [str(c.dtype) for c in columns] == ["int64", "int32", "int32", "int64", "int32", "int64"]
    assert {len(c) for c in (*columns, frames.source)} == {frames.n}
    assert len(frames.octets) >= frames.used + frames.used // 4 + SPILL_OCTETS
    assert frames.n > 0
    assert int((frames.offset + frames.caplen).max()) <= frames.used
    octets = frames.octets[: frames.used].tobytes()
    return [
        (time, octets[at : at + size], wire, kind, number)
        for at, size, wire, time, kind, number in zip(*(c.tolist() for c in columns), strict=True)
    ]


def read(octets: bytes, octets_limit: int = 8 << 20, frames_limit: int = 65536):
    """All rows of one capture, and its statistics."""
    statistics = Statistics()
    raw = RawOctets(io.BytesIO(octets), "test.pcap")
    reader = Reader(raw, 0, statistics, octets_limit=octets_limit, frames_limit=frames_limit)
    found = []
    while (frames := reader.batch()) is not None:
        found += rows(frames)
    return found, statistics
