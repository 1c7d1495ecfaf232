"""Numbers for the objects or relations that a detector knows, so that what it knows of them lies in a few arrays."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interlock.detect.tally import Key

__all__ = ["Placed", "Places", "Seconds", "kept", "more_room", "roomy"]

_LEAST: Final = 64
_SECOND_NS: Final = 1_000_000_000


class Places:
    """Counts keys in order of first sight, up to so many."""

    def __init__(self, most: int) -> None:
        """most: keys; more are not taken in."""
        self._most = most
        self._known: dict[Key, int] = {}
        self.keys: list[Key] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self.keys)

    def find(self, key: Key) -> int:
        """Give the place of a key; -1 where it is not known."""
        return self._known.get(key, -1)

    def make(self, key: Key) -> int:
        """Give the place of a key, new if need be; -1 where there is no room."""
        place = self._known.get(key, -1)
        if place >= 0 or len(self.keys) >= self._most:
            return place
        key = kept(key)
        self._known[key] = len(self.keys)
        self.keys.append(key)
        return len(self.keys) - 1


class Placed:
    """What is known of keys, by their places."""

    def __init__(self, most: int) -> None:
        """most: keys; more are not taken in."""
        self._places = Places(most)

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._places)

    @property
    def keys(self) -> list[Key]:
        """The keys, by place."""
        return self._places.keys

    def find(self, key: Key) -> int:
        """Give the place of a key; -1 where it is not known."""
        return self._places.find(key)


class Seconds:
    """Of what machines tell over and over the first of each second counts: polls of every millisecond buy no time."""

    def __init__(self) -> None:
        self._last = np.zeros(0, np.int64)

    def fresh(self, places: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows begin a second of their place. places: grouped, in time within each; times: UTC ns."""
        slots = times // _SECOND_NS
        if len(places):
            (self._last,) = roomy((self._last,), int(places.max()) + 1, (-1,))
        fresh = np.ones(len(places), np.bool_)
        fresh[1:] = (places[1:] != places[:-1]) | (slots[1:] != slots[:-1])
        fresh &= self._last[places] != slots
        self._last[places] = slots  # of equal ones the last stays
        return fresh

    def forget(self) -> None:
        """Begin anew: each place's next row counts."""
        self._last[:] = -1


def kept(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same key, of words that all keys have in common: each batch spells an address anew.

    To be asked when a key is new: of all that a detector remembers of a thousand machines a fifth is words.
    """
    return tuple(sys.intern(word) if type(word) is str else word for word in key)


def more_room(now: int, wanted: int, least: int) -> int:
    """How many places more an array of `now` is given that wants some: a quarter, since what is to spare is memory."""
    return max(least, now // 4, wanted - now)


def roomy(columns: Sequence[NDArray[Any]], wanted: int, fill: Sequence[Any]) -> list[NDArray[Any]]:
    """The same arrays where the first has `wanted` rows; else longer copies, the new rows filled."""
    now = len(columns[0])
    if now >= wanted:
        return list(columns)
    more = more_room(now, wanted, _LEAST)
    return [
        np.concatenate((column, np.full((more, *column.shape[1:]), value, column.dtype)))
        for column, value in zip(columns, fill, strict=True)
    ]
