"""Who asks whom to do what: operations folded to one row per client, server, protocol and verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from interlock.records.vocabulary import VERBS
from interlock.report.tally import Tally, as_table
from interlock.report.words import gravity_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_RELATIONS", "Relation", "RelationTally", "Relations", "relations_of"]

MAX_RELATIONS: Final = 100_000
"""A sweep with forged addresses makes as many relations as it likes; so many are kept, the gravest first."""

_KEYS: Final = ("realm", "client", "server", "protocol", "verb")
_COLUMNS: Final = [*_KEYS, "source", "item", "time", "outcome", "frame", "response_frame"]
_GRAVITY: Final = pa.array([gravity_of(verb) for verb in VERBS], pa.int64())


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


def _rank(table: pa.Table) -> pa.Array:
    """Rank the gravest verb first, then most messages."""
    verb = pc.fill_null(pc.index_in(table.column("verb"), pa.array(VERBS)), 0)
    gravity = _GRAVITY.take(pc.cast(verb, pa.int64()))
    return pc.subtract(pc.multiply(gravity, 1 << 50), pc.min_element_wise(table.column("count"), 1 << 49))


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

    def feed(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Fold in rows of `operations`; a message counts once, where `item` is 0."""
        table = as_table(batch.select(_COLUMNS))
        if pc.max(table.column("item")).as_py():
            table = table.filter(pc.equal(table.column("item"), 0))
        outcome = table.column("outcome")
        time = table.column("time").cast(pa.int64())
        self._tally.add(
            pa.table(
                {
                    **{key: table.column(key) for key in (*_KEYS, "source")},
                    "count": pa.repeat(pa.scalar(1, pa.int64()), table.num_rows),
                    "refused": pc.equal(outcome, "refused").cast(pa.int64()),
                    "unanswered": pc.equal(outcome, "no-answer").cast(pa.int64()),
                    "first": time,
                    "last": time,
                    "frame": pc.coalesce(table.column("frame"), table.column("response_frame")),
                }
            )
        )

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
