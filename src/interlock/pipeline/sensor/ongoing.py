"""Conversations that go on: a connection may last for months, and nobody can wait for its row.

What has lasted for RIPE_NS is judged once as it is then; its row at the end is stored, and not judged again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interlock.capture.flow_tally import FlowTally

if TYPE_CHECKING:
    from interlock.capture.flow_tally import FlowSums

__all__ = ["Ongoing"]

RIPE_NS: Final = 10_000_000_000
MOST: Final = 400_000
"""Conversations remembered as judged; past it the oldest are forgotten, and judged once more at their end."""

_SPOKEN: Final = frozenset({"established", "midstream", None})
"""TCP states in which both know that they talk; None: no TCP."""


class Ongoing:
    """Remembers which conversations were judged before their end. tally: of what goes on now, by worker."""

    def __init__(self) -> None:
        self._judged: OrderedDict[int, None] = OrderedDict()
        self._tallies: dict[int, FlowTally] = {}

    def show(self, worker: int, flows: pa.RecordBatch) -> pa.RecordBatch | None:
        """Conversations of a worker that go on; of them those to be judged now."""
        tally = self._tallies[worker] = FlowTally()
        tally.add(flows)
        fresh = [
            row
            for row, (flow, ripe) in enumerate(
                zip(flows.column("flow").to_pylist(), _ripe(flows), strict=True)
            )
            if ripe and flow not in self._judged
        ]
        if not fresh:
            return None
        rows = flows.take(pa.array(fresh))
        self._judged.update(dict.fromkeys(rows.column("flow").to_pylist()))
        while len(self._judged) > MOST:
            self._judged.popitem(last=False)
        return rows

    def unjudged(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Of conversations that have ended those that were not judged while they went on; the others are forgotten."""
        if not self._judged:
            return flows
        ended = flows.column("flow").to_pylist()
        known = np.array([flow in self._judged for flow in ended], bool)
        if not known.any():
            return flows
        for flow in ended:
            self._judged.pop(flow, None)
        return flows.filter(pa.array(~known))

    def sums(self) -> dict[tuple[str, str], FlowSums]:
        """Sums over what goes on now, of all workers; a source belongs to one realm."""
        return {key: sums for tally in self._tallies.values() for key, sums in tally.sums.items()}


def _ripe(flows: pa.RecordBatch) -> list[bool]:
    first, last = (flows.column(name).view(pa.int64()).to_numpy() for name in ("first", "last"))
    old = last - first >= RIPE_NS
    states = flows.column("state").to_pylist()
    return [bool(a) and state in _SPOKEN for a, state in zip(old, states, strict=True)]
