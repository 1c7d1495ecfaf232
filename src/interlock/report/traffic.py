"""Which protocols were seen and on what their names rest: flows folded to conversations and services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.records.arrays import integers, whole
from interlock.report.tally import Tally, as_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["MAX_CONVERSATIONS", "Conversation", "Service", "Traffic", "TrafficTally", "traffic_of"]

MAX_CONVERSATIONS: Final = 25_000
"""A scan or a flood makes as many conversations as it likes; so many are kept, the largest first."""

_SUMS: Final = {"flows": "sum", "packets": "sum", "octets": "sum", "gaps": "sum"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Flows between two addresses in one protocol (None where unknown). first, last: UTC ns."""

    realm: str
    client: str
    server: str
    protocol: str | None
    basis: str
    flows: int
    packets: int
    octets: int
    gaps: int
    first: int
    last: int
    source: str
    frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Flows to one transport port in one protocol, and what that name rests on."""

    protocol: str | None
    basis: str
    transport: str
    port: int | None
    flows: int
    packets: int
    octets: int
    gaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """conversations, services: in the order of their keys. left_out: flows of those beyond the bound."""

    conversations: tuple[Conversation, ...] = ()
    services: tuple[Service, ...] = ()
    left_out: int = 0


def _largest(table: pa.Table) -> NDArray[np.int64]:
    return -_numbers(table, "octets")


def _numbers(table: pa.Table, name: str) -> NDArray[np.int64]:
    """A column without nulls."""
    found: NDArray[np.int64] = np.concatenate([integers(part) for part in table.column(name).chunks])
    return found


class TrafficTally:
    """Feed it `flows` batch by batch; its memory is bounded by `bound`, not by their number."""

    def __init__(self, bound: int = MAX_CONVERSATIONS) -> None:
        self._conversations = Tally(
            ("realm", "client", "server", "protocol", "basis"),
            {**_SUMS, "first": "min", "last": "max", "source": "first", "frame": "first"},  # type: ignore[dict-item]
            bound=bound,
            rank=_largest,
            weight="flows",
        )
        self._services = Tally(
            ("protocol", "basis", "transport", "port"),
            _SUMS,  # type: ignore[arg-type]
            bound=bound,
            rank=_largest,
            weight="flows",
        )

    def feed(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Fold in rows of `flows`."""
        table = as_table(batch)
        sums = {
            "flows": whole(np.ones(table.num_rows, np.int64)),
            "packets": _both(table, "packets"),
            "octets": _both(table, "octets"),
            "gaps": whole(_numbers(table, "gaps")),
        }
        words = {key: table.column(key) for key in ("protocol", "basis")}
        ends = {key: table.column(key) for key in ("realm", "client", "server", "source")}
        times = {key: whole(_numbers(table, key)) for key in ("first", "last")}
        self._conversations.add(
            pa.table({**ends, **words, **sums, **times, "frame": table.column("first_frame")})
        )
        where = {"transport": table.column("transport"), "port": table.column("server_port")}
        self._services.add(pa.table({**words, **where, **sums}))

    def finish(self) -> Traffic:
        """All conversations and services so far."""
        conversations, services = self._conversations.finish(), self._services.finish()
        return Traffic(
            conversations=tuple(Conversation(**row) for row in conversations.to_pylist())
            if conversations
            else (),
            services=tuple(Service(**row) for row in services.to_pylist()) if services else (),
            left_out=self._conversations.left_out,
        )


def _both(table: pa.Table, what: str) -> pa.Array:
    client, server = (_numbers(table, f"{side}_{what}") for side in ("client", "server"))
    return whole(client + server)


def traffic_of(batches: Iterable[pa.RecordBatch | pa.Table], bound: int = MAX_CONVERSATIONS) -> Traffic:
    """Fold a whole stream of `flows`."""
    tally = TrafficTally(bound)
    for batch in batches:
        tally.feed(batch)
    return tally.finish()
