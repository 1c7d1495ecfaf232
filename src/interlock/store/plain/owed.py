"""What the database did not take yet: committed before anything else, as soon as it can be."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from interlock.errors import OutputError
from interlock.store.plain.diary import put_lines
from interlock.store.plain.findings import grown, newest_number, put_findings, stored_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.records.finding import Finding
    from interlock.store.plain.database import Database
    from interlock.store.plain.limits import Limits
    from interlock.store.port import Entry

__all__ = ["Owed"]

_AT_ONCE: Final = 500


class Owed:
    """Findings by id and lines of the diary on their way to the database. trouble: why it took nothing last time."""

    def __init__(self, database: Database, clock: Callable[[], int], limits: Limits) -> None:
        self._database, self._clock, self._limits = database, clock, limits
        self._findings: dict[str, Finding] = {}
        self._lines: deque[Entry] = deque(maxlen=limits.held_lines)
        self.trouble: OutputError | None = None

    def __len__(self) -> int:
        return len(self._findings) + len(self._lines)

    @property
    def unkept(self) -> int:
        """Findings that are not on disk."""
        return len(self._findings)

    def findings(self, findings: Sequence[Finding], *, forced: bool = True) -> bool:
        """Take them; whether all is committed now. forced: see Database.writing.

        Raises OutputError where more wait than may: those that are new are not taken then.
        """
        today = self._today()
        for finding in findings:
            waiting = self._findings.pop(finding.id, None)
            if waiting is None and len(self._findings) >= self._limits.held_findings:
                raise OutputError(
                    f"{self._database.path}: {len(self._findings):,} findings wait for the disk, no more can be kept"
                )
            self._findings[finding.id] = finding if waiting is None else grown(waiting, finding, today)
        return self.settle(forced=forced)

    def line(self, entry: Entry) -> bool:
        """Take a line; whether all is on disk now. Where too many wait, the oldest goes."""
        self._lines.append(entry)
        return self.settle()

    def settle(self, *, forced: bool = True) -> bool:
        """Try to get everything to disk; whether it is there (forced: else, committed)."""
        if not len(self):
            return True
        try:
            with self._database.writing(forced=forced) as db:
                put_findings(db, self._findings.values(), self._today())
                put_lines(db, self._lines)
        except OutputError as error:
            self.trouble = error
            return False
        self._findings.clear()
        self._lines.clear()
        self.trouble = None
        return True

    def again(self, after: int) -> None:
        """Commit anew, and force, some at a time, all findings whose numbers are above that: the disk lost them, maybe.

        Raises OutputError.
        """
        try:
            with self._database.reading() as db:
                upto = newest_number(db)
            while after < upto:
                with self._database.writing() as db:
                    rows = list(islice(stored_findings(db, after), _AT_ONCE))
                    put_findings(db, [finding for _, finding in rows], self._today())
                after = rows[-1][0]
        except OutputError as error:
            self.trouble = error
            raise

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock() // 1_000_000_000, UTC).date().isoformat()
