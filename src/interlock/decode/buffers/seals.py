"""Flows whose ends encipher what they say: their octets are shown to nobody from there on.

Suricata inspects no payload of TLS from the first record with data on (`app-layer.protocols.tls.encryption-handling`
as it is delivered; src/app-layer-ssl.c), none of SSH from where both ends have taken new keys (rust/src/ssh/ssh.rs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from interlock.decode.buffers.sink import Sink

__all__ = ["Seals"]


class Seals:
    """sealed: slots of such flows."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.sealed: set[int] = set()
        self._fresh: list[tuple[int, int]] = []

    def note(self, row: int) -> None:
        """A message of the batch has been read: what it sealed is sealed behind it."""
        if self._sink.sealed:
            self._fresh += [(slot, row) for slot in self._sink.sealed]
            self._sink.sealed.clear()

    def shown(self, columns: dict[str, Any]) -> Any:
        """Which messages of a batch are shown: all, but octets of sealed flows."""
        slots = columns["flow"]
        if not self.sealed and not self._fresh:
            return True
        hidden = np.isin(slots, list(self.sealed))
        for slot, row in self._fresh:
            hidden[row + 1 :] |= slots[row + 1 :] == slot
            self.sealed.add(slot)
        self._fresh.clear()
        return ~hidden | (columns["length"] == 0)
