"""A log-linear histogram of durations: bounded memory, exact counts, one relative error for every quantile.

Values below 32 ns have a bucket each; above, every power of two is cut into 32 buckets of equal width, so that a
bucket is at most 1/32 of its values wide. From 2^42 ns (73 min) on there is one bucket; the maximum stays exact.

    bucket  0 … 31   32 … 63   64 … 95     96 … 127       …
    values  0 … 31   32 … 63   64 … 127/2  128 … 255/4    …   (first … last / width)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RELATIVE_ERROR", "Histogram"]

RELATIVE_ERROR: Final = 1 / 32
"""A quantile is never below the true one and at most this share above it."""

_SUB_BITS: Final = 5
_SUB: Final = 1 << _SUB_BITS
_TOP_BITS: Final = 42
_LAST: Final = (_TOP_BITS - _SUB_BITS + 1) * _SUB
_LIMIT: Final = 1 << 63


def _bucket(value: int) -> int:
    if value < _SUB:
        return value
    if value >> _TOP_BITS:
        return _LAST
    shift = value.bit_length() - _SUB_BITS - 1
    return (shift << _SUB_BITS) + (value >> shift)


def _upper(bucket: int) -> int:
    """The largest value that belongs into a bucket."""
    if bucket < _SUB:
        return bucket
    shift = (bucket >> _SUB_BITS) - 1
    return ((((bucket & (_SUB - 1)) | _SUB) + 1) << shift) - 1


class Histogram:
    """Counts of durations in ns. Not for several threads at once: each keeps its own, and they are merged."""

    __slots__ = ("_counts", "count", "maximum", "total")

    def __init__(self) -> None:
        self._counts = np.zeros(_LAST + 1, np.int64)
        self.count = 0
        self.total = 0
        self.maximum = 0

    def add(self, value: int, times: int = 1) -> None:
        """Count a duration in ns; one below zero (a clock was set back) counts as 0."""
        value = min(max(value, 0), _LIMIT - 1)
        self._counts[_bucket(value)] += times
        self.count += times
        self.total += value * times
        self.maximum = max(self.maximum, value)

    def add_all(self, values: Any) -> None:
        """Count an array of durations in ns (any integers)."""
        known = np.maximum(np.asarray(values, np.int64), 0)
        if not known.size:
            return
        capped = np.minimum(known, 1 << _TOP_BITS)
        shifts = np.maximum(np.frexp(capped.astype(np.float64))[1].astype(np.int64) - _SUB_BITS - 1, 0)
        buckets = (shifts << _SUB_BITS) + (capped >> shifts)
        self._counts += np.bincount(buckets, minlength=_LAST + 1)
        self.count += known.size
        self.total += int(known.sum(dtype=object))
        self.maximum = max(self.maximum, int(known.max()))

    def merge(self, other: Histogram) -> None:
        """Count everything that the other one has counted."""
        self._counts += other._counts
        self.count += other.count
        self.total += other.total
        self.maximum = max(self.maximum, other.maximum)

    def quantile(self, share: float) -> int | None:
        """The duration in ns that this share (0 to 1) of the values does not pass; None where there is no value."""
        if not self.count:
            return None
        rank = min(max(1, math.ceil(share * self.count)), self.count)
        bucket = int(np.searchsorted(np.cumsum(self._counts), rank))
        return self.maximum if bucket == _LAST else min(_upper(bucket), self.maximum)

    def up_to(self, limit: int) -> int:
        """How many values are at most `limit` ns; exact where limit + 1 is a power of two."""
        return self.count if limit >= self.maximum else int(self._counts[: _bucket(limit) + 1].sum())

    def buckets(self) -> Iterator[tuple[int, int]]:
        """Each bucket that is not empty: the largest value that belongs into it, and its count."""
        for bucket in np.flatnonzero(self._counts).tolist():
            yield (self.maximum if bucket == _LAST else _upper(bucket)), int(self._counts[bucket])

    def document(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {
            "unit": "ns",
            "relative_error": RELATIVE_ERROR,
            "count": self.count,
            "total": self.total,
            "maximum": self.maximum,
            "buckets": [list(pair) for pair in self.buckets()],
        }

    @classmethod
    def read(cls, document: Any) -> Histogram:
        """The inverse of `document`. Raises KeyError, TypeError or ValueError where it is none."""
        read = cls()
        for upper, count in document["buckets"]:
            if type(upper) is not int or type(count) is not int or upper < 0 or not 0 < count < _LIMIT:
                raise ValueError("a bucket is a largest value and a count, both integers")
            read._counts[_bucket(upper)] += count
        read.count, read.total, read.maximum = (int(document[k]) for k in ("count", "total", "maximum"))
        if read.count != int(read._counts.sum()):
            raise ValueError("the buckets do not add up to the count")
        return read

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.document() == other.document()

    __hash__ = None  # type: ignore[assignment]
