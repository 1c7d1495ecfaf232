from __future__ import annotations

from interlock.records.tables import FLOWS
from interlock.report.traffic import Traffic, traffic_of

from .plant import TALKS, flows, table_of


def test_conversations_carry_both_directions() -> None:
    traffic = traffic_of([flows()])
    assert len(traffic.conversations) == len(TALKS)
    table = flows()
    total = sum(table["client_octets"].to_pylist()) + sum(table["server_octets"].to_pylist())
    assert sum(talk.octets for talk in traffic.conversations) == total
    assert sum(service.octets for service in traffic.services) == total


def test_an_unknown_protocol_stays_unknown() -> None:
    unknown = [service for service in traffic_of([flows()]).services if service.protocol is None]
    assert {service.port for service in unknown} == {1900, 7777, 9100}
    assert {service.basis for service in unknown} == {"unknown"}


def test_whole_and_split_tables_agree() -> None:
    assert traffic_of(flows().to_batches(max_chunksize=7)) == traffic_of([flows()])


def test_a_scan_cannot_fill_the_memory() -> None:
    base = flows().to_pylist()[0]
    rows = [
        {**base, "server": f"10.9.{n >> 8}.{n & 255}", "server_port": n, "protocol": None, "basis": "unknown"}
        for n in range(3_000)
    ]
    traffic = traffic_of(
        table_of(FLOWS, [{**row, "first": 1, "last": 2} for row in rows]).to_batches(max_chunksize=500),
        bound=100,
    )
    assert len(traffic.conversations) == len(traffic.services) == 100
    assert traffic.left_out == 2_900


def test_no_flows_no_traffic() -> None:
    assert traffic_of([]) == Traffic()
