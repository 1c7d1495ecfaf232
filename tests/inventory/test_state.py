"""The inventory after a restart knows what it knew."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import SourceError
from interlock.inventory import Inventory
from interlock.inventory.inventory import Limits
from interlock.inventory.registry_files import load_registries, load_rules

from .build import NOW, clue, feed, flow, login, operation
from .test_inventory import RECORDS

STATES = Path(__file__).parent / "states"
REGISTRIES, RULES = load_registries(), load_rules()

SOME = [
    flow("10.0.0.9", "10.0.0.2", client_mac="00:1b:1b:00:00:09", server_mac="00:1b:1b:00:00:02"),
    clue("10.0.0.2", "vendor", "Siemens", confidence=0.95, protocol="s7comm"),
    clue("10.0.0.2/1", "serial", "S C-123"),
    operation("10.0.0.9", "10.0.0.2", verb="program-write", protocol="s7comm"),
    login("10.0.0.9", "10.0.0.2"),
]


def fresh(**more):
    return Inventory(registries=REGISTRIES, rules=RULES, **more)


def restarted(inventory):
    state = inventory.dump()
    again = fresh()
    again.load(state)
    assert again.dump() == state
    return again


def known(inventory):
    return inventory.assets(NOW), inventory.issued(), inventory.left_out


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.integers(0, 40), st.booleans())
def test_a_restart_between_makes_no_difference(records, cut, drawn):
    through, stopped = fresh(), fresh()
    for inventory in (through, stopped):
        feed(inventory, records[:cut])
        if drawn:
            inventory.assets(NOW)
    again = restarted(stopped)
    assert known(again) == known(stopped)
    through.assets(NOW)
    assert known(feed(again, records[cut:])) == known(feed(through, records[cut:]))


@settings(max_examples=30, deadline=None)
@given(RECORDS, st.integers(0, 40))
def test_nor_does_one_where_much_was_forgotten(records, cut):
    small = Limits(endpoints=8, relations=4, facts=6, strangers=2)
    stopped = feed(fresh(limits=small), records[:cut])
    again = fresh(limits=small)
    again.load(stopped.dump())
    assert known(again) == known(stopped)
    assert known(feed(again, records[cut:])) == known(feed(stopped, records[cut:]))


def test_ids_stay_though_the_machine_is_known_by_a_stronger_name_now():
    before = feed(fresh(), SOME[:1])
    (one, other) = (asset.id for asset in before.assets(NOW))
    again = restarted(before)
    feed(again, [clue("10.0.0.2", "serial", "S C-99"), clue("10.0.0.2", "vendor", "Siemens")])
    assert {one, other} == {asset.id for asset in again.assets(NOW)}


@pytest.mark.parametrize("state", [b"", b"x" * 100, b"\xff\xff\xff\xff" * 9, b"{}", b"\x80\x04]."])
def test_what_is_no_state_is_refused_and_changes_nothing(state):
    inventory = feed(fresh(), SOME)
    before = inventory.dump()
    with pytest.raises(SourceError, match="state kept for the inventory cannot be read"):
        inventory.load(state)
    assert inventory.dump() == before


def test_the_state_of_another_site_is_refused():
    other = feed(fresh(site="north"), SOME)
    with pytest.raises(SourceError, match="site 'north', not of 'default'"):
        fresh().load(other.dump())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_broken_octets_are_refused_with_a_sentence_or_give_an_inventory(data):
    state = bytearray(feed(fresh(), SOME).dump())
    for _ in range(data.draw(st.integers(1, 3))):
        state[data.draw(st.integers(0, len(state) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(state)), st.integers(0, len(state))))
    inventory = fresh()
    try:
        inventory.load(bytes(state[:cut]))
    except SourceError:
        assert inventory.dump() == fresh().dump()
    else:
        assert isinstance(inventory.assets(NOW), tuple)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("seen.key0", [99, 1]),
        ("seen.key0", [-1, 1]),
        ("seen.count", [1]),
        ("facts.source", [7, 7]),
        ("words", ["", "a", "a"]),
        ("words", ["a"]),
        ("addresses", ["", "not an address"]),
        ("realms", [""]),
        ("seen.first", [0.5, 0.5]),
        ("words", [1, 2]),
    ],
)
def test_numbers_that_stand_for_nothing_are_refused(column, values):
    with pa.ipc.open_stream(feed(fresh(), SOME).dump()) as reader:
        row = reader.read_next_batch()
    kind = pa.large_utf8() if isinstance(values[0], str) else None
    cell = pa.array([values], pa.large_list(kind or pa.array(values).type))
    place = row.schema.get_field_index(column)
    columns = [cell if i == place else c for i, c in enumerate(row.columns)]
    changed = pa.RecordBatch.from_arrays(columns, names=row.schema.names)
    changed = changed.replace_schema_metadata(row.schema.metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, changed.schema) as writer:
        writer.write_batch(changed)
    with pytest.raises(SourceError, match="cannot be read"):
        fresh().load(sink.getvalue().to_pybytes())


def test_a_state_of_version_1_is_read():
    """states/inventory-1.arrows was written by the first version that kept any; it must be read for ever."""
    inventory = fresh()
    inventory.load((STATES / "inventory-1.arrows").read_bytes())
    said = json.loads((STATES / "inventory-1.json").read_text("utf-8"))
    assert {asset.id: [list(asset.ips), asset.vendor, asset.role] for asset in inventory.assets(NOW)} == said
    assert said
