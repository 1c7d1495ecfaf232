"""IEC 60870-5-104 by octets written after the standard: values, commands and their ends, U frames, files, oddities."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.iec104_octets import (
    CLIENT,
    SERVER,
    STARTDT,
    STARTDT_CON,
    STOPDT,
    STOPDT_CON,
    TESTFR,
    TESTFR_CON,
    asdu,
    cp56,
    i_frame,
    ioa,
    one,
    s_frame,
    talk,
    u_frame,
)

NOON = cp56(30_250, 15, 12, 26, 11, 24)
NOON_NS = 1_732_623_330_250_000_000
"""2024-11-26T12:15:30.250Z"""
ACT, ACTCON, DEACT, DEACTCON, ACTTERM = 6, 7, 8, 9, 10
SPONTANEOUS, REQUESTED, INTERROGATED = 3, 5, 20


@pytest.mark.parametrize(
    ("kind", "element", "number", "quality", "form"),
    [
        (1, b"\x01", 1.0, "good", "SIQ"),
        (1, b"\x80", 0.0, "IV", "SIQ"),
        (3, b"\x52", 2.0, "BL NT", "DIQ"),
        (5, b"\x7f\x00", -1.0, "good", "VTI"),
        (5, b"\x85\x01", 5.0, "OV transient", "VTI"),
        (7, b"\x01\x02\x03\x04\x20", 67305985.0, "SB", "BSI"),
        (9, b"\x00\x40\x00", 0.5, "good", "NVA"),
        (9, b"\x00\x80\x01", -1.0, "OV", "NVA"),
        (11, struct.pack("<hB", -1234, 0), -1234.0, "good", "SVA"),
        (13, struct.pack("<fB", 49.75, 0x40), 49.75, "NT", "R32"),
        (15, struct.pack("<iB", -7, 0x25), -7.0, "CY", "BCR"),
        (20, b"\xff\x00\x0f\x00\x00", 983295.0, "good", "SCD"),
        (21, b"\x00\x20", 0.25, None, "NVA"),
        (70, b"\x02", 2.0, None, "COI"),
    ],
)
def test_a_value_has_its_number_quality_and_element(kind, element, number, quality, form) -> None:
    rows = talk((SERVER, asdu(kind, SPONTANEOUS, [(4001, element)])))
    assert one(rows["operations"], "verb", "function", "outcome", "unit", "object", "count") == (
        "report", kind, "unsolicited", "10", "ioa:4001", 1,
    )  # fmt: skip
    assert one(rows["values"], "number", "quality", "type", "direction", "object", "device_time") == (
        [number], quality, form, "reported", "ioa:4001", None,
    )  # fmt: skip
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("kind", "element", "number", "quality", "text"),
    [
        (30, b"\x01", 1.0, "good", None),
        (31, b"\x02", 2.0, "good", None),
        (32, b"\x03\x00", 3.0, "good", None),
        (33, b"\x01\x00\x00\x00\x00", 1.0, "good", None),
        (34, b"\x00\x40\x00", 0.5, "good", None),
        (35, b"\x05\x00\x00", 5.0, "good", None),
        (36, struct.pack("<fB", 1.5, 0), 1.5, "good", None),
        (37, struct.pack("<iB", 9, 0), 9.0, "good", None),
        (38, b"\x0a\x05\x00", 2.0, "EI", "5 ms"),
        (39, b"\x03\x00\x06\x00", 3.0, "good", "6 ms"),
        (40, b"\x01\x80\x07\x00", 1.0, "IV", "7 ms"),
    ],
)
def test_a_time_tag_is_the_device_time(kind, element, number, quality, text) -> None:
    rows = talk((SERVER, asdu(kind, SPONTANEOUS, [(1, element + NOON)])))
    assert one(rows["values"], "number", "quality", "text", "device_time") == (
        [number],
        quality,
        text,
        NOON_NS,
    )


def test_a_short_time_tag_takes_the_hour_from_the_capture() -> None:
    # The capture begins at 22:13:20; 12:00.500 past the hour is nearer to it than to any other hour.
    rows = talk((SERVER, asdu(2, SPONTANEOUS, [(1, b"\x01" + struct.pack("<HB", 500, 12))])))
    assert one(rows["values"], "device_time") == (1_700_000_000_000_000_000 - 79_500_000_000,)
    rows = talk((SERVER, asdu(2, SPONTANEOUS, [(1, b"\x01" + struct.pack("<HB", 0, 58))])))
    assert one(rows["values"], "device_time") == (
        1_700_000_000_000_000_000 - (13 * 60 + 20 + 120) * 1_000_000_000,
    )


@pytest.mark.parametrize(
    ("tag", "quality", "oddities"),
    [
        (cp56(0, 15 | 0x80, 12, 26, 11, 24), "good time IV", []),
        (cp56(0, 15, 12, 31, 2, 24), "good", ["time-invalid"]),
        (cp56(60_000, 15, 12, 1, 2, 24), "good", ["time-invalid"]),
    ],
)
def test_a_time_that_is_none_is_not_told(tag, quality, oddities) -> None:
    rows = talk((SERVER, asdu(30, SPONTANEOUS, [(1, b"\x01" + tag)])))
    assert one(rows["values"], "device_time") == (None,)
    assert one(rows["values"], "quality")[0].removeprefix("good ") == quality.removeprefix("good ")
    assert [row["oddity"] for row in rows["oddities"]] == oddities


def test_objects_that_follow_each_other_are_one_range() -> None:
    objects = [(1, b"\x01"), (2, b"\x00"), (3, b"\x80"), (7, b"\x01")]
    rows = talk((SERVER, asdu(1, SPONTANEOUS, objects)))
    assert [(r["item"], r["items"], r["object"], r["count"]) for r in rows["operations"]] == [
        (0, 2, "ioa:1", 3), (1, 2, "ioa:7", 1),
    ]  # fmt: skip
    assert [(v["object"], v["number"], v["quality"]) for v in rows["values"]] == [
        ("ioa:1", [1.0, 0.0], "good"), ("ioa:3", [0.0], "IV"), ("ioa:7", [1.0], "good"),
    ]  # fmt: skip


def test_a_sequence_has_one_address() -> None:
    objects = [(100, struct.pack("<fB", n, 0)) for n in (1.0, 2.0, 3.0)]
    rows = talk((SERVER, asdu(13, INTERROGATED, objects, sequence=True)))
    assert one(rows["operations"], "object", "count", "outcome", "frame") == ("ioa:100", 3, "ok", None)
    assert one(rows["values"], "number", "direction") == ([1.0, 2.0, 3.0], "read")


@pytest.mark.parametrize(
    ("kind", "element", "number", "form"),
    [
        (45, b"\x01", 1.0, "SCO"), (46, b"\x02", 2.0, "DCO"), (47, b"\x01", 1.0, "RCO"),
        (48, b"\x00\x40\x00", 0.5, "NVA"),
        (49, b"\x0a\x00\x00", 10.0, "SVA"), (50, struct.pack("<fB", 21.5, 0), 21.5, "R32"),
        (51, b"\x01\0\0\0", 1.0, "BSI"),
        (58, b"\x01" + NOON, 1.0, "SCO"), (59, b"\x01" + NOON, 1.0, "DCO"), (60, b"\x02" + NOON, 2.0, "RCO"),
        (61, b"\x00\x40\x00" + NOON, 0.5, "NVA"), (62, b"\x0a\x00\x00" + NOON, 10.0, "SVA"),
        (63, struct.pack("<fB", 21.5, 0) + NOON, 21.5, "R32"), (64, b"\x01\0\0\0" + NOON, 1.0, "BSI"),
    ],
)  # fmt: skip
def test_a_command_is_confirmed_and_terminated(kind, element, number, form) -> None:
    rows = talk(
        *(
            (side, asdu(kind, cause, [(5, element)]))
            for side, cause in ((CLIENT, ACT), (SERVER, ACTCON), (SERVER, ACTTERM))
        )
    )
    told = [(r["verb"], r["outcome"], r["object"], r["transaction"]) for r in rows["operations"]]
    assert told == [("operate", "ok", "ioa:5", "0"), ("report", "unsolicited", "ioa:5", "1")]
    assert one(rows["values"], "number", "type", "direction") == ([number], form, "written")
    assert [r["cause_name"] for r in rows["iec104_commands"]] == [
        "activation", "activation confirmation", "activation termination",
    ]  # fmt: skip


def test_the_termination_of_a_private_type_has_no_known_verb() -> None:
    rows = talk((SERVER, asdu(131, ACTTERM, [(5, b"\x01")])))
    assert one(rows["operations"], "verb", "function", "outcome") == ("unknown", 131, "unsolicited")


def test_select_and_execute_are_two_operations() -> None:
    select, execute = b"\x81", b"\x01"
    rows = talk(
        (CLIENT, asdu(45, ACT, [(5, select)])),
        (SERVER, asdu(45, ACTCON, [(5, select)])),
        (CLIENT, asdu(45, ACT, [(5, execute)])),
        (SERVER, asdu(45, ACTCON, [(5, execute)], negative=True)),
        (CLIENT, asdu(45, DEACT, [(5, select)])),
        (SERVER, asdu(45, DEACTCON, [(5, select)])),
    )["operations"]
    assert [(r["verb"], r["outcome"], r["code"]) for r in rows] == [
        ("select", "ok", None), ("operate", "refused", 7), ("select", "ok", None),
    ]  # fmt: skip


@pytest.mark.parametrize("cause", [44, 45, 46, 47])
@pytest.mark.parametrize("asked", [ACT, DEACT])
def test_a_command_that_is_not_understood_is_refused_with_the_cause(cause, asked) -> None:
    rows = talk(
        (CLIENT, asdu(46, asked, [(5, b"\x01")])), (SERVER, asdu(46, cause, [(5, b"\x01")], negative=True))
    )
    assert one(rows["operations"], "outcome", "code", "function") == ("refused", cause, 46)


def test_a_read_command_is_answered_by_the_value() -> None:
    rows = talk(
        (CLIENT, asdu(102, REQUESTED, [(9, b"")])),
        (SERVER, asdu(13, REQUESTED, [(9, struct.pack("<fB", 2.5, 0))])),
    )
    assert one(rows["operations"], "function", "verb", "outcome", "object") == (102, "read", "ok", "ioa:9")
    assert one(rows["values"], "operation", "number", "direction") == (
        rows["operations"][0]["operation"], [2.5], "read",
    )  # fmt: skip


def test_an_interrogation_with_its_data() -> None:
    rows = talk(
        (CLIENT, asdu(100, ACT, [(0, b"\x14")])),
        (SERVER, asdu(100, ACTCON, [(0, b"\x14")])),
        (SERVER, asdu(1, INTERROGATED, [(1, b"\x01")])),
        (SERVER, asdu(100, ACTTERM, [(0, b"\x14")])),
    )["operations"]
    assert [(r["function"], r["verb"], r["object"], r["outcome"]) for r in rows] == [
        (100, "read", "qoi:20", "ok"), (1, "report", "ioa:1", "ok"), (100, "report", "qoi:20", "unsolicited"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("qualifier", "verb"), [(5, "read"), (0x45, "write"), (0x85, "reset"), (0xC5, "reset")]
)
def test_a_counter_interrogation_may_freeze_and_reset(qualifier, verb) -> None:
    rows = talk((CLIENT, asdu(101, ACT, [(0, bytes([qualifier]))])))
    assert one(rows["operations"], "verb", "object") == (verb, f"qcc:{qualifier}")


def test_the_other_system_commands() -> None:
    rows = talk(
        (CLIENT, asdu(103, ACT, [(0, NOON)])),
        (SERVER, asdu(103, ACTCON, [(0, NOON)])),
        (CLIENT, asdu(104, ACT, [(0, b"\xaa\x55")])),
        (CLIENT, asdu(105, ACT, [(0, b"\x01")])),
        (CLIENT, asdu(106, ACT, [(0, b"\x05\x00")])),
        (CLIENT, asdu(107, ACT, [(0, b"\x01\x00" + NOON)])),
        (CLIENT, asdu(113, ACT, [(7, b"\x01")])),
        (CLIENT, asdu(112, ACT, [(7, struct.pack("<fB", 2.0, 1))])),
    )
    assert [(r["function_name"], r["verb"]) for r in rows["operations"]] == [
        ("C_CS_NA_1", "time-set"), ("C_TS_NA_1", "diagnose"), ("C_RP_NA_1", "reset"), ("C_CD_NA_1", "time-set"),
        ("C_TS_TA_1", "diagnose"), ("P_AC_NA_1", "configure"), ("P_ME_NC_1", "configure"),
    ]  # fmt: skip
    assert [(v["text"], v["number"], v["device_time"]) for v in rows["values"]] == [
        ("2024-11-26T12:15:30.250", None, NOON_NS), (None, [1.0], None), (None, [2.0], None),
    ]  # fmt: skip
    assert [r["qualifier"] for r in rows["iec104_commands"] if r["type_id"] in (105, 112, 113)] == [1, 1, 1]


def test_u_frames_are_rows_and_s_frames_are_none() -> None:
    rows = talk(
        (CLIENT, u_frame(STARTDT)), (SERVER, u_frame(STARTDT_CON)), (CLIENT, s_frame(3)), (SERVER, u_frame(TESTFR)),
        (CLIENT, u_frame(TESTFR_CON)), (CLIENT, u_frame(STOPDT)), (SERVER, u_frame(STOPDT_CON)),
    )  # fmt: skip
    assert [(r["function"], r["function_name"], r["verb"], r["client"], r["outcome"]) for r in rows["operations"]] == [
        (263, "STARTDT", "open", "10.0.0.1", "ok"), (323, "TESTFR", "diagnose", "10.0.0.2", "ok"),
        (275, "STOPDT", "close", "10.0.0.1", "ok"),
    ]  # fmt: skip
    assert [f["protocol"] for f in rows["flows"]] == ["iec104"]


def test_several_apdus_stand_in_a_segment() -> None:
    octets = (
        i_frame(0, 0, asdu(1, 3, [(1, b"\x01")]))
        + s_frame(1)
        + u_frame(TESTFR)
        + i_frame(1, 0, asdu(3, 3, [(2, b"\x02")]))
    )
    rows = tcp([(SERVER, octets)], port=2404)
    assert sorted(r["function"] for r in rows["operations"]) == [1, 3, 323]
    assert rows["oddities"] == []


def test_a_conversation_joined_in_its_middle_on_another_port() -> None:
    pieces = [
        (SERVER, i_frame(300, 7, asdu(1, 3, [(1, b"\x01")]))),
        (CLIENT, i_frame(7, 301, asdu(45, ACT, [(2, b"\x01")]))),
    ]
    rows = tcp(
        [*pieces, (SERVER, i_frame(301, 8, asdu(45, ACTCON, [(2, b"\x01")])))], port=5000, handshake=False
    )
    assert [(r["protocol"], r["function"], r["server"], r["outcome"]) for r in rows["operations"]] == [
        ("iec104", 1, "10.0.0.2", "unsolicited"), ("iec104", 45, "10.0.0.2", "ok"),
    ]  # fmt: skip


def test_a_confirmation_without_its_command() -> None:
    rows = talk((SERVER, asdu(45, ACTCON, [(5, b"\x01")], negative=True)))
    assert one(rows["operations"], "frame", "outcome", "code", "object", "server") == (
        None, "refused", 7, "ioa:5", "10.0.0.2",
    )  # fmt: skip
    assert rows["values"] == []


@pytest.mark.parametrize("cause", [44, 45, 44 | 0x40, 13 | 0x40])
def test_a_station_without_files_sends_back_what_it_was_asked(cause: int) -> None:
    asked = struct.pack("<H", 4) + b"\x00\x01"
    (row,) = talk((CLIENT, asdu(122, 13, [(1, asked)])), (SERVER, asdu(122, cause, [(1, asked)])))[
        "operations"
    ]
    assert (row["function_name"], row["verb"], row["outcome"]) == ("F_SC_NA_1", "file-read", "refused")
    (row,) = talk((SERVER, asdu(122, cause, [(1, asked)])))["operations"]
    assert (row["verb"], row["outcome"]) == ("file-read", "refused")


def test_steps_of_a_file_transfer() -> None:
    name = struct.pack("<H", 4)
    rows = talk(
        (CLIENT, asdu(122, 13, [(1, name + b"\x00\x01")])),
        (SERVER, asdu(120, 13, [(1, name + b"\x64\0\0\x00")])),
        (CLIENT, asdu(122, 13, [(1, name + b"\x00\x02")])),
        (SERVER, asdu(121, 13, [(1, name + b"\x01\x64\0\0\x80")])),
        (CLIENT, asdu(122, 13, [(1, name + b"\x01\x06")])),
        (SERVER, asdu(125, 13, [(1, name + b"\x01\x02ab")])),
        (SERVER, asdu(125, 13, [(1, name + b"\x01\x01c")])),
        (SERVER, asdu(123, 13, [(1, name + b"\x01\x03\x00")])),
        (CLIENT, asdu(124, 13, [(1, name + b"\x01\x04")])),
        (CLIENT, asdu(122, 13, [(1, name + b"\x00\x04")])),
    )
    told = [
        (r["function_name"], r["verb"], r["client"][-1], r["outcome"], r["code"]) for r in rows["operations"]
    ]
    assert told == [
        ("F_SC_NA_1", "file-read", "1", "ok", None),
        ("F_SC_NA_1", "file-read", "1", "refused", 0x80),
        ("F_SC_NA_1", "file-read", "1", "ok", None),
        ("F_SG_NA_1", "file-read", "1", "unsolicited", None),
        ("F_LS_NA_1", "file-read", "2", "refused", 4),
        ("F_SC_NA_1", "file-write", "1", "unknown", None),
    ]
    assert {r["object"] for r in rows["operations"]} == {"file:1/4"}


def test_security_asdus_are_named_and_paired() -> None:
    rows = talk((SERVER, asdu(81, 14, [(0, bytes(12))])), (CLIENT, asdu(82, 14, [(0, bytes(20))])))
    assert one(rows["operations"], "function_name", "verb", "outcome", "client") == (
        "S_CH_NA_1", "authenticate", "ok", "10.0.0.2",
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        bytes([45, 1, 6, 10, 0]) + ioa(5) + b"\x01",
        bytes([45, 1, 6, 0, 10, 0]) + b"\x05\x00" + b"\x01",
        bytes([45, 1, 6, 10]) + b"\x05" + b"\x01",
    ],
)
def test_shorter_fields_are_named_and_not_misread(body) -> None:
    rows = talk((CLIENT, body), (SERVER, body[:2] + bytes([ACTCON]) + body[3:]))
    assert one(rows["operations"], "function", "verb", "outcome", "unit", "object") == (
        45,
        "operate",
        "ok",
        None,
        None,
    )
    assert {r["oddity"] for r in rows["oddities"]} == {"field-lengths-nonstandard"}
    assert rows["values"] == []


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (bytes([0x68, 4, 0x0F, 0, 0, 0]), "u-function-unknown"),
        (bytes([0x68, 4, 0x43, 1, 0, 0]), "control-field-invalid"),
        (bytes([0x68, 5, 0x43, 0, 0, 0, 0]), "apci-length-mismatch"),
        (i_frame(0, 0, asdu(1, 3, [(1, b"\x01")]) + b"\x00"), "trailing-octets"),
        (i_frame(0, 0, asdu(13, 3, [(1, bytes(5))])[:-5]), "truncated"),
        (i_frame(0, 0, asdu(1, 3, [])), "no-objects"),
        (i_frame(9, 0, asdu(1, 3, [(1, b"\x01")])), "send-number-unexpected"),
        (b"\x68\x02\x00\x00\x00\x00", "not-framed"),
    ],
)
def test_what_breaks_a_rule_is_an_oddity(octets, oddity) -> None:
    rows = tcp([(SERVER, i_frame(0, 0, asdu(1, 3, [(1, b"\x01")]))), (SERVER, octets)], port=2404)
    assert oddity in {r["oddity"] for r in rows["oddities"]}
    assert rows["operations"][0]["function"] == 1


def reported(many: int) -> list[tuple[int, bytes]]:
    """So many reports, a millisecond apart."""
    return [(SERVER, i_frame(n, 0, asdu(1, 3, [(1, b"\x01")]))) for n in range(many)]


def odd(pieces: list[tuple[int, bytes]]) -> list[tuple[int, str]]:
    """Frame and name of each oddity; the first piece is frame 4, behind the handshake."""
    return [(r["frame"] - 4, r["oddity"]) for r in tcp(pieces, port=2404)["oddities"]]


def test_numbers_that_rise_are_no_oddity() -> None:
    reports = reported(80)
    assert odd([*reports[:40], (CLIENT, s_frame(40)), *reports[40:], (CLIENT, s_frame(80))]) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 78), st.integers(1, 30))
def test_a_message_that_is_said_again_is_named_and_no_other(old: int, later: int) -> None:
    reports = reported(80 + later)
    assert odd([*reports[:80], reports[old], *reports[80:]]) == [(80, "send-number-falls")]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 100), st.integers(101, 200))
def test_whoever_takes_back_what_he_received_is_named(less: int, more: int) -> None:
    pieces = [*reported(200), (CLIENT, s_frame(more)), (CLIENT, s_frame(less)), (CLIENT, s_frame(200))]
    assert odd(pieces) == [(201, "receive-number-falls")]


def test_whoever_acknowledges_what_is_sent_only_afterwards_is_named() -> None:
    reports = reported(80)
    idle = [(CLIENT, u_frame(0x43)), (SERVER, u_frame(0x83))] * 30
    early = [*reports[:40], (CLIENT, s_frame(60)), *idle, *reports[40:]]
    assert odd(early) == [(40, "acknowledged-before-sent")]
    assert odd([*reports[:40], (CLIENT, s_frame(60)), *reports[40:]]) == []  # two mirrored directions


def test_a_type_of_the_makers_own_is_unknown() -> None:
    rows = talk((SERVER, asdu(200, 3, [(1, b"\x01\x02")])))
    assert one(rows["operations"], "verb", "function", "function_name", "outcome") == (
        "unknown",
        200,
        None,
        "unsolicited",
    )


@pytest.mark.parametrize(
    "octets",
    [
        bytes.fromhex("6808086853010000000000005c16"),  # M-Bus long frame: length twice, start twice
        bytes.fromhex("680443000001"),
        bytes.fromhex("68656c6c6f20776f726c64"),
        bytes.fromhex("680e0000000000010600010000000014"),
    ],
)
def test_what_only_begins_with_the_start_octet_is_not_taken(octets) -> None:
    rows = tcp([(CLIENT, octets)] * 3, port=4001)
    assert [f["protocol"] for f in rows["flows"]] != ["iec104"]


CONVERSATION = [
    (CLIENT, u_frame(STARTDT)),
    (SERVER, u_frame(STARTDT_CON)),
    (CLIENT, i_frame(0, 0, asdu(100, ACT, [(0, b"\x14")]))),
    (
        SERVER,
        i_frame(0, 1, asdu(100, ACTCON, [(0, b"\x14")]))
        + i_frame(1, 1, asdu(13, 20, [(1, bytes(5)), (9, bytes(5))])),
    ),
    (SERVER, i_frame(2, 1, asdu(30, 3, [(1, b"\x01" + NOON)]))),
    (CLIENT, s_frame(3) + i_frame(1, 3, asdu(45, ACT, [(5, b"\x81")]))),
    (SERVER, i_frame(3, 2, asdu(45, ACTCON, [(5, b"\x81")], negative=True))),
]


def test_where_segments_end_does_not_matter() -> None:
    whole = bare(tcp(CONVERSATION, port=2404))
    for at, found in cut_anywhere(CONVERSATION, port=2404, step=3):
        assert found == whole, at


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 255)), min_size=1, max_size=6
    )
)
def test_changed_octets_give_records_or_oddities(changes) -> None:
    rows = tcp(mutated(CONVERSATION, changes), port=2404)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]
