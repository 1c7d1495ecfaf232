"""Drills, wired: the practice plant's twin put before the sensor's judgement, in memory and on simulated time."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.bootstrap import build_engine
from interlock.bootstrap.detecting import Judgement, build_runner
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.interface import Context
from interlock.inventory.inventory import TABLES as INVENTORY_TABLES
from interlock.inventory.inventory import Inventory
from interlock.inventory.registry_files import load_registries, load_rules
from interlock.pipeline.drill.rehearsal import Rehearsal
from interlock.pipeline.sensor.kept import wanted_tables
from interlock.pipeline.sensor.urgency import PRESSING
from interlock.plant.machines import BY_NAME
from interlock.plant.site import site_text
from interlock.plant.twin.recording import BEGIN_S, Twin, ordered
from interlock.records.frames import SPILL_OCTETS, Frames, Source
from interlock.records.site import Site
from interlock.records.site_text import load_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from interlock.pipeline.drill.rehearsal import Said
    from interlock.plant.attacks.scenario import Scenario
    from interlock.records.finding import Finding
    from interlock.records.incident import Incident

__all__ = [
    "ADDRESSES",
    "LASTS",
    "Film",
    "Watched",
    "inventory_of",
    "learn",
    "learn_capture",
    "rehearse",
    "site_of",
    "watch_capture",
]

LASTS: Final = {"beaconing": 32.0, "slow-reconnaissance": 42.0, "setpoint-creep": 16.0, "silenced-machine": 9.0,
                "sensor-spoofing": 8.0, "valve-hammering": 6.0, "arp-spoofing": 6.0}  # fmt: skip
"""Minutes in which an attack that begins at `BEGINS_MINUTE` has ended."""
LASTS_ELSE: Final = 5.0
LASTS_DRAWN: Final = 14.0
BEGINS_MINUTE: Final = 1.0
FINE_NS: Final = 20_000_000
"""Frames are put before the sensor in pieces of this length around an attack's beginning, of a second otherwise."""
CALM_S: Final = 10
"""Where no attack is played and no delay is measured, seconds are put before it ten at a time."""
FINE_FOR_NS: Final = 8_000_000_000
ADDRESSES: Final = {name: (machine.ip, machine.mac) for name, machine in BY_NAME.items()}
SECOND_NS: Final = 1_000_000_000
_SOURCE: Final = (Source(name="drill"),)
_RECORD: Final = struct.Struct("<IIII")
_HEADER_OCTETS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of a rehearsal. truths: of its attacks. said: findings. machines: how many were known."""

    truths: tuple[dict[str, Any], ...]
    said: tuple[Said, ...]
    machines: int
    incidents: tuple[Incident, ...] = ()


class Film:
    """Takes what a mirror port writes, and gives it as batches of frames."""

    def __init__(self) -> None:
        """file: takes a whole capture, its header first."""
        self._octets = bytearray()
        self._begun = False
        self._number = 1
        self.file = io.BytesIO()
        self.file.write = self._write  # type: ignore[assignment, method-assign]

    def write(self, records: bytes) -> None:
        """Records of a capture, without a header."""
        self._octets += records

    def _write(self, octets: bytes) -> int:
        self.write(octets if self._begun else octets[_HEADER_OCTETS:])
        self._begun = True
        return len(octets)

    def batch(self) -> Frames | None:
        """What was written since the last call; None where nothing was."""
        octets, self._octets = self._octets, bytearray()
        rows, at = [], 0
        while at < len(octets):
            seconds, nanoseconds, size, whole = _RECORD.unpack_from(octets, at)
            rows.append((at + _RECORD.size, size, whole, seconds * 10**9 + nanoseconds))
            at += _RECORD.size + size
        if not rows:
            return None
        columns = np.array(rows, np.int64)
        room = np.zeros(len(octets) + SPILL_OCTETS, np.uint8)
        room[: len(octets)] = np.frombuffer(octets, np.uint8)
        number, self._number = self._number, self._number + len(rows)
        return Frames(
            octets=room,
            used=len(octets),
            offset=columns[:, 0].copy(),
            caplen=columns[:, 1].astype(np.int32),
            wirelen=columns[:, 2].astype(np.int32),
            time=columns[:, 3].copy(),
            linktype=np.ones(len(rows), np.int32),
            source=np.zeros(len(rows), np.int32),
            number=np.arange(number, number + len(rows), dtype=np.int64),
        )


def site_of(planned: Sequence[tuple[str, float]] = (), begin_s: int = BEGIN_S) -> Site:
    """What the practice plant's people know, with the work orders of planned events."""
    return load_site(site_text(ordered(planned, begin_s)), file="the practice plant's site file")


def learn(
    minutes: float,
    seed: int,
    planned: Sequence[tuple[str, float]] = (),
    judgement: Judgement | None = None,
    tick: Callable[[float], None] = lambda _share: None,
) -> bytes:
    """What detectors learn of a clean background. tick: is told the share that is done."""
    film, site, runner = Film(), site_of(planned), build_runner(judgement)
    twin = _twin(film, seed, (), planned)
    engine = build_engine(_SOURCE, wanted=wanted_tables(runner.needs), read=runner.needs)
    inventory = inventory_of(site)
    for second, share in enumerate(twin.run(minutes), 1):
        if second % CALM_S and share < 1.0:
            continue
        frames = film.batch()
        if frames is not None:
            _teach(engine.feed(frames), runner, inventory, Context(site=site, now=twin.clock.now))
        tick(share)
    for batches in engine.finish():
        _teach(batches, runner, inventory, Context(site=site, now=twin.clock.now))
    return runner.learned()


