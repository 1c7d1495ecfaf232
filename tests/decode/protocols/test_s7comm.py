"""Jobs: setup, variables, blocks, program invocation; octets written from the published protocol analyses."""

from __future__ import annotations

import struct

import pytest

from decode.protocols.s7_octets import (
    ACK,
    CLIENT,
    CONFIRM,
    CONNECT,
    SERVER,
    ack,
    dt,
    item,
    job,
    one,
    pdu,
    read,
    read_answer,
    s7any,
    service,
    talk,
)

DB, M, IN, Q, P, T, C = 0x84, 0x83, 0x81, 0x82, 0x80, 0x1D, 0x1C


@pytest.mark.parametrize(
    ("specification", "name"),
    [
        (s7any(1, 1, DB, 0, 1), "DB1.DBX0.0"),
        (s7any(4, 3, DB, 160, 10), "DB10.DBW20"),
        (s7any(8, 1, DB, 64, 65535), "DB65535.DBD8"),
        (s7any(2, 1, DB, 11, 2), "DB2.DBB1.3"),
        (s7any(2, 9, 0x85, 16, 3), "DI3.DIB2"),
        (s7any(1, 1, M, 83), "M10.3"),
        (s7any(2, 1, M, 80), "MB10"),
        (s7any(1, 1, IN, 0), "I0.0"),
        (s7any(1, 1, Q, 33), "Q4.1"),
        (s7any(5, 1, IN, 512), "IW64"),
        (s7any(6, 1, P, 2048), "PD256"),
        (s7any(29, 1, T, 5), "T5"),
        (s7any(28, 1, C, 3), "C3"),
        (s7any(4, 1, 0x06, 16), "AIW2"),
        (s7any(4, 1, 0x99, 16, 7), "area153.7.W2"),
        (s7any(2, 100, 1, 2042, 0xAFF0), "record:2042/45040"),
        (bytes.fromhex("120eb2ff8a0e0005deadbeef20000009"), "DB5.LID9"),
        (bytes.fromhex("1212b2ff8a0e0005deadbeef2000000930000003"), "DB5.LID9.IDX3"),
        (bytes.fromhex("120eb2ff00000052deadbeef40000010"), "M.LID16"),
        (bytes.fromhex("1207b0011000040010"), "DB4.DBB16"),
        (bytes.fromhex("120cb00210000400100800050000"), "DB4.DBB16+DB5.DBB0"),
        (bytes.fromhex("12088241000300047f01"), "nck:C1.127.3/4"),
        (bytes.fromhex("120aa2000000000003070002"), "drive:p775[2]"),
        (bytes.fromhex("12061300cafe0001"), "r-id:0xcafe0001"),
    ],
)
def test_an_item_is_spelled_as_step7_does(specification: bytes, name: str) -> None:
    rows = talk(read(1, specification))
    assert one(rows["operations"], "verb", "object") == ("read", name)
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("kind", "area", "size", "octets", "numbers"),
    [
        (1, M, 3, b"\x01", [1.0]),
        (2, DB, 4, b"\x00\xff\x10", [0.0, 255.0, 16.0]),
        (4, DB, 4, b"\xff\xfe\x00\x01", [65534.0, 1.0]),
        (5, DB, 5, b"\xff\xfe\x00\x01", [-2.0, 1.0]),
        (6, DB, 4, b"\xff\xff\xff\xff", [4294967295.0]),
        (7, DB, 6, b"\xff\xff\xff\xff", [-1.0]),
        (8, DB, 7, struct.pack(">f", 21.5), [21.5]),
        (9, DB, 4, b"\x00\x10", [16.0]),
        (10, DB, 4, b"\x00\x00\x03\xe8", [1000.0]),
        (11, DB, 4, b"\xff\xff\xfc\x18", [-1000.0]),
        (12, DB, 4, b"\x21\x27", [127.0]),
        (29, T, 9, b"\x01\x27\x10\x05", [1.27, 0.5]),
        (28, C, 9, b"\x09\x99", [999.0]),
    ],
)
def test_read_values_are_numbers(
    kind: int, area: int, size: int, octets: bytes, numbers: list[float]
) -> None:
    rows = talk(read(7, s7any(kind, len(numbers), area, 0, 1)), read_answer(7, item(size, octets)))
    assert one(rows["operations"], "outcome", "count") == ("ok", len(numbers))
    (value,) = rows["values"]
    assert value["number"] == pytest.approx(numbers)
    assert (value["direction"], value["operation"]) == ("read", rows["operations"][0]["operation"])


