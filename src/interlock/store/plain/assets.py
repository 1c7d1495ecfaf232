"""Assets in the database: the machines as known last."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from interlock.store.plain.encoding import asset_of, octets_of
from interlock.store.port import AssetRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from interlock.records.asset import Asset

__all__ = ["Picture", "stored_assets"]


class Picture:
    """What of the machines stands in the database, by digest; only what changed is written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._stands = {i: zlib.crc32(body) for i, body in db.execute("SELECT id, body FROM assets")}

    def rows(self, assets: Iterable[Asset]) -> Iterator[AssetRow]:
        """Those of these machines that are not there so, and those that are there no more."""
        gone = set(self._stands)
        for asset in assets:
            gone.discard(asset.id)
            octets = octets_of(asset)
            digest = zlib.crc32(octets)
            if self._stands.get(asset.id) != digest:
                yield AssetRow(asset.id, octets, digest)
        for name in sorted(gone):
            yield AssetRow(name, None, 0)

    def put(self, db: sqlite3.Connection, rows: Sequence[AssetRow]) -> None:
        """Within a transaction; call `stands` once it is on disk."""
        db.executemany(
            "INSERT INTO assets (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            ((row.id, row.octets) for row in rows if row.octets is not None),
        )
        db.executemany("DELETE FROM assets WHERE id = ?", ((row.id,) for row in rows if row.octets is None))

    def stands(self, rows: Iterable[AssetRow]) -> None:
        """What `put` wrote is on disk."""
        for row in rows:
            if row.octets is None:
                self._stands.pop(row.id, None)
            else:
                self._stands[row.id] = row.digest


def stored_assets(db: sqlite3.Connection) -> Iterator[Asset]:
    """Every asset, by id."""
    for (body,) in db.execute("SELECT body FROM assets ORDER BY id"):
        yield asset_of(body)
