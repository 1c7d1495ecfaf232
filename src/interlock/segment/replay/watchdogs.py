"""When a machine stops by itself because its master is silent, where a session's opening said so.

PROFINET's Connect names for each relation the silence that ends it; a remote I/O then puts its outputs to their
substitute values (IEC 61158-6-10, IOCRBlockReq: WatchdogFactor).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["WATCHDOGS", "Watchdogs"]

WATCHDOGS: Final = {
    "profinet_ars": ("realm", "client", "server", "initiator_mac", "responder_mac", "watchdog")
}
"""Table → columns that are read of it."""
_MOST: Final = 100_000


class Watchdogs:
    """Feed it batches of these tables, then ask. Machines are known by every address that the tables name."""

    def __init__(self) -> None:
        self._shortest: dict[tuple[str, str], float] = {}

    def feed(self, table: str, batch: pa.RecordBatch) -> None:
        """Take a batch; others are passed over."""
        if table not in WATCHDOGS or "watchdog" not in batch.schema.names:
            return
        known = [name for name in WATCHDOGS[table] if name in batch.schema.names and name != "watchdog"]
        silence = batch.column("watchdog").cast(pa.int64()).to_pylist()
        rows = batch.select(known).to_pylist()  # a row for each relation that is opened: few
        for row, nanoseconds in zip(rows, silence, strict=True):
            if nanoseconds:
                self._note(row, nanoseconds / 1e9)

    def _note(self, row: dict[str, Any], seconds: float) -> None:
        realm = str(row.pop("realm", ""))
        for address in row.values():
            place = realm, str(address)
            if address is not None and (place in self._shortest or len(self._shortest) < _MOST):
                self._shortest[place] = min(seconds, self._shortest.get(place, seconds))

    def shortest(self, realm: str, addresses: Iterable[str]) -> float | None:
        """Seconds of silence after which a machine, by any of its addresses, stops; None where nothing said so."""
        found = [self._shortest[realm, a] for a in addresses if (realm, a) in self._shortest]
        return min(found, default=None)
