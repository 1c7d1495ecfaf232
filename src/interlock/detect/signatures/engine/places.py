"""Octets that rules have at fixed places, looked up for all payloads at once.

Of each rule one anchor counts first: eight octets of every payload are read at its place, and looked up among those of
all rules. Only of payloads that have them the rule's other anchors are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.detect.signatures.engine.prefilter import Anchor

__all__ = ["Places"]

_READ = 8


class _Table(NamedTuple):
    """length: octets of the keys, of which there may be equal ones, rising; owners: the rule of each."""

    length: int
    keys: NDArray[np.uint64]
    owners: NDArray[np.int64]


class Places:
    """anchors: of each rule, at least one. Answers are indexes into it."""

    def __init__(self, anchors: Sequence[Sequence[Anchor]]) -> None:
        self._anchors = anchors
        first: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for index, several in enumerate(anchors):
            one = max(several, key=lambda anchor: (min(len(anchor.octets), _READ), -anchor.place))
            octets = one.octets[:_READ]
            first.setdefault((one.place, len(octets)), []).append((int.from_bytes(octets, "big"), index))
        self._tables: dict[int, list[_Table]] = {}
        for (place, length), found in first.items():
            found.sort()
            keys, owners = np.array([key for key, _ in found], np.uint64), [index for _, index in found]
            self._tables.setdefault(place, []).append(_Table(length, keys, np.array(owners, np.int64)))
        self.furthest = max(self._tables, default=-1)

    def found(
        self,
        cells: NDArray[np.uint8],
        begins: NDArray[np.int64],
        lengths: NDArray[np.int64],
        before: NDArray[np.int64] | None = None,
    ) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """(rule, payloads that have all its anchors). cells: octets of all, eight more at least than payloads take.

        begins, lengths: of each payload. before: octets of its stream before it, from whose beginning places count.
        """
        rows = None if before is None else np.flatnonzero(before <= self.furthest)
        if rows is not None:
            begins, lengths, before = begins[rows], lengths[rows], before[rows]  # type: ignore[index]
        if not len(begins) or not self._tables:
            return
        # Every place of the octets as the beginning of eight, as one number each: nothing is copied.
        wide = np.ndarray((len(cells) - _READ + 1,), ">u8", buffer=cells, strides=(1,))
        for place, tables in self._tables.items():
            start = place if before is None else place - before
            left = lengths - start
            fits = (left > 0) if before is None else (left > 0) & (start >= 0)
            octets = wide[np.where(fits, begins + start, 0)].astype(np.uint64)
            for table in tables:
                for index, where in self._of_table(table, octets, fits & (left >= table.length)):
                    checked = self._checked(index, where, cells, begins, lengths, before)
                    if len(checked):
                        yield index, checked if rows is None else rows[checked]

    @staticmethod
    def _of_table(
        table: _Table, octets: NDArray[np.uint64], fits: NDArray[np.bool_]
    ) -> Iterator[tuple[int, NDArray[np.int64]]]:
        values = octets >> np.uint64(8 * (_READ - table.length))
        keys = table.keys
        if keys[0] == keys[-1]:
            where = np.flatnonzero(fits & (values == keys[0]))
            if len(where):
                yield from ((owner, where) for owner in table.owners.tolist())
            return
        at = np.searchsorted(keys, values)
        at[at == len(keys)] = 0
        there = np.flatnonzero(fits & (keys[at] == values))
        if not len(there):
            return
        values = values[there]
        for key in np.unique(values):
            where = there[values == key]
            first, behind = np.searchsorted(keys, key, "left"), np.searchsorted(keys, key, "right")
            yield from ((owner, where) for owner in table.owners[first:behind].tolist())

    def _checked(
        self,
        index: int,
        where: NDArray[np.int64],
        cells: NDArray[np.uint8],
        begins: NDArray[np.int64],
        lengths: NDArray[np.int64],
        before: NDArray[np.int64] | None,
    ) -> NDArray[np.int64]:
        anchors = self._anchors[index]
        if len(anchors) == 1 and len(anchors[0].octets) <= _READ:
            return where
        earlier = None if before is None else before[where]
        return where[_all_stand(anchors, cells, begins[where], lengths[where], earlier)]


def _all_stand(
    anchors: Sequence[Anchor],
    cells: NDArray[np.uint8],
    begins: NDArray[np.int64],
    lengths: NDArray[np.int64],
    before: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """Per payload whether all octets are at their places; the arguments are those of `Places.found`."""
    fits = np.ones(len(begins), np.bool_)
    for anchor in anchors:
        start = anchor.place if before is None else anchor.place - before
        fits &= (start >= 0) & (start + len(anchor.octets) <= lengths)
        at = np.where(fits, begins + start, 0)
        for k, octet in enumerate(anchor.octets):
            fits &= cells[np.where(fits, at + k, 0)] == octet
    return fits
