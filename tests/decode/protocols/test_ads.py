"""AMS/ADS and its discovery; octets written after Beckhoff TE1000."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp, udp
from decode.protocols.ads_octets import (
    ANSWER,
    ROUTE,
    STAMP,
    TALK,
    UNIT,
    ams,
    ask,
    datagram,
    held,
    place,
    read_write,
    reply,
)
from decode.protocols.cutting import bare, cut_anywhere, mutated
from interlock.decode.protocols.ads.decoder import SPEC
from interlock.decode.protocols.ads.groups import object_text
from interlock.decode.protocols.ads.state import MAX_HANDLES, Handles
from interlock.decode.spec import Hint


def test_handles_are_resolved_to_symbols_until_released() -> None:
    rows = tcp(TALK, port=48898)
    told = [(r["verb"], r["object"], r["outcome"], r["code"], r["unit"]) for r in rows["operations"]]
    assert told == [
        ("read", "MAIN.nSpeed", "ok", None, UNIT),
        ("read", "MAIN.nSpeed", "ok", None, UNIT),
        ("write", "MAIN.nSpeed", "ok", None, UNIT),
        ("read", "MAIN.nSpeed", "ok", None, UNIT),
        ("read", "handle:1a2b", "refused", 0x710, UNIT),
    ]
    assert [(v["object"], v["raw"], v["direction"]) for v in rows["values"]] == [
        ("MAIN.nSpeed", b"\x10\x27", "read"),
        ("MAIN.nSpeed", b"\x20\x4e", "written"),
    ]
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("group", "offset", "port", "text"),
    [
        (0xF020, 4, 851, "%IB4"),
        (0xF031, 19, 851, "%QX2.3"),
        (0x4020, 7, 801, "%MB7"),
        (0x4021, 9, 801, "%MX1.1"),
        (0xF00B, 0, 851, "symbol-upload"),
        (0xF100, 2, 851, "device-data:2"),
        (200, 0, 10000, "registry"),
        (200, 0, 851, "group:c8/0"),
        (0x4F00, 8, 851, "group:4f00/8"),
    ],
)
def test_what_group_and_offset_mean(group: int, offset: int, port: int, text: str) -> None:
    assert object_text(group, offset, port) == text


@pytest.mark.parametrize(
    ("state", "verb", "name"),
    [
        (5, "start", "RUN"),
        (6, "stop", "STOP"),
        (2, "reset", "RESET"),
        (15, "mode-set", "CONFIG"),
        (99, "mode-set", "99"),
    ],
)
def test_write_control_is_what_the_state_means(state: int, verb: str, name: str) -> None:
    (row,) = tcp([(CLIENT, ask(5, struct.pack("<HHI", state, 0, 0)))], port=48898)["operations"]
    assert (row["verb"], row["object"]) == (verb, f"state:{name}")


@pytest.mark.parametrize(
    ("octets", "verb", "name"),
    [
        (ask(9, read_write(122, 3, 400, b""), port=10000), "file-read", "file:"),
        (ask(3, place(123, 3, 2) + b"ab", port=10000), "file-write", "file"),
        (
            ask(9, read_write(131, 0, 0, b"C:\\boot\\a.bin\0"), port=10000),
            "file-write",
            "file-delete:C:\\boot\\a.bin",
        ),
        (
            ask(9, read_write(200, 0, 99, b"Software\\Beckhoff\0"), port=10000),
            "read",
            "registry:Software\\Beckhoff",
        ),
        (ask(3, place(200, 0, 1) + b"a", port=10000), "configure", "registry"),
        (ask(3, place(400, 1, 16) + bytes(16), port=10000), "time-set", "clock"),
        (ask(3, place(500, 0, 3) + b"cmd", port=10000), "start", "process"),
        (ask(3, place(801, 0, 1) + b"r", port=10000), "configure", "route-add"),
        (ask(9, read_write(0x4F00, 0, 4, b"abcd")), "write", "group:4f00/0"),
        (ask(9, read_write(0xF004, 0, 2, b"GVL.x\0")), "read", "GVL.x"),
    ],
)
def test_the_system_service_has_verbs_of_its_own(octets: bytes, verb: str, name: str) -> None:
    (row,) = tcp([(CLIENT, octets)], port=48898)["operations"]
    assert (row["verb"], row["object"]) == (verb, name)


def test_a_sum_read_is_as_many_items() -> None:
    asked = read_write(0xF080, 3, 20, place(0xF020, 0, 1) + place(0x4020, 8, 2) + place(0x4020, 99, 4))
    answered = struct.pack("<III", 0, 0, 0x703) + b"\x01" + b"\x02\x03" + bytes(4)
    rows = tcp([(CLIENT, ask(9, asked)), (SERVER, reply(9, held(answered)))], port=48898)
    assert [(r["object"], r["verb"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("%IB0", "read", "ok", None),
        ("%MB8", "read", "ok", None),
        ("%MB99", "read", "refused", 0x703),
    ]
    assert [v["raw"] for v in rows["values"]] == [b"\x01", b"\x02\x03"]


def test_a_sum_write_and_a_sum_read_write() -> None:
    wrote = read_write(0xF081, 2, 8, place(0x4020, 0, 1) + place(0x4020, 1, 2) + b"\x07" + b"\x08\x09")
    sub = struct.pack("<IIII", 0xF003, 0, 4, 6) + struct.pack("<IIII", 0x4020, 5, 1, 1)
    both = read_write(0xF082, 2, 40, sub + b"GVL.a\0" + b"\x55")
    answered = struct.pack("<IIII", 0, 4, 0, 1) + struct.pack("<I", 77) + b"\x66"
    talk = [
        (CLIENT, ask(9, wrote, 1)),
        (SERVER, reply(9, held(bytes(8)), 1)),
        (CLIENT, ask(9, both, 2)),
        (SERVER, reply(9, held(answered), 2)),
        (CLIENT, ask(2, place(0xF005, 77, 1), 3)),
    ]
    rows = tcp(talk, port=48898)
    assert [(r["object"], r["verb"]) for r in rows["operations"]] == [
        ("%MB0", "write"), ("%MB1", "write"), ("GVL.a", "read"), ("%MB5", "write"), ("GVL.a", "read"),
    ]  # fmt: skip
    assert [(v["object"], v["raw"], v["direction"]) for v in rows["values"]] == [
        ("%MB0", b"\x07", "written"), ("%MB1", b"\x08\x09", "written"), ("%MB5", b"\x55", "written"),
        ("%MB5", b"\x66", "read"),
    ]  # fmt: skip


def _notification(handle: int, data: bytes) -> bytes:
    body = struct.pack("<IQI", 1, STAMP, 1) + struct.pack("<II", handle, len(data)) + data
    return ams(8, 4, struct.pack("<I", len(body)) + body, 0, back=True)


def test_notifications_are_unsolicited_and_named() -> None:
    attributes = place(0x4020, 4, 2) + struct.pack("<III", 4, 0, 10000) + bytes(16)
    talk = [
        (CLIENT, ask(6, attributes)),
        (SERVER, reply(6, struct.pack("<I", 14))),
        (SERVER, _notification(14, b"\x01\x00")),
        (CLIENT, ask(7, struct.pack("<I", 14), 2)),
        (SERVER, reply(7, b"", 2)),
    ]
    rows = tcp(talk, port=48898)
    assert [(r["verb"], r["object"], r["outcome"], r["client"]) for r in rows["operations"]] == [
        ("subscribe", "%MB4", "ok", "10.0.0.1"),
        ("report", "%MB4", "unsolicited", "10.0.0.1"),
        ("subscribe", "%MB4", "ok", "10.0.0.1"),
    ]
    (value,) = rows["values"]
    assert (value["direction"], value["raw"], value["server"]) == ("reported", b"\x01\x00", "10.0.0.2")
    assert value["device_time"] == (STAMP - 116_444_736_000_000_000) * 100


def test_a_device_that_opened_the_connection_still_serves() -> None:
    (row,) = tcp([(CLIENT, _notification(3, b"\1"))], port=48898)["operations"]
    assert (row["client"], row["server"], row["object"]) == ("10.0.0.2", "10.0.0.1", "notification:3")


def test_identity_and_state() -> None:
    info = struct.pack("<BBH16s", 3, 1, 4024, b"Plc30 App")
    described = b"<TcTargetDesc><TargetType>CX5140</TargetType><SerialNo>63667</SerialNo></TcTargetDesc>"
    talk = [
        (CLIENT, ask(1, b"", 1)),
        (SERVER, reply(1, info, 1)),
        (CLIENT, ask(4, b"", 2)),
        (SERVER, reply(4, struct.pack("<HH", 5, 0), 2)),
        (CLIENT, ask(2, place(700, 1, 400), 3, port=10000)),
        (SERVER, reply(2, held(described), 3, port=10000)),
    ]
    rows = tcp(talk, port=48898)
    found = {(r["who"], r["field"], r["value"]) for r in rows["clues"]}
    assert {
        ("10.0.0.2", "software", "Plc30 App 3.1.4024"),
        ("10.0.0.2", "product", "CX5140"),
        ("10.0.0.2", "serial", "63667"),
    } <= found
    assert ("state", [5.0, 0.0]) in [(v["object"], v["number"]) for v in rows["values"]]


def test_errors_of_the_header_refuse() -> None:
    (row,) = tcp([(CLIENT, ask(1)), (SERVER, ams(1, 5, b"", 1, back=True, error=6))], port=48898)[
        "operations"
    ]
    assert (row["outcome"], row["code"]) == ("refused", 6)


@pytest.mark.parametrize(("status", "outcome"), [(0, "ok"), (0x704, "refused")])
def test_a_route_is_added_with_its_password_in_clear(status: int, outcome: str) -> None:
    rows = udp(
        [(CLIENT, ROUTE), (SERVER, datagram(6 | ANSWER, [(1, struct.pack("<I", status))]))], port=48899
    )
    (row,) = rows["operations"]
    assert (row["verb"], row["object"], row["user"]) == (
        "configure", "route:ATTACKER/192.168.1.99", "Administrator",
    )  # fmt: skip
    assert (row["outcome"], row["code"]) == (outcome, status or None)
    (login,) = rows["credentials"]
    assert (login["user"], login["known"], login["outcome"]) == ("Administrator", "default", outcome)


def test_discovery_tells_who_is_there() -> None:
    system = struct.pack("<IIIII", 276, 6, 0, 0, 3) + bytes(256)
    answered = datagram(1 | ANSWER, [(5, b"CX_0D7560\0"), (4, system), (3, struct.pack("<BBH", 2, 11, 2228))])
    rows = udp([(CLIENT, datagram(1, [])), (SERVER, answered)], port=48899)
    assert [(r["verb"], r["unit"]) for r in rows["operations"]] == [("discover", "5.13.117.96.1.1:10000")]
    found = {(r["who"], r["field"], r["value"]) for r in rows["clues"]}
    assert {
        ("10.0.0.2", "name", "CX_0D7560"),
        ("10.0.0.2", "os", "Windows CE 6.0"),
        ("10.0.0.2", "software", "TwinCAT 2.11.2228"),
    } <= found


def test_an_answer_without_its_request() -> None:
    rows = tcp([(SERVER, reply(2, held(b"\1\2")))], port=48898, handshake=False)
    (row,) = rows["operations"]
    assert (row["frame"], row["unit"], row["object"]) == (None, UNIT, None)
    assert [v["raw"] for v in rows["values"]] == [b"\1\2"]


def test_units_are_told_apart_however_many_a_router_leads_to() -> None:
    """More than stand at hand (UNITS_AT_HAND), each asked twice, answered in between."""
    payloads = []
    for k in (*range(700), *range(700)):
        payloads += [(CLIENT, ask(4, b"", k + 1, port=k)), (SERVER, reply(4, b"\5\0\0\0", k + 1, port=k))]
    rows = tcp(payloads, port=48898)
    units = [f"5.13.117.96.1.1:{k}" for k in (*range(700), *range(700))]
    assert [(r["unit"], r["outcome"]) for r in rows["operations"]] == [(unit, "ok") for unit in units]
    assert [(v["unit"], v["number"]) for v in rows["values"]] == [(unit, [5, 0]) for unit in units]


def test_handles_are_bounded() -> None:
    handles = Handles()
    for k in range(MAX_HANDLES + 1):
        handles.name(0, k, f"v{k}")
    assert handles.symbol(0, 0) == "handle:0"
    assert handles.symbol(0, MAX_HANDLES) == f"v{MAX_HANDLES}"


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=48898))
    for at, split in cut_anywhere(TALK, port=48898, step=3):
        assert split == whole, at


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=90),
    st.integers(1, 9),
    st.sampled_from([0xF003, 0xF005, 0xF080, 0xF081, 0xF082, 0xF083, 0xF085, 0xF086]),
)
def test_any_octets_behind_a_header(data: bytes, command: int, group: int) -> None:
    talk = [
        (CLIENT, ask(command, struct.pack("<I", group) + data)),
        (SERVER, reply(command, data)),
        (SERVER, ams(8, 4, data, 0, back=True)),
    ]
    rows = tcp(talk, port=48898)
    assert {r["oddity"] for r in rows["oddities"]} <= {"truncated", "length-mismatch", "sum-too-short"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=48898)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]
    rows = udp([(CLIENT, octets) for _, octets in mutated([(CLIENT, ROUTE)], changes)], port=48899)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@pytest.mark.parametrize("octets", [bytes(60), b"\0\0\0\x85\xffSMB" + bytes(60), b"GET / HTTP/1.1\r\n"])
def test_other_protocols_are_not_taken(octets: bytes) -> None:
    for transport in ("tcp", "udp"):
        assert SPEC.probe(octets, Hint(transport, 40000, 40001, 0, None, 0)) == 0


def test_it_is_known_on_any_port() -> None:
    assert SPEC.probe(ask(4), Hint("tcp", 40000, 40001, 0, None, 0)) >= 60
    assert SPEC.probe(ROUTE, Hint("udp", 40000, 40001, 0, None, 0)) >= 60
