"""Captures through the decoder: the loop that `decode` and `analyze` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

    from interlock.capture.run import CaptureRun
    from interlock.decode.engine import Engine

__all__ = ["FOLDED", "Interrupt", "decoded", "folded"]

FOLDED: Final = {"operations": "operations_folded", "values": "values_folded"}
"""Table → the table that stores keep in its place."""

Batches = dict[str, "pa.RecordBatch"]


class Interrupt(Protocol):
    """Says whether the person at the keyboard wants the run to end now; what is read so far is kept."""

    def __call__(self) -> bool:
        """True once asked to stop."""


def decoded(
    run: CaptureRun, engine: Engine, *, progress: Callable[[int, int | None], None], stop: Interrupt
) -> Iterator[Batches]:
    """The records of a run, batch by batch. progress(octets read, octets in all or None)."""
    for frames in run:
        yield engine.feed(frames)
        progress(run.octets_read, run.octets_total)
        if stop():
            break
    yield from engine.finish()


def folded(steps: Iterable[Batches]) -> Iterator[Batches]:
    """The same, and `operations_folded` and `values_folded` as a store would keep them."""
    # Few runs fold, and it brings the inventory with it.
    from interlock.store.folding import Folding  # noqa: PLC0415
    from interlock.store.value_folding import ValueFolding  # noqa: PLC0415

    folds: dict[str, Folding | ValueFolding] = {"operations": Folding(), "values": ValueFolding()}
    for batches in steps:
        yield batches
        for name in folds.keys() & batches.keys():
            yield from ({FOLDED[name]: batch} for batch in folds[name].add(batches[name]))
    for name, folding in folds.items():
        yield from ({FOLDED[name]: batch} for batch in folding.rest())
