"""The judge's scribe, wired: the files that it brings to disk, and whom it calls then."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Final

from interlock.bootstrap.incident_book import STATE
from interlock.pipeline.sensor.figures import place_figures
from interlock.pipeline.sensor.incident_file import place_incidents
from interlock.pipeline.sensor.scribe import Scribe
from interlock.report.atomic import write_atomic
from interlock.report.signature_costs import COSTS_FILE
from interlock.store.plain.states import put_state

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["WritingDesk"]

_FIGURES, _INCIDENTS, _SIGNATURES = "figures", "incidents", "signatures"
_HEAD: Final = struct.Struct("<Q")


class WritingDesk:
    """Where the judge lays down what is to be written into the store's folder.

    bell: rung once incidents are on disk, for whoever tells people of them.
    """

    def __init__(self, folder: Path, bell: int) -> None:
        """To be made while the process is still small, and before it holds what a child must not."""
        self._folder, self._bell = folder, bell
        self._scribe = Scribe(self._write)
        self.tend, self.end = self._scribe.tend, self._scribe.end

    @property
    def pid(self) -> int:
        """The scribe's number."""
        return self._scribe.pid

    def figures(self, octets: bytes) -> None:
        """The file of figures."""
        self._scribe.put(_FIGURES, octets)

    def incidents(self, state: bytes, file: bytes) -> None:
        """What the store keeps of incidents, and the file of them."""
        self._scribe.put(_INCIDENTS, _HEAD.pack(len(state)) + state + file)

    def signatures(self, octets: bytes) -> None:
        """The file of what rules cost, and what those on trial would have said."""
        self._scribe.put(_SIGNATURES, octets)

    def _write(self, name: str, octets: bytes) -> None:
        if name == _FIGURES:
            place_figures(self._folder, octets)
            return
        if name == _SIGNATURES:
            write_atomic(self._folder / COSTS_FILE, octets, mode=0o640)
            return
        (size,) = _HEAD.unpack_from(octets)
        put_state(self._folder, STATE, octets[_HEAD.size : _HEAD.size + size])
        place_incidents(self._folder, octets[_HEAD.size + size :])
        os.eventfd_write(self._bell, 1)
