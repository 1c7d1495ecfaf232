"""Rows that wait where packets are decoded: to make a few for each batch costs more than to look at its packets.

They are those of loud rules (loud.py), for at most a second, and never longer than their conversations last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.engine.loud import Loud

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interlock.decode.buffers.raw import Raw

__all__ = ["Holding"]

_WAIT_NS: Final = 1_000_000_000
_MOST_ROWS: Final = 4096
_MOST_OCTETS: Final = 1 << 20
_NS: Final = 1e-9


class Holding:
    """Of one worker."""

    def __init__(self) -> None:
        self._loud = Loud()
        self._held: list[Raw] = []
        self._since: int | None = None
        self._rows = self._octets = 0

    def left(self, raw: Raw, known: NDArray[np.bool_]) -> Raw | None:
        """Keep rows that may wait; the others, None where there are none. known: rows whose protocol is."""
        if raw.seen is None or (waits := self._loud.which(raw.seen.rules, int(raw.time[-1]) * _NS)) is None:
            return raw
        waits &= known
        if not waits.any():
            return raw
        held = raw.rows(waits.nonzero()[0]).kept()
        self._held.append(held)
        self._rows += len(held.slot)
        self._octets += len(held.array)
        rest = (~waits).nonzero()[0]
        return raw.rows(rest) if len(rest) else None

    def due(self, now: int, *, anyhow: bool) -> list[Raw]:
        """What has waited for long enough, or is enough; to be asked after each batch.

        now: ns of a clock that goes on with the wire. anyhow: a conversation is over, whose rows may be here.
        """
        if not self._held:
            return []
        if self._since is None:
            self._since = now
        late = not 0 <= now - self._since < _WAIT_NS
        if not (anyhow or late or self._rows >= _MOST_ROWS or self._octets >= _MOST_OCTETS):
            return []
        held, self._held, self._since, self._rows, self._octets = self._held, [], None, 0, 0
        return held
