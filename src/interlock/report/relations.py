"""Who asks whom to do what: operations folded to one row per client, server, protocol and verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.detect.batch import Batch
from interlock.records.arrays import integers, whole
from interlock.records.vocabulary import VERBS
from interlock.report.tally import Tally, as_table
from interlock.report.words import gravity_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["MAX_RELATIONS", "Relation", "RelationTally", "Relations", "relations_of"]

MAX_RELATIONS: Final = 25_000
"""A sweep with forged addresses makes as many relations as it likes; so many are kept, the gravest first."""

_KEYS: Final = ("realm", "client", "server", "protocol", "verb")
_COLUMNS: Final = [*_KEYS, "source", "item", "time", "outcome", "frame", "response_frame"]
_GRAVITY: Final = {verb: gravity_of(verb) for verb in VERBS}
_MOST: Final = 1 << 49


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """count: messages; refused, unanswered: of those. first, last: UTC ns. source, frame: an example."""

    realm: str
    client: str
    server: str
    protocol: str
    verb: str
    count: int
    refused: int
    unanswered: int
    first: int
    last: int
    source: str
    frame: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """rows: in the order of their keys. left_out: messages of relations beyond `MAX_RELATIONS`."""

    rows: tuple[Relation, ...] = ()
    left_out: int = 0


def _rank(table: pa.Table) -> NDArray[np.int64]:
    """Rank the gravest verb first, then most messages."""
    gravity = [_GRAVITY.get(verb, _GRAVITY[VERBS[0]]) for verb in table.column("verb").to_pylist()]
    count = np.concatenate([integers(part) for part in table.column("count").chunks])
    rank: NDArray[np.int64] = np.array(gravity, np.int64) * (2 * _MOST) - np.minimum(count, _MOST)
    return rank


def _folded(batch: Batch) -> pa.Table:
    """One row a relation; of what is read and grouped, others who are handed the batch read and group the same."""
    if "pending" not in batch.words("outcome")[0]:
        batch = batch.messages()
    elif batch.integers("item").any():
        batch = batch.take(batch.integers("item") == 0)
    groups, frames = batch.groups(*_KEYS), batch.frames()
    many, numbers, framed = len(groups.keys), groups.numbers, np.flatnonzero(frames)
    example, frame = np.empty(many, np.int64), np.zeros(many, np.int64)
    # From the end, since what is written last stays: each one's first row, and first frame that is known.
    example[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    frame[numbers[framed[::-1]]] = frames[framed[::-1]]
    counts, first, last, _ = zip(*map(groups.summary, range(many)), strict=True) if many else [()] * 4
    words = zip(*groups.keys, strict=True) if many else [()] * len(_KEYS)
    number = pa.int64()
    return pa.table(
        {
            **{key: pa.array(said, pa.utf8()) for key, said in zip(_KEYS, words, strict=True)},
            "count": pa.array(counts, number),
            "refused": pa.array(groups.counts(batch.among("outcome", ("refused",))), number),
            "unanswered": pa.array(groups.counts(batch.among("outcome", ("no-answer",))), number),
            "first": pa.array(first, number),
            "last": pa.array(last, number),
            "source": pa.array(batch.words_at("source", example), pa.utf8()),
            "frame": whole(frame, frame > 0),
        }
    )


class RelationTally:
    """Feed it `operations` batch by batch; its memory is bounded by `bound`, not by their number."""

    def __init__(self, bound: int = MAX_RELATIONS) -> None:
        self._tally = Tally(
            _KEYS,
            {
                "count": "sum",
                "refused": "sum",
                "unanswered": "sum",
                "first": "min",
                "last": "max",
                "source": "first",
                "frame": "first",
            },
            bound=bound,
            rank=_rank,
            weight="count",
        )

    def feed(self, rows: pa.RecordBatch | pa.Table | Batch) -> None:
        """Fold in rows of `operations`; a message counts once, where `item` is 0."""
        if isinstance(rows, Batch):
            self._tally.add_folded(_folded(rows))
            return
        for part in as_table(rows.select(_COLUMNS)).to_batches():
            self._tally.add_folded(_folded(Batch("operations", part)))

    def finish(self) -> Relations:
        """All relations so far."""
        table = self._tally.finish()
        rows = () if table is None else tuple(Relation(**row) for row in table.to_pylist())
        return Relations(rows=rows, left_out=self._tally.left_out)


def relations_of(batches: Iterable[pa.RecordBatch | pa.Table], bound: int = MAX_RELATIONS) -> Relations:
    """Fold a whole stream of `operations`."""
    tally = RelationTally(bound)
    for batch in batches:
        tally.feed(batch)
    return tally.finish()