def test_characters_dates_and_nonsense_keep_their_form() -> None:
    specifications = [
        s7any(3, 4, DB, 0, 1),
        s7any(15, 1, DB, 0, 1),
        s7any(28, 1, C, 0),
        s7any(8, 1, DB, 0, 1),
    ]
    clock = bytes.fromhex("1408201205361124")
    answer = [item(4, b"Tank"), item(4, clock), item(9, b"\x0f\xff"), item(7, b"\x01\x02\x03")]
    texts = talk(read(7, *specifications), read_answer(7, *answer))["values"]
    assert (texts[0]["text"], texts[0]["number"]) == ("Tank", [84.0, 97.0, 110.0, 107.0])
    assert (texts[1]["text"], texts[1]["number"]) == ("2014-08-20T12:05:36.112", None)
    assert (texts[2]["raw"], texts[2]["number"]) == (b"\x0f\xff", None)
    assert (texts[3]["raw"], texts[3]["type"]) == (b"\x01\x02\x03", "OCTET STRING")


def test_each_item_has_its_own_outcome() -> None:
    rows = talk(
        read(9, s7any(2, 1, DB, 0, 25), s7any(2, 1, DB, 0, 26), s7any(4, 1, M, 16)),
        read_answer(9, item(4, b"\x0d"), item(0, b"", 0x0A), item(4, b"\x00\x07")),
    )["operations"]
    assert [(r["item"], r["items"], r["object"], r["outcome"], r["code"]) for r in rows] == [
        (0, 3, "DB25.DBB0", "ok", None),
        (1, 3, "DB26.DBB0", "refused", 10),
        (2, 3, "MW2", "ok", None),
    ]
    assert {r["transaction"] for r in rows} == {"9"}


def test_a_write_shows_what_is_written_and_how_it_ended() -> None:
    parameters = bytes([5, 2]) + s7any(1, 1, Q, 9) + s7any(5, 1, DB, 32, 3)
    data = item(3, b"\x01", 0, 1) + b"\0" + item(5, b"\xff\x38", 0)
    rows = talk(job(2, parameters, data), ack(2, bytes([5, 2]), b"\xff\x05"))
    assert [(r["verb"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("write", "Q1.1", "ok", None),
        ("write", "DB3.DBW4", "refused", 5),
    ]
    assert [(v["object"], v["number"], v["direction"], v["type"]) for v in rows["values"]] == [
        ("Q1.1", [1.0], "written", "BIT"),
        ("DB3.DBW4", [-200.0], "written", "INT"),
    ]
    assert {v["server"] for v in rows["values"]} == {"10.0.0.2"}


def test_an_error_in_the_header_refuses_every_item() -> None:
    rows = talk(read(3, s7any(2, 1, DB, 0, 1), s7any(2, 1, DB, 8, 1)), dt(pdu(ACK, 3, error=0x8104)))
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 0x8104)] * 2


def test_setup_and_tsaps_say_who_is_asked() -> None:
    setup = bytes.fromhex("f0000002000201e0")
    rows = talk(
        CONNECT,
        CONFIRM,
        job(1, setup),
        ack(1, setup),
        read(2, s7any(2, 1, M, 0)),
        read_answer(2, item(4, b"\1")),
    )
    assert [(r["verb"], r["object"], r["unit"]) for r in rows["operations"]] == [
        ("open", "pdu-length:480", "0.2"),
        ("read", "MB0", "0.2"),
    ]
    assert rows["operations"][0]["count"] == 2
    assert rows["values"][0]["unit"] == "0.2"
    told = {(c["who"], c["field"], c["value"]) for c in rows["clues"]}
    assert ("10.0.0.2/0.2", "unit", "0.2") in told
    request = rows["cotp"][0]
    assert (
        request["tpdu"],
        request["called_tsap"],
        request["connection_type"],
        request["unit"],
        request["tpdu_octets"],
    ) == (
        "connection request",
        "0x0102",
        "PG",
        "0.2",
        1024,
    )


