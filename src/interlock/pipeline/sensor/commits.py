"""Findings on their way to disk: at once, but one commit for all where the disk is slower than they come.

A commit waits for the disk: a millisecond, tens of them on a slow or busy one. Between two the judge goes on for as
long as the last one took, so that a burst of findings leaves it half of its time at least, and each of them still waits
for two commits and a pause at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from interlock.records.finding import Finding
    from interlock.store.port import Store

__all__ = ["LONGEST_S", "Commits"]

LONGEST_S: Final = 0.02
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

    def add(self, arrived: int | None, findings: Sequence[Finding]) -> None:
        """Commit them, now or after the pause. arrived: of the oldest frame that may be behind them; None: nobody's."""
        self._found.append((arrived, findings))
        self.tend()

    def write(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        """Rows to the store, behind what waits."""
        self._rows.append(batches)
        self.tend()

    @property
    def wait_s(self) -> float | None:
        """How long what waits may go on waiting; None where nothing does."""
        return max(0.0, self._from - self._now_s()) if self._found else None

    def tend(self) -> None:
        """Commit what waits, where the pause is over."""
        if not self._found or self._now_s() >= self._from:
            self.settle()

    def settle(self) -> None:
        """Commit what waits; pauses are for whoever has other findings to look for."""
        if self._found:
            begin = self._now_s()
            self._store.commit(tuple({f.id: f for _, found in self._found for f in found}.values()))
            self._from = (now := self._now_s()) + min(now - begin, LONGEST_S)
            told, self._found = self._found, []
            done = self._clock()
            for arrived, findings in told:
                self._committed(done if arrived is None else arrived, done, findings)
        rows, self._rows = self._rows, []
        for batches in rows:
            self._store.write(batches)
