"""Many takes through one real Engine, each in a realm of its own, and their rows as they are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from decode.contract.subjects import specs as registered
from decode.contract.subjects import verbs
from interlock.decode.engine import Engine
from interlock.records.frames import LINKTYPE_ETHERNET, SPILL_OCTETS, Frames, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from decode.contract.takes import Take
    from interlock.decode.spec import ProtocolSpec

__all__ = ["START_NS", "STEP_NS", "Rows", "batch_of", "engine_for", "play", "without_when"]

START_NS = 1_700_000_000_000_000_000
STEP_NS = 1_000_000
_WHERE = frozenset({"source", "realm", "flow"})
_WHEN = frozenset(
    {"time", "frame", "response_frame", "latency", "first", "last", "first_frame", "last_frame"}
)
_FLOW = ("client", "server", "client_port", "server_port", "transport", "protocol")

Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""Table → rows without source, realm and flow id; operations are numbered from 1 within the take."""


def engine_for(sources: int, specs: Sequence[ProtocolSpec] | None = None, **more: Any) -> Engine:
    """An engine with so many sources, each in a realm of its own. more: what Engine takes besides."""
    made = tuple(Source(name=str(k), realm=f"r{k}") for k in range(sources))
    return Engine(
        made, specs or registered(), verbs(), fingerprint=lambda secret: f"{len(secret)} octets", **more
    )


def batch_of(frames: Sequence[tuple[int, int, bytes]]) -> Frames:
    """Frames from (moment, source, octets)."""
    lengths = np.array([len(f) for _, _, f in frames], np.int32)
    used = int(lengths.sum())
    octets = np.zeros(used + SPILL_OCTETS, np.uint8)
    octets[:used] = np.frombuffer(b"".join(f for _, _, f in frames), np.uint8)
    moments = np.array([m for m, _, _ in frames], np.int64)
    return Frames(
        octets=octets,
        used=used,
        offset=np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64),
        caplen=lengths,
        wirelen=lengths.copy(),
        time=START_NS + moments * STEP_NS,
        linktype=np.full(len(frames), LINKTYPE_ETHERNET, np.int32),
        source=np.array([s for _, s, _ in frames], np.int32),
        number=moments + 1,
    )


def play(
    takes: Sequence[Take],
    *,
    batch: int = 0,
    specs: Sequence[ProtocolSpec] | None = None,
    shown: frozenset[str] | None = None,
    **more: Any,
) -> list[Rows]:
    """Decode the takes side by side. batch: frames a batch (0: all in one).

    shown: tables to give back (None: all). more: what Engine takes besides.
    """
    engine = engine_for(len(takes), specs, **more)
    frames = [(moment, k, octets) for k, take in enumerate(takes) for moment, octets in take.frames]
    frames.sort(key=lambda f: f[0])  # stable: the order within a take's moment stays
    found: list[Rows] = [{} for _ in takes]
    size = batch or len(frames)
    for at in range(0, len(frames), size):
        _collect(found, engine.feed(batch_of(frames[at : at + size])))
    for rest in engine.finish():
        _collect(found, rest)
    return [_arranged({n: t for n, t in rows.items() if shown is None or n in shown}) for rows in found]


def _collect(found: list[Rows], batches: dict[str, Any]) -> None:
    for name, batch in batches.items():
        batch.validate(full=True)
        columns = {}
        for field, column in zip(batch.schema, batch.columns, strict=True):
            is_time = str(field.type).startswith(("timestamp", "duration"))
            columns[field.name] = (column.cast("int64") if is_time else column).to_pylist()
        for values in zip(*columns.values(), strict=True):
            row = dict(zip(columns, values, strict=True))
            found[int(row["source"])].setdefault(name, []).append(row)


def _arranged(rows: Rows) -> Rows:
    """Comparable: in an order that does not depend on batches, without what names the run."""
    ids = {r["operation"] for table in rows.values() for r in table if r.get("operation") is not None}
    rank = {operation: k for k, operation in enumerate(sorted(ids), 1)}
    made = {}
    for name, table in rows.items():
        bare = [_bare(name, row, rank) for row in table]
        made[name] = sorted(_last_said(bare) if name == "credentials" else bare, key=repr)
    return made


def _bare(name: str, row: Row, rank: dict[int, int]) -> Row:
    if name == "flows":
        return {k: row[k] for k in _FLOW}
    kept = {k: v for k, v in row.items() if k not in _WHERE}
    if kept.get("operation") is not None:
        kept["operation"] = rank[kept["operation"]]
    return kept


def _last_said(rows: list[Row]) -> list[Row]:
    """A login is written again with its outcome where that came in a later batch: the last word counts."""
    last = {repr({k: v for k, v in row.items() if k != "outcome"}): row for row in rows}
    return list(last.values())


def without_when(rows: Rows) -> Rows:
    """Without times and frame numbers."""
    return {
        name: sorted(({k: v for k, v in row.items() if k not in _WHEN} for row in table), key=repr)
        for name, table in rows.items()
    }
