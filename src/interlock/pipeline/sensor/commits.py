"""Findings on their way to disk: committed at once, and told of as soon as they are forced, which nobody waits for.

To force a commit to disk takes a millisecond, tens or hundreds of them on a slow or busy disk; the judge goes on
meanwhile. What is found then is committed when that is done, or after a pause, one commit for all of it: readers see it
from then on. What merely grew (a count) goes with the next commit, whoever that is for: before the next put of rows at
the latest.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from interlock.records.finding import Finding
    from interlock.store.port import Store

__all__ = ["LONGEST_S", "MOST", "Commits"]

LONGEST_S: Final = 0.005
"""No finding waits longer while others are being forced: to commit costs half a millisecond whatever it is of."""
MOST: Final = 64
"""So many that merely grew wait for no other: one commit of them takes some milliseconds."""


class Commits:
    """committed: as of Judge. clock: the wall, UTC ns. now_s: seconds that only rise.

    Rows go to the store after the findings that were made of them or came before: what is put is not sent again where
    the judge dies, and what was found in it must be committed by then.
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
        self._flying: deque[tuple[int, int | None, Sequence[Finding]]] = deque()
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
        if not (self._urgent or self.full):
            return None
        return max(0.0, self._from - self._now_s()) if self._flying else 0.0

    def tend(self) -> None:
        """Tell of what is on disk; commit what waits, where anything of it is new, or it is too much, and may be."""
        self._hear()
        if not self._found or self.wait_s == 0:
            self.settle()

    def settle(self) -> None:
        """Commit what waits, whatever is being forced."""
        if self._found:
            found, self._found, self._urgent, self._more = self._found, [], False, 0
            latest = tuple({one.id: one for _, some in found for one in some}.values())
            # What the disk does not take now the store keeps until it does, and says so: nobody hears of it twice.
            at = self._store.newest if self._store.commit(latest, forced=False) else 0
            self._flying.extend((at, arrived, some) for arrived, some in found)
            self._from = self._now_s() + LONGEST_S
            self._hear()
            self._tell(0, self._clock())
        rows, self._rows = self._rows, []
        for batches in rows:
            self._store.write(batches)

    def finish(self) -> None:
        """Commit what waits, and wait until it is on disk, or the disk will not have it."""
        self.settle()
        self._store.await_forced()
        self._hear()
        self._tell(self._store.newest, self._clock())

    def _hear(self) -> None:
        for upto, at in self._store.landed():
            self._tell(upto, at or self._clock())

    def _tell(self, upto: int, done: int) -> None:
        while self._flying and self._flying[0][0] <= upto:
            _, arrived, findings = self._flying.popleft()
            self._committed(done if arrived is None else arrived, done, findings)
