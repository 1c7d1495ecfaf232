"""Rules on trial over what a sensor's store keeps: requests, and no octets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.signatures.engine.operations import NEEDS
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import DATABASE

if TYPE_CHECKING:
    from interlock.detect.signatures.packs.trial import Trial

__all__ = ["is_store", "over_store"]

_DAY_NS: Final = 86_400 * 10**9


def is_store(path: str) -> bool:
    """Whether a folder is a sensor's store."""
    return (Path(path) / DATABASE).is_file()


def over_store(trial: Trial, path: str) -> list[str]:
    """Hold rules about requests against the last day that is kept; sentences about what was not tried.

    Raises SourceError where the store cannot be read.
    """
    octets = sum(1 for one in trial.engine.traits if one.buffers and one.name in trial.counted)
    notes = []
    if octets:
        notes.append(
            f"{path}: keeps no octets: {octets} rules that ask for octets were not tried; name captures for them"
        )
    reader = PlainReader(Path(path))
    last = 0
    if "operations_folded" in reader.tables():
        for batch in reader.rows("operations_folded", columns=["time"]):
            times = Batch("operations", batch).times_ns()
            last = max(last, int(times.max()) if len(times) else 0)
    if not last:
        return [*notes, f"{path}: keeps no requests yet"]
    if trial.engine.requests:
        for batch in reader.rows("operations_folded", since=last - _DAY_NS, columns=NEEDS):
            trial.feed(Batch("operations", batch), Context())
        notes.append(f"{path}: of its last day; a run of the same requests counts once")
    return notes
