"""A recording of the twin: the whole plant for so many simulated minutes, as a capture of its mirror port."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from interlock.plant.accounts import Accounts, Seeded
from interlock.plant.attacks.scenario import Scene
from interlock.plant.attacks.table import scenario
from interlock.plant.control.programs import CONTROLLERS, controller
from interlock.plant.draws import Draws
from interlock.plant.events.event import Moment
from interlock.plant.events.table import event, rhythm
from interlock.plant.process.whole import STEP_S, Process
from interlock.plant.protocols.opcua_security import TwinKeyring
from interlock.plant.roles import assign
from interlock.plant.twin.cases import Case, Occasion
from interlock.plant.twin.clock import SECOND, Clock
from interlock.plant.twin.mirror import Mirror
from interlock.plant.twin.people import People
from interlock.plant.twin.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from interlock.plant.attacks.scenario import Scenario
    from interlock.plant.twin.mirror import Change

__all__ = ["BEGIN_S", "Twin", "ordered"]

BEGIN_S: Final = 1_788_411_600
"""A Thursday in September 2026, 05:00 UTC: an hour before the first shift."""

SCAN_S: Final = 0.2
_DAY_S: Final = 86_400


def ordered(planned: Iterable[tuple[str, float]], begin_s: int = BEGIN_S) -> list[tuple[str, datetime]]:
    """Those of planned events (name and minute of the recording) that somebody ordered, with their times (UTC)."""
    return [
        (name, datetime.fromtimestamp(begin_s + round(minute * 60), UTC))
        for name, minute in sorted(planned, key=lambda each: each[1])
        if event(name).ordered
    ]


class Twin:
    """The plant on simulated time; equal seeds give equal octets."""

    def __init__(self, target: BinaryIO, seed: int, begin_s: int = BEGIN_S) -> None:
        self._draws = draws = Draws(seed)
        self.cases: list[Case] = []
        self.occasions: list[Occasion] = []
        self.clock = Clock(begin_s * SECOND)
        self.mirror = Mirror(target)
        self.process = Process(draws.of("process").gauss, begin_s % _DAY_S)
        self.controllers = {name: controller(name) for name in CONTROLLERS}
        self.stage = Stage(self.clock, self.mirror, draws)
        self._keyring = TwinKeyring(draws)
        self._accounts = Accounts(Seeded(draws))
        hands = _Hands(self.stage)
        about = (self.controllers, _Watch(self), self._keyring, self._accounts, hands)
        self.remote_io = assign(_Stage(self.stage), *about)
        self._step()

    def run(self, minutes: float) -> Iterator[float]:
        """Let time pass, and give the share that is done after each simulated second."""
        until = self.clock.now + round(minutes * 60 * SECOND)
        begin = self.clock.now
        while self.clock.now < until:
            self.clock.run(min(self.clock.now + SECOND, until))
            self.mirror.write(self.clock.now)
            yield (self.clock.now - begin) / (until - begin)

    def attack(self, what: str | Scenario, minute: float) -> None:
        """Let an attack begin at a minute of the recording. Raises KeyError where there is none of this name."""
        about = scenario(what) if isinstance(what, str) else what
        case = Case(about, self.clock, self.process.state)
        self.cases.append(case)
        draws = self._draws.of(f"attack {about.name} {minute}")
        wire = _Wire(self.mirror, self.stage, case.frames)
        scene = Scene(draws, self.seconds, self._keyring, self._accounts, wire=wire)
        begin = self.clock.now + round(minute * 60 * SECOND)
        self.stage.play(case.watched(scene), begin_ns=begin, frames=case.frames)

    def befall(self, name: str, minute: float) -> None:
        """Let a rare event begin at a minute of the recording. Raises KeyError where there is none of this name."""
        occasion = Occasion(event(name), self.clock)
        self.occasions.append(occasion)
        about = (self.seconds, People(self), self._keyring, self._accounts)
        moment = Moment(self._draws.of(f"event {name} {minute}"), *about)
        begin = self.clock.now + round(minute * 60 * SECOND)
        self.stage.play(occasion.watched(moment), begin_ns=begin, frames=occasion.frames)

    def chances(self, minutes: float) -> list[tuple[str, float]]:
        """Rare events as a year has them, by chance, within so many minutes: names, and when they would begin."""
        return list(rhythm(self._draws, minutes))

    def seconds(self) -> float:
        """Now, in seconds since the epoch."""
        return self.clock.now / SECOND

    def _step(self) -> None:
        self.process.step()
        silent = self.stage.silent
        for name, each in self.controllers.items():
            if name not in silent:
                each.scan(self.process, SCAN_S)
        for case in self.cases:
            case.look()
        self.clock.at(self.clock.now + round(STEP_S * SECOND), self._step)


class _Stage:
    """The stage as roles see it."""

    def __init__(self, stage: Stage) -> None:
        self.serve = stage.serve
        self.listen = stage.listen
        self.play = stage.keep


class _Wire:
    """What an attack does to frames on their way. See attacks.scenario.Wire."""

    def __init__(self, mirror: Mirror, stage: Stage, frames: list[int]) -> None:
        self._mirror, self._stage, self._frames = mirror, stage, frames

    def alter(self, change: Change | None) -> None:
        self._mirror.alter(change, self._frames)

    def lag(self, machine: str, seconds: float) -> None:
        self._stage.lag[machine] = seconds


class _Hands:
    """What messages make of machines. See Hands."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def restart(self, machine: str, seconds: float) -> None:
        stage, now = self._stage, self._stage.clock.now
        stage.clock.at(now + SECOND // 2, partial(stage.fall_silent, machine))
        stage.clock.at(now + round(seconds * SECOND), partial(stage.come_back, machine))

    def hush(self, machine: str, seconds: float) -> None:
        stage = self._stage
        stage.clock.at(stage.clock.now + round(seconds * SECOND), partial(stage.hush, machine))


class _Watch:
    """Simulated time. See Watch."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def now_s(self) -> float:
        return self._twin.clock.now / SECOND

    def day_s(self) -> float:
        return self._twin.clock.now / SECOND % _DAY_S

    def up_s(self) -> float:
        return self._twin.process.elapsed_s

    def filetime(self) -> int:
        return self._twin.clock.now // 100 + 116_444_736_000_000_000
