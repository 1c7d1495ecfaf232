"""What SIGHUP changes: `interlock.toml` and the site file read anew, by every process for itself and without a gap.

What cannot change while the sensor runs stays as it was, and the judge says so in the diary.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from interlock.bootstrap import check_config, read_config
from interlock.bootstrap.detecting import Judgement
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.sensor_parts import Sensor
    from interlock.records.config import Config

__all__ = ["Anew", "Asked", "anew", "in_force", "judged_by", "site_file"]

_FIXED: Final = ("name", "store", "interfaces", "memory_mib")
"""Keys of `[sensor]` that need a restart: workers, the folder's lock and the supervisor's bounds are made once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """config: what is in force from now on. restart: keys that say something else and need a restart."""

    config: Config
    restart: tuple[str, ...] = ()


class Asked:
    """Whether somebody sent SIGHUP since it was asked last: it may come in the middle of anything."""

    def __init__(self) -> None:
        self._asked: list[None] = []
        signal.signal(signal.SIGHUP, lambda *_: self._asked.append(None))

    def __call__(self) -> bool:
        """True once for each time, or for several together."""
        asked = bool(self._asked)
        self._asked.clear()
        return asked

    def between(self, stop: Callable[[], bool], act: Callable[[], None]) -> Callable[[], bool]:
        """`stop`, which its loop asks in every round, with `act` before it where somebody asked."""

        def stopping() -> bool:
            if self():
                act()
            return stop()

        return stopping


def anew(sensor: Sensor, before: Config) -> Anew:
    """The file as it is now, its secrets looked at. Raises ConfigError: what was in force before stays so then."""
    if sensor.config_file is None:
        return Anew(config=before)
    asked = read_config(sensor.config_file)
    check_config(asked)
    old = before.sensor
    changed = (key for key in _FIXED if getattr(asked.sensor, key) != getattr(old, key))
    kept = tuple(key for key in changed if key not in sensor.overridden)
    memory, more = old.memory.grown(asked.sensor.memory)
    fixed = {key: getattr(old, key) for key in _FIXED}
    return Anew(
        config=replace(asked, sensor=replace(asked.sensor, memory=memory, **fixed)), restart=(*kept, *more)
    )


def in_force(sensor: Sensor) -> Config:
    """For a process that begins: the file as it is now where it is right, since others have read it anew by then."""
    with suppress(ConfigError):
        return anew(sensor, sensor.config).config
    return sensor.config


def site_file(sensor: Sensor, config: Config) -> str | None:
    """The site file: the command line's, else the configuration's."""
    if sensor.site_file is not None:
        return sensor.site_file
    return None if config.sensor.site is None else str(config.sensor.site)


def judged_by(sensor: Sensor, config: Config) -> Judgement:
    """Rules, learned state, projects, indicators and signatures: each the command line's, else the configuration's."""
    given, said, site = sensor.judgement, config.sensor, site_file(sensor, config)
    return Judgement(
        rules=given.rules or tuple(map(str, said.rules)),
        state=given.state or (None if said.state is None else str(said.state)),
        projects=given.projects or tuple(map(str, said.projects)),
        indicators=given.indicators or tuple(map(str, config.signatures.indicators)),
        signatures=given.signatures or tuple(map(str, config.signatures.rules)),
        lists=(*((("site", site),) if site else ()), *(given.lists or config.signatures.lists)),
        midstream=given.midstream or config.signatures.midstream,
        checksums=given.checksums or config.signatures.checksums,
        told=given.told,
    )
