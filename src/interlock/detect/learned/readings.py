"""Readings of objects as detectors of values line them up: who reads what of whom, and the numbers behind each row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.detect.learned.places import Seconds, kept
from interlock.detect.walks import line_up, views
from interlock.records.cells import sort_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.tally import Key

__all__ = ["ASKED", "READ", "TOLD", "Lined", "Readings", "Seats", "in_turn"]

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


@dataclass(frozen=True)
class Lined:
    """Rows with readings, object by object, each object's in order.

    Per row: places (of its object), times (UTC ns), widths (numbers it carries). values: these, row after row.
    """

    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    times: NDArray[np.int64]
    widths: NDArray[np.int64]
    values: NDArray[np.float64]

    @cached_property
    def firsts(self) -> NDArray[np.int64]:
        """Of each object the first row here."""
        return np.flatnonzero(np.concatenate(([True], self.places[1:] != self.places[:-1])))

    @cached_property
    def begins(self) -> NDArray[np.int64]:
        """Per row, where its own values begin."""
        return np.cumsum(self.widths) - self.widths


@dataclass(frozen=True, slots=True)
class Readings:
    """Of one batch. flat: all numbers. starts, lengths: per row where its own begin, and how many it has."""

    flat: NDArray[np.float64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, batch: Batch) -> Readings | None:
        """Its numbers; None where it has none."""
        if not batch.has("number") or not len(batch):
            return None
        return cls(*batch.lists("number"))

    def seated(
        self,
        batch: Batch,
        seats: Seats,
        place: Callable[[Key, int], int],
        directions: tuple[str, ...] = TOLD,
        judged: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the rows that count, object by object, and their places: of what was told the first of each second.

        place: of a block (realm, client, server, protocol, place, width) and its width; -1: it has none yet. judged:
        which places count.
        """
        usable = batch.among("direction", directions) & (self.lengths > 0)
        if not usable.any():
            return _NONE, _NONE
        groups = batch.groups(*_GROUPED, bins=self.lengths, named="numbers")
        told = np.bincount(groups.numbers[usable], minlength=len(groups.keys))
        taken = seats.of(groups.keys, told.tolist(), directions, place)
        if judged is not None:
            taken[taken >= 0] = np.where(judged(taken[taken >= 0]), taken[taken >= 0], -1)
        places = taken[groups.numbers]
        places[~usable] = -1
        rows = in_turn(places)
        rows = rows[seats.seconds.fresh(places[rows], batch.times_ns()[rows])]
        return rows, places[rows]

    def lined(
        self,
        batch: Batch,
        seats: Seats,
        place: Callable[[Key, int], int],
        most: int,
        directions: tuple[str, ...] = TOLD,
    ) -> Lined | None:
        """Line up the rows that count, with up to `most` of their numbers; None where there are none.

        Rows with a number that is none are left out.
        """
        rows, places = self.seated(batch, seats, place, directions)
        if not len(rows):
            return None
        widths = np.minimum(self.lengths[rows], most)
        values, whole = np.empty(int(widths.sum()), np.float64), np.empty(len(rows), np.bool_)
        finite = line_up(*views(self.flat, self.starts[rows], widths, values, whole))
        if not finite:
            values = values[np.repeat(whole, widths)]
            rows, places, widths = rows[whole], places[whole], widths[whole]
        return Lined(rows, places, batch.times_ns()[rows], widths, values) if len(rows) else None


class Seats:
    """The places of blocks as batches name them, so that one seen before needs no more than to be looked up."""

    def __init__(self) -> None:
        self.seconds = Seconds()
        self._known: dict[tuple[str, ...], dict[tuple[Any, ...], int]] = {}

    def of(
        self,
        keys: list[tuple[Any, ...]],
        many: list[int],
        directions: tuple[str, ...],
        place: Callable[[Key, int], int],
    ) -> NDArray[np.int64]:
        """Give the places of a batch's groups, by what `place` says of new ones; -1 where none of `many` rows counts.

        A place that was given stays.
        """
        known = self._known.setdefault(directions, {})
        taken = np.fromiter(map(known.get, keys, repeat(-1)), np.int64, len(keys))
        for group in np.flatnonzero((taken < 0) & (np.array(many) > 0)).tolist():
            key = keys[group]
            taken[group] = at = place(_block(key), int(key[7]))
            if at >= 0 and len(known) < _MOST:
                known[kept(key)] = at
        taken[np.array(many) == 0] = -1
        return taken


def in_turn(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows that have a place, in the places' order, each one's rising."""
    if not len(places):
        return places
    ends, order = np.zeros(int(places.max()) + 3, np.int64), np.empty_like(places)
    sort_out(*views(places + 1, ends, order))
    return order[ends[1] :]


def _block(key: tuple[Any, ...]) -> Key:
    _, realm, client, server, protocol, unit, place, width = key
    where = f"{unit or ''} {place or ''}".strip()
    return (realm or "", client or "", server or "", protocol or "", where, str(width))


_MOST: Final = 20_000
"""Names of blocks remembered: a block has one for each source that shows it."""
_NONE: Final = np.zeros(0, np.int64)
