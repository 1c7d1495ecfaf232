from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.capture.flow_tally import FlowSums, FlowTally, one_way
from interlock.records.tables import CLUES

from .flow_rows import datagrams, flow, table
from .strategies import unhurried

HERE = ("plant.pcap", "default")


def sums(*rows):
    tally = FlowTally()
    tally.add(table(*rows))
    return tally.sums[HERE]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, False),
        ({"server_packets": 0}, True),
        ({"client_packets": 0, "server_packets": 9, "state": "midstream"}, True),
        ({"server_packets": 0, "state": "closed"}, True),
        ({"server_packets": 0, "state": None}, True),
        ({"server_packets": 0, "state": "opened", "client_packets": 7}, False),
        ({"server_packets": 0, "client_packets": 3}, False),
        ({"server_packets": 0, "client_packets": 10, "retransmissions": 5, "state": "midstream"}, False),
        ({"server_packets": 0, "transport": "udp", "state": None}, False),
        ({"state": "refused", "client_packets": 4, "server_packets": 4}, False),
    ],
)
def test_only_a_conversation_proves_its_other_half(columns, expected):
    assert one_way(table(flow(**columns))).tolist() == [expected]


def test_sums_are_kept_per_source_and_realm():
    tally = FlowTally()
    tally.add(table(flow(), flow(realm="cell2", gaps=2), flow(source="b.pcap", duplicates=3), flow(vlan=0)))
    assert set(tally.sums) == {HERE, ("plant.pcap", "cell2"), ("b.pcap", "default")}
    assert tally.sums[HERE].flows == 2
    assert tally.sums[HERE].tagged == 1
    assert tally.sums["plant.pcap", "cell2"].gaps == 2
    assert tally.sums["b.pcap", "default"].tcp_duplicates == 3


ROWS = st.lists(
    st.builds(
        flow,
        source=st.sampled_from(["a", "b"]),
        realm=st.sampled_from(["default", "cell"]),
        server=st.sampled_from(["10.0.0.2", "224.0.0.1", "ff02::1", "01:80:c2:00:00:0e", "10.0.0.255"]),
        client_packets=st.integers(0, 200),
        server_packets=st.integers(0, 3),
        state=st.sampled_from([None, "opened", "established", "midstream"]),
        transport=st.sampled_from(["tcp", "udp", "eth/0x88b8", "eth/0x8892"]),
        vlan=st.sampled_from([None, 0, 7]),
        gaps=st.integers(0, 5),
        duplicates=st.integers(0, 5),
    ),
    max_size=20,
)


@unhurried
@given(ROWS, st.integers(1, 5))
def test_batches_do_not_change_the_sums(rows, size):
    whole, parts = FlowTally(), FlowTally()
    whole.add(table(*rows))
    for at in range(0, len(rows), size):
        for batch in table(*rows[at : at + size]).to_batches():
            parts.add(batch)
    assert whole.sums == parts.sums
    assert sum(s.flows for s in whole.sums.values()) == len(rows)
    assert sum(s.packets for s in whole.sums.values()) == sum(
        r["client_packets"] + r["server_packets"] for r in rows
    )


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("239.1.2.3", True),
        ("255.255.255.255", True),
        ("192.168.1.255", True),
        ("ff02::fb", True),
        ("01:0e:cf:00:00:00", True),
        ("ff:ff:ff:ff:ff:ff", True),
        ("192.168.1.25", False),
        ("fe80::1", False),
        ("00:0e:cf:00:00:00", False),
        ("no address", False),
    ],
)
def test_addresses_that_many_listen_to(address, group):
    assert sums(datagrams(address)).group_packets == (100 if group else 0)


def test_an_answer_from_255_is_a_machine():
    assert sums(flow(server="10.0.1.255")).group_packets == 0


def test_real_time_frames_without_the_tag_of_their_standard():
    def goose(**columns):
        return datagrams("01:0c:cd:01:00:01", **columns) | {"transport": "eth/0x88b8"}

    def profinet(**columns):
        return datagrams("00:0e:cf:00:00:02", **columns) | {"transport": "eth/0x8892"}

    assert sums(goose()).untagged_rt == 100
    assert sums(goose(vlan=0)).untagged_rt == 0
    assert sums(profinet()).untagged_rt == 100
    assert sums(profinet(packets=99)).untagged_rt == 0
    assert sums(profinet(last=200_000_000_000)).untagged_rt == 0


def test_announced_vlans_are_noted():
    rows = [
        {
            "source": "plant.pcap",
            "realm": "default",
            "time": 1,
            "frame": 1,
            "who": "a",
            "field": name,
            "value": value,
        }
        | {"protocol": "lldp", "confidence": 1.0}
        for name, value in [("vlan", "10"), ("vlan", "20"), ("vlan", "10"), ("name", "30")]
    ]
    tally = FlowTally()
    tally.add_clues(pa.Table.from_pylist(rows, schema=CLUES.schema))
    tally.add_clues(pa.Table.from_pylist([], schema=CLUES.schema))
    assert tally.sums == {HERE: FlowSums(vlans={"10", "20"})}
