"""What the judge learned, over its own death and over states that nobody can read."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from tests.cli.terminal import DEMO

from detect.rows import START, batch
from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.interface import Context
from interlock.detect.learned.new_deed import MOST_OBJECTS, NewDeed
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner
from interlock.inventory.inventory import TABLES, Inventory
from interlock.pipeline.sensor.memory import EVERY_NS, SOON_NS, Memory
from interlock.store.plain.store import PlainStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Clock:
    now = 1_800_000_000_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PlainStore]:
    made = PlainStore(tmp_path / "store", clock=time.time_ns)
    yield made
    made.close()


def learned() -> Inventory:
    inventory = Inventory()
    run = open_sources(specify((str(DEMO / "incident.pcap.gz"),), ()))
    engine = build_engine(run.sources)
    for batches in (*(engine.feed(frames) for frames in run), *engine.finish()):
        for name in set(batches) & set(TABLES):
            inventory.feed(name, batches[name])
    return inventory


def test_who_is_there_is_known_after_a_restart(store: PlainStore) -> None:
    inventory = learned()
    Memory(store, inventory, Runner(all_detectors()), Clock()).save(whole=True)
    again = Inventory()
    Memory(store, again, Runner(all_detectors()), Clock()).recall()
    assert [a.id for a in again.assets(1)] == [a.id for a in inventory.assets(1)] != []
    assert not list(store.diary())


def test_a_death_says_how_much_is_learned_anew(store: PlainStore) -> None:
    clock = Clock()
    Memory(store, learned(), Runner(all_detectors()), clock).save(whole=False)
    clock.now += 42 * 10**9
    Memory(store, Inventory(), Runner(all_detectors()), clock).recall()
    (line,) = store.diary()
    assert line.event == "state-lost"
    assert "42 s ago" in line.says


def test_a_state_that_cannot_be_read_is_said_and_the_rest_comes_back(store: PlainStore) -> None:
    inventory = learned()
    Memory(store, inventory, Runner(all_detectors()), Clock()).save(whole=True)
    store.keep("detectors", b"something else")
    again = Inventory()
    Memory(store, again, Runner(all_detectors()), Clock()).recall()
    assert len(again.assets(1)) == len(inventory.assets(1))
    (line,) = store.diary()
    assert line.says.startswith("what detectors remember begins anew: ")


def test_it_saves_once_a_minute(store: PlainStore) -> None:
    clock = Clock()
    memory = Memory(store, learned(), Runner(all_detectors()), clock)
    memory.tend()
    assert store.kept("saved") is None
    clock.now += EVERY_NS
    memory.tend()
    assert store.kept("saved") is not None


def test_what_was_learned_apart_is_taken_once(store: PlainStore) -> None:
    blob = Runner(all_detectors()).learned()
    for _ in range(2):
        Memory(store, Inventory(), Runner(all_detectors()), Clock()).teach(lambda: blob, "plant")
    assert [e.says for e in store.diary()] == ["plant: what was learned there is known now"]


@pytest.mark.parametrize("learned", [None, b"anything"])
def test_what_was_learned_apart_and_cannot_be_read_changes_nothing(
    store: PlainStore, learned: bytes | None
) -> None:
    Memory(store, Inventory(), Runner(all_detectors()), Clock()).teach(lambda: learned, "plant")
    assert [e.event for e in store.diary()] == ["refused"]
    assert "what is remembered stays in force" in next(iter(store.diary())).says


def fed(runner: Runner, *objects: str) -> None:
    """Let detectors that learn by themselves meet these."""
    rows = [{"verb": "write", "object": name, "outcome": "ok"} for name in objects]
    runner.feed("operations", batch("operations", rows), Context(now=START))


def words(runner: Runner) -> set[str]:
    deeds = runner.named("new-deed")
    assert isinstance(deeds, NewDeed)
    return {word[6] for word in deeds.words if word[0] == "o"}


def test_what_is_new_is_saved_soon_and_what_is_not_in_its_time(store: PlainStore) -> None:
    clock, runner = Clock(), Runner(all_detectors())
    memory = Memory(store, Inventory(), runner, clock)
    fed(runner, "coil:1")
    memory.tend()
    assert store.kept("saved") is None
    clock.now += SOON_NS
    memory.tend()
    first = store.kept("saved")
    assert first is not None
    fed(runner, "coil:1")
    clock.now += SOON_NS
    memory.tend()
    assert store.kept("saved") == first
    fed(runner, "coil:2")
    memory.tend()
    assert store.kept("saved") != first


def test_who_is_killed_while_it_learns_has_lost_no_more_than_seconds(tmp_path: Path) -> None:
    """A process of its own, ended from outside while it goes on learning; the next one knows what it met."""
    folder = tmp_path / "store"
    ready, says = os.pipe()
    child = os.fork()
    if child == 0:
        store, clock, runner = PlainStore(folder, clock=time.time_ns), Clock(), Runner(all_detectors())
        memory = Memory(store, Inventory(), runner, clock)
        for second in range(10_000):
            fed(runner, f"coil:{second}")
            clock.now += 10**9
            memory.tend()
            os.write(says, b".")
    os.close(says)
    met = sum(len(os.read(ready, 1)) for _ in range(50))
    os.kill(child, signal.SIGKILL)
    while more := os.read(ready, 4096):
        met += len(more)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    os.close(ready)
    after, clock = Runner(all_detectors()), Clock()
    store = PlainStore(folder, clock=time.time_ns)
    Memory(store, Inventory(), after, clock).recall()
    store.close()
    known = words(after)
    lost = 2 * SOON_NS // 10**9  # each was met in a second of its own, and the last saving may have been cut
    assert len(known) >= min(met - lost, MOST_OBJECTS)
    assert f"coil:{len(known) - 1}" in known
