"""A capture worker's process, wired."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from interlock.bootstrap import build_engine
from interlock.bootstrap.reloading import Asked, in_force
from interlock.bootstrap.rescreening import Rescreening
from interlock.decode.heartbeat import SIZE as HEARTBEAT
from interlock.pipeline.sensor.board import ALIVE, BEGUN, HANDED, PARTLY_READ, SHORT
from interlock.pipeline.sensor.child import say
from interlock.pipeline.sensor.line import Line
from interlock.pipeline.sensor.shedding import Pressure
from interlock.pipeline.sensor.urgency import PRESSING
from interlock.pipeline.sensor.worker import Worker
from interlock.records.config import SHED_RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.sensor_parts import Parts
    from interlock.pipeline.sensor.sources import FrameSource
    from interlock.records.config import Config

__all__ = ["capturing"]


def capturing(
    parts: Parts,
    number: int,
    opened: Callable[[int, int], FrameSource],
    cells: memoryview,
    stop: Callable[[], bool],
    hung: frozenset[tuple[int, int]],
) -> None:
    """A capture worker's whole life. opened(frames handed on before, those to the end of what was begun): the source.

    hung: see Engine.
    """
    config = in_force(parts.sensor)
    if parts.live and parts.screening is not None:
        parts.screening.hold_back()
    source = opened(cells[HANDED], cells[BEGUN])
    try:
        engine = build_engine(
            source.sources,
            wanted=parts.wanted,
            read=parts.read,
            buffers=parts.buffers,
            screen=parts.screening,
            gsdml=parts.sensor.gsdml,
            beat=cells[:HEARTBEAT],
            hung=hung,
            pending=PRESSING,
            budget=config.sensor.memory,
        )
        engine.allow(config.sensor.memory, contents=_keeps(config))
        line = _line(parts, number, cells, config)

        def reload() -> None:
            now = in_force(parts.sensor)
            engine.allow(now.sensor.memory, contents=_keeps(now))
            line.allow(_most(parts, now))

        worker = Worker(number, source=source, engine=engine, records=line, cells=cells, clock=time.time_ns)
        worker.run(Rescreening(parts, number).between(Asked().between(stop, reload)))
        line.close()  # where the judge could not keep all of it, it says so itself
        for sentence in source.losses:
            cells[SHORT] = PARTLY_READ
            say(sentence)
    finally:
        source.close()


def _line(parts: Parts, number: int, cells: memoryview, config: Config) -> Line:
    """Worker `number`'s line to the judge."""

    def alive() -> None:
        cells[ALIVE] += 1

    return Line(
        parts.switchboard.call,
        parts.schemas,
        alive,
        _most(parts, config),
        kept=lambda: parts.ledger.kept(number)[0],
        life=lambda: parts.ledger.life,
        queue_octets=config.sensor.memory.queue_mib << 20,
    )


def _keeps(config: Config) -> bool:
    """Whether octets of programs are kept."""
    return config.sensor.retention.programs_mib != 0


def _most(parts: Parts, config: Config) -> Pressure:
    """How far shedding may go; a capture that is only read can wait for the judge."""
    return Pressure(SHED_RULES.index(config.sensor.shed)) if parts.live else Pressure.NONE