def test_an_upload_is_named_to_its_end() -> None:
    start = bytes.fromhex("1d00000000000000") + b"\x09_0800001A"
    going, ending = bytes.fromhex("1e00000000000007"), bytes.fromhex("1f00000000000007")
    rows = talk(
        job(1, start),
        ack(1, bytes.fromhex("1d00010000000007") + b"\x070000260"),
        job(2, going),
        ack(2, b"\x1e\x00", bytes.fromhex("000400fb70700101")),
        job(3, ending),
        ack(3, b"\x1f"),
    )["operations"]
    assert [(r["function"], r["function_name"], r["verb"], r["object"], r["outcome"]) for r in rows] == [
        (29, "Start upload", "program-read", "OB1/A", "ok"),
        (30, "Upload", "program-read", "OB1/A", "ok"),
        (31, "End upload", "program-read", "OB1/A", "ok"),
    ]


def test_during_a_download_the_controller_asks() -> None:
    name = b"\x09_0A00001P"
    request = bytes.fromhex("1a00010000000000") + name + b"\x0d1000500000044"
    block, ended = bytes.fromhex("1b00000000000000") + name, bytes.fromhex("1c00000000000000") + name
    insert = bytes.fromhex("28000000000000fd") + struct.pack(">H", 10) + b"\x01\x000A00001P" + b"\x05_INSE"
    rows = talk(
        CONNECT,
        CONFIRM,
        (CLIENT, job(1, request)),
        (SERVER, ack(1, b"\x1a")),
        (SERVER, job(2, block)),
        (CLIENT, ack(2, b"\x1b\x00", bytes.fromhex("000400fb70700101"))),
        (SERVER, job(3, ended)),
        (CLIENT, ack(3, b"\x1c")),
        (CLIENT, job(4, insert)),
        (SERVER, ack(4, b"\x28")),
    )["operations"]
    assert [(r["verb"], r["object"], r["count"], r["client"], r["unit"]) for r in rows] == [
        ("program-write", "DB1/P", 500, "10.0.0.1", "0.2"),
        ("program-write", "DB1/P", None, "10.0.0.2", None),
        ("program-write", "DB1/P", None, "10.0.0.2", None),
        ("program-write", "DB1/P", 1, "10.0.0.1", "0.2"),
    ]
    assert rows[3]["function_name"] == "PI-Service _INSE"


@pytest.mark.parametrize(
    ("name", "parameters", "verb", "thing"),
    [
        ("P_PROGRAM", b"", "start", "P_PROGRAM"),
        ("P_PROGRAM", b"C ", "start", "P_PROGRAM C"),
        ("_MODU", b"EP", "program-write", "_MODU EP"),
        ("_GARB", b"", "configure", "_GARB"),
        ("_N_F_XFER", b"\x03P01\x08TEST.MPF\x00", "file-read", "_N_F_XFER P01 TEST.MPF"),
        ("_FUTURE_", b"", "unknown", "_FUTURE_"),
    ],
)
def test_a_program_invocation_is_what_its_name_says(
    name: str, parameters: bytes, verb: str, thing: str
) -> None:
    assert one(talk(service(1, name, parameters))["operations"], "verb", "object") == (verb, thing)


def test_several_blocks_of_one_service_are_items() -> None:
    rows = talk(service(1, "_DELE", b"\x02\x000800035B0B00000B"))["operations"]
    assert [(r["verb"], r["item"], r["object"]) for r in rows] == [
        ("program-write", 0, "OB35/B"),
        ("program-write", 1, "SDB0/B"),
    ]


def test_a_password_of_a_service_is_no_part_of_any_table() -> None:
    rows = talk(service(1, "_N_LOGIN_", b"\x0bnck_sinumer\x06SESAME\x00"))
    assert one(rows["operations"], "verb", "object") == ("authenticate", "_N_LOGIN_ nck_sinumer")
    assert one(rows["credentials"], "protocol", "scheme", "outcome") == ("s7comm", "password", "unknown")
    assert "SESAME" not in repr(rows)


