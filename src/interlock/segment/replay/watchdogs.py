"""When a machine stops, or ends a session, by itself because its master is silent: where the session's opening said so.

PROFINET's Connect names for each relation the silence that ends it; a remote I/O then puts its outputs to their
substitute values (IEC 61158-6-10, IOCRBlockReq: WatchdogFactor). CIP's Forward Open names an interval and a multiplier
for each direction (CIP Volume 1, 3-5.5.1): a cyclic connection (transport class 0 or 1) that ends so takes a device's
outputs to their state for faults, another one (2 or 3) is a session that is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["WATCHDOGS", "Silence", "Watchdogs"]

WATCHDOGS: Final = {
    "profinet_ars": (
        *("realm", "event", "client", "server", "initiator_mac", "responder_mac", "iocr_type"),
        "watchdog",
    ),
    "cip_connections": (
        *("realm", "event", "client", "server", "transport_class"),
        *("to_target_watchdog", "to_originator_watchdog"),
    ),
}
"""Table → columns that are read of it."""
_MOST: Final = 100_000
_CYCLIC_CLASS: Final = 1
_INWARD: Final = "input"


class Silence(NamedTuple):
    """How long one waits for a word of the other. cyclic: it then stops by itself; else only a session ends."""

    seconds: float
    cyclic: bool


class _Told(NamedTuple):
    silent: tuple[str, ...]
    waits: tuple[str, ...]
    nanoseconds: int
    cyclic: bool


class Watchdogs:
    """Feed it batches of these tables, then ask. Machines are known by every address that the tables name."""

    def __init__(self) -> None:
        self._shortest: dict[tuple[str, str, str, bool], float] = {}

    def feed(self, table: str, batch: pa.RecordBatch) -> None:
        """Take a batch; others are passed over."""
        known = [name for name in WATCHDOGS.get(table, ()) if name in batch.schema.names]
        some = batch.select(known)
        for place, name in enumerate(known):
            if name.endswith("watchdog"):
                some = some.set_column(place, name, batch.column(name).cast(pa.int64()))
        read = _relation if table == "profinet_ars" else _connection
        for row in some.to_pylist() if known else ():  # a row for each relation that is opened: few
            if row.get("event") == "opened":
                self._note(str(row.get("realm") or ""), read(row))

    def _note(self, realm: str, every: Iterable[_Told]) -> None:
        for told in every:
            for place in ((realm, one, other, told.cyclic) for one in told.silent for other in told.waits):
                if told.nanoseconds and (place in self._shortest or len(self._shortest) < _MOST):
                    seconds = told.nanoseconds / 1e9
                    self._shortest[place] = min(seconds, self._shortest.get(place, seconds))

    def shortest(self, realm: str, silent: Iterable[str], waits: Iterable[str]) -> Silence | None:
        """How long a machine waits for another one, each by any of its addresses; None where nothing said so.

        Where it waits for several things, what it stops by counts before sessions, then the shortest.
        """
        pairs = [(one, other) for other in waits for one in silent]
        for cyclic in (True, False):
            places = [(realm, *pair, cyclic) for pair in pairs]
            found = [self._shortest[place] for place in places if place in self._shortest]
            if found:
                return Silence(min(found), cyclic)
        return None


def _relation(row: dict[str, Any]) -> Iterator[_Told]:
    """A PROFINET relation: the device waits for outputs, the controller for inputs."""
    asks, answers = _known(row, "client", "initiator_mac"), _known(row, "server", "responder_mac")
    silent, waits = (answers, asks) if row.get("iocr_type") == _INWARD else (asks, answers)
    yield _Told(silent, waits, row.get("watchdog") or 0, cyclic=True)


def _connection(row: dict[str, Any]) -> Iterator[_Told]:
    """A CIP connection: each end waits for the other."""
    asks, answers = _known(row, "client"), _known(row, "server")
    kind = row.get("transport_class")
    cyclic = kind is not None and kind <= _CYCLIC_CLASS
    yield _Told(asks, answers, row.get("to_target_watchdog") or 0, cyclic)
    yield _Told(answers, asks, row.get("to_originator_watchdog") or 0, cyclic)


def _known(row: dict[str, Any], *columns: str) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in columns if row.get(column) is not None)
