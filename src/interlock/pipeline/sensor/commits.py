"""Findings on their way to disk: at once, but one commit for all where the disk is slower than they come.

A commit waits for the disk: a millisecond, tens of them on a slow or busy one. Between two the judge goes on for three
times as long as the last one took, so that a burst of findings costs it a quarter of its time at most, and each of them
still waits for two commits and a pause at most. What merely grew (a count) goes with the next commit, whoever that is
for: before the next put of rows at the latest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from interlock.records.finding import Finding
    from interlock.store.port import Store

__all__ = ["LONGEST_S", "MOST", "Commits"]

_TIMES: Final = 3
MOST: Final = 64
"""So many that merely grew wait for no other: one commit of them takes some milliseconds."""
LONGEST_S: Final = 0.025
"""No pause is longer, however long the disk took."""


class Commits:
    """committed: as of Judge. clock: the wall, UTC ns. now_s: seconds that only rise.

    Rows go to the store after the findings that were made of them or came before: what is put is not sent again where
    the judge dies, and what was found in it must be on disk by then.
    """

    def __init__(
        self,
        store: Store,
        committed: Callable[[int, int, Sequence[Finding]], None],
        clock: Callable[[], int],
        now_s: Callable[[], float],
    ) -> None:
        self._store, self._committed, self._clock, self._now_s = store, committed, clock, now_s
        self._found: list[tuple[int | None, Sequence[Finding]]] = []
        self._rows: list[Mapping[str, pa.RecordBatch]] = []
        self._from = 0.0
        self._urgent, self._more = False, 0

    def add(self, arrived: int | None, findings: Sequence[Finding]) -> None:
        """Commit them, now or after the pause. arrived: of the oldest frame that may be behind them; None: nobody's."""
        self._found.append((arrived, findings))
        self._urgent = True
        self.tend()

    def grown(self, findings: Sequence[Finding]) -> None:
        """Commit them with what comes next."""
        self._found.append((None, findings))
        self._more += len(findings)
        self.tend()

    @property
    def full(self) -> bool:
        """Whether so many wait that whoever can should bring no more."""
        return self._more >= MOST

    def write(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        """Rows to the store, behind what waits."""
        self._rows.append(batches)
        self.tend()

    @property
    def wait_s(self) -> float | None:
        """How long what is new, or too much, may go on waiting; None where nothing does."""
        return max(0.0, self._from - self._now_s()) if self._urgent or self.full else None

    def tend(self) -> None:
        """Commit what waits, where anything of it is new, or it is too much, and the pause is over."""
        if not self._found or self.wait_s == 0:
            self.settle()

    def settle(self) -> None:
        """Commit what waits; pauses are for whoever has other findings to look for."""
        if self._found:
            begin = self._now_s()
            self._store.commit(tuple({f.id: f for _, found in self._found for f in found}.values()))
            self._from = (now := self._now_s()) + min(_TIMES * (now - begin), LONGEST_S)
            told, self._found, self._urgent, self._more = self._found, [], False, 0
            done = self._clock()
            for arrived, findings in told:
                self._committed(done if arrived is None else arrived, done, findings)
        rows, self._rows = self._rows, []
        for batches in rows:
            self._store.write(batches)
