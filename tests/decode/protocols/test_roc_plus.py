"""ROC Plus; octets written after Emerson's manual D301180X012."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.seeds.roc_plus import LOGIN, OPEN, SYSTEM, TALK, answered, asked, check
from interlock.decode.protocols.roc_plus.decoder import SPEC
from interlock.decode.protocols.roc_plus.wire import ANSWER, ASKED, EITHER, crc, role
from interlock.decode.spec import NEED_MORE, Hint

PORT = 4000


def rows_of(*talk: tuple[int, bytes]) -> list[dict[str, object]]:
    rows = tcp(talk, port=PORT)
    assert rows["oddities"] == []
    return rows["operations"]


def test_the_check_is_crc_16() -> None:
    assert crc(b"123456789") == 0xBB3D
    assert check(b"123456789") == b"\x3d\xbb"
    assert crc(bytes((1, 2, 1, 0, 17, 3)) + b"MOC") == 0x1885


def test_a_check_begun_with_ones_holds_too() -> None:
    head = asked(6)[:-2]
    octets = head + crc(head, 0xFFFF).to_bytes(2, "little")
    assert [r["function"] for r in rows_of((CLIENT, octets))] == [6]


def test_the_older_protocols_error_names_the_opcode() -> None:
    talk = [(CLIENT, asked(166, bytes(5))), (CLIENT, asked(7)), (SERVER, answered(255, bytes((20, 166, 6))))]
    assert {(r["function"], r["outcome"], r["code"]) for r in rows_of(*talk)} == {
        (166, "refused", 20),
        (7, "unknown", None),
    }
    assert [r["user"] for r in rows_of((CLIENT, asked(17, b"MOC")))] == ["MOC"]


def test_a_conversation() -> None:
    told = [(r["function"], r["verb"], r["object"], r["outcome"], r["unit"]) for r in rows_of(*TALK)]
    assert told == [
        (17, "authenticate", None, "ok", "1.2"),
        (6, "identify", None, "ok", "1.2"),
        (180, "read", "tlp:91,0,2", "ok", "1.2"),
        (180, "read", "tlp:103,1,3", "ok", "1.2"),
        (181, "write", "tlp:101,0,4", "ok", "1.2"),
        (8, "time-set", "clock", "ok", "1.2"),
        (203, "open", "file:/flash/datalog.txt", "ok", "1.2"),
        (166, "write", "tlp:200,0,0", "refused", "1.2"),
        (224, "report", None, "ok", "1.2"),
        (225, "report", None, "ok", "1.2"),
    ]


def test_what_is_read_and_written_is_kept_as_octets() -> None:
    clock = bytes((30, 45, 12, 15, 3)) + (2026).to_bytes(2, "little")
    talk = [
        (CLIENT, asked(166, bytes((200, 0, 1, 7)) + b"\x2a")),
        (SERVER, answered(166)),
        (CLIENT, asked(167, bytes((91, 0, 2, 5)))),
        (SERVER, answered(167, bytes((91, 0, 2, 5)) + b"\1\2\3")),
        (CLIENT, asked(181, b"\x01" + bytes((101, 0, 4)) + b"\x01")),
        (CLIENT, asked(180, b"\x01" + bytes((101, 0, 4)))),
        (SERVER, answered(180, b"\x01" + bytes((101, 0, 4)) + b"\x09")),
        (CLIENT, asked(8, clock)),
        (CLIENT, asked(7)),
        (SERVER, answered(7, clock + b"\3")),
    ]
    values = tcp(talk, port=PORT)["values"]
    assert [(v["object"], v["direction"], v["raw"], v["text"]) for v in values] == [
        ("tlp:200,0,7", "written", b"\x2a", None),
        ("tlp:91,0,5", "read", b"\1\2\3", None),
        ("tlp:101,0,4", "written", b"\x01", None),
        ("tlp:101,0,4", "read", b"\x09", None),
        ("clock", "written", None, "2026-03-15 12:45:30"),
        ("clock", "read", None, "2026-03-15 12:45:30"),
    ]


def test_an_alarm_is_signalled_by_the_controller_whoever_connected() -> None:
    signal = [(CLIENT, answered(224, b"\2\0")), (SERVER, asked(224))]
    (row,) = rows_of(*signal)
    assert (row["client"], row["server"], row["outcome"]) == ("10.0.0.2", "10.0.0.1", "ok")


CASES = [
    (asked(7), 7, "read", None, None),
    (asked(10, bytes((1, 0, 3))), 10, "read", "configurable-opcode:1/0", 3),
    (asked(11, bytes((1, 0, 1)) + b"\x42"), 11, "write", "configurable-opcode:1/0", 1),
    (asked(105, bytes((1, 4))), 105, "read", "history:1/4", 1),
    (asked(118, bytes((10, 2, 1))), 118, "read", "alarm:258", 10),
    (asked(119, bytes((10, 0, 0))), 119, "read", "event:0", 10),
    (asked(135, bytes((1, 4, 0, 0, 0, 30))), 135, "read", "history:1/4", 1),
    (asked(136, bytes((1, 0, 0, 0, 0, 5, 9))), 136, "read", "history:1", None),
    (asked(167, bytes((91, 0, 5, 2))), 167, "read", "tlp:91,0,2", 5),
    (asked(203, b"\x02" + bytes(8)), 203, "file-read", None, None),
    (asked(203, b"\x03" + bytes(12) + b"\0"), 203, "file-write", None, None),
    (asked(203, b"\x04" + bytes(4)), 203, "close", None, None),
    (
        asked(203, b"\x06" + b"/a/".ljust(100, b"\0") + b"b".ljust(25, b"\0")),
        203,
        "file-write",
        "file:/a/b",
        1,
    ),
    (asked(203, b"\x06" + b"/a/".ljust(100, b"\0") + b"\0"), 203, "file-read", "file:/a/", 1),
    (asked(203, b"\x01\x02" + bytes(125)), 203, "file-write", "file:", 1),
    (asked(205, b"\x01"), 205, "unknown", None, None),
    (asked(102, b"\x01"), 102, "configure", None, None),
    (asked(77, b"\x01"), 77, "unknown", None, None),
]


@pytest.mark.parametrize(("octets", "function", "verb", "named", "count"), CASES)
def test_every_opcode_has_its_verb(
    octets: bytes, function: int, verb: str, named: str | None, count: int | None
) -> None:
    (row,) = rows_of((CLIENT, asked(6)), (CLIENT, octets))[1:]
    assert (row["function"], row["verb"], row["object"], row["count"]) == (function, verb, named, count)


def test_every_parameter_asked_for_has_its_row() -> None:
    rows = rows_of((CLIENT, asked(180, bytes((4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)))))
    assert [r["object"] for r in rows] == ["tlp:1,2,3", "tlp:4,5,6", "tlp:7,8,9", "tlp:10,11,12"]


def test_what_is_forwarded_has_the_inner_verb_and_the_last_hop() -> None:
    hops = bytes((240, 240, 5, 6, 7, 8, 0, 0, 0, 0))
    (row,) = rows_of((CLIENT, asked(24, hops + bytes((181, 1)) + b"\0")))
    assert (row["verb"], row["unit"]) == ("write", "7.8")
    assert row["function_name"] == "Store and Forward: Write Parameters"


def test_a_login_names_the_operator_and_never_shows_the_password() -> None:
    rows = tcp([(CLIENT, LOGIN), (SERVER, answered(17))], port=PORT)
    (login,) = rows["credentials"]
    assert (login["user"], login["scheme"], login["outcome"]) == ("LOI", "operator-id", "ok")
    assert ("10.0.0.1", "user", "LOI") in {(c["who"], c["field"], c["value"]) for c in rows["clues"]}
    assert rows["operations"][0]["user"] == "LOI"
    assert "1000" not in str({k: v for k, v in login.items() if k not in ("time", "flow")})


def test_a_refused_login_is_no_account() -> None:
    rows = tcp([(CLIENT, LOGIN), (SERVER, answered(255, b"\x14\x06"))], port=PORT)
    assert (rows["operations"][0]["outcome"], rows["operations"][0]["code"]) == ("refused", 20)
    assert rows["credentials"][0]["outcome"] == "refused"
    assert "user" not in {c["field"] for c in rows["clues"]}


def test_a_long_login_and_a_logout() -> None:
    operator, password = b"OPERATOR1".ljust(30), b"secret".ljust(40, b"\0")
    rows = rows_of((CLIENT, asked(17, operator + password + b"\1")), (CLIENT, asked(17, b"LOI\0\0LOGOUT")))
    assert [(r["verb"], r["user"]) for r in rows] == [("authenticate", "OPERATOR1"), ("close", "LOI")]


def test_a_controller_says_what_it_is() -> None:
    found = {
        (c["field"], c["value"]) for c in tcp([(CLIENT, asked(6)), (SERVER, SYSTEM)], port=PORT)["clues"]
    }
    assert {("vendor", "Emerson"), ("product", "ROC800-Series"), ("device-id", "roc:1.2")} <= found


def test_a_refusal_goes_to_the_request_before_it() -> None:
    rows = rows_of((CLIENT, asked(166, bytes(5))), (CLIENT, asked(7)), (SERVER, answered(255, b"\1\0")))
    assert {(r["function"], r["outcome"]) for r in rows} == {(166, "unknown"), (7, "refused")}


def test_an_answer_without_its_request() -> None:
    (row,) = rows_of((SERVER, answered(7, bytes(8))))
    assert (row["frame"], row["function"], row["unit"], row["client"]) == (None, 7, "1.2", "10.0.0.1")


def test_a_wrong_check_makes_no_row() -> None:
    bad = asked(181, b"\1" + bytes(4))[:-1] + b"\xee"
    rows = tcp([(CLIENT, asked(6)), (CLIENT, bad)], port=PORT)
    assert [r["function"] for r in rows["operations"]] == [6]
    assert [r["oddity"] for r in rows["oddities"]] == ["crc-wrong"]


def test_joined_mid_stream() -> None:
    rows = tcp(TALK[5:], port=PORT, handshake=False)
    assert [r["function"] for r in rows["operations"]] == [180, 181, 8, 203, 166, 224, 225]


def test_equal_ports_of_datagrams() -> None:
    rows = udp([(SERVER, SYSTEM), (CLIENT, asked(7))], port=PORT, client_port=PORT)
    assert [(r["function"], r["client"]) for r in rows["operations"]] == [(6, "10.0.0.1"), (7, "10.0.0.1")]


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=PORT))
    for at, split in cut_anywhere(TALK, port=PORT, step=5):
        assert split == whole, at


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([10, 11, 17, 24, 118, 135, 139, 166, 180, 181, 203, 206, 6, 255, 9]),
)
def test_any_data_behind_an_opcode(data: bytes, opcode: int) -> None:
    rows = udp([(CLIENT, asked(opcode, data)), (SERVER, answered(opcode, data))], port=PORT)
    assert {r["oddity"] for r in rows["oddities"]} <= {"truncated"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=PORT)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_it_is_known_on_any_port_and_others_are_not_taken() -> None:
    anywhere, own = Hint("tcp", 40000, 40001, 0, None, 0), Hint("tcp", 40000, PORT, 0, None, 0)
    assert SPEC.probe(OPEN, anywhere) >= 60
    assert SPEC.probe(SYSTEM, anywhere) >= 60
    assert SPEC.probe(LOGIN + OPEN, own) >= 60
    assert SPEC.probe(LOGIN[:7], own) == NEED_MORE
    for foreign in (b"GET / HTTP/1.1\r\n\r\n", bytes(40), LOGIN[:-1] + b"\0", b"\x80" * 30):
        assert SPEC.probe(foreign, own) <= 0
        assert SPEC.probe(foreign, anywhere) == 0


def test_parameters_of_messages_stand_in_a_table_of_their_own() -> None:
    rows = {(row["answer"], row["name"], row["value"]) for row in tcp(TALK, port=4000)["roc_plus_parameters"]}
    assert {(False, "opcode", "17"), (True, "opcode", "6")} <= rows
    assert any(answer and name == "mode" for answer, name, _ in rows)
    assert not any("PASS" in value for _, _, value in rows)


def said_of(*talk: tuple[int, bytes]) -> list[tuple[bool, int, str, str]]:
    """Parameters of the messages but for their heads."""
    rows = tcp(talk, port=PORT)["roc_plus_parameters"]
    heads = ("unit", "group", "opcode", "octets")
    return [
        (row["answer"], row["element"], row["name"], row["value"])
        for row in rows
        if not row["name"].endswith(heads)
    ]


@pytest.mark.parametrize("timed", [True, False])
def test_history_of_several_points_is_told_period_by_period(timed: bool) -> None:
    periods = b"".join(
        (stamp.to_bytes(4, "little") if timed else b"") + struct.pack("<2f", first, second)
        for stamp, first, second in ((1000, 1.5, 2.5), (1060, 3.5, 4.5))
    )
    asks = bytes((1, 2, 3, 0, 0, 2, timed, 2, 7, 8))
    found = said_of(
        (CLIENT, asked(139, asks)), (SERVER, answered(139, bytes((1, 2, 9, 0, 2, timed, 2)) + periods))
    )
    assert [value for answer, _, name, value in found if (answer, name) == (False, "point")] == ["7", "8"]
    told = [(element, name, value) for answer, element, name, value in found if answer and element]
    times = [(1, "time", "1000"), (2, "time", "1060")] if timed else []
    assert [row for row in told if row[1] == "time"] == times
    assert [row for row in told if row[1] == "value"] == [
        (k, "value", value) for k, value in enumerate(("1.5", "2.5", "3.5", "4.5"), 1)
    ]
    assert (True, 0, "timestamps", str(int(timed))) in found


def test_transactions_are_listed_and_read() -> None:
    listed = bytes((1, 2, 1)) + b"BATCH\0\0\0\0\0" + struct.pack("<H", 40)
    listed += b"".join(struct.pack("<HI", number, created) for number, created in ((5, 1000), (6, 2000)))
    data = bytes((3,)) + struct.pack("<H", 1234) + b"\x0btank\0\0\0\0\0\0" + b"\x07" + struct.pack("<f", 2.25)
    read = bytes((2, len(data), 0)) + data + b"\x14" + struct.pack("<I", 3000)
    found = said_of(
        (CLIENT, asked(206, bytes((1, 2, 4, 0)))),
        (SERVER, answered(206, listed)),
        (CLIENT, asked(206, bytes((2, 2, 5, 0, 16, 0)))),
        (SERVER, answered(206, read)),
    )
    assert [row for row in found if not row[0]] == [
        (False, 0, "command", "1"),
        (False, 0, "segment", "2"),
        (False, 0, "first", "4"),
        (False, 0, "command", "2"),
        (False, 0, "segment", "2"),
        (False, 0, "number", "5"),
        (False, 0, "data-offset", "16"),
    ]
    assert (True, 0, "description", "BATCH") in found
    assert (True, 2, "created", "2000") in found
    assert [row[1:] for row in found if row[0] and row[2] == "value"] == [
        (1, "value", "1234"),
        (2, "value", "tank"),
        (3, "value", "2.25"),
        (4, "value", "3000"),
    ]


def test_behind_a_type_that_is_not_known_a_transaction_has_octets_only() -> None:
    found = said_of(
        (CLIENT, asked(206, bytes((2, 2, 5, 0, 0, 0)))), (SERVER, answered(206, b"\2\4\0\x63\1\2\3"))
    )
    assert found[-1] == (True, 1, "value", "0x010203")


def test_an_answer_about_transactions_is_one_by_its_length() -> None:
    assert role(206, bytes((1, 2, 4, 0))) == ASKED
    assert role(206, bytes((1, 0, 0)) + bytes(12)) == ANSWER
    assert role(206, b"\2" + bytes(7)) == ANSWER
    assert role(206, b"\2" + bytes(5)) == EITHER
