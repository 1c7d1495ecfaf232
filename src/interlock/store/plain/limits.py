"""What the plain store takes for large, old and enough: every bound of it, declared."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a field's type
from dataclasses import dataclass, field
from typing import Final

__all__ = ["SHED_FIRST", "Bound", "Limits", "Retention"]

_GIB: Final = 1 << 30
_SECOND: Final = 1_000_000_000

SHED_FIRST: Final = ("values", "operations")
_SHED_LAST: Final = ("oddities", "credentials", "flows", "clues")
"""Where the disk is full and memory too, rows of the first tables go first; tables not named go between."""


def shed_rank(table: str) -> int:
    """How late a table's rows are given up: the lowest goes first."""
    if table in SHED_FIRST:
        return SHED_FIRST.index(table)
    return len(SHED_FIRST) + (1 + _SHED_LAST.index(table) if table in _SHED_LAST else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Most age in days, most octets on disk; None: no bound."""

    days: float | None = None
    octets: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things stay. Findings stay for good.

    rows: of all tables together. tables: of single ones besides. diary: its lines' age in days, and their number.
    program_octets: of programs that crossed the wire, 0 to keep none; program_versions: rows that say whose they are.
    """

    rows: Bound = Bound(days=30, octets=10 * _GIB)
    tables: Mapping[str, Bound] = field(default_factory=dict)
    diary_days: float = 400
    diary_lines: int = 200_000
    program_octets: int = _GIB
    program_versions: int = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is kept open and in memory.

    seal_after_ns, seal_octets, seal_rows: an open segment that is older or larger is sealed.
    fold_minutes, fold_rows, fold_numbers: so many minutes of capture time, rows, or numbers in them, are folded at a
    time. sync_ns: open segments are forced to disk so often (a power cut costs that much, a crash of the process only
    what came since the last `put`). put_rows: rows in memory that are put to disk at once, a few milliseconds' worth.
    held_octets: rows in memory while the disk takes none. held_findings, held_lines: findings and lines of the diary
    that wait for the disk. room_octets: so large the database's log is made at once: a commit then writes over what
    the disk has given already, which is forced in a few milliseconds beside whatever else is written, and for which
    there is room where the disk is full.
    """

    seal_after_ns: int = 3600 * _SECOND
    seal_octets: int = 64 << 20
    seal_rows: int = 2_000_000
    fold_minutes: int = 5
    fold_rows: int = 500_000
    fold_numbers: int = 4_000_000
    sync_ns: int = 10 * _SECOND
    age_every_ns: int = 60 * _SECOND
    retry_ns: int = 30 * _SECOND
    put_rows: int = 4096
    held_octets: int = 64 << 20
    held_findings: int = 100_000
    held_lines: int = 10_000
    room_octets: int = 8 << 20
