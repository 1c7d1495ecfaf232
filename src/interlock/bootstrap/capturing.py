"""A capture worker's process, wired."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from interlock.bootstrap import build_engine
from interlock.decode.heartbeat import SIZE as HEARTBEAT
from interlock.pipeline.sensor.board import ALIVE, HANDED
from interlock.pipeline.sensor.line import Line
from interlock.pipeline.sensor.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.sensor_parts import Parts
    from interlock.pipeline.sensor.sources import FrameSource

__all__ = ["capturing"]


def capturing(
    parts: Parts,
    number: int,
    opened: Callable[[int], FrameSource],
    cells: memoryview,
    stop: Callable[[], bool],
    hung: frozenset[tuple[int, int]],
) -> None:
    """A capture worker's whole life. opened(frames handed on before): the source. hung: see Engine."""
    source = opened(cells[HANDED])

    def alive() -> None:
        cells[ALIVE] += 1

    try:
        engine = build_engine(
            source.sources,
            wanted=parts.wanted,
            gsdml=parts.sensor.gsdml,
            beat=cells[:HEARTBEAT],
            hung=hung,
        )
        line = Line(parts.switchboard.call, parts.schemas, alive)
        Worker(number, source=source, engine=engine, records=line, cells=cells, clock=time.time_ns).run(stop)
        line.close()
    finally:
        source.close()
