"""All tables of a store: rows are held for a moment, then written, folded, sealed; what the disk refuses stays held."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pyarrow.compute as pc

from interlock.export.parquet import ROWS
from interlock.store.plain.holding import Holding
from interlock.store.plain.journal import FOLDED_AS, Journal
from interlock.store.plain.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from interlock.store.plain.limits import Limits

__all__ = ["Tables"]

_JOURNALLED: Final = frozenset(kept for kept, _ in FOLDED_AS.values())
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Tables:
    """Tables of a folder.

    left: octets that an earlier writer, which did not end well, left in open segments.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._holding = Holding()
        self._tables: dict[str, Table] = {}
        self._journals: dict[str, Journal] = {}
        self._forced = self._refused = 0
        self._put_trouble: OSError | None = None
        self._seal_trouble: OSError | None = None
        for name in FOLDED_AS:
            self._keeper(name)
        for kept in sorted((folder / "tables").iterdir()):
            if kept.is_dir():
                self._table(kept.name)
        self.left = sum(keeper.left for keeper in self._keepers())

    @property
    def trouble(self) -> OSError | None:
        """Why the disk refused what it was given last; None where it took everything."""
        return self._put_trouble or self._seal_trouble

    def write(self, batches: Mapping[str, pa.RecordBatch], now: int) -> None:
        """Take rows; on disk at the latest with the next `put`. Raises ValueError for what can be no table's name."""
        for name, batch in batches.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a table")
            rows = _final(batch) if name == "operations" else batch
            if rows.num_rows:
                self._holding.add(name, rows)
        if self._holding.rows > ROWS or self._holding.octets > self._limits.held_octets:
            self.put(now)

    def put(self, now: int) -> None:
        """What is held to disk; what the disk refuses stays held, within its bound."""
        self._put_trouble = None
        for name in self._holding.names:
            left = [piece for rows in self._holding.take(name) for piece in self._pieces(name, rows)]
            try:
                while left:
                    self._keeper(name).append(left[0], now)
                    left.pop(0)
            except OSError as error:
                self._put_trouble = error
                for rows in left:
                    self._holding.add(name, rows)
        self._holding.shed(self._limits.held_octets)

    def _pieces(self, name: str, rows: pa.RecordBatch) -> list[pa.RecordBatch]:
        journal = self._journals.get(name)
        return [rows] if journal is None else journal.cut(rows)

    def tend(self, now: int) -> None:
        """One step of whatever is due: folding, sealing, forcing. What the disk refuses is tried again later."""
        if self._seal_trouble is not None and 0 <= now - self._refused < self._limits.retry_ns:
            return
        try:
            for keeper in self._keepers():
                if keeper.due(now):
                    keeper.roll()
                keeper.step(now)
            if not 0 <= now - self._forced < self._limits.sync_ns:
                self.force()
                self._forced = now
        except OSError as error:
            self._seal_trouble, self._refused = error, now
        else:
            self._seal_trouble = None

    def force(self) -> None:
        """What is in open segments to disk. Raises OSError."""
        for keeper in self._keepers():
            keeper.force()

    def close(self, now: int) -> None:
        """Everything folded and sealed, as far as the disk takes it."""
        self.put(now)
        try:
            for keeper in self._keepers():
                keeper.roll()
                while keeper.step(now):
                    pass
        except OSError as error:
            self._seal_trouble = error
            for keeper in self._keepers():
                with suppress(OSError):
                    keeper.roll()

    def broken(self) -> list[str]:
        """Files set aside since this was asked last: what is in them can be neither folded nor sealed."""
        names = [name for keeper in self._keepers() for name in keeper.broken]
        for keeper in self._keepers():
            keeper.broken.clear()
        return names

    @property
    def unkept(self) -> int:
        """Rows that are not on disk: those that wait in memory, and those given up that nobody was told of."""
        return self._holding.rows + sum(self._holding.lost.values())

    def lost(self) -> dict[str, int]:
        """Table → rows given up since this was asked last."""
        lost, self._holding.lost = self._holding.lost, {}
        return lost

    def _keepers(self) -> tuple[Journal | Table, ...]:
        """Journals first: what they hold goes to tables."""
        return *self._journals.values(), *self._tables.values()

    def _keeper(self, name: str) -> Journal | Table:
        if name not in FOLDED_AS:
            return self._table(name)
        if name not in self._journals:
            kept = self._table(FOLDED_AS[name][0])
            self._journals[name] = Journal(self._folder / "journal" / name, name, kept, self._limits)
        return self._journals[name]

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = Table(
                self._folder / "tables" / name, self._limits, journalled=name in _JOURNALLED
            )
        return self._tables[name]


def _final(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows that say how it ended: each pending one is followed by its final one."""
    return batch.filter(pc.fill_null(pc.not_equal(batch.column("outcome"), "pending"), fill_value=True))
