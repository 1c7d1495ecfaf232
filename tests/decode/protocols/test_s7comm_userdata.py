"""Userdata: identity, blocks, jobs and their pushes, alarms, clock, password, partner data."""

from __future__ import annotations

import struct

import pytest

from decode.protocols.s7_octets import (
    CLIENT,
    CONFIRM,
    CONNECT,
    SERVER,
    ask,
    dt,
    item,
    one,
    pdu,
    push,
    reply,
    s7any,
    talk,
)

M, DB = 0x83, 0x84


def _szl(identity: int, index: int, *records: bytes) -> bytes:
    return struct.pack(">HHHH", identity, index, len(records[0]) if records else 0, len(records)) + b"".join(
        records
    )


def _clues(rows: dict[str, list[dict[str, object]]]) -> set[tuple[object, ...]]:
    return {(c["who"], c["field"], c["value"]) for c in rows["clues"] if c["protocol"] == "s7comm"}


def _component(index: int, text: bytes) -> bytes:
    return struct.pack(">H32s", index, text)


def _module(index: int, order: bytes, a: bytes, b: bytes) -> bytes:
    return struct.pack(">H20sH", index, order.ljust(20), 0xC0) + a + b


def test_module_identification_names_order_number_hardware_and_firmware() -> None:
    order = b"6ES7 315-2EH14-0AB0"
    records = [
        _module(1, order, b"\0\4", b"\0\1"),
        _module(6, order, b"\0\4", b"\0\1"),
        _module(7, b"", b"V\3", b"\2\6"),
    ]
    rows = talk(CONNECT, CONFIRM, ask(0x0401, b"\x00\x11\0\0"), reply(0x0401, _szl(0x0011, 0, *records)))
    assert one(rows["operations"], "verb", "function", "object") == ("identify", 1025, "szl:0x0011/0x0000")
    assert _clues(rows) == {
        ("10.0.0.2/0.2", "unit", "0.2"),
        ("10.0.0.2/0.2", "order-number", "6ES7 315-2EH14-0AB0"),
        ("10.0.0.2/0.2", "hardware", "4"),
        ("10.0.0.2/0.2", "firmware", "V3.2.6"),
    }


def test_an_answer_in_two_parts_is_read_when_it_is_whole() -> None:
    records = [
        _component(1, b"Line 4 station"),
        _component(2, b"PLC_1"),
        _component(3, b"Hall 2"),
        _component(4, b"Original Siemens Equipment"),
        _component(5, b"S C-X4U421302009"),
        _component(7, b"CPU 315-2 PN/DP"),
        _component(9, b"\x00\x2a"),
    ]
    whole = _szl(0x001C, 0, *records)
    rows = talk(
        ask(0x0401, b"\x00\x1c\0\0", reference=1),
        reply(0x0401, whole[:100], reference=1, sequence=3, part=9, last=1),
        ask(0x0401, reference=2, sequence=3),
        reply(0x0401, whole[100:], reference=2, sequence=3, part=9),
    )
    assert [r["object"] for r in rows["operations"]] == ["szl:0x001c/0x0000"] * 2
    assert _clues(rows) == {
        ("10.0.0.2", "name", "Line 4 station"),
        ("10.0.0.2", "description", "PLC_1"),
        ("10.0.0.2", "location", "Hall 2"),
        ("10.0.0.2", "vendor", "Siemens"),
        ("10.0.0.2", "serial", "S C-X4U421302009"),
        ("10.0.0.2", "product", "CPU 315-2 PN/DP"),
        ("10.0.0.2", "vendor-id", "profinet:0x002a"),
    }


def test_lists_tell_mode_protection_and_address() -> None:
    ethernet = bytes.fromhex("07fe c0a8010a ffffff00 c0a80101 001b1b23eb3b 0100") + bytes(26)
    rows = talk(
        ask(0x0401, b"\x04\x24\0\0", reference=1),
        reply(0x0401, _szl(0x0424, 0, b"\x51\x40\xff\x08" + bytes(16)), reference=1),
        ask(0x0401, b"\x01\x32\0\4", reference=2),
        reply(0x0401, _szl(0x0132, 4, b"\0\4\0\1\0\3\0\3" + bytes(32)), reference=2),
        ask(0x0401, b"\x00\x37\0\0", reference=3),
        reply(0x0401, _szl(0x0037, 0, ethernet), reference=3),
    )
    assert [(v["object"], v["text"]) for v in rows["values"]] == [
        ("operating-mode", "RUN"),
        ("protection-level", "3"),
    ]
    assert {(f, v) for _, f, v in _clues(rows)} == {
        ("ip", "192.168.1.10"),
        ("netmask", "255.255.255.0"),
        ("router", "192.168.1.1"),
        ("mac", "00:1b:1b:23:eb:3b"),
    }


