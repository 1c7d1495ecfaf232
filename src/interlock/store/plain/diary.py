"""The diary in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.store.port import Entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

__all__ = ["age_lines", "put_lines", "stored_lines"]

_DAY: Final = 86_400 * 1_000_000_000
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


def age_lines(db: sqlite3.Connection, now: int, span: int, most: int) -> int:
    """Within a transaction: remove lines older than a span (ns), and the oldest beyond `most`; how many went.

    now: UTC ns. Of the time from one line to the next a day counts at most (aging.py says why).
    """
    last = db.execute("SELECT coalesce(max(number), 0) FROM diary").fetchone()[0]
    oldest = db.execute("SELECT time FROM diary ORDER BY number LIMIT 1").fetchone()
    first = 0
    if oldest is not None and oldest[0] < now - span:
        first = _first_within(db, now, span)
    return db.execute("DELETE FROM diary WHERE number < ?", (max(first, last - most + 1),)).rowcount


def _first_within(db: sqlite3.Connection, now: int, span: int) -> int:
    """The number of the oldest line that is not older."""
    age, first = 0, 0
    for number, time in db.execute("SELECT number, time FROM diary ORDER BY number DESC"):
        age += min(max(now - time, 0), _DAY)
        if age > span:
            return first or number + 1
        first, now = number, time
    return 0
