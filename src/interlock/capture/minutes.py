"""When anything is in captures, before they are read: a pass over their frames' times alone."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.capture.reader import Reader, is_capture
from interlock.capture.specs import STDIN, SourceSpec
from interlock.capture.statistics import Statistics
from interlock.capture.streams import RawOctets
from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["minutes_of"]

_MINUTE_NS: Final = 60_000_000_000
_BATCH_OCTETS: Final = 2 << 20
"""Small enough for a processor's cache: these frames are looked at no further."""
_BATCH_FRAMES: Final = 65_536


def minutes_of(specs: Iterable[SourceSpec], most: int) -> frozenset[int] | None:
    """Give the minutes since 1970 in which captures have frames; None where that are more than `most`, or unknown.

    Unknown where one is standard input or a pipe, which can be read once only, or is compressed, which costs more to
    read than what is gained by knowing. What cannot be read (any further) has no more frames.
    """
    found: set[int] = set()
    for path in dict.fromkeys(spec.path for spec in specs):
        try:
            if not _is_plain(path):
                return None
            for minutes in _minutes(path):
                found |= minutes
                if len(found) > most:
                    return None
        except (OSError, SourceError):
            continue  # the run itself says so
    return frozenset(found)


def _is_plain(path: str) -> bool:
    """Whether a path names a capture that can be read twice, as it lies there."""
    if path == STDIN or not stat.S_ISREG(Path(path).stat().st_mode):
        return False
    with Path(path).open("rb") as file:
        return is_capture(file.read(4))


def _minutes(path: str) -> Iterator[set[int]]:
    """Minutes of a capture, some of its frames at a time."""
    with Path(path).open("rb", buffering=0) as file:
        raw, statistics = RawOctets(file, path), Statistics()
        reader = Reader(raw, 0, statistics, octets_limit=_BATCH_OCTETS, frames_limit=_BATCH_FRAMES)
        while (frames := reader.batch()) is not None:
            minutes = frames.time // _MINUTE_NS
            # Nearly in order: few differ from the one before.
            turns = np.flatnonzero(minutes[1:] != minutes[:-1]) + 1
            yield {int(minutes[0]), *minutes[turns].tolist()}
