"""What a capture worker says of each batch beside its records: the note of a step in the stream."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

from interlock.capture.statistics import Statistics
from interlock.records.frames import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.records.figures import BufferName

__all__ = [
    "OPEN_FLOWS",
    "WORDLESS_FLOWS",
    "WorkerNote",
    "figures_of",
    "figures_text",
    "note_octets",
    "read_note",
]

OPEN_FLOWS: Final = "flows_open"
"""Name in the stream of the conversations that go on; columns are those of `flows`."""
WORDLESS_FLOWS: Final = "flows_wordless"
"""The same of those in which nobody said a word, and nobody will."""

_MOST: Final = 65_536


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerNote:
    """One batch of one worker. pid: its process.

    step: its number, of all that workers of this place have sent. since, upto: frames that workers of this place had
    read up to the step before, and with this one. rest: not 0 in a step of what takes a moment longer, of frames up to
    that one, which were in the step before; rested: how far those went that are delivered. frames, octets: in this
    batch. arrived: wall clock, UTC ns, at which its oldest frame was on the wire (of a file: was read). figures: the
    worker's sources and their statistics, about once a second; fill: with them, how much of each budget is used, and
    how many were aged out since the process began.
    buffers: with them, too, name, interface (None: of none), how much waits and room of each (records.figures.BUFFERS).
    wall: the clock at which figures, fill and buffers were so, UTC ns. flows: conversations open. done: nothing more
    comes.
    """

    worker: int
    pid: int = 0
    frames: int = 0
    octets: int = 0
    arrived: int = 0
    figures: list[dict[str, Any]] | None = None
    flows: int = 0
    fill: dict[str, list[float]] | None = None
    buffers: Sequence[tuple[BufferName, str | None, int, int]] | None = None
    wall: int = 0
    step: int = 0
    since: int = 0
    upto: int = 0
    rest: int = 0
    rested: int = 0
    done: bool = False


_FIELDS: Final = tuple((field.name, field.default) for field in dataclasses.fields(WorkerNote))
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
"""Made once: a note goes with every batch, however small."""


def note_octets(note: WorkerNote) -> bytes:
    """The note as JSON, what is as it begins left out; without its figures where those would make it too long."""
    said = {name: value for name, begins in _FIELDS if (value := getattr(note, name)) != begins}
    octets = _ENCODER.encode(said).encode()
    if len(octets) <= _MOST:
        return octets
    return note_octets(dataclasses.replace(note, figures=None))


def read_note(octets: bytes) -> WorkerNote:
    """The other way. Raises ValueError or TypeError where it is no note."""
    return WorkerNote(**json.loads(octets))


def figures_text(
    sources: Sequence[Source], statistics: Sequence[Statistics], links: Sequence[dict[str, Any] | None]
) -> list[dict[str, Any]]:
    """Sources with their figures, as JSON has them. links: of interfaces, `state` and `since` (UTC ns)."""
    rows = zip(sources, statistics, links, strict=True)
    return [
        {"source": dataclasses.asdict(s), "statistics": dataclasses.asdict(f), "link": link}
        for s, f, link in rows
    ]


def figures_of(text: list[dict[str, Any]]) -> list[tuple[Source, Statistics]]:
    """The other way."""
    return [(Source(**row["source"]), _statistics(row["statistics"])) for row in text]


def _statistics(row: dict[str, Any]) -> Statistics:
    kinds = {int(kind): count for kind, count in row["linktypes"].items()}
    return Statistics(**{**row, "linktypes": kinds})