def test_stop_is_a_stop() -> None:
    rows = talk(job(5, bytes.fromhex("29000000000009") + b"P_PROGRAM"), ack(5, b"\x29"))
    assert one(rows["operations"], "verb", "function_name", "object", "outcome") == (
        "stop",
        "PLC Stop",
        "P_PROGRAM",
        "ok",
    )


def test_what_is_not_in_the_table_is_unknown() -> None:
    rows = talk(job(5, b"\x42\x00"), ack(5, b"\x42"))
    assert one(rows["operations"], "verb", "function", "function_name") == ("unknown", 0x42, None)


def test_an_answer_without_its_request_is_a_row_of_its_own() -> None:
    rows = talk(
        (SERVER, read_answer(4, item(4, b"\x00\x2a"), item(7, struct.pack(">f", 1.5)))), handshake=False
    )
    assert [(r["frame"], r["item"], r["outcome"], r["object"]) for r in rows["operations"]] == [
        (None, 0, "ok", None),
        (None, 1, "ok", None),
    ]
    assert [v["number"] for v in rows["values"]] == [[0.0, 42.0], [1.5]]
    assert [v["type"] for v in rows["values"]] == ["BYTE", "REAL"]


@pytest.mark.parametrize(
    ("oddity", "payloads"),
    [
        ("rosctr-unknown", [dt(pdu(9, 1, b"\x04\x00"))]),
        ("length-mismatch", [dt(pdu(1, 1, b"\x29\0\0\0\0\0\x00") + b"\0\0")]),
        ("parameters-missing", [dt(pdu(1, 1))]),
        ("item-count-mismatch", [job(1, b"\x04\x00")]),
        ("item-count-mismatch", [read(1, s7any(2, 1, M, 0)), read_answer(1, item(4, b"\1"), item(4, b"\1"))]),
        ("syntax-id-unknown", [read(1, bytes.fromhex("12047f010203"))]),
        ("function-mismatch", [read(1, s7any(2, 1, M, 0)), ack(1, b"\x05\x01", b"\xff")]),
        ("truncated", [read(1, s7any(2, 1, M, 0)[:9])]),
        ("truncated", [dt(b"\x32\x01\x00")]),
        ("userdata-type-unknown", [dt(pdu(7, 1, bytes.fromhex("0001120411c40100"), b"\x0a\0\0\0"))]),
    ],
)
def test_what_breaks_a_rule_is_an_oddity(oddity: str, payloads: list[bytes]) -> None:
    good = [(CLIENT, read(99, s7any(2, 1, M, 0))), (SERVER, read_answer(99, item(4, b"\1")))]
    rows = talk(*good, *payloads)
    assert oddity in {r["oddity"] for r in rows["oddities"] if r["protocol"] == "s7comm"}
    assert rows["operations"][0]["outcome"] == "ok"


@pytest.mark.parametrize(
    "request_parameters", [b"\x29\0\0\0\0\0\x00", bytes.fromhex("1d00000000000000") + b"\x09_0800001A"]
)
def test_a_read_s_answer_to_another_job_changes_no_items(request_parameters: bytes) -> None:
    # A row that is not the newest cannot grow: found by mutating a real conversation.
    answer = read_answer(1, item(4, b"\1"), item(4, b"\2"))
    rows = talk((CLIENT, job(1, request_parameters)), (CLIENT, read(2, s7any(2, 1, M, 0))), (SERVER, answer))
    assert {o["oddity"] for o in rows["oddities"]} == {"function-mismatch", "item-count-mismatch"}
    assert rows["operations"][0]["items"] == 1


@pytest.mark.parametrize("function", [b"\x1b", b"\x1e"])
@pytest.mark.parametrize(
    "asked",
    [read(1, s7any(2, 1, M, 0)), job(1, b"\x1b" + bytes(7) + b"\x09_0A00001P"), job(1, b"\x1e" + bytes(7))],
)
def test_a_part_of_a_block_that_answers_another_job_is_no_part(function: bytes, asked: bytes) -> None:
    # What a job leaves for its answer is of its own kind: found by coverage-guided fuzzing.
    rows = talk((CLIENT, asked), (SERVER, ack(1, function + b"\x00", bytes.fromhex("000400fb70700101"))))
    assert not [o for o in rows["oddities"] if o["oddity"].startswith("decoder-error")]
    assert rows["operations"][0]["outcome"] == "ok"
