"""What there is to learn of deeds in one batch: a fraction of its rows, so that it can wait until it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.batch import MINUTE_NS
from interlock.detect.crossing import distinct
from interlock.detect.learned.deed_row import grouped
from interlock.detect.learned.deeds import ACTS
from interlock.detect.learned.presence import cycles

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.tally import Key

__all__ = ["MOST_WAITING", "Lesson", "lesson"]

MOST_WAITING: Final = 100_000
"""Words and deeds that wait to be learned: some 20 MB."""

Deed = tuple[tuple[Any, ...], int, int, "tuple[int, ...] | NDArray[np.int64]"]
"""Words of a DeedRow; first and last minute since 1970; of an act every minute in which there was one."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """cycles: words of conversations that exchange cyclic data, with first and last minute. deeds: what was done."""

    cycles: tuple[tuple[Key, int, int], ...] = ()
    deeds: tuple[Deed, ...] = ()

    def __len__(self) -> int:
        """How many there are of both."""
        return len(self.cycles) + len(self.deeds)


def lesson(batch: Batch) -> Lesson:
    """Of flows who exchanges cyclic data with whom, of operations what was done and has ended."""
    if batch.table == "flows":
        return Lesson(cycles=tuple(cycles(batch)))
    return Lesson(deeds=tuple(_deeds(batch)))


def _deeds(batch: Batch) -> Iterator[Deed]:
    groups = grouped(batch)
    for group, key in groups:
        if key[10] == "pending":
            continue
        _, first, last, _ = groups.summary(group)
        begin, end = first // MINUTE_NS, last // MINUTE_NS
        if key[5] not in ACTS:
            yield key, begin, end, ()
        elif begin == end:
            yield key, begin, end, (begin,)
        else:
            yield key, begin, end, distinct(batch.times_ns()[groups.rows(group)] // MINUTE_NS)
