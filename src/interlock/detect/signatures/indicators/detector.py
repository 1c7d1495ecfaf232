"""The detector `indicator`: what others warn of, seen here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from interlock.detect.causes import CauseDetector
from interlock.detect.signatures.indicators.book import Book
from interlock.detect.signatures.indicators.sightings import NEEDS, Eyes, needs_of, sightings
from interlock.detect.signatures.indicators.wording import verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interlock.detect.batch import Batch
    from interlock.detect.causes import Verdict
    from interlock.detect.interface import Context
    from interlock.detect.signatures.indicators.model import Indicator
    from interlock.detect.signatures.indicators.sightings import Sighting
    from interlock.detect.tally import Key, Tally

__all__ = ["Indicators"]

_SECOND: int = 10**9


class Indicators(CauseDetector):
    """One finding per machine and indicator. Keys: realm, machine, kind and value of the indicator.

    Where no indicators are given it needs no table, and is never asked.
    """

    name: ClassVar[str] = "indicator"
    table: ClassVar[str] = "flows"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = NEEDS

    def __init__(self, book: Book | None = None) -> None:
        super().__init__()
        self._book = Book() if book is None else book
        self._eyes = Eyes(self._book)
        needs, self._buffers = needs_of(self._book.counts())
        self.__dict__["needs"] = needs

    def anew(self) -> Self:
        """Give a fresh detector with the same indicators."""
        return type(self)(self._book)

    @property
    def book(self) -> Book:
        """The indicators in force."""
        return self._book

    @property
    def buffers(self) -> frozenset[str]:
        """The buffers that it looks at."""
        return self._buffers

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count rows that hold a value that was warned of then."""
        for seen in sightings(self._eyes, batch):
            yield from self._count(batch, seen)

    def _count(self, batch: Batch, seen: Sighting) -> Iterator[Key]:
        known = self._book.find(seen.kind, seen.value)
        times = batch.times_ns()[seen.rows] // _SECOND
        valid = [(one, _valid(one, times)) for one in known]
        rows = seen.rows[np.logical_or.reduce([mask for _, mask in valid])] if valid else seen.rows[:0]
        if not len(rows):
            return
        mask = np.zeros(len(batch), np.bool_)
        mask[rows] = True
        hits = batch.take(mask)
        groups = hits.groups("source", "realm", "client", "server")
        for group, (source, realm, client, server) in groups:
            ours, other = (server, client) if self._outside(seen) else (client, server)
            key = (realm or "", ours or "", seen.kind, seen.value)
            tally = self.tallies[key]
            tally.add_group(source or "", groups, group)
            self._note(tally, batch.table, seen, other or "", groups.summary(group)[0])
            for one, fits in valid:
                if fits.any():
                    _note_indicator(tally, one)
            if batch.table == "flows" and hits.integers("server_packets")[groups.rows(group)].any():
                tally.note("answered", "yes")
            yield key

    @staticmethod
    def _outside(seen: Sighting) -> bool:
        """Whether the indicator is about the client's address, so that the server is the machine it is about."""
        return seen.client and seen.kind in ("address", "network")

    @staticmethod
    def _note(tally: Tally, table: str, seen: Sighting, other: str, count: int) -> None:
        tally.note("table", table)
        tally.note("seen", seen.seen, count)
        tally.note("other", other, count)
        if seen.client and seen.kind in ("address", "network"):
            tally.note("way", "asked")

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict:
        """Say which indicator, whose, how sure, and where it was seen."""
        return verdict(key, tally, context)


def _valid(one: Indicator, times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Per time (s since 1970) whether an indicator is valid then; one without an end is for good."""
    mask: NDArray[np.bool_] = times >= one.begins
    return mask & (times < one.ends) if one.ends else mask


def _note_indicator(tally: Tally, one: Indicator) -> None:
    tally.note("origin", one.origin)
    tally.note("confidence", str(one.confidence))
    tally.note("validity", f"{one.begins}/{one.ends}")
    if one.id:
        tally.note("indicator", one.id)
    if one.told:
        tally.note("told", one.told)
