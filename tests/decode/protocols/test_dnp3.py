"""DNP3 by octets written after IEEE 1815: links, segments, every kind of point, controls, files, oddities."""

from __future__ import annotations

import struct
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import Tcp, run, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.dnp3_octets import (
    AUTHENTICATE_RESP,
    CLIENT,
    DIRECT_OPERATE,
    DIRECT_OPERATE_NR,
    MASTER,
    OPERATE,
    OUTSTATION,
    READ,
    SELECT,
    SERVER,
    UNSOLICITED,
    WRITE,
    ask,
    crob,
    fragment,
    frame,
    header,
    link,
    one,
    reply,
    segments,
    talk,
)

NOON_MS = 1_732_623_330_250
NOON = NOON_MS.to_bytes(6, "little")
CLASSES = header(60, 2, 6) + header(60, 3, 6) + header(60, 4, 6) + header(60, 1, 6)


def test_a_poll_of_classes_has_an_item_per_header() -> None:
    rows = talk((CLIENT, ask(READ, CLASSES, sequence=5)), (SERVER, reply(sequence=5)))["operations"]
    assert [(r["item"], r["items"], r["object"], r["count"], r["outcome"]) for r in rows] == [
        (0, 4, "class:1", None, "ok"), (1, 4, "class:2", None, "ok"), (2, 4, "class:3", None, "ok"),
        (3, 4, "class:0", None, "ok"),
    ]  # fmt: skip
    assert {(r["function"], r["function_name"], r["verb"], r["unit"], r["transaction"]) for r in rows} == {
        (1, "READ", "read", "10", "5"),
    }  # fmt: skip


F, D = struct.pack("<f", 49.75), struct.pack("<d", -0.5)


