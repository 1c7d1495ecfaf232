from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.capture.flow_tally import FlowSums, FlowTally
from interlock.capture.health import CONDITIONS, WITHHELD, Need, judge
from interlock.capture.statistics import Statistics
from interlock.records.frames import Source

from .flow_rows import datagrams, flow, table
from .strategies import unhurried

S = 10**9


def reading(**figures):
    usual = {"frames": 1000, "octets": 90_000, "wire_octets": 90_000, "first": S, "last": 100 * S}
    return Statistics(**(usual | figures))


def health(*rows, figures=None):
    tally = FlowTally()
    tally.add(table(*rows))
    return judge([Source(name="plant.pcap")], [figures or reading()], tally)


def conditions(*rows, figures=None):
    return [record.condition for record in health(*rows, figures=figures).records]


ONE_SIDED = flow(server_packets=0)
TWO_SIDED = flow()


def test_a_sound_capture_is_ok_and_says_what_it_was_judged_by():
    (record,) = health(TWO_SIDED).records
    assert record.condition == "ok"
    assert record.sentence == "1,000 frames without a sign of loss; 1 TCP conversation shows both directions."
    assert health(TWO_SIDED).notes == ()
    assert "no TCP conversation shows" in health(datagrams("10.0.0.2")).records[0].sentence


def test_one_way_withholds_answers():
    found = health(*[ONE_SIDED] * 4, TWO_SIDED)
    (record,) = found.records
    assert (record.condition, record.figure, record.unit) == ("one-way", 0.8, "share")
    assert record.sentence.startswith("4 of 5 TCP conversations show one direction only")
    assert found.withholds("plant.pcap", "default", "answers")
    assert not found.withholds("plant.pcap", "default", "contents")
    assert not found.withholds("other.pcap", "default", "answers")
    assert not found.withholds("plant.pcap", "cell2", "answers")
    assert found.conditions == {"plant.pcap": {"one-way"}}


def test_partly_one_way_is_said_but_withholds_nothing():
    found = health(ONE_SIDED, ONE_SIDED, TWO_SIDED)
    assert [r.condition for r in found.records] == ["one-way"]
    assert found.conditions == {}
    assert conditions(ONE_SIDED, *[TWO_SIDED] * 9) == ["ok"]


def test_a_sweep_without_answers_is_no_one_way_capture():
    syns = flow(state="opened", client_packets=4, server_packets=0)
    assert conditions(*[syns] * 50, TWO_SIDED) == ["ok"]


def test_too_little_traffic_is_no_one_way_capture():
    assert conditions(flow(client_packets=19, server_packets=0)) == ["ok"]
    assert conditions(flow(client_packets=20, server_packets=0)) == ["one-way"]


def test_copies_are_judged_by_tcp_where_there_is_any():
    assert conditions(flow(duplicates=10)) == ["duplicated"]
    assert conditions(flow(duplicates=9)) == ["ok"]
    assert conditions(flow(duplicates=99, client_packets=9900)) == ["ok"]
    assert conditions(TWO_SIDED, datagrams("10.0.0.2", duplicates=100)) == ["ok"]
    assert conditions(datagrams("10.0.0.2", duplicates=30)) == ["duplicated"]
    assert conditions(datagrams("10.0.0.2", duplicates=29)) == ["ok"]


def test_holes_are_gaps():
    assert conditions(flow(gaps=3)) == ["gaps"]
    assert conditions(flow(gaps=2)) == ["ok"]
    assert conditions(flow(gaps=3, client_packets=5000)) == ["ok"]
    assert conditions(datagrams("10.0.0.2", gaps=50)) == ["ok"]


def test_what_the_capture_program_lost_is_gaps():
    (record,) = health(TWO_SIDED, figures=reading(dropped=250)).records
    assert (record.condition, record.figure) == ("gaps", 0.2)
    assert conditions(TWO_SIDED, figures=reading(frames=1_000_000, dropped=9)) == ["ok"]


def test_cut_frames_make_holes_that_are_no_gaps():
    assert conditions(flow(gaps=30), figures=reading(snapped=900)) == ["snapped"]
    assert health(TWO_SIDED, figures=reading(snapped=900)).withholds("plant.pcap", "default", "contents")
    assert conditions(TWO_SIDED, figures=reading(snapped=0)) == ["ok"]
    few = health(TWO_SIDED, figures=reading(snapped=10))
    assert [r.condition for r in few.records] == ["snapped"]
    assert few.conditions == {}


def test_broadcast_only():
    assert conditions(datagrams("10.0.0.255", 96), datagrams("10.0.0.2", 4)) == ["broadcast-only"]
    assert conditions(datagrams("239.0.0.1", 94), datagrams("10.0.0.2", 6)) == ["ok"]
    assert conditions(datagrams("239.0.0.1", 19)) == ["ok"]


def test_a_process_bus_is_multicast_by_design():
    goose = datagrams("01:0c:cd:01:00:01", vlan=0) | {"transport": "eth/0x88b8"}
    assert conditions(goose) == ["ok"]


def test_vlan_stripped_only_where_tags_must_be():
    goose = datagrams("01:0c:cd:01:00:01", 20) | {"transport": "eth/0x88b8"}
    assert conditions(goose) == ["vlan-stripped"]
    assert conditions(goose, flow(vlan=5)) == ["ok"]
    assert conditions(TWO_SIDED) == ["ok"]


