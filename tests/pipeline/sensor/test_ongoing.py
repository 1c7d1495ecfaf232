"""Conversations that go on are judged once, before their end or at it."""

from __future__ import annotations

import pyarrow as pa

from interlock.pipeline.sensor.ongoing import RIPE_NS, Ongoing
from interlock.records.tables import FLOWS

BEGIN = 1_800_000_000_000_000_000


def flows(*rows: tuple[int, int, str | None]) -> pa.RecordBatch:
    """(flow, lasted ns, state) each."""
    base = {"source": "eth1", "realm": "default", "client": "10.0.0.1", "server": "10.0.0.2",
            "client_mac": None,
            "server_mac": None, "client_port": 1, "server_port": 502, "transport": "tcp", "vlan": None,
            "first_frame": 1,
            "last_frame": 2, "client_packets": 10, "server_packets": 10, "client_octets": 1,
            "server_octets": 1,
            "retransmissions": 0, "gaps": 0, "duplicates": 0, "bad_checksums": 0, "offloaded_checksums": 0,
            "protocol": "modbus", "basis": "parsed", "confidence": 1.0}  # fmt: skip
    made = [
        {**base, "flow": flow, "first": BEGIN, "last": BEGIN + lasted, "state": state}
        for flow, lasted, state in rows
    ]
    plain = pa.schema(
        [(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in FLOWS.schema]
    )
    batch = pa.RecordBatch.from_pylist(made, schema=plain)
    columns = [
        c.dictionary_encode() if pa.types.is_dictionary(f.type) else c
        for c, f in zip(batch.columns, FLOWS.schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(
        [c.cast(f.type) for c, f in zip(columns, FLOWS.schema, strict=True)], schema=FLOWS.schema
    )


def shown(batch: pa.RecordBatch | None) -> list[int]:
    return [] if batch is None else batch.column("flow").to_pylist()


def test_a_long_conversation_is_judged_once_while_it_goes_on_and_not_at_its_end() -> None:
    ongoing = Ongoing()
    young, old = (1, RIPE_NS // 2, "established"), (2, RIPE_NS, "established")
    assert shown(ongoing.show(0, flows(young, old))) == [2]
    assert shown(ongoing.show(0, flows((1, RIPE_NS, "established"), old))) == [1]
    assert shown(ongoing.unjudged(flows(old, (3, 5, "closed")))) == [3]


def test_an_end_is_forgotten_so_that_memory_does_not_grow() -> None:
    ongoing = Ongoing()
    ongoing.show(0, flows((2, RIPE_NS, "established")))
    ongoing.unjudged(flows((2, RIPE_NS, "closed")))
    assert shown(ongoing.unjudged(flows((2, RIPE_NS, "closed")))) == [2]


def test_a_knock_that_nobody_answered_waits_for_its_end() -> None:
    assert shown(Ongoing().show(0, flows((1, 10 * RIPE_NS, "opened")))) == []


def test_sums_are_those_of_what_goes_on_now_of_all_workers() -> None:
    ongoing = Ongoing()
    ongoing.show(0, flows((1, 5, "established"), (2, 5, "established")))
    ongoing.show(0, flows((1, 6, "established")))
    assert ongoing.sums()["eth1", "default"].flows == 1


def test_what_ended_without_a_word_is_judged_at_once_and_not_again() -> None:
    ongoing = Ongoing()
    assert shown(ongoing.ended(flows((1, 0, "refused"), (2, 0, "opened")))) == [1, 2]
    assert shown(ongoing.ended(flows((1, 0, "refused")))) == []
    assert shown(ongoing.unjudged(flows((1, 0, "refused"), (2, 0, "opened"), (3, 0, "closed")))) == [3]


def test_an_answer_that_comes_late_is_judged_as_a_conversation() -> None:
    ongoing = Ongoing()
    ongoing.ended(flows((1, 0, "opened"), (2, 0, "opened")))
    assert shown(ongoing.show(0, flows((1, RIPE_NS, "established")))) == [1]
    assert shown(ongoing.unjudged(flows((1, RIPE_NS, "closed"), (2, 5, "closed")))) == [2]
