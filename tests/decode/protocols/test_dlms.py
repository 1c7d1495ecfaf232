"""DLMS/COSEM: associations, services, HDLC and wrapper; octets built from IEC 62056-5-3, 62056-46, 62056-47."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.dlms_octets import (
    PORT,
    SESSION,
    aare,
    aarq,
    act,
    ask,
    attribute,
    get,
    got,
    hdlc,
    response,
    say,
    set_one,
    wrapped,
)


def talk(*messages: tuple[int, bytes]) -> Rows:
    return tcp(messages, port=PORT)


def one(rows: list[dict[str, object]], *columns: str) -> tuple[object, ...]:
    (row,) = rows
    return tuple(row[c] for c in columns)


def test_a_get_is_paired_and_brings_a_value() -> None:
    rows = talk(ask(get(3, "1.0.1.8.0.255", 2)), say(got(b"\x06" + struct.pack(">I", 123456))))
    assert one(
        rows["operations"],
        "verb",
        "function",
        "function_name",
        "transaction",
        "object",
        "unit",
        "user",
        "outcome",
    ) == ("read", 0xC0, "get-request", "1", "3/1.0.1.8.0.255/2", "1", "client-16", "ok")
    assert one(rows["values"], "object", "number", "type", "direction") == (
        "3/1.0.1.8.0.255/2",
        [123456.0],
        "double-long-unsigned",
        "read",
    )


@pytest.mark.parametrize(
    ("data", "kind", "numbers", "text", "raw"),
    [
        (b"\x03\x01", "boolean", [1.0], None, None),
        (b"\x05\xff\xff\xff\xff", "double-long", [-1.0], None, None),
        (b"\x0f\x80", "integer", [-128.0], None, None),
        (b"\x10\xff\x00", "long", [-256.0], None, None),
        (b"\x11\x07", "unsigned", [7.0], None, None),
        (b"\x12\x01\x00", "long-unsigned", [256.0], None, None),
        (b"\x14" + b"\xff" * 8, "long64", [-1.0], None, None),
        (b"\x16\x03", "enum", [3.0], None, None),
        (b"\x17" + struct.pack(">f", 2.5), "float32", [2.5], None, None),
        (b"\x18" + struct.pack(">d", -2.5), "float64", [-2.5], None, None),
        (b"\x0a\x04meter"[:2] + b"wxyz", "visible-string", None, "wxyz", None),
        (b"\x09\x02\x00\xff", "octet-string", None, None, b"\x00\xff"),
        (b"\x02\x02\x11\x01\x09\x01a", "structure", None, None, b"\x02\x02\x11\x01\x09\x01a"),
        (b"\x01\x02\x01\x01\x11\x01\x00", "array", None, None, b"\x01\x02\x01\x01\x11\x01\x00"),
        (b"\x04\x09\xff\x80", "bit-string", None, None, b"\x04\x09\xff\x80"),
        (b"\x13\x11\x03\x01\x02\x03", "compact-array", None, None, b"\x13\x11\x03\x01\x02\x03"),
    ],
)
def test_data_of_every_kind(
    data: bytes, kind: str, numbers: list[float] | None, text: str | None, raw: bytes | None
) -> None:
    rows = talk(ask(get(1, "0.0.96.1.9.255", 2)), say(got(data)))
    assert one(rows["values"], "type", "number", "text", "raw") == (kind, numbers, text, raw)
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("apdu", "verb", "spelled"),
    [
        (set_one(8, "0.0.1.0.0.255", 2, b"\x11\x01"), "time-set", "8/0.0.1.0.0.255/2"),
        (set_one(3, "1.0.1.8.0.255", 2, b"\x11\x01"), "write", "3/1.0.1.8.0.255/2"),
        (set_one(20, "0.0.13.0.0.255", 6, b"\x00"), "configure", "20/0.0.13.0.0.255/6"),
        (act(70, "0.0.96.3.10.255", 1, b"\x0f\x00"), "operate", "70/0.0.96.3.10.255/method-1"),
        (act(18, "0.0.44.0.0.255", 2), "firmware-write", "18/0.0.44.0.0.255/method-2"),
        (act(15, "0.0.40.0.0.255", 1), "authenticate", "15/0.0.40.0.0.255/method-1"),
        (act(7, "1.0.99.1.0.255", 1, b"\x0f\x00"), "reset", "7/1.0.99.1.0.255/method-1"),
    ],
)  # fmt: skip
def test_what_a_set_or_an_action_does_follows_from_its_class(apdu: bytes, verb: str, spelled: str) -> None:
    answer = bytes((0xC5 if apdu[0] == 0xC1 else 0xC7, 1, 0xC1, 0))
    rows = talk(ask(apdu), say(answer))
    assert one(rows["operations"], "verb", "object", "outcome") == (verb, spelled, "ok")


@pytest.mark.parametrize(
    ("asked", "answer", "code"),
    [
        (get(3, "1.0.1.8.0.255", 2), b"\xc4\x01\xc1\x01\x04", 4),
        (get(3, "1.0.1.8.0.255", 2), b"\xc4\x02\xc1\x01\x00\x00\x00\x01\x01\x0e", 14),
        (set_one(8, "0.0.1.0.0.255", 2, b"\x00"), b"\xc5\x01\xc1\x03", 3),
        (act(70, "0.0.96.3.10.255", 1), b"\xc7\x01\xc1\x0c", 12),
        (get(3, "1.0.1.8.0.255", 2), b"\xd8\x01\x02", 0x10102),
        (get(3, "1.0.1.8.0.255", 2), b"\x0e\x05\x00\x02", 0x20000 + 0x050002),
    ],
)
def test_refusals_have_the_services_own_code(asked: bytes, answer: bytes, code: int) -> None:
    assert one(talk(ask(asked), say(answer))["operations"], "outcome", "code") == ("refused", code)


def test_each_attribute_of_a_list_has_its_row_and_outcome() -> None:
    asked = (
        b"\xc0\x03\xc1\x02"
        + attribute(3, "1.0.1.8.0.255", 2)
        + b"\x00"
        + attribute(8, "0.0.1.0.0.255", 2)
        + b"\x00"
    )
    rows = talk(ask(asked), say(b"\xc4\x03\xc1\x02\x00\x11\x05\x01\x03"))
    assert [(r["item"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (0, "3/1.0.1.8.0.255/2", "ok", None),
        (1, "8/0.0.1.0.0.255/2", "refused", 3),
    ]


def test_blocks_are_about_what_was_asked_for_first() -> None:
    block = bytes((0xC4, 2, 0xC1, 0)) + struct.pack(">I", 1) + b"\x00\x02\x01\x02"
    rows = talk(
        ask(get(7, "1.0.99.1.0.255", 2)), say(block), ask(b"\xc0\x02\xc1\x00\x00\x00\x01"), say(block)
    )
    assert [(r["object"], r["outcome"]) for r in rows["operations"]] == [("7/1.0.99.1.0.255/2", "ok")] * 2


@pytest.mark.parametrize(
    ("result", "diagnostic", "outcome", "code"), [(0, 0, "ok", None), (1, 13, "refused", 256 + 13)]
)
def test_a_low_level_secret_is_a_credential_with_its_outcome(
    result: int, diagnostic: int, outcome: str, code: int | None
) -> None:
    rows = talk(ask(aarq(1, b"geheim99")), say(aare(result, diagnostic)))
    assert one(rows["operations"], "verb", "object", "outcome", "code") == (
        "open",
        "association:logical-name/lls",
        outcome,
        code,
    )
    assert one(rows["credentials"], "scheme", "user", "known", "outcome") == (
        "lls",
        "client-16",
        None,
        outcome,
    )
    assert "geheim99" not in str(rows)


def test_a_challenge_of_high_level_security_is_no_secret_and_a_default_is_told() -> None:
    assert talk(ask(aarq(5, b"challenge")))["credentials"] == []
    assert one(talk(ask(aarq(1, b"00000000")))["credentials"], "known") == ("default",)


def test_identity_facts_of_a_meter_and_of_a_device_behind_it() -> None:
    def read(name: str, text: bytes, server: int) -> list[tuple[int, bytes]]:
        asked = wrapped(CLIENT, get(1, name, 2), server=server)
        return [asked, wrapped(SERVER, got(bytes((9, len(text))) + text), server=server)]

    rows = talk(
        ask(aarq(0)), say(aare(0, 0, b"LGZ\x00\x01\x02\x03\x04")),
        *read("0.0.42.0.0.255", b"ISK1234567890123", 1), *read("0.0.96.1.0.255", b"00112233", 1),
        *read("1.1.0.2.0.255", b"V3.1", 1), *read("0.0.96.1.0.255", b"SUB-9", 17),
    )  # fmt: skip
    found = {(r["who"], r["field"], r["value"]) for r in rows["clues"] if r["protocol"] == "dlms"}
    assert found == {
        ("10.0.0.2", "device-id", "dlms:4c475a0001020304"),
        ("10.0.0.2", "vendor-id", "flag:LGZ"),
        ("10.0.0.2", "vendor-id", "flag:ISK"),
        ("10.0.0.2", "name", "ISK1234567890123"),
        ("10.0.0.2", "serial", "00112233"),
        ("10.0.0.2", "firmware", "V3.1"),
        ("10.0.0.2/17", "serial", "SUB-9"),
    }


def test_reports_come_from_the_server() -> None:
    event = b"\xc2\x00" + attribute(1, "0.0.96.11.0.255", 2) + b"\x11\x2f"
    rows = talk(ask(get(3, "1.0.1.8.0.255", 2)), say(event), say(b"\x0f\x00\x00\x00\x01\x00\x02\x01\x11\x01"))
    reports = [r for r in rows["operations"] if r["outcome"] == "unsolicited"]
    assert [(r["function_name"], r["verb"], r["object"], r["server"]) for r in reports] == [
        ("event-notification-request", "report", "1/0.0.96.11.0.255/2", "10.0.0.2"),
        ("data-notification", "report", None, "10.0.0.2"),
    ]
    assert [r["number"] for r in rows["values"]] == [[47.0], None]


def test_the_access_service_names_each_of_its_requests() -> None:
    items = b"\x03\x01" + attribute(3, "1.0.1.8.0.255", 2)
    items += b"\x02" + attribute(8, "0.0.1.0.0.255", 2) + b"\x03" + attribute(70, "0.0.96.3.10.255", 1)
    rows = talk(
        ask(b"\xd9\x40\x00\x00\x07\x00" + items + b"\x03\x00\x11\x01\x0f\x00"),
        say(b"\xda\x40\x00\x00\x07\x00\x00\x00"),
    )
    assert [(r["verb"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        ("read", "3/1.0.1.8.0.255/2", "ok"),
        ("time-set", "8/0.0.1.0.0.255/2", "ok"),
        ("operate", "70/0.0.96.3.10.255/method-1", "ok"),
    ]


def test_ciphered_services_are_named_and_paired() -> None:
    general = b"\xdb\x08ISK\x00\x00\x00\x00\x01\x05\x30\x00\x00\x00\x01"
    rows = talk(
        ask(b"\xc8\x05\x30\x00\x00\x00\x01"), say(b"\xcc\x05\x30\x00\x00\x00\x01"), ask(general), say(general)
    )
    assert [(r["function_name"], r["verb"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        ("glo-get-request", "read", None, "ok"),
        ("general-glo-ciphering", "unknown", None, "ok"),
    ]


def test_short_names() -> None:
    rows = talk(ask(b"\x05\x02\x02\xfa\x00\x02\xfa\x08"), say(b"\x0c\x02\x00\x11\x07\x01\x03"))
    assert [(r["verb"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("read", "short-name:0xfa00", "ok", None),
        ("read", "short-name:0xfa08", "refused", 3),
    ]


def test_hdlc_opens_carries_segments_and_closes() -> None:
    rows = talk(*SESSION)
    assert [(r["function_name"], r["verb"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        ("SNRM", "open", None, "ok"),
        ("aarq", "open", "association:logical-name/lls", "ok"),
        ("get-request", "read", "1/0.0.96.1.9.255/2", "ok"),
        ("DISC", "close", None, "ok"),
    ]
    assert one(rows["credentials"], "known", "outcome") == ("default", "ok")
    assert one(rows["values"], "raw") == (bytes(range(120)),)
    assert rows["oddities"] == []


def test_a_repeated_frame_counts_once_and_a_joined_segment_is_told() -> None:
    repeated = talk(*SESSION[:5], SESSION[4], *SESSION[5:])
    assert len(repeated["operations"]) == 4
    joined = talk(SESSION[7], SESSION[8])
    assert [r["oddity"] for r in joined["oddities"]] == ["segment-missing"]


@pytest.mark.parametrize(
    ("server", "unit"), [(b"\x03", "1"), (b"\x02\x23", "1.17"), (b"\x00\x02\x02\x23", "1.145")]
)
def test_server_addresses_of_one_two_and_four_octets(server: bytes, unit: str) -> None:
    rows = talk((CLIENT, hdlc(CLIENT, 0x93, server=server)), (SERVER, hdlc(SERVER, 0x73, server=server)))
    assert one(rows["operations"], "unit", "outcome") == (unit, "ok")


def test_a_refused_link() -> None:
    rows = talk((CLIENT, hdlc(CLIENT, 0x93)), (SERVER, hdlc(SERVER, 0x1F)))
    assert one(rows["operations"], "outcome", "code") == ("refused", 256 + 0x0F)


def test_one_flag_may_stand_between_two_frames_and_several_may_too() -> None:
    close = hdlc(CLIENT, 0x53)
    for between in (SESSION[0][1] + close[1:], SESSION[0][1] + b"\x7e\x7e" + close):
        rows = talk((CLIENT, between))
        assert [r["function_name"] for r in rows["operations"]] == ["SNRM", "DISC"]
        assert rows["oddities"] == []


def test_after_octets_that_are_no_frame_it_goes_on() -> None:
    rows = talk(SESSION[0], (CLIENT, b"\x11\x22\x33" + hdlc(CLIENT, 0x53)))
    assert [r["function_name"] for r in rows["operations"]] == ["SNRM", "DISC"]
    assert [r["oddity"] for r in rows["oddities"]] == ["not-framed"]


@pytest.mark.parametrize("port", [4059, 40000])
def test_any_port_and_datagrams_will_do(port: int) -> None:
    for message in (SESSION[0], ask(get(3, "1.0.1.8.0.255", 2))):
        for carry in (tcp, udp):
            assert one(carry([message], port=port)["operations"], "protocol") == ("dlms",)


@pytest.mark.parametrize(
    "octets",
    [
        b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x01\x00\x01",
        b"\x00\x01\x00\x10\x00\x01\x00\x05\x99\x00\x00\x00\x00",
        b"\x7e\xa0\x07\x03\x21\x93\x00\x00\x7e\x00",
    ],
)
def test_other_octets_are_not_taken(octets: bytes) -> None:
    assert [r for r in udp([(CLIENT, octets)], port=40001)["flows"] if r["protocol"] == "dlms"] == []


STREAM = [(CLIENT, SESSION[0][1]), (SERVER, SESSION[1][1]), *SESSION[2:5], response(1, got(b"\x11\x05"))]


@pytest.mark.parametrize("pieces", [STREAM, [ask(get(3, "1.0.1.8.0.255", 2)), say(got(b"\x11\x05"))]])
def test_it_does_not_matter_where_segments_end(pieces: list[tuple[int, bytes]]) -> None:
    whole = bare(tcp(pieces, port=PORT))
    assert whole["operations"]
    for at, found in cut_anywhere(pieces, port=PORT):
        assert found == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 999), st.integers(0, 255)), max_size=6))
def test_changed_octets_give_records_or_declared_oddities(changes: list[tuple[int, int, int]]) -> None:
    event = b"\xc2\x00" + attribute(1, "0.0.96.11.0.255", 2) + b"\x11\x2f"
    listed = b"\xc0\x03\xc1\x01" + attribute(3, "1.0.1.8.0.255", 2) + b"\x00"
    extra = [ask(listed), say(b"\xc4\x03\xc1\x01\x00\x02\x01\x11\x05"), say(event), ask(aarq(1, b"12345678"))]
    rows = tcp(mutated([*SESSION, *extra], changes), port=PORT)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]