def test_an_error_in_the_parameters_is_a_refusal() -> None:
    rows = talk(ask(0x0401, b"\x0c\x91\x7f\xff"), reply(0x0401, None, error=0xD402))
    assert one(rows["operations"], "object", "outcome", "code") == ("szl:0x0c91/0x7fff", "refused", 0xD402)


def test_blocks_that_a_controller_lists_and_describes_are_rows() -> None:
    header = (
        b"\x30\x38\x00\x4a\x00\x22pp\x01\x01\x02\x08\x00\x01"
        + struct.pack(">II", 324, 3)
        + struct.pack(">IH", 3_600_000, 365) * 2
        + struct.pack(">HHHH", 28, 0, 20, 206)
        + b"ENGINEERMIXING\0\0MAIN\0\0\0\0"
        + b"\x12\x00\xbe\xef"
        + bytes(8)
    )
    rows = talk(
        ask(0x0302, b"0E", reference=1),
        reply(0x0302, bytes.fromhex("0001120100311204"), reference=1),
        ask(0x0303, b"0800001A", reference=2),
        reply(0x0303, header, reference=2),
        ask(0x0301, None, reference=3),
        reply(0x0301, b"08\0\1" + b"0A\0\7", reference=3),
    )
    assert [(r["verb"], r["object"], r["count"]) for r in rows["operations"]] == [
        ("discover", "FB", None),
        ("discover", "OB1/A", 1),
        ("discover", None, 2),
    ]
    assert [(b["block"], b["language"]) for b in rows["s7comm_blocks"]] == [
        ("FB1", "STL"),
        ("FB49", "SCL"),
        ("OB1", "LAD"),
    ]
    described = rows["s7comm_blocks"][2]
    assert {
        k: described[k]
        for k in ("load_octets", "code_octets", "security", "author", "family", "name", "version", "checksum")
    } == {
        "load_octets": 324,
        "code_octets": 206,
        "security": 3,
        "author": "ENGINEER",
        "family": "MIXING",
        "name": "MAIN",
        "version": "1.2",
        "checksum": 0xBEEF,
    }
    assert described["code_time"] == "1984-12-31T01:00:00.000"