@pytest.mark.parametrize(("vlans", "expected"), [({"10", "20"}, "vlan-stripped"), ({"10"}, "ok")])
def test_vlans_announced_but_never_seen(vlans, expected):
    tally = FlowTally()
    tally.add(table(TWO_SIDED))
    tally.sums["plant.pcap", "default"].vlans |= vlans
    (record,) = judge([Source(name="plant.pcap")], [reading()], tally).records
    assert record.condition == expected


def test_clock_steps_back_are_certain():
    (record,) = health(
        TWO_SIDED, figures=reading(steps_back=2, largest_back_ns=7200 * S, step_frame=17)
    ).records
    assert record.condition == "clock-step"
    assert record.sentence.startswith("Time runs backward twice, by up to 7,200 s, first at frame 17")


def test_leaps_forward_count_only_in_steady_traffic():
    leap = {"steps_forward": 1, "forward_ns": 3600 * S}
    assert conditions(TWO_SIDED, figures=reading(**leap, longest_pause_ns=S)) == ["clock-step"]
    assert conditions(TWO_SIDED, figures=reading(**leap, longest_pause_ns=40 * S)) == ["ok"]
    assert conditions(TWO_SIDED, figures=reading(**leap, frames=5)) == ["ok"]


def test_frames_without_a_time():
    assert conditions(TWO_SIDED, figures=reading(untimed=10)) == ["clock-step"]
    assert conditions(TWO_SIDED, figures=reading(untimed=9)) == ["ok"]


def test_a_cut_is_told_and_withholds_nothing():
    found = health(
        TWO_SIDED, figures=reading(cut=123456, cut_reason="the file ends in the middle of a packet")
    )
    (record,) = found.records
    assert record.condition == "cut-short"
    assert record.sentence == (
        "The capture is used up to octet 123,456 (1,000 frames): the file ends in the middle of a packet. "
        "What came after is lost."
    )
    assert found.conditions == {}
    assert found.notes == (record,)


def test_a_source_that_failed_on_the_way_is_cut_short():
    figures = reading(failure="plant.pcap: expands to over 250 times its size")
    assert conditions(TWO_SIDED, figures=figures) == ["cut-short"]
    assert conditions(figures=Statistics()) == ["cut-short"]


def test_several_conditions_stand_side_by_side():
    found = health(
        *[ONE_SIDED | {"duplicates": 20}] * 5, figures=reading(cut=9, cut_reason="x", steps_back=1)
    )
    assert [r.condition for r in found.records] == ["one-way", "duplicated", "clock-step", "cut-short"]
    assert found.conditions == {"plant.pcap": {"one-way", "duplicated", "clock-step"}}
    assert found.withholding("plant.pcap", "default", "order").condition == "clock-step"
    assert found.withholding("plant.pcap", "default", "vlans") is None


def test_sources_are_judged_apart():
    tally = FlowTally()
    tally.add(table(*[ONE_SIDED] * 3, flow(realm="cell2"), flow(source="b.pcap")))
    sources = [Source(name="plant.pcap"), Source(name="plant.pcap", realm="cell2"), Source(name="b.pcap")]
    found = judge(sources, [reading()] * 3, tally)
    assert [(r.source, r.realm, r.condition) for r in found.records] == [
        ("plant.pcap", "default", "one-way"),
        ("plant.pcap", "cell2", "ok"),
        ("b.pcap", "default", "ok"),
    ]


def test_the_sets_are_closed():
    assert set(WITHHELD) == set(CONDITIONS)
    assert {need for needs in WITHHELD.values() for need in needs} == set(get_args(Need))


COUNTS = st.integers(0, 10**6)
SUMS = st.builds(FlowSums, **{name: COUNTS for name in FlowSums.__slots__ if name != "vlans"})
READINGS = st.builds(
    Statistics,
    frames=COUNTS,
    snapped=COUNTS,
    first=COUNTS,
    last=COUNTS,
    steps_back=COUNTS,
    steps_forward=COUNTS,
    forward_ns=COUNTS,
    untimed=COUNTS,
    dropped=COUNTS,
    cut=st.one_of(st.none(), COUNTS),
    failure=st.one_of(st.none(), st.just("it failed")),
)


@unhurried
@given(READINGS, SUMS)
def test_any_figures_give_sentences(figures, sums):
    tally = FlowTally()
    tally.sums["plant.pcap", "default"] = sums
    found = judge([Source(name="plant.pcap")], [figures], tally)
    assert found.records
    for record in found.records:
        assert record.condition in CONDITIONS
        assert record.sentence.endswith(".")
        assert "\n" not in record.sentence
        assert record.figure >= 0
    assert [r.condition for r in found.records].count("ok") == (not found.notes)


def test_damaged_frames_are_said_and_many_withhold_contents():
    few = health(flow(bad_checksums=3, client_packets=1000))
    (record,) = few.records
    assert (record.condition, record.unit) == ("bad-checksums", "share")
    assert record.sentence.startswith("3 of 1,050 frames (0.3%) have a checksum that does not fit")
    assert not few.withholds("plant.pcap", "default", "contents")
    assert health(flow(bad_checksums=9)).withholds("plant.pcap", "default", "contents")
    assert conditions(flow(bad_checksums=2)) == ["ok"]
    assert conditions(flow(offloaded_checksums=50)) == ["ok"]
