"""What is left out under pressure is what the rule says, and nothing else."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tests.pipeline.sensor.some_batches import of_table, operations, values

from interlock.pipeline.sensor.shedding import CYCLE_NS, MAX_KNOWN, Pressure, Shedder
from interlock.records.tables import ARTIFACT_CONTENTS


def kept(shedder, rows, pressure=Pressure.READS, now=0):
    """Operation ids that stay."""
    return shedder.keep("operations", operations(rows), pressure, now)["operation"].to_pylist()


def test_without_pressure_everything_stays():
    """The very batch comes back."""
    batch = operations([{}, {}])
    assert Shedder().keep("operations", batch, Pressure.NONE, 0) is batch


def test_values_go_first_and_written_ones_never():
    """Reads of operations stay under the first pressure."""
    batch = values([{"direction": d} for d in ("read", "written", "reported")])
    assert Shedder().keep("values", batch, Pressure.VALUES, 0)["direction"].to_pylist() == ["written"]
    both = operations([{}, {"operation": 2}])
    assert Shedder().keep("operations", both, Pressure.VALUES, 0) is both


def test_octets_of_programs_are_left_out_under_pressure_and_rows_about_them_never():
    """Their hashes stand in `artifacts`."""
    text = ARTIFACT_CONTENTS.schema.field("sha256").type
    columns = [pa.array(["00"]).cast(text), pa.array([b"code"], pa.binary())]
    batch = pa.RecordBatch.from_arrays(columns, schema=ARTIFACT_CONTENTS.schema)
    assert Shedder().keep("artifact_contents", batch, Pressure.NONE, 0) is batch
    assert Shedder().keep("artifact_contents", batch, Pressure.VALUES, 0).num_rows == 0
    assert Shedder().keep("artifacts", batch, Pressure.STRANGERS, 0) is batch


def test_of_a_read_that_repeats_the_first_stays():
    """Once in a minute of capture time it is told again."""
    shedder = Shedder()
    assert kept(shedder, [{"operation": n} for n in (1, 2, 3)]) == [1]
    assert kept(shedder, [{"operation": 4}], now=CYCLE_NS - 1) == []
    assert kept(shedder, [{"operation": 5}], now=CYCLE_NS) == [5]


@pytest.mark.parametrize(
    "row",
    [
        {"verb": "write"},
        {"verb": "program-read"},
        {"verb": "unknown"},
        {"outcome": "refused"},
        {"outcome": "pending"},
        {"outcome": "no-answer"},
        {"outcome": "unknown"},
        {"outcome": "unsolicited"},
    ],
)
def test_what_a_finding_could_need_stays(row):
    """However often it is repeated."""
    assert kept(Shedder(), [row | {"operation": n} for n in range(1, 5)]) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "other",
    [
        {"client": "10.0.0.9"},
        {"server": "10.0.0.9"},
        {"object": "holding:1"},
        {"count": 5},
        {"unit": "1"},
        {"function": 4},
        {"protocol": "s7comm"},
        {"realm": "cell"},
        {"source": "other"},
    ],
)
def test_the_first_of_every_kind_of_read_stays(other):
    """Who asks whom what: a sweep of addresses is not a cycle."""
    assert kept(Shedder(), [{"operation": 1}, other | {"operation": 2}, {"operation": 3}]) == [1, 2]


def test_items_of_one_message_stay_together():
    """A message counts where its item is 0: no item comes without it."""
    shedder = Shedder()
    kept(shedder, [{"operation": 1, "item": 0, "items": 2}])
    rows = [{"operation": 2, "item": 0, "items": 2}, {"operation": 2, "item": 1, "items": 2}]
    assert kept(shedder, rows) == [2, 2]
    assert kept(shedder, [row | {"operation": 3} for row in rows]) == []


@pytest.mark.parametrize("table", ["oddities", "credentials", "modbus"])
def test_other_tables_stay(table):
    """Whatever a protocol adds, too."""
    batch = values([{}])
    assert Shedder().keep(table, batch, Pressure.STRANGERS, 0) is batch


def clues(whos):
    return of_table("clues", [{"realm": "default", "who": who, "field": "ttl"} for who in whos])


def flows(ends):
    rows = [{"realm": "default", "client": c, "server": s, "server_packets": n} for c, s, n in ends]
    return of_table("flows", rows)


def test_in_a_flood_what_is_told_of_strangers_goes_and_of_those_known_before_it_stays():
    shedder = Shedder()
    for pressure in (Pressure.NONE, Pressure.READS):
        batch = clues(["10.0.0.1", "10.0.0.2/7"])
        assert shedder.keep("clues", batch, pressure, 0) is batch
    told = clues(["10.0.0.1", "203.0.113.5", "10.0.0.2", "10.0.0.2/8", "203.0.113.6/1"])
    assert shedder.keep("clues", told, Pressure.STRANGERS, 0)["who"].to_pylist() == [
        "10.0.0.1", "10.0.0.2", "10.0.0.2/8",
    ]  # fmt: skip
    ends = [
        ("10.0.0.1", "10.0.0.2", 0), ("203.0.113.5", "10.0.0.2", 0), ("203.0.113.5", "10.0.0.2", 1),
        ("10.0.0.1", "203.0.113.5", 0), ("203.0.113.5", "203.0.113.6", 0), ("203.0.113.5", "203.0.113.6", 2),
    ]  # fmt: skip
    kept = shedder.keep("flows", flows(ends), Pressure.STRANGERS, 0)
    assert kept["server_packets"].to_pylist() == [0, 1, 2]
    assert shedder.keep("flows", flows(ends), Pressure.READS, 0).num_rows == len(ends)


def test_what_a_stranger_does_stays_in_a_flood():
    rows = operations([{"operation": 1, "client": "203.0.113.9", "verb": "stop", "outcome": "no-answer"}])
    assert Shedder().keep("operations", rows, Pressure.STRANGERS, 0).num_rows == 1


def test_a_flood_of_strangers_does_not_make_the_memory_of_machines_grow():
    shedder = Shedder()
    for at in range(0, 2 * MAX_KNOWN, 8192):
        shedder.keep(
            "clues",
            clues([f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(at, at + 8192)]),
            Pressure.NONE,
            0,
        )
    assert len(shedder._known) <= MAX_KNOWN + 8192
