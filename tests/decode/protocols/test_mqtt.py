"""MQTT: sessions, subscriptions, messages of every quality of service; octets written after the specification."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.mqtt_octets import connack, connect, packet, publish, subscribe, text
from interlock.decode.protocols.mqtt.decoder import SPEC
from interlock.decode.spec import NEED_MORE, Hint

PORT = 1883
TALK = [
    (CLIENT, connect("pump-7", user="joe", password=b"secret1", will=("plant/pump-7/state", b"gone"))),
    (SERVER, connack()),
    (CLIENT, subscribe(1, "plant/+/cmd", "secret/#")),
    (SERVER, packet(0x90, b"\0\1\1\x80")),
    (CLIENT, publish("plant/pump-7/flow", b"12.5")),
    (CLIENT, publish("plant/pump-7/doc", b"\x89\0\xff", qos=1, number=2)),
    (SERVER, packet(0x40, b"\0\2")),
    (CLIENT, publish("plant/pump-7/log", "läuft".encode(), qos=2, number=3)),
    (SERVER, packet(0x50, b"\0\3")),
    (CLIENT, packet(0x62, b"\0\3")),
    (SERVER, packet(0x70, b"\0\3")),
    (SERVER, publish("plant/pump-7/cmd", b"on", qos=1, number=9)),
    (CLIENT, packet(0x40, b"\0\x09")),
    (CLIENT, packet(0xC0)),
    (SERVER, packet(0xD0)),
    (CLIENT, packet(0xA2, b"\0\4" + text("plant/+/cmd"))),
    (SERVER, packet(0xB0, b"\0\4")),
    (CLIENT, packet(0xE0)),
]


def told(rows: Rows) -> list[tuple]:
    return [
        (r["function_name"], r["verb"], r["object"], r["item"], r["outcome"], r["code"])
        for r in rows["operations"]
    ]


def test_a_session_from_connect_to_disconnect() -> None:
    rows = tcp(TALK, port=PORT)
    assert told(rows) == [
        ("CONNECT", "open", "pump-7", 0, "ok", None),
        ("CONNECT", "open", "plant/pump-7/state", 1, "ok", None),
        ("SUBSCRIBE", "subscribe", "plant/+/cmd", 0, "ok", None),
        ("SUBSCRIBE", "subscribe", "secret/#", 1, "refused", 128),
        ("PUBLISH", "report", "plant/pump-7/flow", 0, "unsolicited", None),
        ("PUBLISH", "report", "plant/pump-7/doc", 0, "ok", None),
        ("PUBLISH", "report", "plant/pump-7/log", 0, "ok", None),
        ("PUBREL", "report", None, 0, "ok", None),
        ("PUBLISH", "report", "plant/pump-7/cmd", 0, "unsolicited", None),
        ("PINGREQ", "diagnose", None, 0, "ok", None),
        ("UNSUBSCRIBE", "subscribe", "plant/+/cmd", 0, "ok", None),
        ("DISCONNECT", "close", None, 0, "unsolicited", None),
    ]
    assert rows["oddities"] == []
    assert {(r["client"], r["server"]) for r in rows["operations"]} == {("10.0.0.1", "10.0.0.2")}
    assert [r["transaction"] for r in rows["operations"]][2:9] == ["1", "1", None, "2", "3", "3", "9"]
    assert {r["user"] for r in rows["operations"]} == {"joe", None}


def test_values_of_plain_topics() -> None:
    values = tcp(TALK, port=PORT)["values"]
    assert [(v["object"], v["number"], v["text"], v["raw"], v["type"], v["direction"]) for v in values] == [
        ("plant/pump-7/flow", [12.5], "12.5", None, "text", "reported"),
        ("plant/pump-7/doc", None, None, b"\x89\0\xff", "octets", "reported"),
        ("plant/pump-7/log", None, "läuft", None, "text", "reported"),
        ("plant/pump-7/cmd", None, "on", None, "text", "reported"),
    ]


def test_the_login_and_who_is_there() -> None:
    rows = tcp(TALK, port=PORT)
    (login,) = rows["credentials"]
    assert (login["scheme"], login["user"], login["known"], login["outcome"]) == (
        "user-password",
        "joe",
        None,
        "ok",
    )
    clues = {(c["who"], c["field"], c["value"]) for c in rows["clues"]}
    assert {("10.0.0.2", "service", "mqtt/1883"), ("10.0.0.1", "user", "joe")} <= clues


@pytest.mark.parametrize(
    ("hello", "reply", "expected"),
    [
        (connect("a"), connack(), ("anonymous", None, None, "ok")),
        (
            connect("a", user="x", password=b"x"),
            connack(5),
            ("user-password", "x", "same-as-user", "refused"),
        ),
        (
            connect("a", user="admin", password=b"admin"),
            connack(),
            ("user-password", "admin", "default", "ok"),
        ),
        (
            connect("a", version=5, user="u", password=b""),
            connack(0x86, b""),
            ("user-password", "u", "empty", "refused"),
        ),
    ],
)
def test_logins(hello: bytes, reply: bytes, expected: tuple) -> None:
    rows = tcp([(CLIENT, hello), (SERVER, reply)], port=PORT)
    (login,) = rows["credentials"]
    assert (login["scheme"], login["user"], login["known"], login["outcome"]) == expected
    assert rows["operations"][0]["outcome"] == expected[3]


def test_the_table_says_what_connect_says() -> None:
    first = tcp(TALK, port=PORT)["mqtt"][0]
    assert [first[k] for k in ("packet", "version", "client_id", "keep_alive", "clean")] == [
        "CONNECT", 4, "pump-7", 60, True,
    ]  # fmt: skip
    assert [first[k] for k in ("will_topic", "will_qos", "will_retain")] == ["plant/pump-7/state", 1, True]


def test_version_5_properties_alias_and_reasons() -> None:
    talk = [
        (CLIENT, connect("", version=5, properties=b"\x21\0\x14" + b"\x26" + text("site") + text("north"))),
        (SERVER, connack(0, b"\x12" + text("auto-1") + b"\x22\0\x0a")),
        (CLIENT, publish("a/b", b"1", properties=b"\x23\0\1")),
        (CLIENT, publish("", b"2", qos=1, number=7, properties=b"\x23\0\1")),
        (SERVER, packet(0x40, b"\0\7\x87")),
        (CLIENT, publish("", b"3", properties=b"\x23\0\2")),
        (CLIENT, packet(0xF0, b"\x19\x08\x15" + text("SCRAM")[0:2] + b"SCRAM")),
        (SERVER, packet(0xF0)),
        (SERVER, packet(0xE0, b"\x8b\0")),
    ]
    rows = tcp(talk, port=PORT)
    assert told(rows)[1:] == [
        ("PUBLISH", "report", "a/b", 0, "unsolicited", None),
        ("PUBLISH", "report", "a/b", 0, "refused", 0x87),
        ("PUBLISH", "report", None, 0, "unsolicited", None),
        ("AUTH", "authenticate", "SCRAM", 0, "ok", None),
        ("DISCONNECT", "close", None, 0, "unsolicited", 0x8B),
    ]
    assert [r["properties"] for r in rows["mqtt"]][:2] == [
        "receive-maximum=20; user-property=site=north",
        "assigned-client-identifier=auto-1; topic-alias-maximum=10",
    ]
    assert rows["mqtt"][2]["client_id"] == "auto-1"
    assert [o["oddity"] for o in rows["oddities"]] == ["topic-alias-unknown"]


def test_joined_midstream() -> None:
    talk = [
        (SERVER, packet(0x40, b"\0\5")),
        (CLIENT, publish("a", b"1", qos=1, number=6)),
        (SERVER, packet(0x40, b"\0\6\x10")),
    ]
    rows = tcp(talk, port=PORT, handshake=False)
    assert [(r["frame"], r["response_frame"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (None, 1, "ok", None),
        (2, 3, "ok", 16),
    ]
    assert rows["oddities"] == []
    assert rows["mqtt"][2]["version"] == 5  # only version 5 has a reason in a PUBACK


@pytest.mark.parametrize("first", [CLIENT, SERVER])
def test_the_broker_is_told_by_what_it_says(first: int) -> None:
    """On another port, opened unseen, who sends CONNECT is the client."""
    rows = tcp([(first, connect("a")), (1 - first, connack())], port=40000, handshake=False)
    assert rows["operations"][0]["client"] == ("10.0.0.1" if first == CLIENT else "10.0.0.2")


@pytest.mark.parametrize(
    ("talk", "oddity"),
    [
        ([(CLIENT, packet(0xC0))], "not-connected"),
        ([(CLIENT, connect("a")), (CLIENT, connect("a"))], "connected-twice"),
        ([(CLIENT, connect("a")), (CLIENT, packet(0x80, b"\0\1" + text("t") + b"\0"))], "flags-invalid"),
        ([(CLIENT, connect("a")), (CLIENT, packet(0x82, b"\0\1" + text("t") + b"\3"))], "qos-invalid"),
        ([(CLIENT, connect("a")), (CLIENT, packet(0x82, b"\0\1"))], "no-filter"),
        ([(CLIENT, connect("a")), (CLIENT, publish("a/#", b""))], "topic-invalid"),
        ([(CLIENT, connect("a", version=6))], "version-unknown"),
        ([(CLIENT, connect("a", version=5, properties=b"\x7d"))], "property-unknown"),
        ([(CLIENT, connect("a", version=5, properties=b"\x21\0"))], "property-length-mismatch"),
        ([(CLIENT, connect("a")), (CLIENT, packet(0xC0, b"x"))], "trailing-octets"),
        ([(CLIENT, connect("a")), (CLIENT, b"\x30\xff\xff\xff\xff\x01")], "not-framed"),
        ([(CLIENT, connect("a")), (CLIENT, packet(0x82, b"\0"))], "truncated"),
    ],
)
def test_oddities(talk: list, oddity: str) -> None:
    assert oddity in {o["oddity"] for o in tcp(talk, port=PORT)["oddities"]}


def test_a_long_message_is_passed_over_and_the_next_one_found() -> None:
    long = publish("big", b"x" * 200_000)
    pieces = [(CLIENT, connect("a"))] + [(CLIENT, long[at : at + 1400]) for at in range(0, len(long), 1400)]
    rows = tcp([*pieces, (CLIENT, publish("next", b"1"))], port=PORT)
    assert {r["object"] for r in rows["operations"]} == {"a", "big", "next"}
    assert rows["mqtt"][1]["payload_octets"] == 200_000
    assert rows["values"][0]["raw"] == b"x" * 4096
    assert rows["oddities"] == []


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=PORT))
    for at, split in cut_anywhere(TALK, port=PORT, step=3):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=PORT)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_probe() -> None:
    far, own = Hint("tcp", 40000, 50000, 0, None, 0), Hint("tcp", 40000, 1883, 0, None, 0)
    assert SPEC.probe(connect("a"), far) >= 60
    assert SPEC.probe(connect("a", version=3), far) >= 60
    assert SPEC.probe(publish("spBv1.0/G/NDATA/N", b""), far) >= 60
    assert SPEC.probe(subscribe(1, "a/b"), far) >= 60
    assert SPEC.probe(publish("t", b"1"), own) >= 30
    assert SPEC.probe(connect("a")[:6], far) == NEED_MORE
    assert SPEC.probe(publish("t", b"1"), far) == 0
    for foreign in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\0\x50\1",
        b"\x03\0\0\x16",
        b"\0\1\0\0\0\6\1\3\0\0\0\1",
    ):
        assert SPEC.probe(foreign, far) == 0
        assert SPEC.probe(foreign, own) == 0
