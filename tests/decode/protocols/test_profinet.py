"""DCP, cyclic data and alarms on the link; octets written from IEC 61158-6-10."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, run
from decode.protocols.profinet_octets import MACS, alarm, cyclic, dcp, dcp_block, link

if TYPE_CHECKING:
    from decode.feed import Rows

GET, SET, IDENTIFY, HELLO = 3, 4, 5, 6
RUN, STOP = 0x35, 0x25
ADDRESS = bytes([192, 168, 0, 10, 255, 255, 255, 0, 192, 168, 0, 1])


def _clues(rows: Rows, protocol: str = "profinet-dcp") -> set[tuple[str, str, str]]:
    return {(r["who"], r["field"], r["value"]) for r in rows["clues"] if r["protocol"] == protocol}


def _response(option: int, suboption: int, error: int = 0) -> bytes:
    return dcp_block(5, 4, bytes([option, suboption, error]))


def test_an_identity_is_told_in_clues() -> None:
    info = b"\0\0"
    blocks = (
        dcp_block(2, 1, info + b"ET200SP")
        + dcp_block(2, 2, info + b"filler-io-2")
        + dcp_block(2, 3, info + struct.pack(">HH", 0x002A, 0x0313))
        + dcp_block(2, 4, info + b"\x01\0")
        + dcp_block(1, 2, b"\0\1" + ADDRESS)
    )
    rows = run(
        [
            link(dcp(0xFEFE, IDENTIFY, 0, dcp_block(255, 255)), group=True),
            link(dcp(0xFEFF, IDENTIFY, 1, blocks), SERVER),
        ]
    )
    who = MACS[SERVER]
    assert _clues(rows) == {
        (who, "product", "ET200SP"),
        (who, "name", "filler-io-2"),
        (who, "vendor-id", "profinet:0x002a"),
        (who, "product-code", "profinet:0x002a/0x0313"),
        (who, "device-type", "profinet:io-device"),
        (who, "ip", "192.168.0.10"),
        (who, "netmask", "255.255.255.0"),
        (who, "router", "192.168.0.1"),
    }
    question, answer = sorted(rows["operations"], key=lambda r: r["frame"] or 99)
    assert (question["server"], question["outcome"], question["verb"]) == (
        "01:0e:cf:00:00:00",
        "ok",
        "discover",
    )
    assert question["response_frame"] is None
    assert (answer["client"], answer["server"], answer["frame"]) == (MACS[CLIENT], MACS[SERVER], None)
    assert {r["protocol"] for r in rows["flows"]} == {"profinet-dcp"}


def test_a_name_and_an_address_that_are_set_are_items_with_their_values() -> None:
    blocks = dcp_block(2, 2, b"\0\1mallory") + dcp_block(1, 2, b"\0\0" + ADDRESS)
    rows = run(
        [
            link(dcp(0xFEFD, SET, 0, blocks)),
            link(dcp(0xFEFD, SET, 1, _response(2, 2) + _response(1, 2, 5)), SERVER),
        ]
    )
    assert [(r["object"], r["verb"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("name-of-station", "configure", "ok", None),
        ("ip-parameter", "configure", "refused", 5),
    ]
    assert [(r["text"], r["quality"], r["direction"]) for r in rows["values"]] == [
        ("mallory", "permanent", "written"),
        ("192.168.0.10 netmask 255.255.255.0 gateway 192.168.0.1", "temporary", "written"),
    ]
    assert _clues(rows) == {(MACS[SERVER], "name", "mallory")}, "what was refused is not the device's"


@pytest.mark.parametrize(
    ("suboption", "value", "name", "verb"),
    [
        (1, b"\0\0", "control/start-transaction", "open"),
        (2, b"\0\0", "control/end-transaction", "close"),
        (3, b"\0\0\x01\0", "control/signal", "diagnose"),
        (5, b"\0\0", "control/factory-reset", "reset"),
        (6, b"\0\4", "control/reset-to-factory", "reset"),
        (9, b"\0\0", "control/9", "configure"),
    ],
)
def test_a_control_block_has_a_verb_of_its_own(suboption: int, value: bytes, name: str, verb: str) -> None:
    (row,) = run([link(dcp(0xFEFD, SET, 0, dcp_block(5, suboption, value)))])["operations"]
    assert (row["object"], row["verb"]) == (name, verb)


def test_a_get_names_what_it_asks_for() -> None:
    rows = run(
        [
            link(dcp(0xFEFD, GET, 0, bytes([2, 2, 1, 2]))),
            link(dcp(0xFEFD, GET, 1, dcp_block(2, 2, b"\0\0io-7") + _response(1, 2, 2)), SERVER),
        ]
    )
    assert [(r["object"], r["verb"], r["outcome"]) for r in rows["operations"]] == [
        ("name-of-station", "read", "ok"),
        ("ip-parameter", "read", "refused"),
    ]
    assert _clues(rows) == {(MACS[SERVER], "name", "io-7")}


def test_a_service_that_is_not_supported_is_refused() -> None:
    rows = run(
        [link(dcp(0xFEFD, GET, 0, bytes([2, 2]))), link(dcp(0xFEFD, GET, 5, b""), SERVER)],
    )
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 5)]


def test_a_hello_is_its_senders() -> None:
    rows = run([link(dcp(0xFEFC, HELLO, 0, dcp_block(2, 2, b"\0\0io-7")), SERVER, group=True)])
    (row,) = rows["operations"]
    assert (row["client"], row["verb"], row["outcome"]) == (MACS[SERVER], "report", "unsolicited")
    assert _clues(rows) == {(MACS[SERVER], "name", "io-7")}


def test_cyclic_data_makes_rows_only_where_its_status_changes() -> None:
    states = [RUN] * 50 + [STOP] * 50 + [RUN] * 50
    rows = run([link(cyclic(0x8001, status, n)) for n, status in enumerate(states)], batch=16)
    assert [(r["frame"], r["provider_state"], r["cycle_counter"]) for r in rows["profinet_cyclic"]] == [
        (1, "run", 0),
        (51, "stop", 50),
        (101, "run", 100),
    ]
    assert [(r["frame"], r["function_name"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        (51, "DataStatus", "frame-id:0x8001", "unsolicited"),
        (101, "DataStatus", "frame-id:0x8001", "unsolicited"),
    ]
    assert [r["text"] for r in rows["values"]] == [
        "stop, valid, primary, normal",
        "run, valid, primary, normal",
    ]
    (flow,) = rows["flows"]
    assert (flow["protocol"], flow["client_packets"]) == ("profinet-rt", 150)


def test_frame_ids_and_sides_are_told_apart() -> None:
    frames = [
        link(cyclic(frame_id, RUN), side)
        for _ in range(5)
        for frame_id in (0x8001, 0x0100, 0xBFFF)
        for side in (CLIENT, SERVER)
    ]
    rows = run(frames)
    assert len(rows["profinet_cyclic"]) == 6
    assert rows["operations"] == []


def test_a_flow_with_cyclic_data_keeps_its_name_when_dcp_passes() -> None:
    identify = link(dcp(0xFEFE, IDENTIFY, 0, dcp_block(255, 255)))
    rows = run([identify, link(cyclic(0x8001, RUN)), identify])
    assert [r["protocol"] for r in rows["flows"]] == ["profinet-rt"]
    assert {r["protocol"] for r in rows["operations"]} == {"profinet-dcp"}


def _alarm_block(kind: int, rest: bytes) -> bytes:
    body = struct.pack(">HIHH", 1, 0, 3, 1) + rest
    return struct.pack(">HHBB", kind, len(body) + 2, 1, 0) + body


def test_an_alarm_waits_for_its_acknowledgement() -> None:
    notification = _alarm_block(0x0002, struct.pack(">IIH", 0x4D, 8, 0xA801))
    acknowledgement = _alarm_block(0x8002, struct.pack(">H", 0xA801) + bytes(4))
    rows = run(
        [
            link(alarm(1, notification), SERVER),
            link(alarm(3)),
            link(alarm(1, acknowledgement)),
            link(alarm(3), SERVER),
        ]
    )
    (row,) = rows["operations"]
    assert (row["function_name"], row["object"], row["outcome"]) == ("Diagnosis", "0/3/0x0001", "ok")
    assert (row["client"], row["frame"], row["response_frame"]) == (MACS[SERVER], 1, 3)


def test_an_rta_error_ends_the_relation() -> None:
    (row,) = run([link(alarm(4, bytes.fromhex("cf81fd1f")), SERVER)])["operations"]
    assert (row["function_name"], row["verb"], row["code"]) == ("RTA error", "close", 0x81FD1F)


@pytest.mark.parametrize(
    ("payload", "oddity"),
    [
        (b"\xfe\x00" + bytes(20), "frame-id-reserved"),
        (b"\x80\x01\0", "truncated"),
        (dcp(0xFEFF, SET, 0, dcp_block(2, 2, b"\0\1x")), "frame-id-mismatch"),
        (dcp(0xFEFD, SET, 0, dcp_block(2, 2, b"\0\1name"))[:-3], "truncated"),
        (dcp(0xFEFD, SET, 1, dcp_block(5, 4, b"\2")), "truncated"),
        (alarm(7), "alarm-type-out-of-range"),
        (alarm(1, _alarm_block(0x0777, bytes(20))), "block-type-unknown"),
        (alarm(1, b"\0\1"), "truncated"),
    ],
)
def test_what_breaks_a_rule_is_an_oddity(payload: bytes, oddity: str) -> None:
    rows = run([link(cyclic(0x8001, RUN)), link(payload)])
    assert [r["oddity"] for r in rows["oddities"]] == [oddity]


def test_clock_synchronisation_is_no_oddity() -> None:
    rows = run([link(b"\xff\x40" + bytes(44)), link(b"\x00\x80" + bytes(44))])
    assert rows["oddities"] == []
    assert rows["operations"] == []


def _sorted(rows: Rows, table: str) -> list[str]:
    """Without the run's own numbers, and the flow's ends where a later frame of the batch may turn them round."""
    passed = {"operation"} if table == "operations" else {"operation", "client", "server"}
    return sorted(str({k: v for k, v in row.items() if k not in passed}) for row in rows[table])


_SEEDS = (
    dcp(0xFEFD, SET, 0, dcp_block(2, 2, b"\0\1mallory") + dcp_block(1, 2, b"\0\1" + ADDRESS)),
    dcp(0xFEFD, SET, 1, _response(2, 2) + _response(1, 2, 5)),
    dcp(0xFEFF, IDENTIFY, 1, dcp_block(2, 3, b"\0\0\0\x2a\3\x13") + dcp_block(2, 4, b"\0\0\1\0")),
    dcp(0xFEFD, GET, 0, bytes([2, 2, 1, 2])),
    cyclic(0x8001, RUN),
    alarm(1, _alarm_block(0x0002, struct.pack(">IIH", 0x4D, 8, 0xA801))),
)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(_SEEDS), st.integers(0, 60), st.binary(max_size=6), st.booleans()),
        max_size=6,
    )
)
def test_no_octets_break_the_decoder(mutations: list[tuple[bytes, int, bytes, bool]]) -> None:
    frames = [
        link(seed[:at] + patch + seed[at + (len(patch) if keep else 0) :], side=at & 1)
        for seed, at, patch, keep in mutations
    ]
    rows = run(frames)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]
    apart = run(frames, batch=1)
    for table in ("operations", "oddities", "profinet_cyclic", "clues"):
        assert _sorted(rows, table) == _sorted(apart, table)