def test_cyclic_data_is_joined_with_what_was_subscribed() -> None:
    wanted = b"\x00\x02\x01\x05" + s7any(4, 1, DB, 0, 7) + s7any(1, 1, M, 9)
    first, later = (
        b"\x00\x02" + item(4, octets) + item(3, b"\1", 0xFF, 1) for octets in (b"\x00\x05", b"\x00\x06")
    )
    rows = talk(
        (CLIENT, ask(0x0201, wanted)),
        (SERVER, reply(0x0201, first, sequence=4)),
        (SERVER, push(0x0201, later, sequence=4)),
        (CLIENT, ask(0x0204, b"\x01\x04", reference=2)),
        (SERVER, reply(0x0204, None, reference=2, sequence=4)),
    )
    assert [(r["verb"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        ("subscribe", "DB7.DBW0", "ok"),
        ("subscribe", "M1.1", "ok"),
        ("report", "DB7.DBW0", "unsolicited"),
        ("report", "M1.1", "unsolicited"),
        ("subscribe", "job:4", "ok"),
    ]
    assert [(v["object"], v["direction"], v["number"]) for v in rows["values"]] == [
        ("DB7.DBW0", "read", [5.0]),
        ("M1.1", "read", [1.0]),
        ("DB7.DBW0", "reported", [6.0]),
        ("M1.1", "reported", [1.0]),
    ]


def _test_job(data: bytes, parameters: bytes = bytes(20)) -> bytes:
    return struct.pack(">HH", len(parameters), len(data)) + parameters + data


def test_to_begin_a_job_that_forces_is_more_than_to_watch() -> None:
    rows = talk((CLIENT, ask(0x010E, _test_job(b"\x09\x02"))), (SERVER, reply(0x010E, None, sequence=2)))
    assert [(r["verb"], r["object"]) for r in rows["operations"]] == [("configure", "job:9/2")]


def test_a_variable_table_is_joined_with_its_pushes() -> None:
    wanted = _test_job(bytes.fromhex("0002 0106 0000 0000 1003 0000 0008"))
    values = _test_job(b"\x00\x02" + item(4, b"ABCDEF") + item(3, b"\1", 0xFF, 1) + b"\0", b"\0\0\0\1")
    rows = talk(
        (CLIENT, ask(0x0102, wanted)),
        (SERVER, reply(0x0102, None, sequence=2)),
        (CLIENT, ask(0x010E, _test_job(b"\x02\x02"), reference=2)),
        (SERVER, reply(0x010E, None, reference=2, sequence=3)),
        (SERVER, push(0x0102, values, sequence=2)),
    )
    assert [(r["function_name"], r["verb"], r["object"], r["count"]) for r in rows["operations"]] == [
        ("Variable status", "subscribe", "MB0", 6),
        ("Variable status", "subscribe", "I8.3", 1),
        ("Enable job", "subscribe", "job:2/2", 1),
        ("Variable status", "report", "MB0", None),
        ("Variable status", "report", "I8.3", None),
    ]
    assert [(v["object"], v["number"]) for v in rows["values"]] == [
        ("MB0", [65.0, 66, 67, 68, 69, 70]),
        ("I8.3", [1.0]),
    ]


@pytest.mark.parametrize(("function", "verb"), [(0x0108, "write"), (0x0109, "force")])
def test_modify_and_force_show_what_they_set(function: int, verb: str) -> None:
    data = bytes.fromhex("0001 7201 0003 000a") + item(4, b"\x12\x34")
    rows = talk(ask(function, _test_job(data)))
    assert one(rows["operations"], "verb", "object", "count") == (verb, "DB3.DBW10", 1)
    assert one(rows["values"], "object", "direction", "number") == ("DB3.DBW10", "written", [0x1234])


def test_an_alarm_comes_with_its_values_and_is_acknowledged() -> None:
    stamp = bytes.fromhex("2306011200000000")
    alarm = stamp + bytes.fromhex("0001 120a16 01 60000001 01010000") + item(4, b"\x00\x63")
    acknowledge = bytes.fromhex("0001 120819 00 60000001 0101")
    rows = talk(
        (SERVER, push(0x0412, alarm)),
        (CLIENT, ask(0x040B, acknowledge)),
        (SERVER, reply(0x040B, b"\x00\x01\x0a")),
    )
    assert [(r["verb"], r["object"], r["outcome"], r["code"], r["client"]) for r in rows["operations"]] == [
        ("report", "event:0x60000001", "unsolicited", None, "10.0.0.1"),
        ("operate", "event:0x60000001", "refused", 10, "10.0.0.1"),
    ]
    assert one(rows["values"], "object", "direction", "number", "server") == (
        "event:0x60000001",
        "reported",
        [0.0, 99.0],
        "10.0.0.2",
    )


def test_locking_alarms_is_suppressing_them() -> None:
    rows = talk(ask(0x0407, bytes.fromhex("0001 120615 00 000003e9")))
    assert one(rows["operations"], "verb", "object") == ("alarm-suppress", "event:0x000003e9")


def test_queries_and_subscriptions_to_messages() -> None:
    rows = talk(
        ask(0x0413, bytes.fromhex("0001 12081a 00 01 34 00000004"), reference=1),
        reply(0x0413, b"\0\0\0\0", reference=1),
        ask(0x0402, b"\x83\x00HmiRtm  \x09\x00", reference=2),
        reply(0x0402, b"\x02\0", reference=2),
    )["operations"]
    assert [(r["verb"], r["object"], r["user"]) for r in rows] == [
        ("read", "alarm-type:ALARM_S", None),
        ("subscribe", "events:MODE,SYS,ALM", "HmiRtm"),
    ]


def test_a_diagnostic_message_and_a_change_of_mode_are_reports() -> None:
    entry = bytes.fromhex("494d ff 44 0000 0000 00000000 2306011200000000")
    stop = dt(pdu(7, 0, bytes.fromhex("0101000000000000")))
    rows = talk((SERVER, push(0x0403, entry)), (SERVER, stop), (SERVER, push(0x0000, None)))
    assert [(r["function_name"], r["verb"], r["object"]) for r in rows["operations"]] == [
        ("Diagnostic message", "report", "diagnostic:0x494d"),
        ("Mode transition: STOP", "report", "operating-mode"),
        ("Mode transition: STOP", "report", "operating-mode"),
    ]


def test_the_clock_is_read_and_set() -> None:
    stamp = bytes.fromhex("0019") + bytes.fromhex("2306011230451237")
    rows = talk(
        ask(0x0701, None, reference=1),
        reply(0x0701, stamp, reference=1),
        ask(0x0702, stamp, reference=2),
        reply(0x0702, None, reference=2),
    )
    assert [(r["verb"], r["object"]) for r in rows["operations"]] == [
        ("read", "clock"),
        ("time-set", "clock"),
    ]
    assert [(v["direction"], v["text"]) for v in rows["values"]] == [
        ("read", "2023-06-01T12:30:45.123"),
        ("written", "2023-06-01T12:30:45.123"),
    ]


@pytest.mark.parametrize(("error", "outcome"), [(0, "ok"), (0xD602, "refused")])
def test_a_password_is_a_login_and_no_part_of_any_table(error: int, outcome: str) -> None:
    obfuscated = bytes.fromhex("213a1b1d6e681b1d")  # "toor" and padding
    rows = talk(ask(0x0501, obfuscated), reply(0x0501, None, error=error))
    assert one(rows["operations"], "verb", "outcome") == ("authenticate", outcome)
    assert one(rows["credentials"], "scheme", "user", "outcome", "known") == ("password", None, outcome, None)
    assert "toor" not in repr(rows)
    assert obfuscated.hex() not in repr(rows)


def test_a_malformed_login_leaks_nothing_into_the_oddities() -> None:
    login = bytes.fromhex("0001120411450100ff090008213a1b1d6e681b1d")
    service = bytes.fromhex("28000000000000fd00ff") + b"\x03nck\x06SESAME\x09_N_LOGIN_"
    rows = talk(
        (CLIENT, dt(pdu(7, 1, login[:8], login[8:]) + b"\0")), (CLIENT, dt(pdu(1, 2, service) + b"\0"))
    )
    assert [o["oddity"] for o in rows["oddities"]] == ["length-mismatch", "length-mismatch", "truncated"]
    octets = b"".join(o["octets"] for o in rows["oddities"])
    assert b"SESAME" not in octets
    assert bytes.fromhex("213a") not in octets


def test_an_empty_password_is_told() -> None:
    blank, shown = b" " * 8, []
    for k, octet in enumerate(blank):
        shown.append(octet ^ 0x55 ^ (shown[k - 2] if k > 1 else 0))
    assert one(talk(ask(0x0501, bytes(shown)))["credentials"], "known") == ("empty",)


def test_data_between_partners_goes_by_its_r_id() -> None:
    usend = dt(
        pdu(7, 0, bytes.fromhex("0001120613000000002a")[:10], b"\xff\x09\x00\x01" + item(4, b"\x00\x07", 0))
    )
    rows = talk(ask(0x0600, bytes.fromhex("12061300 0000002a 0004 cafe0001")), (CLIENT, usend))
    assert sorted((r["verb"], r["function_name"], r["object"]) for r in rows["operations"]) == [
        ("write", "BSEND", "r-id:0x2a"),
        ("write", "USEND", "r-id:0x2a"),
    ]
    assert rows["values"][1]["number"] == [0.0, 7.0]


def test_nc_files_are_named() -> None:
    rows = talk(
        ask(0x3F01, b"/_N_WKS_DIR/_N_A_WPD/_N_A_MPF", reference=1),
        reply(0x3F01, b"\x04\0", reference=1),
        ask(0x3F06, b"\x04\0/_N_MPF0", reference=2),
    )["operations"]
    assert [(r["function"], r["verb"], r["object"]) for r in rows] == [
        (0x3F01, "file-write", "/_N_WKS_DIR/_N_A_WPD/_N_A_MPF"),
        (0x3F06, "file-read", "/_N_MPF0"),
    ]


def test_a_function_nobody_knows_is_unknown() -> None:
    rows = talk(ask(0x0A33, b"\1\2"), reply(0x0A33, b"\1\2"))
    assert one(rows["operations"], "verb", "function", "outcome") == ("unknown", 0x0A33, "ok")


def test_an_answer_of_another_function_gets_no_note_of_the_request() -> None:
    rows = talk(ask(0x0501, bytes(8)), reply(0x0201, b"\x00\x01" + item(4, b"\0\1"), sequence=4))
    assert [o["oddity"] for o in rows["oddities"]] == ["function-mismatch"]
    assert one(rows["operations"], "function_name") == ("PLC password",)
