"""Many captures as one: each after the other, several times over, as other machines every time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from interlock.bench.address_shift import shifted
from interlock.bench.tcp_frames import PCAP_HEADER
from interlock.capture import open_sources, specify
from interlock.errors import SourceError
from interlock.records.frames import LINKTYPE_ETHERNET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray

    from interlock.capture import SourceSpec
    from interlock.records.frames import Frames

__all__ = ["Mixture", "write_mixed_captures"]

_BEGIN_NS = 1_750_000_000 * 1_000_000_000
_SECOND_NS = 1_000_000_000
_LONGEST_NS = 86_400 * _SECOND_NS
_RECORD = np.dtype([("seconds", "<u4"), ("micros", "<u4"), ("caplen", "<u4"), ("wirelen", "<u4")])


@dataclass(slots=True)
class Mixture:
    """What was written: captures used, those left out (other link types, unreadable), frames and octets."""

    captures: int = 0
    left_out: int = 0
    packets: int = 0
    octets: int = 0
    copies: int = 0

    def as_json(self) -> str:
        """Give the counts as one JSON object."""
        return json.dumps({"schema": "interlock/mixed-captures/1", **asdict(self)}, indent=1)


def write_mixed_captures(target: BinaryIO, paths: list[str], copies: int) -> Mixture:
    """Write the Ethernet frames of all captures under `paths`, `copies` times, as one pcap to `target`.

    Copy 0 keeps its addresses. Time runs on from capture to capture, one second between them; within one it
    is the capture's own, up to a day.
    """
    mixture = Mixture(copies=copies, octets=len(PCAP_HEADER))
    target.write(PCAP_HEADER)
    specs, clock_ns = specify(paths), _BEGIN_NS
    for copy in range(copies):
        for spec in specs:
            last_ns = clock_ns
            for records, time_ns in _records(spec, copy, clock_ns):
                target.write(records.data)
                mixture.packets += len(time_ns)
                mixture.octets += len(records)
                last_ns = max(last_ns, int(time_ns.max()))
            used = last_ns > clock_ns
            mixture.captures += used and copy == 0
            mixture.left_out += not used and copy == 0
            clock_ns = last_ns + _SECOND_NS
    return mixture


def _records(
    spec: SourceSpec, copy: int, begin_ns: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Pcap records and times of one capture's Ethernet frames; nothing where it cannot be read."""
    first_ns: int | None = None
    try:
        with open_sources((spec,)) as run:
            for frames in run:
                ethernet = np.flatnonzero(frames.linktype == LINKTYPE_ETHERNET)
                if len(ethernet) == 0:
                    continue
                first_ns = int(frames.time[0]) if first_ns is None else first_ns
                time_ns = begin_ns + 1 + np.clip(frames.time[ethernet] - first_ns, 0, _LONGEST_NS)
                yield _flattened(frames, ethernet, time_ns, copy), time_ns
    except SourceError:
        return


def _flattened(
    frames: Frames, chosen: NDArray[np.int64], time_ns: NDArray[np.int64], copy: int
) -> NDArray[np.uint8]:
    offset, caplen = frames.offset[chosen], frames.caplen[chosen]
    octets = shifted(frames.octets, offset, caplen, copy) if copy else frames.octets
    head = np.zeros(len(chosen), _RECORD)
    head["seconds"], head["micros"] = time_ns // _SECOND_NS, time_ns % _SECOND_NS // 1000
    head["caplen"], head["wirelen"] = caplen, frames.wirelen[chosen]
    size = caplen.astype(np.int64) + _RECORD.itemsize
    begin = np.cumsum(size) - size
    flat = np.empty(int(size.sum()), np.uint8)
    flat[begin[:, None] + np.arange(_RECORD.itemsize)] = head.view(np.uint8).reshape(-1, _RECORD.itemsize)
    within = np.arange(len(flat)) - np.repeat(begin, size)
    body = within >= _RECORD.itemsize
    flat[body] = octets[(np.repeat(offset, size) + within - _RECORD.itemsize)[body]]
    return flat
