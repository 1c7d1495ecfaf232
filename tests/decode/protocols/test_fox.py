"""Niagara Fox; frames written after public analyses of its text form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.seeds.fox import HELLO, REFUSED, STATION, TALK, blob, frame
from interlock.decode.protocols.fox.decoder import SPEC
from interlock.decode.protocols.fox.wire import BROKEN, MAX_FIELDS, body_of, frame_of, measure
from interlock.decode.spec import NEED_MORE, Hint

PORT = 1911


def rows_of(*talk: tuple[int, bytes]) -> Rows:
    rows = tcp(talk, port=PORT)
    assert rows["oddities"] == []
    return rows


def test_a_session() -> None:
    rows = sorted(rows_of(*TALK)["operations"], key=lambda r: r["frame"])
    told = [(r["function_name"], r["verb"], r["outcome"], r["user"], r["object"]) for r in rows]
    assert told == [
        ("fox hello", "open", "ok", None, None),
        ("fox username", "authenticate", "ok", "operator", None),
        ("fox authMessage1", "authenticate", "ok", "operator", None),
        ("fox authMessage2", "authenticate", "ok", "operator", None),
        ("circuit open", "open", "unknown", "operator", "file/get"),
        ("sys getInfo", "unknown", "ok", "operator", None),
        ("sys setInfo", "unknown", "refused", "operator", None),
        ("fox close", "close", "unknown", "operator", None),
    ]


def test_both_ends_say_who_they_are() -> None:
    found = {(c["who"], c["field"], c["value"]) for c in rows_of(*TALK)["clues"]}
    assert {
        ("10.0.0.1", "name", "eng-pc"),
        ("10.0.0.1", "ip", "192.0.2.7"),
        ("10.0.0.1", "software", "Niagara Workbench 4.10.1"),
        ("10.0.0.1", "os", "Windows 10 10.0"),
        ("10.0.0.1", "device-id", "fox:Win-1111-2222"),
        ("10.0.0.1", "role", "engineering-station"),
        ("10.0.0.1", "user", "operator"),
        ("10.0.0.2", "name", "Boiler_House"),
        ("10.0.0.2", "os", "QNX 6.5.0"),
        ("10.0.0.2", "service", "fox/1911"),
    } <= found
    assert ("10.0.0.2", "name", "192.0.2.9") not in found


def test_a_rejected_login() -> None:
    rows = rows_of(*REFUSED)
    assert [(r["function_name"], r["outcome"]) for r in rows["operations"]] == [
        ("fox hello", "ok"),
        ("fox login", "refused"),
    ]
    (login,) = rows["credentials"]
    assert (login["user"], login["outcome"], login["known"]) == ("admin", "refused", "default")
    assert "user" not in {c["field"] for c in rows["clues"]}
    assert "password" not in str(rows["clues"])


def test_a_challenge_that_nobody_asked_for_is_told() -> None:
    challenge = frame("a", 1, -1, "fox challenge", b"method=s:digest-md5")
    rows = rows_of((CLIENT, HELLO), (SERVER, STATION), (SERVER, challenge))["operations"]
    assert [(r["function_name"], r["outcome"]) for r in rows] == [
        ("fox hello", "ok"),
        ("fox challenge", "unsolicited"),
    ]


def test_a_reply_without_its_request() -> None:
    (row,) = rows_of((SERVER, frame("r", 4, 9, "file read")))["operations"]
    assert (row["frame"], row["function_name"], row["transaction"]) == (None, "file read", "9")


def test_the_stations_own_requests() -> None:
    talk = [(SERVER, frame("s", 4, 1, "sys event")), (CLIENT, frame("n", 4, 1, "sys event"))]
    (row,) = rows_of(*talk)["operations"]
    assert (row["client"], row["server"], row["outcome"]) == ("10.0.0.2", "10.0.0.1", "ok")


def test_blobs_hide_what_looks_like_an_end() -> None:
    octets = frame("a", 1, -1, "fox hello", blob("x", b"]\n};;\nfox "), b"y=s:#c4;#null;")
    assert measure(octets + b"fox")[0] == len(octets) - 1
    head = frame_of(octets)
    assert head is not None
    assert body_of(octets, head.body).fields == {"y": "\xc4"}


@pytest.mark.parametrize(
    "octets",
    [
        b"fox a 1 -1 fox hello\nxy",
        b"fox a 1 -1 fox hello\n{\nnothing\n};;\n",
        b"fox a 1 -1 fox hello\n{\nx=b:5[abcdefg]\n};;\n",
        b"fox a 1 -1 fox hello\n{\nx=b:99999999[",
        b"fox a 1 -1 fox hello\n{\n" + b"x=m:{\n" * 9,
        b"fox " + b"a" * 9000,
    ],
)
def test_what_is_no_frame(octets: bytes) -> None:
    assert measure(octets)[0] == BROKEN
    found = {r["oddity"] for r in tcp([(CLIENT, HELLO), (CLIENT, octets)], port=PORT)["oddities"]}
    assert found <= {"not-framed"}


def test_a_frame_is_read_on_where_it_stopped() -> None:
    octets = frame("a", 1, -1, "fox hello", blob("x", b"]\n};;\nfox "), b"y=m:{", b"z=s:a;;", b"}", b"w=i:1")
    place = None
    for length in range(1, len(octets) - 1):
        found, want, place = measure(octets[:length], place)
        assert (found, want > length) == (0, True)
        assert measure(octets[:length])[0] == 0
    assert measure(octets[:-1], place)[0] == len(octets) - 1


def test_octet_by_octet_costs_little_more_than_at_once() -> None:
    """A frame of many tuples in as many segments as it has octets: what was read is not read again."""
    octets = frame("a", 1, -1, "fox hello", *(b"x=s:;;" for _ in range(500)))
    began = time.process_time()
    rows = tcp([(CLIENT, HELLO), *((CLIENT, octets[k : k + 1]) for k in range(len(octets)))], port=PORT)
    assert [r["function_name"] for r in rows["operations"]] == ["fox hello", "fox hello"]
    assert time.process_time() - began < 3


def test_many_tuples_are_bounded() -> None:
    octets = frame("a", 1, -1, "fox hello", *(b"x=i:1" for _ in range(MAX_FIELDS + 1)))
    rows = tcp([(CLIENT, octets)], port=PORT)
    assert [r["oddity"] for r in rows["oddities"]] == ["too-many-fields"]


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=PORT))
    for at, split in cut_anywhere(TALK, port=PORT, step=7):
        assert split == whole, at


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=80))
def test_any_body(data: bytes) -> None:
    rows = tcp([(CLIENT, HELLO), (CLIENT, b"fox s 2 3 sys x\n{\n" + data + b"\n};;\n")], port=PORT)
    assert {r["oddity"] for r in rows["oddities"]} <= {"not-framed", "body-malformed", "header-malformed"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=PORT)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_it_is_known_on_any_port_and_others_are_not_taken() -> None:
    hint = Hint("tcp", 40000, 40001, 0, None, 0)
    assert SPEC.probe(HELLO, hint) >= 60
    assert SPEC.probe(b"fox", hint) == NEED_MORE
    for foreign in (b"foxtrot", b"fox x 1", b"GET / HTTP/1.1\r\n", bytes(9), b"fox a"[:4] + b"12345"):
        assert SPEC.probe(foreign, hint) == 0
