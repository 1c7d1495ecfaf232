"""Assets in the database: the machines as known last."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from interlock.store.plain.encoding import asset_of, octets_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from interlock.records.asset import Asset

__all__ = ["Picture", "stored_assets"]


class Picture:
    """What of the machines stands in the database; only what changed is written."""

    def __init__(self) -> None:
        self._stands: dict[str, int] = {}
        self._known = False

    def put(self, db: sqlite3.Connection, assets: Sequence[Asset]) -> dict[str, int]:
        """Within a transaction: these assets, in place of all before. Its result is for `stands`, once on disk."""
        if not self._known:
            self._stands = {i: zlib.crc32(body) for i, body in db.execute("SELECT id, body FROM assets")}
        bodies = {asset.id: octets_of(asset) for asset in assets}
        now = {name: zlib.crc32(body) for name, body in bodies.items()}
        db.executemany(
            "INSERT INTO assets (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            ((name, body) for name, body in bodies.items() if self._stands.get(name) != now[name]),
        )
        gone = [(name,) for name in self._stands if name not in now]
        db.executemany("DELETE FROM assets WHERE id = ?", gone)
        return now

    def stands(self, now: dict[str, int] | None) -> None:
        """What `put` gave is on disk; None: it is not known what is."""
        self._known, self._stands = now is not None, now or {}


def stored_assets(db: sqlite3.Connection) -> Iterator[Asset]:
    """Every asset, by id."""
    for (body,) in db.execute("SELECT body FROM assets ORDER BY id"):
        yield asset_of(body)