@pytest.mark.parametrize(
    ("group", "variation", "octets", "numbers", "quality", "time"),
    [
        (1, 2, b"\x81", [1.0], "ONLINE", False), (3, 2, b"\x85", [2.0], "ONLINE COMM_LOST", False),
        (10, 2, b"\x02", [0.0], "RESTART", False), (20, 1, b"\x21\x01\0\0\0", [1.0], "ONLINE ROLLOVER", False),
        (20, 2, b"\x01\xff\xff", [65535.0], "ONLINE", False),
        (20, 5, b"\xff\xff\xff\xff", [4294967295.0], None, False),
        (20, 6, b"\x07\x00", [7.0], None, False), (21, 1, b"\x41\x01\0\0\0", [1.0], "ONLINE DISCONTINUITY", False),
        (21, 5, b"\x01\x02\0\0\0" + NOON, [2.0], "ONLINE", True),
        (21, 6, b"\x01\x02\0" + NOON, [2.0], "ONLINE", True),
        (21, 9, b"\x02\0\0\0", [2.0], None, False), (21, 10, b"\x02\0", [2.0], None, False),
        (30, 1, b"\x01\xfe\xff\xff\xff", [-2.0], "ONLINE", False),
        (30, 2, b"\x61\xfe\xff", [-2.0], "ONLINE OVER_RANGE REFERENCE_ERR", False),
        (30, 3, b"\xfe\xff\xff\xff", [-2.0], None, False), (30, 4, b"\xfe\xff", [-2.0], None, False),
        (30, 5, b"\x00" + F, [49.75], "OFFLINE", False), (30, 6, b"\x10" + D, [-0.5], "LOCAL_FORCED", False),
        (31, 3, b"\x01\x05\0\0\0" + NOON, [5.0], "ONLINE", True), (31, 7, b"\x01" + F, [49.75], "ONLINE", False),
        (34, 1, b"\x05\0", [5.0], None, False),
        (34, 2, b"\x05\0\0\0", [5.0], None, False), (34, 3, F, [49.75], None, False),
        (40, 1, b"\x01\x05\0\0\0", [5.0], "ONLINE", False),
        (40, 2, b"\x09\x05\0", [5.0], "ONLINE REMOTE_FORCED", False),
        (40, 3, b"\x01" + F, [49.75], "ONLINE", False), (40, 4, b"\x01" + D, [-0.5], "ONLINE", False),
        (50, 1, NOON, [float(NOON_MS)], None, True),
        (52, 1, b"\x02\0", [2.0], None, False), (52, 2, b"\x03\0", [3.0], None, False),
        (101, 1, b"\x34\x12", [1234.0], None, False), (101, 2, b"\x78\x56\x34\x12", [12345678.0], None, False),
        (102, 1, b"\x09", [9.0], None, False),
    ],
)  # fmt: skip
def test_a_static_point_has_number_flags_and_time(group, variation, octets, numbers, quality, time) -> None:
    rows = talk((CLIENT, ask(READ, CLASSES)), (SERVER, reply(header(group, variation, 0, 7, 7) + octets)))
    assert one(rows["values"], "number", "quality", "type", "direction", "unit") == (
        numbers, quality, f"g{group}v{variation}", "read", "10",
    )  # fmt: skip
    assert one(rows["values"], "device_time") == (NOON_MS * 1_000_000 if time else None,)
    assert one(rows["values"], "object")[0].endswith(":7")
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("group", "variation", "octets", "number", "name"),
    [
        (2, 1, b"\x81", 1.0, "binary-input:3"), (2, 2, b"\x81" + NOON, 1.0, "binary-input:3"),
        (4, 1, b"\x41", 1.0, "double-bit-binary-input:3"), (4, 2, b"\x41" + NOON, 1.0, "double-bit-binary-input:3"),
        (11, 1, b"\x81", 1.0, "binary-output:3"), (11, 2, b"\x01" + NOON, 0.0, "binary-output:3"),
        (13, 1, b"\x80", 1.0, "binary-output:3"), (13, 2, b"\x00" + NOON, 0.0, "binary-output:3"),
        (22, 1, b"\x01\x05\0\0\0", 5.0, "counter:3"), (22, 2, b"\x01\x05\0", 5.0, "counter:3"),
        (22, 5, b"\x01\x05\0\0\0" + NOON, 5.0, "counter:3"), (22, 6, b"\x01\x05\0" + NOON, 5.0, "counter:3"),
        (23, 1, b"\x01\x05\0\0\0", 5.0, "frozen-counter:3"), (23, 6, b"\x01\x05\0" + NOON, 5.0, "frozen-counter:3"),
        (32, 1, b"\x01\x05\0\0\0", 5.0, "analog-input:3"), (32, 2, b"\x01\x05\0", 5.0, "analog-input:3"),
        (32, 3, b"\x01\x05\0\0\0" + NOON, 5.0, "analog-input:3"),
        (32, 4, b"\x01\x05\0" + NOON, 5.0, "analog-input:3"),
        (32, 5, b"\x01" + F, 49.75, "analog-input:3"), (32, 6, b"\x01" + D, -0.5, "analog-input:3"),
        (32, 7, b"\x01" + F + NOON, 49.75, "analog-input:3"), (32, 8, b"\x01" + D + NOON, -0.5, "analog-input:3"),
        (33, 1, b"\x01\x05\0\0\0", 5.0, "frozen-analog-input:3"),
        (42, 4, b"\x01\x05\0" + NOON, 5.0, "analog-output:3"),
        (43, 1, b"\x00\x05\0\0\0", 5.0, "analog-output:3"), (43, 7, b"\x00" + F + NOON, 49.75, "analog-output:3"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("qualifier", [0x17, 0x28])
def test_an_event_names_the_point_it_is_of(group, variation, octets, number, name, qualifier) -> None:
    index = b"\x03" if qualifier == 0x17 else b"\x03\x00"
    rows = talk(
        (
            SERVER,
            reply(
                header(group, variation, qualifier, 1) + index + octets, function=UNSOLICITED, control=0xD0
            ),
        )
    )
    assert one(rows["operations"], "verb", "outcome", "function", "count", "client") == (
        "report", "unsolicited", 130, 1, "10.0.0.1",
    )  # fmt: skip
    assert one(rows["values"], "object", "number", "direction", "device_time") == (
        name, [number], "reported", NOON_MS * 1_000_000 if NOON in octets else None,
    )  # fmt: skip


def test_relative_times_count_from_the_common_time_of_occurrence() -> None:
    objects = header(51, 1, 7, 1) + NOON + header(2, 3, 0x17, 2) + b"\x01\x81\x05\x00" + b"\x02\x01\x00\x01"
    values = talk((SERVER, reply(objects, function=UNSOLICITED)))["values"]
    assert [(v["object"], v["device_time"]) for v in values] == [
        ("binary-input:1", (NOON_MS + 5) * 1_000_000), ("binary-input:2", (NOON_MS + 256) * 1_000_000),
    ]  # fmt: skip


def test_packed_bits_and_runs_of_points() -> None:
    objects = (
        header(1, 1, 0, 3, 12) + b"\x05\x02" + header(3, 1, 1, 0, 4) + b"\xe4\x01"
        + header(30, 2, 1, 300, 302) + b"\x01\x01\0" + b"\x01\x02\0" + b"\x03\x03\0"
    )  # fmt: skip
    values = talk((CLIENT, ask(READ, header(60, 1, 6))), (SERVER, reply(objects)))["values"]
    assert [(v["object"], v["number"], v["quality"]) for v in values] == [
        ("binary-input:3", [1.0, 0, 1, 0, 0, 0, 0, 0, 0, 1], None),
        ("double-bit-binary-input:0", [0.0, 1, 2, 3, 1], None),
        ("analog-input:300", [1.0, 2.0], "ONLINE"), ("analog-input:302", [3.0], "ONLINE RESTART"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        (0x41, [1.0], "PULSE_ON CLOSE, 1 x 100 ms on, 50 ms off"),
        (0x81, [0.0], "PULSE_ON TRIP, 1 x 100 ms on, 50 ms off"),
        (0x03, [1.0], "LATCH_ON, 1 x 100 ms on, 50 ms off"),
        (0x24, [0.0], "LATCH_OFF clear, 1 x 100 ms on, 50 ms off"),
        (0x00, None, "NUL, 1 x 100 ms on, 50 ms off"),
    ],
)  # fmt: skip
def test_a_relay_block_is_what_it_commands(code, number, text) -> None:
    rows = talk((CLIENT, ask(DIRECT_OPERATE, header(12, 1, 0x17, 1) + b"\x05" + crob(code))))
    assert one(rows["operations"], "verb", "object", "count") == ("operate", "binary-output:5", 1)
    assert one(rows["values"], "number", "text", "direction", "type") == (number, text, "written", "g12v1")


def test_select_and_operate_with_the_outcome_of_each_point() -> None:
    def points(*statuses: int) -> bytes:
        blocks = (struct.pack("<H", 3 + 2 * n) + crob(0x41, status=s) for n, s in enumerate(statuses))
        return header(12, 1, 0x28, len(statuses)) + b"".join(blocks)

    rows = talk(
        (CLIENT, ask(SELECT, points(0, 0), sequence=1)), (SERVER, reply(points(0, 0), sequence=1)),
        (CLIENT, ask(OPERATE, points(0, 0), sequence=2)), (SERVER, reply(points(0, 7), sequence=2)),
    )  # fmt: skip
    assert [(r["verb"], r["item"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("select", 0, "binary-output:3", "ok", None), ("select", 1, "binary-output:5", "ok", None),
        ("operate", 0, "binary-output:3", "ok", None), ("operate", 1, "binary-output:5", "refused", 7),
    ]  # fmt: skip
    answers = [r for r in rows["dnp3_controls"] if r["function"] == 129]
    assert [r["status_name"] for r in answers] == ["SUCCESS", "SUCCESS", "SUCCESS", "LOCAL"]


@pytest.mark.parametrize(
    ("variation", "octets", "value"),
    [(1, b"\x05\0\0\0", 5.0), (2, b"\xfb\xff", -5.0), (3, F, 49.75), (4, D, -0.5)],
)
def test_an_analog_output_block(variation, octets, value) -> None:
    def block(status: int) -> bytes:
        return header(41, variation, 0x28, 1) + b"\x09\x00" + octets + bytes([status])

    rows = talk((CLIENT, ask(DIRECT_OPERATE, block(0))), (SERVER, reply(block(4))))
    assert one(rows["operations"], "object", "outcome", "code") == ("analog-output:9", "refused", 4)
    assert one(rows["values"], "number", "direction", "object") == ([value], "written", "analog-output:9")


def test_functions_without_response_expect_none() -> None:
    objects = header(12, 1, 0x17, 1) + b"\x05" + crob(0x41)
    rows = talk(
        (CLIENT, ask(DIRECT_OPERATE_NR, objects)), (CLIENT, ask(DIRECT_OPERATE, objects, outstation=0xFFFF))
    )
    assert [(r["verb"], r["outcome"], r["unit"]) for r in rows["operations"]] == [
        ("operate", "unknown", "10"), ("operate", "unknown", "65535"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "objects", "name", "verb", "first"),
    [
        (2, header(50, 1, 7, 1) + NOON, "WRITE", "time-set", "time"),
        (2, header(80, 1, 0, 7, 7) + b"\x00", "WRITE", "write", "internal-indication:7"),
        (7, header(20, 0, 6), "IMMED_FREEZE", "write", "counter"),
        (9, header(20, 0, 0, 2, 5), "FREEZE_CLEAR", "reset", "counter:2"),
        (11, header(50, 2, 7, 1) + NOON + bytes(4) + header(20, 0, 6), "FREEZE_AT_TIME", "write", "time"),
        (13, b"", "COLD_RESTART", "reset", None), (14, b"", "WARM_RESTART", "reset", None),
        (17, header(90, 1, 6), "START_APPL", "start", "application"),
        (18, header(90, 1, 6), "STOP_APPL", "stop", "application"),
        (20, header(60, 2, 6), "ENABLE_UNSOLICITED", "subscribe", "class:1"),
        (21, header(60, 3, 6), "DISABLE_UNSOLICITED", "alarm-suppress", "class:2"),
        (22, header(60, 3, 6) + header(1, 0, 6), "ASSIGN_CLASS", "configure", "class:2"),
        (23, b"", "DELAY_MEASURE", "diagnose", None), (24, b"", "RECORD_CURRENT_TIME", "time-set", None),
        (1, header(1, 0, 0x17, 3) + b"\x01\x02\x09", "READ", "read", "binary-input:1"),
        (99, b"", None, "unknown", None),
    ],
)  # fmt: skip
def test_functions_have_names_verbs_and_objects(function, objects, name, verb, first) -> None:
    rows = talk((CLIENT, ask(function, objects)), (SERVER, reply()))
    assert {r["outcome"] for r in rows["operations"]} == {"ok"}
    row = rows["operations"][0]
    assert (row["function_name"], row["verb"], row["object"], row["function"]) == (
        name,
        verb,
        first,
        function,
    )
    assert rows["oddities"] == []


def test_a_list_of_indices_is_its_runs() -> None:
    rows = talk((CLIENT, ask(READ, header(1, 0, 0x17, 4) + b"\x01\x02\x03\x09")))["operations"]
    assert [(r["object"], r["count"]) for r in rows] == [("binary-input:1", 3), ("binary-input:9", 1)]


@pytest.mark.parametrize(
    ("iin", "outcome", "code"),
    [
        (0x0080, "ok", None), (0x0100, "refused", 0x100), (0x0200, "refused", 0x200), (0x0490, "refused", 0x400),
        (0x1000, "refused", 0x1000), (0x0800, "ok", None),
    ],
)  # fmt: skip
def test_indications_refuse(iin, outcome, code) -> None:
    rows = talk((CLIENT, ask(READ, CLASSES)), (SERVER, reply(iin=iin)))
    assert {(r["outcome"], r["code"]) for r in rows["operations"]} == {(outcome, code)}
    assert one(rows["dnp3_indications"], "iin", "outstation", "master") == (iin, OUTSTATION, MASTER)


def test_outstations_on_one_connection_are_kept_apart() -> None:
    rows = talk(
        (CLIENT, ask(READ, CLASSES, outstation=10) + ask(READ, CLASSES, outstation=11)),
        (SERVER, reply(outstation=11, iin=0x200) + reply(outstation=10)),
    )["operations"]  # fmt: skip
    assert {(r["unit"], r["outcome"]) for r in rows} == {("10", "ok"), ("11", "refused")}


def test_an_unsolicited_response_and_its_confirmation() -> None:
    said = reply(header(2, 1, 0x17, 1) + b"\x01\x81", function=UNSOLICITED, control=0xF0, sequence=3)
    confirm = frame(b"\xc0" + fragment(0, control=0xD0, sequence=3), 0xC4, OUTSTATION, MASTER)
    rows = talk((SERVER, said), (CLIENT, confirm), (CLIENT, confirm))["operations"]
    assert [(r["function_name"], r["outcome"], r["client"]) for r in rows] == [
        ("UNSOLICITED_RESPONSE", "unsolicited", "10.0.0.1"), ("CONFIRM", "ok", "10.0.0.1"),
        ("CONFIRM", "unknown", "10.0.0.1"),
    ]  # fmt: skip


def test_link_frames_without_data_are_rows() -> None:
    rows = talk(
        (CLIENT, link(0, from_master=True)), (SERVER, link(0, from_master=False, primary=False)),
        (SERVER, link(9, from_master=False)), (CLIENT, link(11, from_master=True, primary=False)),
        (CLIENT, link(2, from_master=True)), (SERVER, link(1, from_master=False, primary=False)),
        (CLIENT, link(9, from_master=True)), (SERVER, link(15, from_master=False, primary=False)),
    )["operations"]  # fmt: skip
    assert [(r["function"], r["function_name"], r["client"], r["outcome"], r["code"]) for r in rows] == [
        (256, "RESET_LINK_STATES", "10.0.0.1", "ok", None), (265, "REQUEST_LINK_STATUS", "10.0.0.2", "ok", None),
        (258, "TEST_LINK_STATES", "10.0.0.1", "refused", 1), (265, "REQUEST_LINK_STATUS", "10.0.0.1", "refused", 15),
    ]  # fmt: skip


@pytest.mark.parametrize("first", [0, 62])
def test_segments_are_joined_across_the_wrap_of_their_numbers(first) -> None:
    objects = header(30, 4, 1, 0, 399) + b"".join(struct.pack("<h", n) for n in range(400))
    octets = fragment(129, objects, iin=0)
    parts = [frame(s, 0x44, MASTER, OUTSTATION) for s in segments(octets, first=first)]
    assert len(parts) == 4
    rows = talk((CLIENT, ask(READ, header(60, 1, 6))), *((SERVER, part) for part in parts))
    assert one(rows["operations"], "outcome", "response_frame") == ("ok", 8)
    assert one(rows["values"], "number") == ([float(n) for n in range(400)],)


def test_segments_that_do_not_follow_are_oddities() -> None:
    parts = [
        frame(s, 0x44, MASTER, OUTSTATION)
        for s in segments(fragment(129, header(1, 1, 1, 0, 7999) + bytes(1000), iin=0))
    ]
    lost = talk(
        (SERVER, parts[0]), (SERVER, parts[2]), (SERVER, parts[1]), (SERVER, parts[0]), (SERVER, parts[0])
    )
    assert [r["oddity"] for r in lost["oddities"]] == [
        "segment-out-of-sequence",
        "segment-without-first",
        "segment-missing",
    ]
    assert lost["operations"] == []


def _file(function: int, variation: int, octets: bytes, sequence: int) -> bytes:
    return ask(
        function, header(70, variation, 0x5B, 1) + struct.pack("<H", len(octets)) + octets, sequence=sequence
    )


def _told(variation: int, octets: bytes, sequence: int) -> bytes:
    return reply(header(70, variation, 0x5B, 1) + struct.pack("<H", len(octets)) + octets, sequence=sequence)


def test_a_file_is_opened_written_and_closed() -> None:
    command = struct.pack("<HH6sHIIHHH", 26, 7, bytes(6), 0o644, 0, 3, 2, 1024, 1) + b"cfg.xml"
    status = struct.pack("<IIHHB", 42, 3, 1024, 1, 0)
    rows = talk(
        (CLIENT, _file(25, 3, command, 1)), (SERVER, _told(4, status, 1)),
        (CLIENT, _file(2, 5, struct.pack("<II", 42, 0x80000000) + b"abc", 2)),
        (SERVER, _told(6, struct.pack("<IIB", 42, 0, 16), 2)),
        (CLIENT, _file(26, 4, status, 3)), (SERVER, _told(4, status, 3)),
        (CLIENT, _file(27, 3, command, 4)), (SERVER, _told(4, struct.pack("<IIHHB", 0, 0, 0, 1, 3), 4)),
    )  # fmt: skip
    assert [(r["function_name"], r["verb"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("OPEN_FILE", "file-write", "file:cfg.xml", "ok", None),
        ("WRITE", "file-write", "file:cfg.xml", "refused", 16),
        ("CLOSE_FILE", "close", "file:cfg.xml", "ok", None),
        ("DELETE_FILE", "file-write", "file:cfg.xml", "refused", 3),
    ]  # fmt: skip


def test_a_password_for_files_is_a_credential() -> None:
    octets = struct.pack("<HHHHI", 12, 3, 15, 6, 0) + b"bobsecret"
    rows = talk((CLIENT, _file(29, 2, octets, 1)))
    assert one(rows["operations"], "verb", "user") == ("authenticate", "bob")
    assert one(rows["credentials"], "scheme", "user") == ("file-authentication", "bob")


def test_device_attributes_are_identity_facts() -> None:
    def attribute(variation: int, text: bytes) -> bytes:
        return header(0, variation, 0, 0, 0) + bytes([1, len(text)]) + text

    said = (
        attribute(252, b"Acme")
        + attribute(250, b"RTU 7")
        + attribute(248, b"S-1")
        + attribute(242, b"2.1")
        + header(0, 217, 0, 0, 0)
        + b"\x02\x01\x05"
    )
    rows = talk((CLIENT, ask(READ, header(0, 254, 0, 0, 0))), (SERVER, reply(said)))
    assert one(rows["operations"], "object") == ("device-attribute:0/254",)
    facts = {(c["who"], c["field"], c["value"]) for c in rows["clues"] if c["protocol"] == "dnp3"}
    assert facts == {
        ("10.0.0.2/10", f, v)
        for f, v in (("vendor", "Acme"), ("product", "RTU 7"), ("serial", "S-1"), ("firmware", "2.1"))
    }
    assert rows["values"][-1]["number"] == [5.0]


def test_octet_strings_are_text_or_octets() -> None:
    objects = header(110, 4, 0, 0, 1) + b"Pump" + b"\xff\x00\x01\x02" + header(113, 2, 0x17, 1) + b"\x05ok"
    values = talk((CLIENT, ask(READ, header(110, 0, 6))), (SERVER, reply(objects)))["values"]
    assert [(v["object"], v["text"], v["raw"]) for v in values] == [
        ("octet-string:0", "Pump", None), ("octet-string:1", None, b"\xff\x00\x01\x02"),
        ("virtual-terminal-event:5", "ok", None),
    ]  # fmt: skip


def test_a_challenge_and_its_reply_leave_the_operation_to_its_response() -> None:
    def auth(variation: int, octets: bytes) -> bytes:
        return header(120, variation, 0x5B, 1) + struct.pack("<H", len(octets)) + octets

    control = header(12, 1, 0x17, 1) + b"\x05" + crob(0x41)
    challenge = struct.pack("<IHBBB", 9, 7, 4, 1, 4) + bytes(4)
    rows = talk(
        (CLIENT, ask(OPERATE, control, sequence=1)),
        (SERVER, reply(auth(1, challenge), function=AUTHENTICATE_RESP, sequence=1)),
        (CLIENT, ask(32, auth(2, struct.pack("<IH", 9, 7) + bytes(16)), sequence=1)),
        (SERVER, reply(control, sequence=1)),
        (CLIENT, ask(32, header(120, 4, 7, 1) + b"\x07\x00", sequence=2)),
        (SERVER, reply(auth(7, struct.pack("<IHHB6s", 9, 7, 0, 5, bytes(6))), function=AUTHENTICATE_RESP, sequence=2)),
    )["operations"]  # fmt: skip
    assert [(r["function"], r["object"], r["user"], r["outcome"], r["code"]) for r in rows] == [
        (4, "binary-output:5", None, "ok", None), (131, "authentication:challenge", "7", "unsolicited", None),
        (32, "authentication:reply", "7", "unknown", None),
        (32, "authentication:session-key-status-request", "7", "refused", 5),
    ]  # fmt: skip


def test_an_aggressive_mode_request_keeps_its_points_as_items() -> None:
    mac = struct.pack("<H", 10) + bytes(10)
    octets = (
        header(120, 3, 7, 1)
        + struct.pack("<IH", 9, 7)
        + header(12, 1, 0x17, 1)
        + b"\x05"
        + crob(0x41)
        + header(120, 9, 0x5B, 1)
        + mac
    )
    rows = talk(
        (CLIENT, ask(DIRECT_OPERATE, octets)),
        (SERVER, reply(header(12, 1, 0x17, 1) + b"\x05" + crob(0x41, status=9))),
    )
    assert one(rows["operations"], "object", "outcome", "code") == ("binary-output:5", "refused", 9)


def test_data_sets_are_named() -> None:
    octets = header(87, 1, 0x5B, 1) + struct.pack("<H", 3) + b"\x01\x02\xff"
    rows = talk((SERVER, reply(octets, function=UNSOLICITED)))
    assert one(rows["operations"], "object") == ("data-set",)
    assert one(rows["values"], "raw", "type") == (b"\x01\x02\xff", "g87v1")


def test_a_response_fragment_after_the_first_is_a_row_of_its_own() -> None:
    rows = talk(
        (CLIENT, ask(READ, header(60, 1, 6))), (SERVER, reply(header(30, 4, 0, 0, 0) + b"\x01\x00", control=0xA0)),
        (SERVER, reply(header(30, 4, 0, 1, 1) + b"\x02\x00", control=0x40, sequence=1)),
    )  # fmt: skip
    assert [(r["function"], r["frame"], r["outcome"]) for r in rows["operations"]] == [
        (1, 4, "ok"),
        (129, None, "ok"),
    ]
    assert [v["number"] for v in rows["values"]] == [[1.0], [2.0]]


@pytest.mark.parametrize("port", [20000, 20001, 7777])
def test_datagrams_and_other_ports(port) -> None:
    pieces = [(CLIENT, ask(READ, CLASSES)), (SERVER, reply(header(1, 2, 0, 0, 0) + b"\x81"))]
    for rows in (udp(pieces, port=port), talk(*pieces, port=port), tcp(pieces, port=port, handshake=False)):
        assert {(r["protocol"], r["function"], r["outcome"], r["server"]) for r in rows["operations"]} == {
            ("dnp3", 1, "ok", "10.0.0.2"),
        }  # fmt: skip


def test_the_master_is_the_client_whoever_opened_the_connection() -> None:
    rows = talk((CLIENT, reply(function=UNSOLICITED)), (SERVER, ask(READ, CLASSES)), (CLIENT, reply()))
    assert {(r["client"], r["server"]) for r in rows["operations"]} == {("10.0.0.2", "10.0.0.1")}


def _broken(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 0xFF]) + octets[at + 1 :]


def _framed(octets: bytes) -> bytes:
    return frame(b"\xc0" + octets, 0xC4, OUTSTATION, MASTER)


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (_broken(ask(READ, CLASSES), 8), "header-crc-mismatch"),
        (_broken(ask(READ, CLASSES), 12), "block-crc-mismatch"),
        (b"\x05\x64\x04\xc4" + bytes(20), "not-framed"), (b"noise" + ask(READ, CLASSES), "not-framed"),
        (frame(b"", 0xC4, OUTSTATION, MASTER), "user-data-missing"),
        (frame(b"ab", 0xC9, OUTSTATION, MASTER), "user-data-unexpected"),
        (link(5, from_master=True, primary=False), "link-function-unknown"), (_framed(b"\xc0"), "truncated"),
        (_framed(fragment(READ, b"\x3c\x02\x0d")), "qualifier-unknown"),
        (_framed(fragment(READ, b"\x3c\x02\x86")), "qualifier-unknown"),
        (_framed(fragment(READ, header(1, 2, 0, 5, 4))), "range-inverted"),
        (_framed(fragment(WRITE, header(77, 1, 7, 1) + b"a")), "object-unknown"),
        (_framed(fragment(WRITE, header(1, 1, 0, 0, 200))), "truncated"),
        (_file(25, 3, b"abc", 0), "file-object-short"),
        (frame(b"\xc0" + fragment(READ, CLASSES), 0x44, OUTSTATION, MASTER), "direction-bit-wrong"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_an_oddity(octets, oddity) -> None:
    rows = talk((CLIENT, ask(READ, CLASSES)), (CLIENT, octets), (CLIENT, ask(READ, CLASSES, sequence=9)))
    assert {r["oddity"] for r in rows["oddities"]} == {oddity}
    assert rows["operations"][-1]["transaction"] == "9"


@pytest.mark.parametrize(
    "octets",
    [b"\x05\x01\x00", b"\x05\x64hello world!", b"\x05\x64\x02\x00" + bytes(8), b"GET / HTTP/1.0\r\n"],
)
def test_foreign_octets_are_not_taken(octets) -> None:
    rows = tcp([(CLIENT, octets)] * 3, port=1080)
    assert [f["protocol"] for f in rows["flows"]] != ["dnp3"]


def test_every_function_of_the_standard_has_a_verb() -> None:
    text = (files("interlock.decode.protocols.dnp3") / "verbs.toml").read_text("utf-8")
    known = {int(f) for f in tomllib.loads(text)["dnp3"]}
    assert known == {*range(34), 129, 130, 131, 256, 257, 258, 265}


CONVERSATION = [
    (CLIENT, link(9, from_master=True)),
    (SERVER, link(11, from_master=False, primary=False)),
    (CLIENT, ask(READ, CLASSES)),
    (
        SERVER,
        reply(header(30, 2, 0, 0, 3) + bytes(12) + header(2, 2, 0x17, 1) + b"\x04\x81" + NOON, control=0xE0),
    ),
    (CLIENT, ask(SELECT, header(12, 1, 0x17, 1) + b"\x05" + crob(0x41), sequence=1)),
    (SERVER, reply(header(12, 1, 0x17, 1) + b"\x05" + crob(0x41, status=4), sequence=1)),
    (SERVER, reply(header(110, 5, 0, 0, 0) + b"hello", function=UNSOLICITED, control=0xF0)),
]


def test_where_segments_end_does_not_matter() -> None:
    whole = bare(talk(*CONVERSATION))
    for at, found in cut_anywhere(CONVERSATION, port=20000, step=5):
        assert found == whole, at


def _resealed(changes: list[tuple[int, int]]) -> bytes:
    """A request's fragment with octets replaced, under CRCs that hold again."""
    octets = bytearray(
        fragment(
            WRITE,
            header(12, 1, 0x17, 1) + b"\x05" + crob(0x41) + header(70, 3, 0x5B, 1) + b"\x1a\0" + bytes(26),
        )
    )
    for position, octet in changes:
        octets[position % len(octets)] = octet
    return _framed(bytes(octets))


@settings(max_examples=80, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_objects_give_records_or_oddities(changes) -> None:
    rows = talk((CLIENT, _resealed(changes)), (SERVER, reply()))
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@settings(max_examples=40, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 255)), min_size=1, max_size=6
    )
)
def test_changed_octets_give_records_or_oddities(changes) -> None:
    rows = tcp(mutated(CONVERSATION, changes), port=20000)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@settings(max_examples=60, deadline=None)
@given(objects=st.binary(max_size=120), function=st.sampled_from((1, 2, 5, 25, 32, 129, 130, 131)))
def test_any_objects_give_records_or_declared_oddities(objects, function) -> None:
    body = fragment(function, objects, iin=0 if function > 128 else None)
    rows = talk((CLIENT, ask(READ, CLASSES)), (SERVER if function > 128 else CLIENT, _framed(body)))
    declared = tomllib.loads((files("interlock.decode.protocols.dnp3") / "quality.toml").read_text("utf-8"))[
        "oddities"
    ]
    assert {r["oddity"] for r in rows["oddities"]} <= set(declared)


def test_operations_are_the_same_where_nobody_wants_values() -> None:
    connection = Tcp(20000)
    connection.open()
    for side, octets in CONVERSATION:
        connection.segment(side, octets)
    alone = run(connection.frames, wanted=frozenset({"operations"}))
    assert alone["operations"] == run(connection.frames)["operations"]
