"""Findings in the database: by id, each with the number of its last commit."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from interlock.store.plain.encoding import finding_of, text_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from interlock.records.finding import Finding

__all__ = ["grown", "newest_number", "put_findings", "stored_findings"]

_AT_ONCE: Final = 500

_PUT: Final = """
    INSERT INTO findings (id, number, time, last, count, severity, detector, body)
    VALUES (:id, (SELECT coalesce(max(number), 0) + 1 FROM findings), :time, :last, :count, :severity, :detector, :body)
    ON CONFLICT (id) DO UPDATE SET number = excluded.number, time = excluded.time, last = excluded.last,
        count = excluded.count, severity = excluded.severity, detector = excluded.detector, body = excluded.body
"""


_KNOWN: Final = """
    SELECT time, last, count, json_extract(body, '$.accepted'), json_extract(body, '$.accepted_until')
    FROM findings WHERE id = ?
"""
_COLUMNS: Final = ("id", "time", "last", "count", "severity", "detector")


@dataclasses.dataclass(frozen=True, slots=True)
class _Known:
    """What of a finding that was committed goes into the same one told again; the rest is not read for that."""

    time: int
    last: int
    count: int
    accepted: str | None
    accepted_until: str | None


def put_findings(db: sqlite3.Connection, findings: Iterable[Finding], today: str) -> None:
    """Within a transaction: new ones, and those that have grown. today: ISO date, for what was accepted until a day."""
    for finding in findings:
        row = db.execute(_KNOWN, (finding.id,)).fetchone()
        whole = finding if row is None else grown(_Known(*row), finding, today)
        db.execute(_PUT, {**{name: getattr(whole, name) for name in _COLUMNS}, "body": text_of(whole)})


def grown(old: Finding | _Known, new: Finding, today: str) -> Finding:
    """What is known of a finding that is told again: the new judgement, over all the time that either saw.

    A detector that lost its memory counts from one again: the count never falls. What a person accepted stays
    accepted to its day, if the new one says nothing of it.
    """
    changes: dict[str, object] = {
        "time": min(old.time, new.time),
        "last": max(old.last, new.last),
        "count": max(old.count, new.count),
    }
    if new.accepted is None and (old.accepted_until is None or old.accepted_until >= today):
        changes |= {"accepted": old.accepted, "accepted_until": old.accepted_until}
    return dataclasses.replace(new, **changes)  # type: ignore[arg-type]


def newest_number(db: sqlite3.Connection) -> int:
    """Of the last commit; 0 where there is none."""
    return int(db.execute("SELECT coalesce(max(number), 0) FROM findings").fetchone()[0])


def stored_findings(db: sqlite3.Connection, after: int) -> Iterator[tuple[int, Finding]]:
    """Number and finding, ascending; some at a time, so that nobody's reading holds up the log's end."""
    while True:
        rows = db.execute(
            "SELECT number, body FROM findings WHERE number > ? ORDER BY number LIMIT ?", (after, _AT_ONCE)
        ).fetchall()
        yield from ((number, finding_of(body)) for number, body in rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]