def _teach(batches: Any, runner: Any, inventory: Inventory, context: Context) -> None:
    for name, batch in batches.items():
        if name in INVENTORY_TABLES:
            inventory.feed(name, batch)
        runner.learn(name, batch, context)


def rehearse(
    minutes: float,
    seed: int,
    learned: bytes | None,
    *,
    attacks: Sequence[tuple[str | Scenario, float]] = (),
    planned: Sequence[tuple[str, float]] = (),
    judgement: Judgement | None = None,
    begin_s: int = BEGIN_S,
    calm_s: int = CALM_S,
    tick: Callable[[float], None] = lambda _share: None,
) -> Watched:
    """Let the twin run so long before the sensor's judgement. attacks, planned: names, and when (minutes).

    begin_s: when the twin's clock begins, UTC seconds. calm_s: seconds put before it at once where nobody attacks.
    """
    film, site, runner = Film(), site_of(planned, begin_s), build_runner(judgement)
    if learned is not None:
        runner.know(learned)
    twin = _twin(film, seed, attacks, planned, begin_s)
    engine = build_engine(_SOURCE, wanted=wanted_tables(runner.needs), read=runner.needs, pending=PRESSING)
    rehearsal = Rehearsal(engine, runner, inventory_of(site), site)
    fine = [twin.clock.now + round(minute * 60e9) for _, minute in attacks]
    for second, share in enumerate(twin.run(minutes), 1):
        if not fine and second % calm_s and share < 1.0:
            continue
        now = twin.clock.now
        for frames, until in _pieces(film.batch(), now, fine):
            rehearsal.feed(frames, until)
        tick(share)
    rehearsal.finish()
    truths = tuple(t for case in twin.cases if (t := case.truth()))
    return Watched(
        truths=truths,
        said=tuple(rehearsal.said),
        machines=rehearsal.machines,
        incidents=tuple(rehearsal.incidents),
    )


def learn_capture(
    path: str,
    site: Site | None = None,
    judgement: Judgement | None = None,
    kept: Callable[[Frames], NDArray[np.bool_]] | None = None,
) -> bytes:
    """What detectors learn of a capture. kept: which frames of a batch, where not all. Raises SourceError."""
    site, runner = site or Site(), build_runner(judgement)
    inventory = inventory_of(site)
    with open_sources(specify((path,), ())) as run:
        engine = build_engine(run.sources, wanted=wanted_tables(runner.needs), read=runner.needs)
        for frames in run:
            part = frames if kept is None else _cut(frames, kept(frames))
            if len(part.time):
                _teach(engine.feed(part), runner, inventory, Context(site=site, now=engine.dissector.now))
        for batches in engine.finish():
            _teach(batches, runner, inventory, Context(site=site, now=engine.dissector.now))
    return runner.learned()


def watch_capture(
    path: str,
    site: Site | None = None,
    judgement: Judgement | None = None,
    hear: Callable[[Finding, int], None] = lambda _finding, _now: None,
    learned: bytes | None = None,
) -> Rehearsal:
    """A capture before the sensor's judgement, a second of its own time at once. Raises SourceError."""
    site, runner = site or Site(), build_runner(judgement)
    if learned is not None:
        runner.know(learned)
    with open_sources(specify((path,), ())) as run:
        engine = build_engine(
            run.sources, wanted=wanted_tables(runner.needs), read=runner.needs, pending=PRESSING
        )
        rehearsal = Rehearsal(engine, runner, inventory_of(site), site, hear)
        for frames in run:
            for piece, until in _seconds(frames):
                rehearsal.feed(piece, until)
    rehearsal.finish()
    return rehearsal


def _seconds(frames: Frames) -> Iterator[tuple[Frames, int]]:
    """A batch cut into seconds of its own clock; where nothing came there is none."""
    seconds = np.maximum.accumulate(frames.time) // SECOND_NS
    for second in np.unique(seconds):
        yield _cut(frames, seconds == second), (int(second) + 1) * SECOND_NS


def _pieces(frames: Frames | None, now: int, fine: Sequence[int]) -> Iterator[tuple[Frames | None, int]]:
    """A second's frames, cut where delays are measured."""
    begin = now - 10**9
    if frames is None or not any(at - 10**9 <= begin <= at + FINE_FOR_NS for at in fine):
        yield frames, now
        return
    for until in range(begin + FINE_NS, now + 1, FINE_NS):
        mask = (frames.time >= until - FINE_NS) & (frames.time < until)
        yield (_cut(frames, mask) if mask.any() else None), until


def _cut(frames: Frames, mask: Any) -> Frames:
    kept = {
        name: getattr(frames, name)[mask]
        for name in ("offset", "caplen", "wirelen", "time", "linktype", "source", "number")
    }
    return Frames(octets=frames.octets, used=frames.used, **kept)


def _twin(
    film: Film,
    seed: int,
    attacks: Sequence[tuple[str | Scenario, float]],
    planned: Sequence[tuple[str, float]],
    begin_s: int = BEGIN_S,
) -> Twin:
    twin = Twin(film.file, seed, begin_s)
    for name, minute in attacks:
        twin.attack(name, minute)
    for name, minute in planned:
        twin.befall(name, minute)
    return twin


def inventory_of(site: Site) -> Inventory:
    """A fresh one."""
    return Inventory(site=site.name or "default", registries=load_registries(), rules=load_rules())
