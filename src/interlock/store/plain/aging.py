"""What has been kept long enough: which sealed segments go, oldest first, and why.

The wall's clock may leap by years, forth and back, and nobody can tell from files whether it did, or whether the sensor
was switched off meanwhile. So of the time from one segment to the next a day counts at most: where something is kept
every day, ages are those of the wall; a leap makes everything a day older.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.store.plain.segments import found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from interlock.store.plain.limits import Bound, Retention
    from interlock.store.plain.segments import Segment

__all__ = ["Kept", "Removed", "aged_out", "kept_segments", "remove"]

_DAY_S: Final = 86_400


class Kept(NamedTuple):
    """A sealed segment of a table, and its octets on disk."""

    table: str
    segment: Segment
    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Segments of a table that went for one reason."""

    table: str
    why: str
    segments: int
    octets: int


def kept_segments(tables: Path) -> list[Kept]:
    """Every sealed segment there is."""
    return [
        Kept(folder.name, segment, segment.path.stat().st_size)
        for folder in sorted(tables.iterdir())
        for segment in found(folder)
        if segment.sealed
    ]


def aged_out(kept: Iterable[Kept], retention: Retention, now_s: int) -> list[tuple[Kept, str]]:
    """What goes, and why; sealed longest ago first. now_s: UTC s of the wall.

    Each table by its own bound, where it has one, and then all that is left by the bound of all.
    """
    rest = sorted(kept, key=lambda k: (k.segment.written, k.table, k.segment.number))
    ages = _ages(rest, now_s)
    gone: list[tuple[Kept, str]] = []
    for table, bound in retention.tables.items():
        gone += _past(bound, [k for k in rest if k.table == table], ages, "its")
    out = {k.segment.path for k, _ in gone}
    return gone + _past(retention.rows, [k for k in rest if k.segment.path not in out], ages, "the store's")


def _ages(kept: Sequence[Kept], now_s: int) -> dict[Path, int]:
    """Seconds since each was sealed, of each gap a day at most. kept: oldest first."""
    ages: dict[Path, int] = {}
    age, later = 0, now_s
    for k in reversed(kept):
        age += min(max(later - k.segment.written, 0), _DAY_S)
        ages[k.segment.path], later = age, k.segment.written
    return ages


def _past(bound: Bound, kept: Sequence[Kept], ages: dict[Path, int], whose: str) -> list[tuple[Kept, str]]:
    """What of these is past a bound; kept: oldest first."""
    over = sum(k.octets for k in kept) - bound.octets if bound.octets is not None else 0
    gone = []
    for k in kept:
        if bound.days is not None and ages[k.segment.path] > bound.days * _DAY_S:
            gone.append((k, f"older than {whose} {bound.days:g} days"))
        elif over > 0:
            gone.append((k, f"more than {whose} {bound.octets or 0:,} octets"))
        else:
            continue
        over -= k.octets
    return gone


def remove(gone: Iterable[tuple[Kept, str]]) -> list[Removed]:
    """Remove files; what went, by table and reason. Raises OSError."""
    removed: dict[tuple[str, str], list[int]] = {}
    for kept, why in gone:
        with suppress(FileNotFoundError):
            kept.segment.path.unlink()
        removed.setdefault((kept.table, why), []).append(kept.octets)
    return [
        Removed(table=table, why=why, segments=len(octets), octets=sum(octets))
        for (table, why), octets in removed.items()
    ]
