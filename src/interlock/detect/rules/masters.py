"""Who was the first to be served by a station of telecontrol: nobody who is new to it, as far as can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interlock.detect.batch import Batch

__all__ = ["PROTOCOLS", "Masters"]

PROTOCOLS: Final = frozenset({"dnp3", "iec104", "iec101", "iec103", "dlms"})
"""Protocols in which one station controls another, and sets its clock by the protocol's own procedure.

Source: IEEE 1815-2012, 10.3; IEC 60870-5-5, 6.7; IEC 62056-6-2 (clock).
"""
MOST: Final = 20_000
_SERVED: Final = frozenset({"ok", "unsolicited"})
_ORDINARY: Final = frozenset({"read", "subscribe", "report", "open", "write", "operate", "select"})

_NEVER: Final = np.iinfo(np.int64).max
_Served = tuple[str, str, str]


class Masters:
    """Realm, server and protocol → the client that it served first, with ordinary work, and when (UTC ns)."""

    def __init__(self) -> None:
        self._first: dict[_Served, tuple[str, int]] = {}

    def note(self, batch: Batch) -> None:
        """Take operations in, in their order."""
        wanted = batch.among("protocol", PROTOCOLS)
        if not wanted.any():
            return
        wanted &= batch.among("outcome", _SERVED) & batch.among("verb", _ORDINARY)
        if not wanted.any():
            return
        part = batch.take(wanted)
        groups = part.groups("realm", "client", "server", "protocol")
        begins = sorted((int(groups.rows(group)[0]), words) for group, words in groups)
        for row, (realm, client, server, protocol) in begins:
            key = (realm or "", server or "", protocol or "")
            if key not in self._first and len(self._first) < MOST:
                self._first[key] = (client or "", int(part.times_ns()[row]))

    def before(self, batch: Batch) -> NDArray[np.bool_]:
        """Tell per row whether its client had been its server's first one before."""
        groups = batch.groups("realm", "client", "server", "protocol")
        since = np.full(len(groups.keys), _NEVER)
        for group, (realm, client, server, protocol) in groups:
            known = self._first.get((realm or "", server or "", protocol or ""))
            if known is not None and known[0] == client:
                since[group] = known[1]
        earlier: NDArray[np.bool_] = batch.times_ns() > since[groups.numbers]
        return earlier

    def state(self) -> list[Any]:
        """As JSON values."""
        return [[*key, *known] for key, known in self._first.items()]

    def restore(self, state: list[Any]) -> None:
        """Take back what `state` gave."""
        self._first = {(str(r), str(s), str(p)): (str(client), int(at)) for r, s, p, client, at in state}
