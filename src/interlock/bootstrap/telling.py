"""The herald's process, wired: outlets and metrics, apart from the judge, so that no receiver can hold it up."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import nullcontext, suppress
from secrets import SystemRandom
from typing import TYPE_CHECKING, Final

from interlock.errors import InterlockError
from interlock.export.delivery.outlet import open_outlet
from interlock.export.delivery.pump import Chances, Pumps
from interlock.pipeline.sensor.board import ALIVE
from interlock.pipeline.sensor.figures import read_figures_file
from interlock.pipeline.sensor.outlet_figures import write_outlet_figures
from interlock.store.plain.follower import Follower
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.sensor_parts import Parts
    from interlock.export.delivery.metrics import MetricsListener
    from interlock.export.delivery.outlet import Outlet
    from interlock.records.config import OutletConfig
    from interlock.records.figures import Figures
    from interlock.records.vocabulary import Severity

__all__ = ["telling"]

WAIT_S: Final = 0.5
FIGURES_NS: Final = 1_000_000_000
PATIENCE_S: Final = 10.0
"""How long what waits may take at the end."""


def telling(parts: Parts, cells: memoryview, stop: Callable[[], bool]) -> None:
    """The herald's whole life."""
    folder, config = parts.sensor.folder, parts.sensor.config

    def tell(event: str, says: str, count: int) -> None:
        parts.letters.post(Entry(time=time.time_ns(), event=event, says=says, count=count))  # type: ignore[arg-type]

    chances = Chances(wall=time.time_ns, chance=SystemRandom().random)
    opened = [pair for one in config.outlets if (pair := _opened(one, parts.sensor.name, tell)) is not None]
    pumps = Pumps(opened, lambda: nullcontext(Follower(folder)), chances, tell)
    signal.signal(signal.SIGHUP, lambda *_: pumps.reopen())
    listener = _listening(parts)
    pumps.start()
    told = 0
    try:
        while not stop():
            cells[ALIVE] += 1
            if _rung(parts.bell):
                pumps.nudge()
            if (now := time.time_ns()) - told >= FIGURES_NS:
                told = now
                write_outlet_figures(folder, os.getpid(), pumps.figures())
        pumps.stop(PATIENCE_S)
        write_outlet_figures(folder, os.getpid(), pumps.figures())
    finally:
        if listener is not None:
            listener.close()


def _opened(
    config: OutletConfig, sensor: str, tell: Callable[[str, str, int], None]
) -> tuple[Outlet, Severity] | None:
    """An outlet; one whose secret has gone since the sensor began is said, and the others go on."""
    try:
        return open_outlet(config, sensor), config.least_severity
    except InterlockError as error:
        tell("outlet-failing", f"{config.name} cannot begin: {error}", 0)
        return None


def _listening(parts: Parts) -> MetricsListener | None:
    if parts.sensor.config.metrics is None:
        return None
    from interlock.export.delivery.metrics import MetricsListener as Listener  # noqa: PLC0415 (few ask for it)

    def read() -> Figures | None:
        with suppress(InterlockError):
            return read_figures_file(parts.sensor.folder)
        return None

    listener = Listener(parts.sensor.config.metrics, read, time.time_ns)
    listener.start()
    return listener


def _rung(bell: int) -> bool:
    """Whether the judge has committed something; waits a little for it."""
    if not select.select([bell], [], [], WAIT_S)[0]:
        return False
    with suppress(BlockingIOError):
        os.eventfd_read(bell)
    return True
