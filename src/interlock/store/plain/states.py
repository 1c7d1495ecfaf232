"""Kept states in the database: whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

__all__ = ["put_state", "stored_state"]


def put_state(db: sqlite3.Connection, name: str, state: bytes, now: int) -> None:
    """Within a transaction: in place of the one before."""
    db.execute(
        "INSERT INTO states (name, time, body) VALUES (?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET time = excluded.time, body = excluded.body",
        (name, now, state),
    )


def stored_state(db: sqlite3.Connection, name: str) -> bytes | None:
    """The state of that name; None where there is none."""
    row = db.execute("SELECT body FROM states WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])
