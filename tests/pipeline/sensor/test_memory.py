"""What the judge learned, over its own death and over states that nobody can read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.cli.terminal import DEMO

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner
from interlock.inventory.inventory import TABLES, Inventory
from interlock.pipeline.sensor.memory import EVERY_NS, Memory
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
