"""Once: operations that come twice, pending and final, counted once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch

__all__ = ["MAX_PENDING", "Once"]

MAX_PENDING: Final = 65_536
"""Pending operations remembered; beyond it the oldest are forgotten and count twice when they end."""


class Once:
    """Remembers the operations whose pending rows were counted, until their final rows come."""

    def __init__(self) -> None:
        self._pending: dict[int, int] = {}

    def new(self, batch: Batch, rows: NDArray[np.int64], *, pending: bool) -> NDArray[np.int64]:
        """Give the rows not counted before. All of them are pending, or none.

        An operation has one row per object range: as many final rows are passed over as were pending.
        """
        operations = batch.integers("operation")[rows].tolist()
        if pending:
            for operation in operations:
                self._pending[operation] = self._pending.get(operation, 0) + 1
            while len(self._pending) > MAX_PENDING:
                del self._pending[next(iter(self._pending))]
            return rows
        fresh: NDArray[np.int64] = rows[[not self._seen(operation) for operation in operations]]
        return fresh

    def _seen(self, operation: int) -> bool:
        left = self._pending.get(operation, 0)
        if left <= 1:
            self._pending.pop(operation, None)
        else:
            self._pending[operation] = left - 1
        return left > 0

    def state(self) -> list[Any]:
        """As JSON values."""
        return [[operation, rows] for operation, rows in self._pending.items()]

    def restore(self, state: list[Any]) -> None:
        """From JSON values."""
        self._pending = {int(operation): int(rows) for operation, rows in state}
