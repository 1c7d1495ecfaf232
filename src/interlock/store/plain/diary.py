"""The diary in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.store.port import Entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

__all__ = ["age_lines", "put_lines", "stored_lines"]

_COLUMNS: Final = ("time", "event", "says", "until", "source", "count")
_AT_ONCE: Final = 1000


def put_lines(db: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Within a transaction: lines at its end."""
    rows = [tuple(getattr(entry, name) for name in _COLUMNS) for entry in entries]
    db.executemany(
        "INSERT INTO diary (time, event, says, until, source, count) VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def stored_lines(db: sqlite3.Connection) -> Iterator[Entry]:
    """Every line, in the order in which they were written."""
    after = 0
    while True:
        rows = db.execute(
            "SELECT number, time, event, says, until, source, count FROM diary WHERE number > ? "
            "ORDER BY number LIMIT ?",
            (after, _AT_ONCE),
        ).fetchall()
        yield from (Entry(**dict(zip(_COLUMNS, row[1:], strict=True))) for row in rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


def age_lines(db: sqlite3.Connection, before: int, most: int) -> int:
    """Within a transaction: remove lines of before a time (UTC ns), and the oldest beyond `most`; how many went.

    Looked at from the oldest on, up to the first that stays: the diary may be long, and others wait.
    """
    last = db.execute("SELECT coalesce(max(number), 0) FROM diary").fetchone()[0]
    young = db.execute(
        "SELECT number FROM diary WHERE time >= ? ORDER BY number LIMIT 1", (before,)
    ).fetchone()
    first = last + 1 if young is None else young[0]
    return db.execute("DELETE FROM diary WHERE number < ?", (max(first, last - most + 1),)).rowcount
