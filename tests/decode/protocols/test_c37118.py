"""C37.118; octets written after IEEE C37.118.2-2011."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp, udp
from decode.protocols.c37118_octets import (
    command,
    configuration,
    configuration_3,
    data,
    floats,
    frame,
    integers,
    pmu,
    pmu_3,
)
from interlock.decode.protocols.c37118.data import quality
from interlock.decode.protocols.c37118.decoder import SPEC
from interlock.decode.spec import NEED_MORE, Hint

TALK = [
    (CLIENT, command(5)),
    (SERVER, configuration(pmu())),
    (CLIENT, command(2)),
    (SERVER, data(integers())),
]
DATAGRAM = Hint("udp", 50000, 50001, 0, None, 0)
STREAM = Hint("tcp", 50000, 50001, 0, None, 0)


def oddities(rows: dict) -> list[str]:
    return [o["oddity"] for o in rows["oddities"]]


def test_a_configuration_is_asked_for_and_data_follow():
    rows = tcp(TALK, port=4712)
    told = [(r["function"], r["verb"], r["unit"], r["outcome"], r["code"]) for r in rows["operations"]]
    assert sorted(told) == [
        (0, "report", "7", "unsolicited", None),
        (258, "subscribe", "7", "unknown", None),
        (261, "identify", "7", "ok", None),
    ]
    assert oddities(rows) == []
    assert rows["flows"][0]["protocol"] == "c37118"


def test_integers_are_scaled_as_the_configuration_says():
    values = tcp(TALK, port=4712)["values"]
    told = {v["object"]: (v["type"], [round(n, 4) for n in v["number"]]) for v in values}
    assert told == {
        "NORTH:VA": ("V rectangular", [round(14635 * 9.15527, 4), 0.0]),
        "NORTH:IA": ("A rectangular", [round(1092 * 0.45776, 4), round(10 * 0.45776, 4)]),
        "NORTH:FREQ": ("Hz", [50.01]),
        "NORTH:DFREQ": ("Hz/s", [-0.05]),
        "NORTH:MW": ("analog", [100.0]),
        "NORTH:digital:0": ("digital", [5.0]),
    }
    assert {(v["quality"], v["device_time"], v["direction"], v["unit"]) for v in values} == {
        ("good", 1_700_000_000_500_000_000, "reported", "7")
    }


def test_floats_are_as_they_are():
    talk = [(SERVER, configuration(pmu(shape=15))), (SERVER, data(floats(0x2200)))]
    values = tcp(talk, port=4712)["values"]
    told = {v["object"]: (v["type"], v["number"], v["quality"]) for v in values}
    bad = "good,not-in-sync,modified"
    assert told["NORTH:VA"] == ("V polar", [134000.0, 0.5], bad)
    assert told["NORTH:FREQ"] == ("Hz", [50.5], bad)
    assert told["NORTH:MW"] == ("analog", [100.25], bad)


def test_a_pmu_in_error_is_the_frames_code():
    talk = [
        (SERVER, configuration(pmu(), pmu("SOUTH", 8))),
        (SERVER, data(integers(), integers(0xC000))),
        (SERVER, data(integers(), integers())),
    ]
    rows = tcp(talk, port=4712)
    assert [r["code"] for r in rows["operations"]] == [None, 3, None]
    assert {(v["object"], v["quality"]) for v in rows["values"]} >= {
        ("NORTH:FREQ", "good"),
        ("SOUTH:FREQ", "do-not-use"),
    }


@pytest.mark.parametrize(
    ("stat", "said"),
    [(0, "good"), (0x4000, "pmu-error"), (0x8000, "test-mode"), (0x1000, "good,sorted-by-arrival")],
)
def test_stat_is_the_quality(stat, said):
    assert quality(stat) == said


def test_without_the_configuration_there_are_rows_and_no_values():
    rows = tcp([(SERVER, data(integers(0x4000)))], port=4712, handshake=False)
    assert [(r["function"], r["code"], r["server"]) for r in rows["operations"]] == [(0, 1, "10.0.0.2")]
    assert rows["values"] == []


def test_a_configuration_holds_for_another_flow_of_the_same_pmu():
    one = tcp(TALK[:2], port=4712)
    assert one["values"] == []
    talk = [(CLIENT, command(2)), (SERVER, configuration(pmu())), (SERVER, data(integers()))]
    assert len(udp(talk, port=4713)["values"]) == 6


def test_one_pmu_is_the_sender_several_are_units_of_it():
    clues = {(c["who"], c["field"], c["value"]) for c in tcp(TALK, port=4712)["clues"]}
    assert {
        ("10.0.0.2", "name", "NORTH"),
        ("10.0.0.2", "device-id", "c37118:7"),
        ("10.0.0.2", "device-type", "PMU"),
        ("10.0.0.2", "description", "PMU, 50 Hz nominal, 50/s, 2 phasors, 1 analogs, 1 digitals"),
    } <= clues
    talk = [(SERVER, configuration(pmu(), pmu("SOUTH", 8)))]
    clues = {(c["who"], c["field"], c["value"]) for c in tcp(talk, port=4712)["clues"]}
    assert {
        ("10.0.0.2", "device-type", "PDC"),
        ("10.0.0.2/7", "name", "NORTH"),
        ("10.0.0.2/8", "name", "SOUTH"),
    } <= clues


def test_configuration_3_in_one_frame_and_in_several():
    body = configuration_3(pmu_3())
    whole = [(SERVER, frame(5, struct.pack(">H", 0) + body)), (SERVER, data(integers()))]
    pieces = [
        (SERVER, frame(5, struct.pack(">H", n) + part))
        for n, part in ((1, body[:40]), (2, body[40:50]), (0xFFFF, body[50:]))
    ]
    for talk in (whole, [*pieces, whole[1]]):
        rows = tcp(talk, port=4712)
        assert oddities(rows) == []
        told = {v["object"]: v["number"] for v in rows["values"]}
        assert told["NORTH:VA"] == [14635 * 9.0, 0.0]
        assert told["NORTH:MW"] == [201.0]
        clues = {(c["field"], c["value"]) for c in rows["clues"]}
        assert ("location", "47.50000, 8.25000, 400 m") in clues
        [row] = rows["synchrophasor_configuration"]
        assert (row["service_class"], row["window"], row["group_delay"], row["nominal_hz"]) == (
            "M",
            20_000,
            1_000,
            60,
        )
        assert (row["phasor_modifications"], row["phasor_components"]) == ([0x0480, 0x0002], [1, 4])
        assert (row["phasor_designations"], row["phasor_angles"]) == ([5, 0], [0.0, -0.5])
        assert (row["phasor_kinds"], row["phasor_scales"]) == (["V", "A"], [9.0, 0.5])


def test_configuration_2_says_nothing_of_modifications():
    [row] = tcp([(SERVER, configuration(pmu()))], port=4712)["synchrophasor_configuration"]
    own = ("phasor_modifications", "phasor_components", "phasor_designations", "phasor_angles")
    assert [row[name] for name in own] == [[], [], [], []]
    assert (row["phasor_kinds"], row["phasor_factors"]) == (["V", "A"], [915_527, 45_776])


@pytest.mark.parametrize(
    ("number", "verb"), [(1, "subscribe"), (8, "unknown"), (0x0123, "unknown"), (6, "identify")]
)
def test_commands_have_their_verbs(number, verb):
    [row] = tcp([(CLIENT, command(number))], port=4712)["operations"]
    assert (row["function"], row["verb"], row["client"], row["outcome"]) == (
        256 + number,
        verb,
        "10.0.0.1",
        "unknown",
    )


def test_who_sends_data_is_the_server_whoever_opened():
    rows = udp([(CLIENT, data(integers()))], port=4713)
    assert (rows["operations"][0]["client"], rows["operations"][0]["server"]) == ("10.0.0.2", "10.0.0.1")


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (frame(0, b"\0\0")[:-1] + b"\0", "check-wrong"),
        (frame(0, b"\0\0") + b"\0", "size-mismatch"),
        (frame(6, b""), "frame-type-unknown"),
        (configuration(pmu(), said=2), "configuration-truncated"),
        (frame(5, struct.pack(">H", 2) + bytes(8)), "continuation-wrong"),
        (b"\xab" + frame(0, b"\0\0")[1:], "sync-wrong"),
        (frame(0, b"\0\0")[:10], "truncated"),
    ],
)
def test_what_is_wrong_is_said(octets, oddity):
    rows = udp([(CLIENT, command(2)), (SERVER, octets)], port=4713)
    assert oddities(rows) == [oddity]


def test_a_frame_that_does_not_check_configures_nothing():
    broken = configuration(pmu())[:-1] + b"\0"
    rows = udp([(SERVER, broken), (SERVER, data(integers()))], port=4713)
    assert rows["values"] == []
    assert [c for c in rows["clues"] if c["protocol"] == "c37118"] == []
    other = udp([(SERVER, configuration(pmu())), (SERVER, data(integers(), b"\0\0"))], port=4713)
    assert oddities(other) == ["data-not-as-configured"]


def test_the_probe_believes_the_check_word():
    octets = command(2)
    assert SPEC.probe(octets, DATAGRAM) >= 60
    assert SPEC.probe(octets[:-1] + b"\0", DATAGRAM) < 60
    assert SPEC.probe(octets[:9], STREAM) == NEED_MORE
    assert SPEC.probe(octets[:9], DATAGRAM) == 0
    assert SPEC.probe(configuration(*[pmu()] * 4)[:512], STREAM) < 60
    for foreign in (
        b"",
        b"\xaa",
        b"\xaaU" + bytes(20),
        b"GET / HTTP/1.1\r\n",
        bytes(64),
        b"\xaa\x01\0\4" + bytes(16),
    ):
        assert SPEC.probe(foreign, DATAGRAM) == 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.sampled_from(range(6)))
def test_any_body_gives_a_row(body, kind):
    rows = udp([(CLIENT, command(2)), (SERVER, frame(kind, body))], port=4713)
    assert len(rows["operations"]) >= 1
