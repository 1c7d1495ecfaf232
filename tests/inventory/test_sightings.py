"""What batches may look like, and how much of a stranger's traffic is remembered."""

from __future__ import annotations

import pyarrow as pa
import pytest

from interlock.inventory import Inventory, Limits
from inventory.build import NOW, SECOND, at, batch, clue, feed, flow, operation, proofs, take_stock

IP = "10.0.0.1"


def test_plain_columns_and_missing_ones_do():
    stock = Inventory()
    rows = {"source": ["a"], "realm": ["default"], "time": pa.array([NOW], pa.timestamp("ns", "UTC")), "who": [IP],
            "field": ["name"], "value": ["plc-1"]}  # fmt: skip
    stock.feed("clues", pa.RecordBatch.from_pydict(rows))
    asset = at(stock, IP)
    assert proofs(asset, "names")[0].confidence == 0
    assert asset.names == ("plc-1",)


def test_empty_batches_and_other_tables():
    stock = Inventory()
    stock.feed("flows", batch("flows", []))
    assert stock.assets(NOW) == ()
    with pytest.raises(ValueError, match="values"):
        stock.feed("values", batch("flows", []))


def test_unknown_clue_fields_are_refused_and_counted():
    stock = take_stock([clue(IP, "colour", "blue")])
    assert stock.assets(NOW) == ()
    assert stock.left_out["unknown-clue-fields"] == 1


def test_pending_rows_wait_for_their_final_one():
    stock = take_stock([operation("10.0.0.9", IP, outcome="pending"), operation("10.0.0.9", IP)])
    assert proofs(at(stock, IP), "served")[0].count == 1


def test_the_proof_is_the_first_frame_that_said_so():
    stock = take_stock(
        [
            clue(IP, "name", "x", frame=9, time=NOW + SECOND),
            clue(IP, "name", "x", frame=4),
            clue(IP, "name", "x", frame=7),
        ]
    )
    proof = proofs(at(stock, IP), "names")[0]
    assert (proof.frame, proof.first, proof.last, proof.count) == (4, NOW, NOW + SECOND, 3)
    assert proof.source == "a.pcap"


def test_a_group_that_is_asked_or_told_is_no_machine():
    asked = operation("10.0.0.9", "10.0.0.255", response_frame=None)
    told = operation("10.0.0.255", IP, response_frame=None, outcome="unsolicited")
    stock = take_stock([asked, told])
    assert sorted(asset.ips for asset in stock.assets(NOW)) == [(IP,), ("10.0.0.9",)]


def test_an_answer_without_request_is_proved_by_its_own_frame():
    stock = take_stock([operation("10.0.0.9", IP, frame=None, response_frame=77)])
    assert proofs(at(stock, IP), "served")[0].frame == 77


def test_long_values_are_cut():
    stock = take_stock([clue(IP, "name", "x" * 9999)])
    assert len(at(stock, IP).names[0]) == 512


def test_times_span_everything_seen():
    stock = take_stock(
        [flow("10.0.0.9", IP, first=NOW, last=NOW + SECOND), clue(IP, "name", "x", time=NOW + 9 * SECOND)]
    )
    assert (at(stock, IP).first_seen, at(stock, IP).last_seen) == (NOW, NOW + 9 * SECOND)


def test_a_flood_of_addresses_facts_and_names_stays_bounded():
    small = Limits(endpoints=100, relations=50, facts=60, strangers=5)
    stock = Inventory(limits=small)
    feed(stock, [flow(f"10.1.{i // 250}.{i % 250 + 1}", IP, protocol=f"p{i}") for i in range(500)])
    feed(stock, [flow(f"8.8.{i}.8", IP) for i in range(50)])
    feed(stock, [clue(IP, "name", f"name-{i}", time=NOW + i) for i in range(500)])
    feed(stock, [operation("10.0.0.9", IP, unit=str(i)) for i in range(500)])
    assert len(stock.assets(NOW)) <= 100
    assert len(stock._sightings.facts.rows().first) <= 60
    assert len(stock._sightings.acts.rows().first) <= 50
    assert stock.left_out["endpoints"] > 400
    assert stock.left_out["facts"] > 400
    assert stock.left_out["relations"] > 400
    assert at(stock, IP).names


def test_a_flood_of_forged_senders_keeps_nobody_out():
    stock = Inventory(limits=Limits(endpoints=200))
    told = [
        clue(IP, "mac", "00:0e:8c:00:00:01"),
        clue(IP, "name", "plc-1"),
        operation("10.0.0.9", IP, unit="1"),
    ]
    feed(stock, told)
    for n in range(40):
        feed(
            stock,
            [flow(f"10.{n + 1}.{i}.7", IP, client_mac=f"00:00:0c:00:{n:02x}:{i:02x}") for i in range(90)],
        )
    late = [clue("10.0.0.2", "mac", "00:0e:8c:00:00:02"), clue("10.0.0.2", "name", "plc-2")]
    feed(stock, late)
    assert len(stock.assets(NOW)) <= 200
    for address, name in ((IP, "plc-1"), ("10.0.0.2", "plc-2")):
        assert at(stock, address).names == (name,)
        assert len(at(stock, address).macs) == 1
    assert at(stock, IP).served == ("modbus",)
    assert at(stock, "10.0.0.9").used == ("modbus",)


def test_strangers_are_bounded_and_the_busiest_stay():
    stock = Inventory(limits=Limits(strangers=3))
    feed(stock, [flow(IP, f"8.8.8.{i}") for i in range(1, 21) for _ in range(i)])
    assert {a.ips[0] for a in stock.assets(NOW) if a.purdue_level == "5"} == {
        "8.8.8.18",
        "8.8.8.19",
        "8.8.8.20",
    }
    assert stock.left_out["strangers"] == 17


def test_machines_that_merely_sent_are_bounded_and_those_that_were_answered_stay():
    forged = [clue(f"10.9.0.{i}", "ttl", "64", time=NOW) for i in range(1, 21) for _ in range(i)]
    talking = [flow(IP, "10.0.0.2"), operation("10.0.0.3", "10.0.0.4")]
    everybody, few = Inventory(), Inventory(limits=Limits(senders=3))
    for stock in (everybody, few):
        feed(stock, [*forged, *talking])
    met = {IP, "10.0.0.2", "10.0.0.3", "10.0.0.4"}
    busiest = {"10.9.0.18", "10.9.0.19", "10.9.0.20"}
    assert {a.ips[0] for a in few.assets(NOW)} == met | busiest
    assert few.left_out["senders"] == 17
    assert len(everybody.assets(NOW)) == 24
    assert everybody.left_out["senders"] == 0


def test_who_only_answered_searches_merely_sent():
    searched = [operation("10.0.0.3", f"10.9.0.{i}", verb="discover") for i in range(1, 6)]
    stock = Inventory(limits=Limits(senders=2))
    feed(stock, searched)
    assert {a.ips[0] for a in stock.assets(NOW)} == {"10.0.0.3", "10.9.0.1"}
    assert stock.left_out["senders"] == 4


def test_forgotten_words_free_their_place():
    stock = Inventory(limits=Limits(facts=40))
    for start in range(0, 2000, 20):
        feed(stock, [clue(IP, "name", f"n{i}", time=NOW + i) for i in range(start, start + 20)])
    assert len(stock._sightings.values) <= 80
    assert "n1999" in {p.value for p in proofs(at(stock, IP), "names")}
