"""Small batches of one table joined to few large ones: what groups rows pays for a batch, not for a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["ENOUGH", "Gathering", "as_one", "joined"]

ENOUGH: Final = 131_072
"""Rows: as many as a row group of the stored table, which holds the same batches for that long anyway."""


class Gathering:
    """Holds batches back until there are enough rows. Who reads the result must not mind how rows are cut."""

    def __init__(self, enough: int = ENOUGH) -> None:
        self._enough = enough
        self._schema: pa.Schema | None = None
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def feed(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Take a batch of any schema; what is to be looked at now, in order: batches of another one are not joined."""
        other = self._schema is not None and batch.schema != self._schema
        self._schema = batch.schema
        for rows in (self.rest() if other else None, self.add(batch)):
            if rows is not None:
                yield rows

    def add(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """Take a batch; all that is held as one batch, where that is enough."""
        self._held.append(batch)
        self._rows += batch.num_rows
        return self.rest() if self._rows >= self._enough else None

    def rest(self) -> pa.RecordBatch | None:
        """All that is held, as one batch; None where there is nothing."""
        held, self._held, self._rows = self._held, [], 0
        return as_one(held) if held else None


def as_one(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Batches of one schema, at least one, as one.

    By Arrow's `combine_chunks` alone, which gives null code 0 where dictionaries differ. `unify_dictionaries` before it
    would look up the new code of every row, also of one that is null: of ours, whose code is -1, it makes whatever
    lies before its list, and from that the next joining would read anywhere at all.
    """
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches)
    for at, kind in enumerate(table.schema.types):
        if pa.types.is_dictionary(kind) and (same := _of_one_list(table.column(at).chunks)):
            table = table.set_column(at, table.schema.field(at), pa.chunked_array(same, kind))
    whole = table.combine_chunks().to_batches()
    return whole[0] if whole else batches[0]


def _of_one_list(chunks: Sequence[pa.DictionaryArray]) -> list[pa.DictionaryArray] | None:
    """The same with the longest list of words, where the others are its beginnings; None where that changes nothing.

    A list of words that grows keeps its codes. Arrow doesn't know: it hashes all words of every batch.
    """
    lists = {_identity(chunk.dictionary): chunk.dictionary for chunk in chunks}
    if len(lists) < 2:
        return None
    longest = max(lists.values(), key=len)
    if not all(longest.slice(0, len(words)).equals(words) for words in lists.values()):
        return None
    # Codes were within a beginning of the list: they are within the list.
    return [pa.DictionaryArray.from_arrays(chunk.indices, longest, safe=False) for chunk in chunks]


def _identity(words: pa.Array) -> tuple[int, ...]:
    """What tells a list of words from every other one that is held."""
    return (len(words), words.offset, *(0 if b is None else b.address for b in words.buffers()))


def joined(messages: Sequence[Mapping[str, pa.RecordBatch]]) -> dict[str, pa.RecordBatch]:
    """Tables of several messages as one batch each."""
    tables: dict[str, list[pa.RecordBatch]] = {}
    for message in messages:
        for name, batch in message.items():
            tables.setdefault(name, []).append(batch)
    return {name: as_one(batches) for name, batches in tables.items()}
