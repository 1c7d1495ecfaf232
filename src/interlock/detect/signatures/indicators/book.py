"""A million indicators in little memory: sorted hashes of their values, and one blob of texts to confirm by.

An indicator takes 31 octets of columns and its own texts; nothing of it is a Python object while nobody finds it.
"""

from __future__ import annotations

import hashlib
from array import array
from typing import TYPE_CHECKING, Final

import numpy as np

from interlock.detect.signatures.indicators.model import KINDS, Indicator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["MOST", "Book", "Builder", "key_of"]

MOST: Final = 1 << 24
"""Indicators that one book may hold."""
_LATEST: Final = (1 << 32) - 1
_MOST_TEXT: Final = 4096
_MOST_TOLD: Final = 200
_UUID: Final = "indicator--"


def key_of(kind: str, value: str) -> int:
    """The 63 bits by which a value is found; two values may share them, so whoever finds one confirms it."""
    octets = hashlib.blake2b(value.encode(), digest_size=8, key=kind.encode()).digest()
    return int.from_bytes(octets, "little") >> 1


class Builder:
    """Takes indicators one by one; `book` ends it."""

    def __init__(self) -> None:
        self._keys = array("q")
        self._starts = array("Q")
        self._begins, self._ends = array("I"), array("I")
        self._about = array("I")
        self._confidence, self._kinds = array("B"), array("B")
        self._texts = bytearray()
        self._abouts: dict[tuple[str, str], int] = {}
        self._lengths: set[tuple[int, int]] = set()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._keys)

    def add(self, one: Indicator) -> bool:
        """Take one; False where there is no room for more."""
        if len(self._keys) >= MOST:
            return False
        kind = KINDS.index(one.kind)
        if one.kind == "network":
            self._lengths.add((6 if ":" in one.value else 4, int(one.value.rpartition("/")[2])))
        self._keys.append(key_of(one.kind, one.value))
        self._starts.append(len(self._texts))
        self._texts += f"{one.value[:_MOST_TEXT]}\0{one.id.removeprefix(_UUID)[:_MOST_TOLD]}\0".encode()
        about = self._abouts.setdefault((one.origin, one.told[:_MOST_TOLD]), len(self._abouts))
        self._about.append(about)
        self._confidence.append(min(max(one.confidence, 0), 255))
        self._kinds.append(kind)
        self._begins.append(min(max(one.begins, 0), _LATEST))
        self._ends.append(min(max(one.ends, 0), _LATEST))
        return True

    def book(self) -> Book:
        """All of them, to be looked up; the builder is empty then."""
        made = Book(self)
        self.__init__()  # type: ignore[misc]
        return made

    def columns(self) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
        """Sorted keys, and the other columns in their order."""
        keys = np.frombuffer(self._keys, np.int64) if self._keys else np.zeros(0, np.int64)
        order = np.argsort(keys, kind="stable")
        named = {
            "start": (self._starts, np.uint64),
            "begins": (self._begins, np.uint32),
            "ends": (self._ends, np.uint32),
            "about": (self._about, np.uint32),
            "confidence": (self._confidence, np.uint8),
            "kind": (self._kinds, np.uint8),
        }
        columns = {
            name: (np.frombuffer(part, kind)[order] if part else np.zeros(0, kind))
            for name, (part, kind) in named.items()
        }
        return keys[order], columns

    @property
    def texts(self) -> bytes:
        """Values and ids, one behind the other."""
        return bytes(self._texts)

    @property
    def abouts(self) -> tuple[tuple[str, str], ...]:
        """Origin and what is told, by number."""
        return tuple(self._abouts)

    @property
    def prefixes(self) -> tuple[tuple[int, int], ...]:
        """IP version and length of every prefix that a network has."""
        return tuple(sorted(self._lengths))


class Book:
    """Indicators to be looked up. prefixes: see Builder."""

    def __init__(self, made: Builder | None = None) -> None:
        made = Builder() if made is None else made
        self._keys, self._columns = made.columns()
        self._texts = made.texts
        self._abouts = made.abouts
        self.prefixes = made.prefixes

    def __len__(self) -> int:
        """How many there are."""
        return len(self._keys)

    def counts(self) -> dict[str, int]:
        """Kind → how many."""
        found = np.bincount(self._columns["kind"], minlength=len(KINDS)).tolist()
        return {kind: count for kind, count in zip(KINDS, found, strict=True) if count}

    @property
    def octets(self) -> int:
        """What it takes in memory."""
        return len(self._texts) + self._keys.nbytes + sum(c.nbytes for c in self._columns.values())

    def hits(self, kind: str, values: Sequence[str]) -> list[int]:
        """Which of some values (their numbers) are indicators of that kind."""
        if not len(self._keys) or not values:
            return []
        keys = np.array([key_of(kind, value) for value in values], np.int64)
        at = np.searchsorted(self._keys, keys)
        near = self._keys[np.minimum(at, len(self._keys) - 1)] == keys
        return [i for i in np.flatnonzero(near).tolist() if self._confirmed(int(at[i]), kind, values[i])]

    def find(self, kind: str, value: str) -> tuple[Indicator, ...]:
        """Every indicator of a value, the surest first."""
        key = key_of(kind, value)
        first, last = (int(np.searchsorted(self._keys, key, side)) for side in ("left", "right"))
        found = (self._at(i) for i in range(first, last))
        return tuple(sorted((one for one in found if (one.kind, one.value) == (kind, value)), key=_order))

    def _confirmed(self, at: int, kind: str, value: str) -> bool:
        key, number = self._keys[at], KINDS.index(kind)
        mark = value.encode() + b"\0"
        while at < len(self._keys) and self._keys[at] == key:
            if self._columns["kind"][at] == number and self._texts.startswith(
                mark, int(self._columns["start"][at])
            ):
                return True
            at += 1
        return False

    def _at(self, i: int) -> Indicator:
        c = self._columns
        start = int(c["start"][i])
        middle = self._texts.index(b"\0", start)
        end = self._texts.index(b"\0", middle + 1)
        origin, told = self._abouts[c["about"][i]]
        return Indicator(
            kind=KINDS[c["kind"][i]],
            value=self._texts[start:middle].decode(),
            id=self._texts[middle + 1 : end].decode(),
            origin=origin,
            confidence=int(c["confidence"][i]),
            begins=int(c["begins"][i]),
            ends=int(c["ends"][i]),
            told=told,
        )


def _order(one: Indicator) -> tuple[int, str, str]:
    sure = one.confidence if one.confidence <= 100 else 50
    return -sure, one.origin, one.id


def built(indicators: Iterable[Indicator]) -> Book:
    """A book of these."""
    builder = Builder()
    for one in indicators:
        builder.add(one)
    return builder.book()
