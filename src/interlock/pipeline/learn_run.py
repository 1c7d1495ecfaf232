"""One lesson: every batch of records to the detectors that learn, and nothing kept but what they learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.detect.interface import Context
from interlock.records.gathering import Gathering

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interlock.detect.runner import Runner

__all__ = ["Lesson"]


class Lesson:
    """Feed it every batch of records, then `finish`."""

    def __init__(self, runner: Runner) -> None:
        """runner: of detectors that learn; what they know already stays."""
        self._runner = runner
        self._needs = runner.needs
        self._operations = Gathering()
        self._now = 0

    @property
    def wanted(self) -> frozenset[str]:
        """The tables that anybody here reads."""
        return frozenset(self._needs)

    @property
    def read(self) -> Mapping[str, tuple[str, ...]]:
        """Table → columns that somebody reads."""
        return self._needs

    def feed(self, batches: Mapping[str, pa.RecordBatch], now: int) -> None:
        """Take the batches of one step; now: capture clock, UTC ns."""
        self._now = max(self._now, now)
        for name, batch in batches.items():
            self._learn(name, self._operations.add(batch) if name == "operations" else batch)

    def finish(self) -> bytes:
        """What was learned, as a state folder keeps it."""
        self._learn("operations", self._operations.rest())
        return self._runner.learned()

    def _learn(self, name: str, batch: pa.RecordBatch | None) -> None:
        if batch is not None and name in self._needs:
            self._runner.learn(name, batch, Context(now=self._now))
