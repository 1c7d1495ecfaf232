"""Rows and findings as they can be compared between runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.records.finding import Finding

__all__ = ["rows", "unprinted"]


def rows(batches: Iterable[Any], without: Iterable[str]) -> Counter[str]:
    """Rows as text, how often each; columns named in `without` left out."""
    found: Counter[str] = Counter()
    for batch in batches:
        names = sorted(set(batch.schema.names) - set(without))
        columns = [_plain(batch.column(name)).to_pylist() for name in names]
        found.update(map(repr, zip(*columns, strict=True)))
    return found


def _plain(column: pa.Array) -> pa.Array:
    """Times as whole numbers, words in place of codes."""
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_timestamp(column.type) or pa.types.is_duration(column.type):
        return column.cast(pa.int64())
    return column


def unprinted(
    printed: Iterable[tuple[str, str, int]], stored: Mapping[str, Finding]
) -> list[tuple[str, str, int]]:
    """What was printed (id, title, count) and is not in the store, with at least that count."""
    return [line for line in printed if line[0] not in stored or stored[line[0]].count < line[2]]
