"""Segments of a table: which files there are, what their names say."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "PART",
    "STREAM",
    "Segment",
    "SpanOfTime",
    "force_file",
    "force_folder",
    "found",
    "span",
    "time_columns",
]

STREAM: Final = ".arrows"
PART: Final = ".part"
_SEALED: Final = re.compile(r"(\d{8,})-(-?\d+)-(-?\d+)-(\d+)\.parquet")
_OPEN: Final = re.compile(r"(\d{8,})\.arrows")

SpanOfTime = tuple[int, int]
"""First and last time of rows, UTC ns."""


class Segment(NamedTuple):
    """One file of rows. first, last: UTC ns; written: UTC s of its sealing; all 0 for one that is open."""

    number: int
    path: Path
    first: int = 0
    last: int = 0
    written: int = 0

    @property
    def sealed(self) -> bool:
        """Whether it is Parquet, for good."""
        return self.path.suffix != STREAM


def found(folder: Path) -> list[Segment]:
    """Every segment in a table's folder, by number; the sealed file where both of a number are there."""
    segments: dict[int, Segment] = {}
    for name in _names(folder):
        if match := _SEALED.fullmatch(name):
            number, first, last, written = map(int, match.groups())
            segments[number] = Segment(number, folder / name, first, last, written)
        elif match := _OPEN.fullmatch(name):
            segments.setdefault(int(match[1]), Segment(int(match[1]), folder / name))
    return [segments[number] for number in sorted(segments)]


def _names(folder: Path) -> list[str]:
    """Files of a folder that another process may be changing.

    A listing may miss a segment of which the stream went before it was reached and the sealed file came after: a
    second one sees the sealed file, which was there before the first one ended.
    """
    before: list[str] | None = None
    while True:
        try:
            names = sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            return []
        if names == before:
            return names
        before = names


def sealed_name(number: int, times: SpanOfTime, written: int) -> str:
    """The name of a sealed segment. written: UTC s."""
    return f"{number:08d}-{times[0]}-{times[1]}-{written}.parquet"


def stream_name(number: int) -> str:
    """The name of one that is open."""
    return f"{number:08d}{STREAM}"


UNREADABLE: Final = (
    *(pa.ArrowException, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError),
)
"""What may come of rows that nobody thought of, when they are folded or sealed: they must not stop the writer."""


def set_aside(path: Path) -> str:
    """Give a stream that can be neither folded nor sealed another name; its rows can still be looked at by hand."""
    aside = path.with_suffix(".broken")
    path.replace(aside)
    return f"{path.parent.name}/{aside.name}"


def force_file(path: Path, force: Callable[[int], None] = os.fdatasync) -> None:
    """A file's octets to disk, whoever wrote them. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        force(descriptor)
    finally:
        os.close(descriptor)


def force_folder(folder: Path) -> None:
    """A name is on disk once its folder is."""
    force_file(folder, os.fsync)


def time_columns(names: list[str]) -> tuple[str, str] | None:
    """Columns that say when a row begins and ends; None for a table without times."""
    begin = next((name for name in ("time", "first") if name in names), None)
    return None if begin is None else (begin, "last" if "last" in names else begin)


def span(batch: pa.RecordBatch) -> SpanOfTime | None:
    """First and last time of a batch's rows; None where there are none."""
    columns = time_columns(batch.schema.names)
    if columns is None:
        return None
    first = pc.min(batch.column(columns[0]).cast(pa.int64())).as_py()
    last = pc.max(batch.column(columns[1]).cast(pa.int64())).as_py()
    return None if first is None or last is None else (first, max(first, last))


def joined(one: SpanOfTime | None, other: SpanOfTime | None) -> SpanOfTime | None:
    """The time that two spans take together."""
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])
