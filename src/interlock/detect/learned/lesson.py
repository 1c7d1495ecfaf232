"""What there is to learn of deeds in one batch: a fraction of its rows, so that it can wait until it is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.batch import MINUTE_NS
from interlock.detect.learned.deed_row import grouped
from interlock.detect.learned.deeds import ACTS
from interlock.detect.learned.presence import cycles
from interlock.records.crossing import distinct

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch, Summary
    from interlock.detect.tally import Key

__all__ = ["MOST_WAITING", "Lesson", "lesson"]

MOST_WAITING: Final = 100_000
"""Words and deeds that wait to be learned: some 20 MB."""

Deed = tuple[tuple[Any, ...], int, int, "tuple[int, ...] | NDArray[np.int64]"]
"""Words of a DeedRow; first and last minute since 1970; of an act every minute in which there was one."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """cycles: words of conversations that exchange cyclic data, with first and last minute.

    keys, sums: rows of operations grouped by DeedRow's words, and what each group sums up to. acted: place of a group →
    every minute in which there was one, of acts in several.
    """

    cycles: tuple[tuple[Key, int, int], ...] = ()
    keys: list[tuple[Any, ...]] = field(default_factory=list)
    sums: list[Summary] = field(default_factory=list)
    acted: dict[int, NDArray[np.int64]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many there are of both."""
        return len(self.cycles) + len(self.keys)

    @property
    def deeds(self) -> Iterator[Deed]:
        """What was done and has ended. Worked out as it is read: of most captures nothing of it is ever needed."""
        for place, (key, (_, first, last, _)) in enumerate(zip(self.keys, self.sums, strict=True)):
            if key[10] != "pending":
                begin, end = first // MINUTE_NS, last // MINUTE_NS
                once = (begin,) if key[5] in ACTS else ()
                yield key, begin, end, self.acted.get(place, once)


def lesson(batch: Batch) -> Lesson:
    """Of flows who exchanges cyclic data with whom, of operations what was done."""
    if batch.table == "flows":
        return Lesson(cycles=tuple(cycles(batch)))
    groups = grouped(batch)
    sums = groups.summaries()
    acted: dict[int, NDArray[np.int64]] = {}
    for place in [place for place, key in enumerate(groups.keys) if key[5] in ACTS]:
        _, first, last, _ = sums[place]
        if first // MINUTE_NS != last // MINUTE_NS:
            acted[place] = distinct(batch.times_ns()[groups.rows(place)] // MINUTE_NS)
    return Lesson(keys=groups.keys, sums=sums, acted=acted)
