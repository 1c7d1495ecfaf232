"""Kept states in the database: whole, or not at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

__all__ = ["put_state", "stored_state"]


def put_state(db: sqlite3.Connection, name: str, state: bytes, now: int) -> None:
    """Within a transaction: in place of the one before."""
    db.execute(
        "INSERT INTO states (name, time, body, digest) VALUES (?, ?, ?, ?) ON CONFLICT (name) "
        "DO UPDATE SET time = excluded.time, body = excluded.body, digest = excluded.digest",
        (name, now, state, hashlib.sha256(state).digest()),
    )


def stored_state(db: sqlite3.Connection, name: str) -> bytes | None:
    """The state of that name; None where there is none, or it is no longer what was kept."""
    row = db.execute("SELECT * FROM states WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    body, digest = bytes(row[2]), row[3] if len(row) > 3 else None  # version 1 had no digest
    return body if digest is None or hashlib.sha256(body).digest() == digest else None
