"""Which payloads may wait to be judged, since every rule that they may hit speaks all the time.

A rule that fits what a plant says all day hits hundreds of times a second, of hundreds of machines: then it is the rule
that is wrong, or an attack that wants to be drowned in it. What another rule or detector finds must not wait for that.
So of each rule some rows a second are judged as they come, and further ones a moment later, in turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.detect.batch import Batch
from interlock.detect.columns import Columns
from interlock.detect.signatures.engine.loud import Loud
from interlock.pipeline.sensor.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from interlock.pipeline.sensor.waiting import Waited

__all__ = ["Loudness", "parts_of"]

_WAIT_S: Final = 1.0
_MOST: Final = 4096
"""Rows wait so long, or until there are so many."""
_PART: Final = 32
"""So many are judged in one turn: a millisecond or two."""


class Loudness:
    """Keeps them back. now_s: seconds that only rise."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._loud = Loud()
        self._waiting, self._waited = Waiting(_MOST), 0.0

    def parted(self, payloads: pa.RecordBatch) -> tuple[pa.RecordBatch, Waited | None]:
        """Those that are to be judged now; and what has waited, where that is enough."""
        if (loud := self.loud(payloads)) is None:
            return payloads, None
        waited = self._waiting.add(payloads.filter(pa.array(loud)))
        return payloads.filter(pa.array(~loud)), waited

    def due(self) -> Waited | None:
        """What has waited long enough."""
        if self._now_s() - self._waited < _WAIT_S:
            return None
        self._waited = self._now_s()
        return self._waiting.rest()

    def rest(self) -> Waited | None:
        """All that waits."""
        return self._waiting.rest()

    def loud(self, payloads: pa.RecordBatch) -> NDArray[np.bool_] | None:
        """Which rows may wait; None where none does."""
        return self._loud.which(payloads.column("rules").to_pylist(), self._now_s())


def parts_of(waited: Waited) -> Iterator[tuple[str, Batch]]:
    """The table and a moment's work of its rows, in the order in which they came."""
    rows, _ = waited.joined()
    columns = Columns(rows)
    for begin in range(0, rows.num_rows, _PART):
        part = np.arange(begin, min(begin + _PART, rows.num_rows))
        yield "payloads", Batch("payloads", columns, part)
