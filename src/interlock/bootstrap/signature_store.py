"""Rules on trial over what a sensor's store keeps: requests and values that were written, and no octets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.signatures.engine.operations import NEEDS, WRITTEN
from interlock.detect.signatures.packs.kept import NAMES, asked_names, sorted_out
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import DATABASE

if TYPE_CHECKING:
    from interlock.detect.signatures.packs.kept import Untried
    from interlock.detect.signatures.packs.trial import Trial

__all__ = ["StoreTrial", "is_store", "over_store"]

_DAY_NS: Final = 86_400 * 10**9
_OPERATIONS, _VALUES = "operations_folded", "values_folded"


class StoreTrial(NamedTuple):
    """path: of the store. tried: how many rules could be held against it. untried: why the others could not."""

    path: str
    tried: int
    untried: tuple[Untried, ...] = ()
    notes: tuple[str, ...] = ()


def is_store(path: str) -> bool:
    """Whether a folder is a sensor's store."""
    return (Path(path) / DATABASE).is_file()


def over_store(trial: Trial, path: str) -> StoreTrial:
    """Hold rules on trial against the last day that is kept. Raises SourceError where the store cannot be read."""
    reader = PlainReader(Path(path))
    able, untried = sorted_out(trial.engine, trial.counted)
    last = 0
    for table in (_OPERATIONS, _VALUES):
        if table in reader.tables():
            for batch in reader.rows(table, columns=["time"]):
                times = Batch(table, batch).times_ns()
                last = max(last, int(times.max()) if len(times) else 0)
    if not last:
        return StoreTrial(path, 0, untried, (f"{path}: keeps no requests yet",))
    counted, trial.counted = trial.counted, able
    try:
        if able:
            _feed(trial, reader, last - _DAY_NS)
    finally:
        trial.counted = counted
    return StoreTrial(
        path, len(able), untried, (f"{path}: of its last day; a run of the same requests counts once",)
    )


def _feed(trial: Trial, reader: PlainReader, since: int) -> None:
    engine, context = trial.engine, Context()
    for batch in reader.rows(_OPERATIONS, since=since, columns=NEEDS):
        if engine.requests:
            trial.feed(Batch("operations", batch), context)
        if NAMES in engine.buffers and (names := asked_names(batch)) is not None:
            trial.feed(names, context)
    if "modbus.value" in engine.requests:
        for batch in reader.rows(_VALUES, since=since, columns=WRITTEN):
            trial.feed(Batch("values", batch), context)
