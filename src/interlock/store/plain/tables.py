"""All tables of a store: rows are held for a moment, then written; what the disk refuses stays held."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pyarrow.compute as pc

from interlock.store.plain.holding import Holding
from interlock.store.plain.journal import FOLDED_AS, Journal
from interlock.store.plain.table import Table
from interlock.store.port import Unheeded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from interlock.store.plain.limits import Limits
    from interlock.store.port import Puts

__all__ = ["Tables"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Tables:
    """Tables of a folder, as rows come. What is folded and sealed of them is another's business (compaction.py)."""

    def __init__(self, folder: Path, limits: Limits, puts: Puts | None = None) -> None:
        self._puts = puts or Unheeded()
        self._undo()
        self._folder, self._limits = folder, limits
        self._holding = Holding()
        self._tables: dict[str, Table] = {}
        self._journals: dict[str, Journal] = {}
        self.trouble: OSError | None = None
        """Why the disk refused what it was given last; None where it took everything."""
        for name in FOLDED_AS:
            self._keeper(name)

    def write(self, batches: Mapping[str, pa.RecordBatch], now: int) -> None:
        """Take rows; on disk at the latest with the next `put`. Raises ValueError for what can be no table's name."""
        for name, batch in batches.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a table")
            if batch.num_rows:
                self._holding.add(name, batch)
        if self._holding.rows > self._limits.put_rows or self._holding.heavy(self._limits.held_octets):
            self.put(now)

    def _undo(self) -> None:
        """A put that an earlier writer never brought to its end never was: its rows are sent again."""
        for path, octets in self._puts.undone():
            with suppress(FileNotFoundError):
                if octets:
                    os.truncate(path, octets)
                else:
                    path.unlink()
        self._puts.cut()

    def put(self, now: int) -> bool:
        """What is held to disk; what the disk refuses stays held, within its bound. Whether all of it is there."""
        self.trouble = None
        for name in self._holding.names:
            held = self._holding.take(name, _final if name == "operations" else None)
            left = [piece for rows in held for piece in self._pieces(name, rows)]
            try:
                while left:
                    self._keeper(name).append(left[0], now)
                    left.pop(0)
            except OSError as error:
                self.trouble = error
                for rows in left:
                    self._holding.add(name, rows)
        self._holding.shed(self._limits.held_octets)
        if self._holding.rows:
            return False
        self._puts.done()
        return True

    def _pieces(self, name: str, rows: pa.RecordBatch) -> list[pa.RecordBatch]:
        journal = self._journals.get(name)
        return [rows] if journal is None else journal.cut(rows)

    def tend(self, now: int) -> None:
        """What is held to disk; what is old or large is ended, for whoever folds and seals it."""
        self.put(now)
        for keeper in self._keepers():
            if keeper.due(now):
                keeper.roll()

    def close(self, now: int) -> None:
        """Everything written and ended, as far as the disk takes it."""
        self.put(now)
        for keeper in self._keepers():
            keeper.roll()

    @property
    def unkept(self) -> int:
        """Rows that are not on disk: those that wait in memory, and those given up that nobody was told of."""
        return self._holding.rows + sum(self._holding.lost.values())

    @property
    def held_octets(self) -> int:
        """What waits in memory."""
        return self._holding.octets

    def lost(self) -> dict[str, int]:
        """Table → rows given up since this was asked last."""
        lost, self._holding.lost = self._holding.lost, {}
        return lost

    def _keepers(self) -> tuple[Journal | Table, ...]:
        return *self._journals.values(), *self._tables.values()

    def _keeper(self, name: str) -> Journal | Table:
        if name in FOLDED_AS:
            if name not in self._journals:
                folded = self._folder / "tables" / FOLDED_AS[name][0]
                self._journals[name] = Journal(
                    self._folder / "journal" / name, folded, self._limits, self._puts.grows
                )
            return self._journals[name]
        if name not in self._tables:
            self._tables[name] = Table(self._folder / "tables" / name, self._limits, self._puts.grows)
        return self._tables[name]


def _final(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows that say how it ended: each pending one is followed by its final one."""
    final = pc.fill_null(pc.not_equal(batch.column("outcome"), "pending"), fill_value=True)
    return batch if final.true_count == len(final) else batch.filter(final)
