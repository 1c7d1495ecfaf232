"""KNXnet/IP: discovery, tunnels, routing, and the bus inside; octets built from the KNX Standard 03/08 and 03/06/03."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere

PORT = 3671
HPAI = bytes((8, 1, 10, 0, 0, 1)) + struct.pack(">H", 50000)


def frame(service: int, content: bytes = b"") -> bytes:
    """03/08/02, 2.3: header length, version, service type, total length."""
    return struct.pack(">BBHH", 6, 0x10, service, 6 + len(content)) + content


def individual(text: str) -> int:
    area, line, device = map(int, text.split("."))
    return area << 12 | line << 8 | device


def group(text: str) -> int:
    main, middle, sub = map(int, text.split("/"))
    return main << 11 | middle << 8 | sub


def data(
    service: int,
    target: int,
    *,
    short: int = 0,
    octets: bytes = b"",
    code: int = 0x11,
    source: int = 0,
    to_group: bool,
) -> bytes:
    """An L_Data frame (03/06/03, 4.1.5): no additional information, standard frame, hop count 6."""
    head = struct.pack(">BBBBHHB", code, 0, 0xBC, 0xE0 if to_group else 0x60, source, target, 1 + len(octets))
    return head + struct.pack(">H", service | short) + octets


def tunnel(sequence: int, cemi: bytes, channel: int = 3, service: int = 0x0420) -> bytes:
    return frame(service, bytes((4, channel, sequence, 0)) + cemi)


def ack(sequence: int, status: int = 0, channel: int = 3, service: int = 0x0421) -> bytes:
    return frame(service, bytes((4, channel, sequence, status)))


def talk(*messages: tuple[int, bytes]) -> Rows:
    return udp(messages, port=PORT)


def facts(rows: Rows) -> set[tuple[str, str, str]]:
    return {(r["who"], r["field"], r["value"]) for r in rows["clues"] if r["protocol"] == "knxnet-ip"}


DEVICE = (
    bytes((54, 1, 0x02, 0)) + struct.pack(">HH", individual("1.1.5"), 0) + bytes.fromhex("00c501020304")
    + bytes((224, 0, 23, 12)) + bytes.fromhex("000e8c001122") + b"IP Router Hall 3".ljust(30, b"\x00")
)  # fmt: skip
SAID = {
    ("10.0.0.2", "device-id", "knx:1.1.5"),
    ("10.0.0.2", "serial", "00c501020304"),
    ("10.0.0.2", "vendor-id", "knx:0x00c5"),
    ("10.0.0.2", "mac", "00:0e:8c:00:11:22"),
    ("10.0.0.2", "name", "IP Router Hall 3"),
}


def test_a_description_tells_who_the_device_is() -> None:
    rows = talk((CLIENT, frame(0x0203, HPAI)), (SERVER, frame(0x0204, DEVICE + bytes((4, 2, 2, 1)))))
    (row,) = rows["operations"]
    assert (row["verb"], row["function_name"], row["outcome"]) == ("identify", "DESCRIPTION_REQUEST", "ok")
    assert facts(rows) == SAID


def test_a_search_response_closes_the_search_and_tells() -> None:
    rows = talk((CLIENT, frame(0x0201, HPAI)), (SERVER, frame(0x0202, HPAI + DEVICE)))
    assert [(r["verb"], r["outcome"]) for r in rows["operations"]] == [("discover", "ok")]
    assert facts(rows) == SAID


def test_a_connection_is_opened_checked_and_closed() -> None:
    answer = bytes((3, 0)) + HPAI + bytes((4, 4)) + struct.pack(">H", individual("1.1.250"))
    rows = talk(
        (CLIENT, frame(0x0205, HPAI + HPAI + bytes((4, 4, 2, 0)))),
        (SERVER, frame(0x0206, answer)),
        (CLIENT, frame(0x0207, bytes((3, 0)) + HPAI)),
        (SERVER, frame(0x0208, bytes((3, 0x21)))),
        (CLIENT, frame(0x0209, bytes((3, 0)) + HPAI)),
        (SERVER, frame(0x020A, bytes((3, 0)))),
    )
    assert [(r["verb"], r["object"], r["unit"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("open", "tunnel", "1.1.250", "ok", None),
        ("diagnose", None, None, "refused", 0x21),
        ("close", None, None, "ok", None),
    ]


def test_a_refused_connection_has_the_status_as_code() -> None:
    rows = talk(
        (CLIENT, frame(0x0205, HPAI + HPAI + bytes((4, 4, 2, 0)))), (SERVER, frame(0x0206, b"\x00\x24"))
    )
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 0x24)]


def test_a_group_write_through_a_tunnel() -> None:
    rows = talk(
        (CLIENT, tunnel(7, data(0x080, group("1/2/3"), short=1, to_group=True))),
        (SERVER, ack(7)),
        (SERVER, tunnel(0, data(0x080, group("1/2/3"), short=1, code=0x2E, to_group=True))),
        (CLIENT, ack(0)),
    )
    (row,) = rows["operations"]
    assert (row["verb"], row["function"], row["function_name"], row["object"], row["outcome"]) == (
        "write",
        0x10080,
        "A_GroupValue_Write",
        "group:1/2/3",
        "ok",
    )
    assert [(r["object"], r["number"], r["direction"]) for r in rows["values"]] == [
        ("group:1/2/3", [1.0], "written")
    ]


def test_what_a_gateway_hears_is_a_report_of_the_bus_device() -> None:
    heard = data(
        0x040, group("0/0/9"), octets=b"\x0c\x1a", code=0x29, source=individual("1.1.7"), to_group=True
    )
    rows = talk((SERVER, tunnel(1, heard)), (CLIENT, ack(1)))
    (row,) = rows["operations"]
    assert (row["verb"], row["outcome"], row["unit"], row["server"]) == (
        "report",
        "unsolicited",
        "1.1.7",
        "10.0.0.2",
    )
    assert [(r["raw"], r["direction"]) for r in rows["values"]] == [(b"\x0c\x1a", "reported")]


@pytest.mark.parametrize(
    ("service", "octets", "verb", "name", "spelled", "count"),
    [
        (0x283, b"\x40\x10abc", "program-write", "A_Memory_Write", "memory:0x4010", 3),
        (0x202, b"\x40\x10", "program-read", "A_Memory_Read", "memory:0x4010", 2),
        (0x380, b"", "reset", "A_Restart", None, None),
        (0x381, b"\x02\x00", "reset", "A_Restart_MasterReset", None, None),
        (0x3D7, bytes((0, 11, 0x10, 1)) + b"x", "configure", "A_PropertyValue_Write", "property:0/11", 1),
        (0x3D5, bytes((0, 11, 0x10, 1)), "read", "A_PropertyValue_Read", "property:0/11", 1),
        (0x300, b"", "identify", "A_DeviceDescriptor_Read", None, None),
        (0x3DE, bytes(12), "configure", "A_IndividualAddressSerialNumber_Write", None, None),
        (0x3EF, b"", "unknown", None, None, None),
    ],
)
def test_services_to_a_bus_device_name_it_as_unit(
    service: int, octets: bytes, verb: str, name: str | None, spelled: str | None, count: int | None
) -> None:
    rows = talk(
        (CLIENT, tunnel(1, data(service, individual("1.1.9"), octets=octets, to_group=False))),
        (SERVER, ack(1)),
    )
    (row,) = rows["operations"]
    found = (row["verb"], row["function_name"], row["object"], row["count"], row["unit"], row["outcome"])
    assert found == (verb, name, spelled, count, "1.1.9", "ok")


@pytest.mark.parametrize(("key", "known"), [(b"\xff" * 4, "default"), (b"\x12\x34\x56\x78", None)])
def test_an_authorization_key_in_clear_is_a_credential(key: bytes, known: str | None) -> None:
    rows = talk((CLIENT, tunnel(1, data(0x3D1, individual("1.1.9"), octets=b"\x00" + key, to_group=False))))
    assert [(r["scheme"], r["known"]) for r in rows["credentials"]] == [("authorization-key", known)]
    assert [r["verb"] for r in rows["operations"]] == ["authenticate"]


def test_a_bus_device_tells_its_serial_number() -> None:
    octets = bytes((0, 11, 0x10, 1)) + bytes.fromhex("008300aa55cc")
    said = data(
        0x3D6, individual("1.1.250"), octets=octets, code=0x29, source=individual("1.1.9"), to_group=False
    )
    assert ("10.0.0.2/1.1.9", "serial", "008300aa55cc") in facts(talk((SERVER, tunnel(1, said))))


def test_a_tunnel_that_is_not_acknowledged_has_no_outcome_and_a_bad_status_refuses() -> None:
    write = data(0x080, group("1/2/3"), short=1, to_group=True)
    rows = talk((CLIENT, tunnel(1, write)), (CLIENT, tunnel(2, write)), (SERVER, ack(2, 0x29)))
    assert sorted((r["outcome"], r["code"] or 0) for r in rows["operations"]) == [
        ("refused", 0x29),
        ("unknown", 0),
    ]


def test_routing_writes_have_nobody_who_answers() -> None:
    rows = talk((CLIENT, frame(0x0530, data(0x080, group("1/2/3"), short=0, code=0x29, to_group=True))))
    assert [(r["verb"], r["object"], r["client"], r["outcome"]) for r in rows["operations"]] == [
        ("write", "group:1/2/3", "10.0.0.1", "unknown")
    ]


def test_device_management_pairs_a_property_with_its_confirmation() -> None:
    asked = struct.pack(">BHBBH", 0xFC, 0, 1, 11, 0x1001)
    answer = struct.pack(">BHBBH", 0xFB, 0, 1, 11, 0x1001) + bytes.fromhex("00c501020304")
    rows = talk(
        (CLIENT, tunnel(0, asked, service=0x0310)),
        (SERVER, ack(0, service=0x0311)),
        (SERVER, tunnel(0, answer, service=0x0310)),
        (CLIENT, ack(0, service=0x0311)),
    )
    assert [(r["function_name"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        ("M_PropRead.req", "property:0/1/11", "ok")
    ]
    assert ("10.0.0.2", "serial", "00c501020304") in facts(rows)


def test_a_refused_property_has_its_error() -> None:
    asked = struct.pack(">BHBBH", 0xF6, 0, 1, 54, 0x1001) + b"\x01"
    answer = struct.pack(">BHBBHB", 0xF5, 0, 1, 54, 0x0001, 5)
    rows = talk((CLIENT, tunnel(0, asked, service=0x0310)), (SERVER, tunnel(0, answer, service=0x0310)))
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 5)]


def test_secure_messages_are_named_with_their_sender() -> None:
    wrapper = bytes(2) + bytes(6) + bytes.fromhex("00fa12345678") + bytes(2) + bytes(32)
    rows = talk((SERVER, frame(0x0950, wrapper)), (CLIENT, frame(0x0953, b"\x00\x02" + bytes(16))))
    assert {r["function_name"] for r in rows["operations"]} == {"SECURE_WRAPPER", "SESSION_AUTHENTICATE"}
    assert [r["user"] for r in rows["operations"] if r["verb"] == "authenticate"] == ["user-2"]
    assert ("10.0.0.2", "serial", "00fa12345678") in facts(rows)


def test_other_protocols_are_not_taken() -> None:
    for octets in (
        b"\x06\x10\x02",
        b"\x06\x10\x20\x01\x00\x06",
        b"\x06\x20\x02\x01\x00\x06",
        b"\x06\x10\x02\x01\x00\x99" + bytes(40),
    ):
        assert udp([(CLIENT, octets)], port=5555)["operations"] == []


@pytest.mark.parametrize(("refused", "outcome"), [(False, "ok"), (True, "refused")])
def test_over_tcp_the_confirmation_closes_a_request(refused: bool, outcome: str) -> None:
    confirmation = bytearray(data(0x080, group("1/2/3"), short=1, code=0x2E, to_group=True))
    confirmation[2] |= refused
    asked = tunnel(1, data(0x080, group("1/2/3"), short=1, to_group=True))
    rows = tcp([(CLIENT, asked), (SERVER, tunnel(0, bytes(confirmation)))], port=PORT)
    assert [(r["verb"], r["outcome"]) for r in rows["operations"]] == [("write", outcome)]
    assert [r["oddity"] for r in rows["oddities"]] == ["not-confirmed"] * refused


STREAM = [
    (CLIENT, frame(0x0203, HPAI) + tunnel(1, data(0x080, group("1/2/3"), short=1, to_group=True))),
    (SERVER, frame(0x0204, DEVICE)),
]


def test_over_tcp_it_does_not_matter_where_segments_end() -> None:
    whole = bare(tcp(STREAM, port=PORT))
    assert len(whole["operations"]) == 2
    for at, found in cut_anywhere(STREAM, port=PORT):
        assert found == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 999), st.integers(0, 255)), max_size=6))
def test_changed_octets_give_records_or_declared_oddities(changes: list[tuple[int, int, int]]) -> None:
    asked = struct.pack(">BHBBH", 0xFC, 0, 1, 11, 0x1001)
    session = [
        *STREAM,
        (CLIENT, frame(0x0205, HPAI + HPAI + bytes((4, 4, 2, 0)))),
        (SERVER, frame(0x0206, bytes((3, 0)) + HPAI + bytes((4, 4, 0x11, 0x05)))),
        (CLIENT, tunnel(0, asked, service=0x0310)),
        (SERVER, ack(0, service=0x0311)),
        (SERVER, frame(0x0423, bytes((4, 1, 2, 0, 6, 0, 0x10, 0x87)))),
    ]
    made = [(side, bytearray(octets)) for side, octets in session]
    for message, position, octet in changes:
        target = made[message % len(made)][1]
        target[position % len(target)] = octet
    rows = talk(*[(side, bytes(octets)) for side, octets in made])
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]
