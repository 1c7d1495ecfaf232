"""Readings of objects as detectors of values line them up: who reads what of whom, and the numbers behind each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.learned.places import Seconds
    from interlock.detect.tally import Key

__all__ = ["ASKED", "READ", "TOLD", "Lined", "Readings"]

READ: Final = (
    "source",
    "realm",
    "client",
    "server",
    "protocol",
    "unit",
    "object",
    "direction",
    "time",
    "frame",
    "number",
)
"""Columns of values that are read."""
TOLD: Final = ("read", "reported")
ASKED: Final = ("written",)
"""Directions of values: what machines tell, and what they are told to do."""
_GROUPED: Final = READ[:7]


@dataclass(frozen=True, slots=True)
class Lined:
    """Rows with readings, object by object, each object's in order.

    Per row: places (of its object), times (UTC ns), widths (numbers it carries). values: these, row after row.
    """

    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    times: NDArray[np.int64]
    widths: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Readings:
    """Of one batch. flat: all numbers, one row's after another's. lengths: numbers per row."""

    flat: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, batch: Batch) -> Readings | None:
        """Its numbers; None where it has none."""
        if not batch.has("number") or not len(batch):
            return None
        column = batch.column("number")
        lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(column.flatten().to_numpy(zero_copy_only=False).astype(np.float64), lengths)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each row's numbers begin."""
        begins: NDArray[np.int64] = np.cumsum(self.lengths) - self.lengths
        return begins

    def seated(
        self,
        batch: Batch,
        place: Callable[[Key, int], int],
        seconds: Seconds,
        directions: tuple[str, ...] = TOLD,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the rows that count, object by object, and their places: of what was told the first of each second.

        place: of a block (realm, client, server, protocol, place, width) and its width; -1: it has none.
        """
        usable = batch.among("direction", directions) & (self.lengths > 0)
        if not usable.any():
            return _NONE, _NONE
        groups = batch.groups(*_GROUPED, bins=self.lengths, named="numbers")
        told = np.bincount(groups.numbers[usable], minlength=len(groups.keys))
        seats = [
            place(_block(key), int(key[7])) if many else -1
            for key, many in zip(groups.keys, told.tolist(), strict=True)
        ]
        places = np.array(seats, np.int64)[groups.numbers]
        places[~usable] = -1
        order = np.argsort(places, kind="stable")
        rows = order[np.searchsorted(places[order], 0) :]
        rows = rows[seconds.fresh(places[rows], batch.times_ns()[rows])]
        return rows, places[rows]

    def lined(
        self,
        batch: Batch,
        place: Callable[[Key, int], int],
        seconds: Seconds,
        most: int,
        directions: tuple[str, ...] = TOLD,
    ) -> Lined | None:
        """Line up the rows that count, with up to `most` of their numbers; None where there are none.

        Rows with a number that is none are left out.
        """
        rows, places = self.seated(batch, place, seconds, directions)
        if not len(rows):
            return None
        widths = np.minimum(self.lengths[rows], most)
        begins = np.cumsum(widths) - widths
        at = np.repeat(self.starts[rows] - begins, widths) + np.arange(int(widths.sum()))
        values = self.flat[at]
        finite = np.isfinite(values)
        if not finite.all():
            whole = np.logical_and.reduceat(finite, begins)
            values = values[np.repeat(whole, widths)]
            rows, places, widths = rows[whole], places[whole], widths[whole]
        return Lined(rows, places, batch.times_ns()[rows], widths, values) if len(rows) else None


def _block(key: tuple[Any, ...]) -> Key:
    _, realm, client, server, protocol, unit, place, width = key
    where = f"{unit or ''} {place or ''}".strip()
    return (realm or "", client or "", server or "", protocol or "", where, str(width))


_NONE: Final = np.zeros(0, np.int64)
