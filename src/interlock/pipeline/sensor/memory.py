"""What the judge has learned, kept so that a restart, or a new version, goes on from there."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import InterlockError, OutputError, SourceError
from interlock.pipeline.sensor.aside import Here
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from interlock.detect.runner import Runner
    from interlock.inventory.inventory import Inventory
    from interlock.pipeline.sensor.aside import Work
    from interlock.store.port import Event, Store

__all__ = ["EVERY_NS", "Memory"]

EVERY_NS: Final = 60_000_000_000
"""Time between two savings, at least, where nothing new was met: only counts and times are lost then."""
SOON_NS: Final = 5_000_000_000
"""The same where something new was met."""
_SHARE: Final = 20
"""So much longer than saving takes, which has a processor meanwhile."""
_INVENTORY, _DETECTORS, _SAVED, _TAUGHT = "inventory", "detectors", "saved", "taught"


class Memory:
    """Saves inventory and detectors to the store, and brings them back. clock: the wall, UTC ns."""

    def __init__(
        self,
        store: Store,
        inventory: Inventory,
        runner: Runner,
        clock: Callable[[], int],
        beside: Callable[[Callable[[], Iterable[Any]]], Work] = Here,
    ) -> None:
        """beside: begins work in a copy of the process."""
        self._store = store
        self._inventory, self._runner = inventory, runner
        self._clock = clock
        self._saved = clock()
        self._pause = 0
        self._extent = runner.extent
        self._beside = beside
        self._work: Work | None = None

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

    def teach(self, read: Callable[[], bytes | None], folder: str) -> None:
        """Go on from what was learned apart, once for each content: what is remembered since is newer.

        read: gives it, None where nothing was learned. What cannot be read changes nothing, and the diary says so.
        """
        try:
            learned = read()
            if learned is None:
                raise SourceError("nothing was learned there")
            digest = hashlib.sha256(learned).digest()
            if self._store.kept(_TAUGHT) == digest:
                return
            self._runner.know(learned)
            self._store.keep(_TAUGHT, digest)
        except InterlockError as error:
            self._say("refused", f"{folder}: {error}; what is remembered stays in force")
        else:
            self._say("reloaded", f"{folder}: what was learned there is known now")

    def _say(self, event: Event, says: str) -> None:
        self._store.note(Entry(time=self._clock(), event=event, says=says))

    def tend(self) -> None:
        """Save, where it is time, in a copy of the process: packing all of it takes longer than a finding may."""
        if self._work is not None:
            self._look_after(self._work)
        elif self._is_due():
            self._saved, self._extent = self._clock(), self._runner.extent
            self._work = self._beside(lambda: self._keep(whole=False))
            self._look_after(self._work)

    def _is_due(self) -> bool:
        """Soon where something new was met: whatever a plant says once may not come again while anybody listens."""
        since = self._clock() - self._saved
        if not 0 <= since < max(EVERY_NS, self._pause):
            return True
        return since >= max(SOON_NS, self._pause) and self._runner.extent != self._extent

    def _look_after(self, work: Work) -> None:
        """One that died, or that the disk refused, leaves what was saved before; the next one is begun in its time."""
        for took in work.pieces():
            self._pause = _SHARE * took
        if work.finished:
            self._work = None

    def save(self, *, whole: bool) -> None:
        """Save now. whole: nothing more will be learned. A disk that refuses leaves what was saved before."""
        if self._work is not None:
            self._work.end()
            self._work = None
        for _ in self._keep(whole=whole):
            pass
        self._saved = self._clock()

    def _keep(self, *, whole: bool) -> Iterator[int]:
        """Keep all of it, what says that it is there last; give how long that took, ns."""
        begin = self._clock()
        with suppress(OutputError):
            self._store.keep(_INVENTORY, self._inventory.dump())
            self._store.keep(_DETECTORS, self._runner.state())
            self._store.keep(_SAVED, json.dumps({"time": begin, "whole": whole}).encode())
        yield max(0, self._clock() - begin)

    def _bring(self, name: str, load: Callable[[bytes], None], what: str) -> None:
        state = self._store.kept(name)
        if state is None:
            return
        try:
            load(state)
        except InterlockError as error:
            says = f"{what} begins anew: {error}"
            self._store.note(Entry(time=self._clock(), event="state-lost", says=says))
