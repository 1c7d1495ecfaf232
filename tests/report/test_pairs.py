# ruff: noqa: E501 - records of the story stand on one line each
from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.records.asset import Asset
from interlock.report.pairs import Directory, is_public, pairs_of
from interlock.report.record import Report, Run
from interlock.report.relations import Relation, Relations
from interlock.report.traffic import Conversation, Traffic

PLC = Asset(id="plc", realm="a", ips=("10.0.0.1",), macs=("28:63:36:00:00:01",), names=("PLC",))
UNIT = Asset(id="unit", realm="a", ips=("10.0.0.1",), unit="7", parent="plc")
HMI = Asset(id="hmi", realm="a", ips=("10.0.0.2",), names=("HMI",))
TWIN = Asset(id="twin", realm="b", ips=("10.0.0.1",), names=("TWIN",))


def relation(client, server, protocol, verb, count=1, refused=0, *, realm="a") -> Relation:
    return Relation(
        realm=realm, client=client, server=server, protocol=protocol, verb=verb, count=count, refused=refused,
        unanswered=0, first=1, last=2, source="x.pcap", frame=1,
    )  # fmt: skip


def conversation(client, server, protocol, octets=100) -> Conversation:
    return Conversation(
        realm="a", client=client, server=server, protocol=protocol, basis="parsed", flows=1, packets=2, octets=octets,
        gaps=0, first=1, last=2, source="x.pcap", frame=1,
    )  # fmt: skip


def pairs(*relations, talks=()):
    report = Report(
        run=Run(version="0", sources=()),
        assets=(UNIT, PLC, HMI, TWIN),
        relations=Relations(rows=relations),
        traffic=Traffic(conversations=tuple(talks)),
    )
    return pairs_of(report, Directory(report.assets))


def test_addresses_of_one_machine_make_one_pair_and_their_counts_add() -> None:
    (pair,) = pairs(
        relation("10.0.0.2", "10.0.0.1", "modbus", "write", 3, 1),
        relation("10.0.0.2", "28:63:36:00:00:01", "modbus", "write", 4),
    )
    assert (pair.client_name, pair.server_name, pair.brief) == ("HMI", "PLC", "modbus write 7 (1 refused)")


def test_equal_addresses_of_two_realms_are_two_machines() -> None:
    made = pairs(
        relation("10.0.0.2", "10.0.0.1", "modbus", "read"),
        relation("10.0.0.9", "10.0.0.1", "modbus", "read", realm="b"),
    )
    assert {pair.server_name for pair in made} == {"PLC", "TWIN"}


def test_the_machine_at_an_address_is_the_one_that_stands_behind_none() -> None:
    assert Directory((UNIT, PLC)).machine("a", "10.0.0.1") is PLC


def test_asking_for_an_address_is_no_relation() -> None:
    (pair,) = pairs(
        relation("10.0.0.2", "10.0.0.1", "arp", "discover", 5),
        talks=[conversation("10.0.0.2", "10.0.0.1", "arp")],
    )
    assert pair.only_looks
    assert pair.effect == "flow"
    (pair,) = pairs(
        relation("10.0.0.2", "10.0.0.1", "arp", "discover", 5),
        talks=[conversation("10.0.0.2", "10.0.0.1", None)],
    )
    assert not pair.only_looks
    assert pair.effect == "flow"


def test_what_goes_to_a_group_comes_after_what_goes_to_a_machine_unless_it_commands() -> None:
    made = pairs(
        relation("10.0.0.2", "255.255.255.255", "dhcp", "configure"),
        relation("10.0.0.2", "10.0.0.1", "modbus", "read"),
        relation("10.0.0.2", "01:0e:cf:00:00:01", "dcp", "reset"),
    )
    assert [pair.relations[0].protocol for pair in made] == ["dcp", "modbus", "dhcp"]


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("10.0.0.1", False), ("fe80::1%eth0", False), ("2001:4860:4860::8888", True), ("28:63:36:00:00:01", False),
     ("224.0.0.1", False), ("zz", False), ("", False)],
)  # fmt: skip
def test_public_addresses(address, public) -> None:
    assert is_public(address) is public


def test_gravest_pair_comes_first(plant_report) -> None:
    made = pairs_of(plant_report, Directory(plant_report.assets))
    gravities = [gravity for aside, gravity in (pair.rank for pair in made) if not aside]
    assert gravities == sorted(gravities)
    assert (made[0].client_name, made[0].server_name) == ("ENG-LAPTOP-7", "PLC-FILLER")


def test_order_of_records_does_not_matter(plant_report) -> None:
    rows = plant_report.relations.rows
    turned = replace(plant_report, relations=Relations(rows=rows[::-1]), assets=plant_report.assets[::-1])
    briefs = [
        [(p.client_name, p.server_name, p.brief) for p in pairs_of(r, Directory(r.assets))]
        for r in (plant_report, turned)
    ]
    assert briefs[0] == briefs[1]
