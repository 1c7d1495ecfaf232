"""The most memory that a piece of work holds at once, Python's, numpy's and Arrow's together."""

from __future__ import annotations

import gc
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

_POOLS: list[pa.MemoryPool] = []
"""Of each look one, for good: what was made from it is given back to it, whenever that is."""


class Peak:
    """octets: beyond what was held when it began, at most; both sides at their worst, if not in the same moment.

    python: of these Python's and numpy's. arrow(): what Arrow holds now beyond that.
    """

    octets = python = 0

    def __init__(self, pool: pa.MemoryPool) -> None:
        self._pool = pool

    def arrow(self) -> int:
        return self._pool.bytes_allocated()


@contextmanager
def peak() -> Iterator[Peak]:
    """Watch what is done meanwhile."""
    before = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(pa.system_memory_pool())
    _POOLS.append(pool)
    found = Peak(pool)
    gc.collect()
    pa.set_memory_pool(pool)
    tracemalloc.start(1)
    try:
        yield found
        found.python = tracemalloc.get_traced_memory()[1]
        found.octets = found.python + pool.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(before)
