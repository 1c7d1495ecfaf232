"""What the judge has learned, kept so that a restart, or a new version, goes on from there."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from interlock.errors import InterlockError, OutputError
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.runner import Runner
    from interlock.inventory.inventory import Inventory
    from interlock.store.port import Store

__all__ = ["EVERY_NS", "Memory"]

EVERY_NS: Final = 60_000_000_000
"""Time between two savings, at least."""
_SHARE: Final = 300
"""So much longer than saving takes: findings wait meanwhile."""
_INVENTORY, _DETECTORS, _SAVED = "inventory", "detectors", "saved"


class Memory:
    """Saves inventory and detectors to the store, and brings them back. clock: the wall, UTC ns."""

    def __init__(self, store: Store, inventory: Inventory, runner: Runner, clock: Callable[[], int]) -> None:
        self._store = store
        self._inventory, self._runner = inventory, runner
        self._clock = clock
        self._saved = clock()
        self._pause = EVERY_NS

    def recall(self) -> None:
        """Go on from what was saved last; what cannot be read begins anew, and the diary says so."""
        saved = self._store.kept(_SAVED)
        if saved is None:
            return
        self._bring(_INVENTORY, self._inventory.load, "who is there")
        self._bring(_DETECTORS, self._runner.restore, "what detectors remember")
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(saved)
            if not said["whole"]:
                gap = max(0, self._clock() - int(said["time"])) / 1e9
                says = f"the judge before died: what came after its last saving, {gap:.0f} s ago, is learned anew"
                self._store.note(Entry(time=self._clock(), event="state-lost", says=says))

    def tend(self) -> None:
        """Save, where it is time."""
        if not 0 <= self._clock() - self._saved < self._pause:
            self.save(whole=False)

    def save(self, *, whole: bool) -> None:
        """Save now. whole: nothing more will be learned. A disk that refuses leaves what was saved before."""
        begin = self._clock()
        with suppress(OutputError):
            self._store.keep(_INVENTORY, self._inventory.dump())
            self._store.keep(_DETECTORS, self._runner.state())
            self._store.keep(_SAVED, json.dumps({"time": begin, "whole": whole}).encode())
        self._saved = self._clock()
        self._pause = max(EVERY_NS, _SHARE * (self._saved - begin))

    def _bring(self, name: str, load: Callable[[bytes], None], what: str) -> None:
        state = self._store.kept(name)
        if state is None:
            return
        try:
            load(state)
        except InterlockError as error:
            says = f"{what} begins anew: {error}"
            self._store.note(Entry(time=self._clock(), event="state-lost", says=says))
