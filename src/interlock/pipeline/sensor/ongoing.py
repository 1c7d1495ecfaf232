"""Conversations that go on: a connection may last for months, and nobody can wait for its row.

What has lasted for RIPE_NS is judged once as it is then, and what ended without a word at once, since its row comes a
minute later; rows at the end are stored, and not judged again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interlock.capture.flow_tally import FlowTally
from interlock.pipeline.sensor.steps import OPEN_FLOWS, WORDLESS_FLOWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlock.capture.flow_tally import FlowSums
    from interlock.decode.engine import Engine

__all__ = ["Ongoing", "Showing"]

RIPE_NS: Final = 10_000_000_000
SHOWN_NS: Final = 5_000_000_000
WORDLESS_NS: Final = 1_000_000_000
"""How often a worker shows conversations that last, and those that ended without a word."""
MOST: Final = 400_000
"""Conversations remembered as judged; past it the oldest are forgotten, and judged once more at their end."""

_SPOKEN: Final = frozenset({"established", "midstream", None})
"""TCP states in which both know that they talk; None: no TCP."""


class Showing:
    """A worker's side of it: which conversations are shown now. Times: UTC ns, of the worker's clock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shown = self._looked = self._since = 0

    def due(self, now: int) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Tables to hand over: OPEN_FLOWS, WORDLESS_FLOWS."""
        if not 0 <= now - self._looked < WORDLESS_NS:
            self._looked, since, self._since = now, self._since, self._engine.dissector.now
            if (rows := self._engine.wordless(since)) is not None:
                yield WORDLESS_FLOWS, rows
        if not 0 <= now - self._shown < SHOWN_NS:
            self._shown = now
            spoke = self._engine.dissector.now - RIPE_NS
            if (rows := self._engine.open_flows(spoke, RIPE_NS)) is not None:
                yield OPEN_FLOWS, rows


class Ongoing:
    """Remembers which conversations were judged before their end. tally: of what goes on now, by worker."""

    def __init__(self) -> None:
        self._judged: OrderedDict[int, Any] = OrderedDict()
        self._wordless: OrderedDict[int, Any] = OrderedDict()
        self._tallies: dict[int, FlowTally] = {}

    def show(self, worker: int, flows: pa.RecordBatch) -> pa.RecordBatch | None:
        """Conversations of a worker that go on; of them those to be judged now."""
        tally = self._tallies[worker] = FlowTally()
        tally.add(flows)
        found = zip(flows.column("flow").to_pylist(), _ripe(flows), strict=True)
        fresh = {row: flow for row, (flow, ripe) in enumerate(found) if ripe and flow not in self._judged}
        _note(self._judged, ((flow, None) for flow in fresh.values()))
        return _taken(flows, fresh)

    def ended(self, flows: pa.RecordBatch) -> pa.RecordBatch | None:
        """Conversations that ended without a word; of them those to be judged now."""
        fresh = {
            row: (flow, fate)
            for row, (flow, fate) in enumerate(_fates(flows))
            if flow not in self._judged and self._wordless.get(flow) != fate
        }
        _note(self._wordless, fresh.values())
        return _taken(flows, fresh)

    def unjudged(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Of conversations that have ended those that were not judged while they went on; the others are forgotten."""
        if not self._judged and not self._wordless:
            return flows
        ended = _fates(flows)
        known = np.array(
            [flow in self._judged or self._wordless.get(flow) == fate for flow, fate in ended], bool
        )
        for flow, _ in ended:
            self._judged.pop(flow, None)
            self._wordless.pop(flow, None)
        if not known.any():
            return flows
        return flows.filter(pa.array(~known))

    def sums(self) -> dict[tuple[str, str], FlowSums]:
        """Sums over what goes on now, of all workers; a source belongs to one realm."""
        return {key: sums for tally in self._tallies.values() for key, sums in tally.sums.items()}


def _note(known: OrderedDict[int, Any], more: Iterable[tuple[int, Any]]) -> None:
    known.update(more)
    while len(known) > MOST:
        known.popitem(last=False)


def _taken(flows: pa.RecordBatch, rows: Iterable[int]) -> pa.RecordBatch | None:
    chosen = list(rows)
    return flows.take(pa.array(chosen)) if chosen else None


def _fates(flows: pa.RecordBatch) -> list[tuple[int, tuple[str | None, bool]]]:
    """Of each conversation its TCP state, and whether both sides are there; an answer that comes late is news."""
    columns = (
        flows.column(name).to_pylist() for name in ("flow", "state", "client_packets", "server_packets")
    )
    return [
        (flow, (state, bool(asked and answered)))
        for flow, state, asked, answered in zip(*columns, strict=True)
    ]


def _ripe(flows: pa.RecordBatch) -> list[bool]:
    first, last = (flows.column(name).view(pa.int64()).to_numpy() for name in ("first", "last"))
    old = last - first >= RIPE_NS
    states = flows.column("state").to_pylist()
    return [bool(a) and state in _SPOKEN for a, state in zip(old, states, strict=True)]
