"""Kept states: a file for each, replaced whole, so that any process of the writer's may keep one without the database.

states/HEX      SHA-256 of what follows (32 octets), the state; HEX: the name's UTF-8
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

from interlock.store.plain.segments import force_folder

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

__all__ = ["put_state", "state_of_old", "stored_state"]

_FOLDER: Final = "states"
_DIGEST: Final = hashlib.sha256().digest_size


def put_state(store: Path, name: str, state: bytes) -> None:
    """In place of the one before, on disk when this returns. store: its folder. Raises OSError."""
    path = _path(store, name)
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(exist_ok=True)
    with part.open("wb") as file:
        file.write(hashlib.sha256(state).digest())
        file.write(state)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    force_folder(path.parent)


def stored_state(store: Path, name: str) -> tuple[bool, bytes | None]:
    """Whether there is one of that name, and the state, None where it is no longer what was kept. Raises OSError."""
    try:
        octets = _path(store, name).read_bytes()
    except FileNotFoundError:
        return False, None
    state = octets[_DIGEST:]
    return True, state if hashlib.sha256(state).digest() == octets[:_DIGEST] else None


def state_of_old(db: sqlite3.Connection, name: str) -> bytes | None:
    """What versions before kept in the database; None where there is none, or it is no longer what was kept."""
    row = db.execute("SELECT * FROM states WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    body, digest = bytes(row[2]), row[3] if len(row) > 3 else None  # version 1 had no digest
    return body if digest is None or hashlib.sha256(body).digest() == digest else None


def _path(store: Path, name: str) -> Path:
    """A name may hold what a file's name may not."""
    return store / _FOLDER / name.encode().hex()
