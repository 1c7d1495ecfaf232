"""What stands in the SQLite file, and how an older file becomes one of today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.errors import OutputError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["APPLICATION", "VERSION", "bring_up", "known_version", "version_of"]

APPLICATION: Final = 0x494C4B53
"""`PRAGMA application_id`: the octets of "ILKS"."""

_STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE findings (
            id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, time INTEGER NOT NULL, last INTEGER NOT NULL,
            count INTEGER NOT NULL, severity TEXT NOT NULL, detector TEXT NOT NULL, body TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE diary (
            number INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, event TEXT NOT NULL, says TEXT NOT NULL,
            until INTEGER, source TEXT NOT NULL, count INTEGER NOT NULL
        ) STRICT""",
        "CREATE TABLE states (name TEXT PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL) STRICT",
    ),
    (
        "ALTER TABLE states ADD COLUMN digest BLOB",
        "CREATE TABLE assets (id TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT",
    ),
    (
        """CREATE TABLE programs (
            number INTEGER PRIMARY KEY AUTOINCREMENT, realm TEXT NOT NULL, server TEXT NOT NULL, unit TEXT NOT NULL,
            kind TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, code_sha256 TEXT NOT NULL,
            size INTEGER NOT NULL, client TEXT NOT NULL, user TEXT NOT NULL, protocol TEXT NOT NULL,
            direction TEXT NOT NULL, detail TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            kept INTEGER NOT NULL, latest INTEGER NOT NULL
        ) STRICT""",
        "CREATE INDEX programs_of ON programs (realm, server, unit, kind, name)",
        "CREATE INDEX programs_by ON programs (sha256)",
    ),
)
"""Statements from nothing to version 1, from 1 to 2, and so on. What is released stays as it is for ever."""

VERSION: Final = len(_STEPS)


def version_of(db: sqlite3.Connection) -> int:
    """What an open file says of itself; 0 where it is empty."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def known_version(db: sqlite3.Connection, place: str) -> int:
    """The version of an open file, 0 for an empty one. Raises OutputError where it is not for this program."""
    version = version_of(db)
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    tables: int = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if version > VERSION:
        raise OutputError(
            f"{place} was written by a newer version of this program (its schema is {version}, "
            f"{VERSION} is known here); use that version, or name another folder"
        )
    if tables and application != APPLICATION:
        raise OutputError(f"{place} is the database of another program; name another folder")
    return version


def bring_up(db: sqlite3.Connection, place: str) -> None:
    """Make a file of today's schema of an empty or an older one, each step whole or not at all."""
    version = known_version(db, place)
    for number, statements in enumerate(_STEPS[version:], version + 1):
        db.execute("BEGIN IMMEDIATE")
        for statement in statements:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")
