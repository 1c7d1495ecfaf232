"""A survey: what a judge takes in piece by piece is who the inventory says is there; ids stay; rows are what stands."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from interlock.bench.big_site import BIG_SITE_START_NS as START_NS
from interlock.bench.big_site import big_site
from interlock.detect.registry import all_detectors
from interlock.detect.runner import Runner
from interlock.inventory.inventory import Inventory
from interlock.inventory.registry_files import load_registries, load_rules
from interlock.pipeline.sensor.aside import Aside
from interlock.pipeline.sensor.survey import Draft, survey
from interlock.records.site import Site
from interlock.store.plain.store import PlainStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def inventory() -> Inventory:
    made = Inventory(registries=load_registries(), rules=load_rules())
    for table, batch in big_site(600):
        made.feed(table, batch)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PlainStore]:
    made = PlainStore(tmp_path / "store", clock=time.time_ns)
    yield made
    made.close()


def _drawn(inventory: Inventory, store: PlainStore) -> Draft:
    work = Aside(
        lambda: survey(
            inventory, Runner(all_detectors()), store, Site(), now=START_NS, health={}, wall=START_NS
        ),
        time.monotonic,
    )
    draft = Draft()
    while not work.finished:
        for piece in work.pieces():
            draft.take(piece)
    assert not work.failed
    return draft


def test_who_is_where_is_as_the_inventory_says(inventory: Inventory, store: PlainStore) -> None:
    keys, draft = inventory.keys(), _drawn(inventory, store)
    directory = draft.directory
    assert directory is not None
    inventory.adopt(START_NS, keys, directory, draft.issued)
    assert not inventory.has_news(START_NS)
    itself = inventory.directory(START_NS)  # drawn here, with the ids that the copy has issued
    assert directory.ids == itself.ids
    assert directory.lent == itself.lent
    assert [(a.id, a.names, a.role) for a in directory.assets] == [
        (a.id, a.names, a.role) for a in itself.assets
    ]
    assert inventory.issued() == draft.issued


def test_rows_for_the_store_are_all_machines_and_then_only_what_changed(
    inventory: Inventory, store: PlainStore
) -> None:
    draft = _drawn(inventory, store)
    store.remember(draft.rows[:100])
    store.remember(draft.rows[100:])
    assert {a.id for a in store.assets()} == {a.id for a in inventory.directory(START_NS).assets}
    assert _drawn(inventory, store).rows == []
