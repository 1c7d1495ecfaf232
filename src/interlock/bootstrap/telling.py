"""The herald's process, wired: outlets and metrics, apart from the judge, so that no receiver can hold it up."""

from __future__ import annotations

import os
import select
import time
from contextlib import nullcontext, suppress
from itertools import takewhile
from secrets import SystemRandom
from typing import TYPE_CHECKING, Final

from interlock.bootstrap.reloading import Asked, anew, in_force
from interlock.errors import ConfigError, InterlockError
from interlock.export.delivery.outlet import open_outlet
from interlock.export.delivery.pump import Chances, Pumps, Voice
from interlock.pipeline.sensor.board import ALIVE
from interlock.pipeline.sensor.figures import read_figures_file
from interlock.pipeline.sensor.incident_file import IncidentFile
from interlock.pipeline.sensor.outlet_figures import write_outlet_figures
from interlock.store.plain.follower import Follower
from interlock.store.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from interlock.bootstrap.sensor_parts import Parts
    from interlock.export.delivery.metrics import MetricsListener
    from interlock.records.config import Config, OutletConfig
    from interlock.records.figures import Figures
    from interlock.records.finding import Finding
    from interlock.records.incident import Incident

__all__ = ["telling"]

WAIT_S: Final = 0.5
FIGURES_NS: Final = 1_000_000_000
PATIENCE_S: Final = 10.0
"""How long what waits may take at the end."""
TURN_S: Final = 2.0
"""How long outlets may take to end before others, or they themselves with other settings, begin."""


def telling(parts: Parts, cells: memoryview, stop: Callable[[], bool]) -> None:
    """The herald's whole life."""
    folder, voices = parts.sensor.folder, _Voices(parts)
    stop = Asked().between(stop, voices.anew)
    told = 0
    try:
        while not stop():
            cells[ALIVE] += 1
            if _rung(parts.bell):
                voices.pumps.nudge()
            if (now := time.time_ns()) - told >= FIGURES_NS:
                told = now
                write_outlet_figures(folder, os.getpid(), voices.pumps.figures())
        voices.pumps.stop(PATIENCE_S)
        write_outlet_figures(folder, os.getpid(), voices.pumps.figures())
    finally:
        voices.close()


class _Voices:
    """Outlets and metrics of the configuration in force; what has not changed in it goes on when it is read anew."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._config = in_force(parts.sensor)
        self._chances = Chances(wall=time.time_ns, chance=SystemRandom().random)
        self._listener = _listening(parts, self._config)
        self.pumps = self._begun()

    def anew(self) -> None:
        """Read the configuration anew and open files anew. What is wrong the judge says; nothing changes then."""
        try:
            config = anew(self._parts.sensor, self._config).config
        except ConfigError:
            config = self._config
        before, self._config = self._config, config
        if config.outlets == before.outlets:
            self.pumps.reopen()
        else:
            self.pumps.stop(TURN_S)
            self.pumps = self._begun()
        if config.metrics != before.metrics:
            self.close()
            try:
                self._listener = _listening(self._parts, config)
            except InterlockError as error:
                self._tell("refused", f"nobody can ask for metrics: {error}", 0)

    def close(self) -> None:
        """Nobody may ask for metrics any more."""
        if self._listener is not None:
            self._listener.close()
        self._listener = None

    def _begun(self) -> Pumps:
        name = self._parts.sensor.name
        opened = [
            voice for one in self._config.outlets if (voice := _opened(one, name, self._tell)) is not None
        ]
        pumps = Pumps(
            opened,
            lambda: nullcontext(_Listener(self._parts.sensor.folder, self._parts.forced)),
            self._chances,
            self._tell,
        )
        pumps.start()
        return pumps

    def _tell(self, event: str, says: str, count: int) -> None:
        self._parts.letters.post(Entry(time=time.time_ns(), event=event, says=says, count=count))  # type: ignore[arg-type]


class _Listener(Follower):
    """Findings and incidents of a store. forced: the number of the last one that is on disk, as the judge knows it."""

    def __init__(self, folder: Path, forced: memoryview) -> None:
        super().__init__(folder)
        self._file, self._forced = IncidentFile(folder), forced

    def findings(self, after: int = 0) -> Iterator[tuple[int, Finding]]:
        """Those that a power cut cannot take back: nobody is told of what is not there afterwards."""
        upto = self._forced[0]
        return takewhile(lambda row: row[0] <= upto, super().findings(after))

    def incidents(self) -> Sequence[Incident]:
        """See pump.Source.incidents."""
        return self._file.incidents()


def _opened(config: OutletConfig, sensor: str, tell: Callable[[str, str, int], None]) -> Voice | None:
    """An outlet; one whose secret has gone since the sensor began is said, and the others go on."""
    try:
        return Voice(open_outlet(config, sensor), config.least_severity, config.tells)
    except InterlockError as error:
        tell("outlet-failing", f"{config.name} cannot begin: {error}", 0)
        return None


def _listening(parts: Parts, config: Config) -> MetricsListener | None:
    if config.metrics is None:
        return None
    from interlock.export.delivery.metrics import MetricsListener as Listener  # noqa: PLC0415 (few ask for it)

    def read() -> Figures | None:
        with suppress(InterlockError):
            return read_figures_file(parts.sensor.folder)
        return None

    listener = Listener(config.metrics, read, time.time_ns)
    listener.start()
    return listener


def _rung(bell: int) -> bool:
    """Whether the judge has committed something; waits a little for it."""
    if not select.select([bell], [], [], WAIT_S)[0]:
        return False
    with suppress(BlockingIOError):
        os.eventfd_read(bell)
    return True
