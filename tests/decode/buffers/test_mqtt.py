"""MQTT's messages as buffers: versions, flags, topics, codes; cut anywhere, and hostile."""

from __future__ import annotations

import struct
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from interlock.decode.buffers import mqtt
from interlock.records.buffers import BUFFERS

ASKED = frozenset(name for name in BUFFERS if name.startswith("mqtt."))


def text(octets):
    return struct.pack("!H", len(octets)) + octets


def message(kind, body, flags=0):
    size, left = b"", len(body)
    while True:
        left, octet = divmod(left, 128)
        size += bytes([octet | (0x80 if left else 0)])
        if not left:
            return bytes([kind << 4 | flags]) + size + body


def connect(version=4, flags=0x02, *rest):
    properties = b"\x03\x21\x00\x10" if version == 5 else b""
    return message(1, text(b"MQTT") + bytes([version, flags, 0, 60]) + properties + b"".join(rest))


CONNACK = message(2, b"\x01\x00")
LOGIN = connect(4, 0xC6, text(b"me"), text(b"bye"), text(b"gone"), text(b"anna"), text(b"secret"))


def rows(talk, **more):
    made = tcp(talk, port=1883, buffers=ASKED, **more).get("payloads", [])
    return [(row["direction"], row["buffer"].removeprefix("mqtt."), row["octets"]) for row in made]


def told(found, name):
    return [octets for _, buffer, octets in found if buffer == name]


def test_who_connects_and_how():
    found = rows([(CLIENT, LOGIN), (SERVER, CONNACK)])
    assert told(found, "connect.protocol_string") == [b"MQTT"]
    assert told(found, "connect.clientid") == [b"me"]
    assert told(found, "connect.willtopic") == [b"bye"]
    assert told(found, "connect.willmessage") == [b"gone"]
    assert told(found, "connect.username") == [b"anna"]
    assert told(found, "connect.password") == [b"secret"]
    assert told(found, "connect.flags") == [
        b"username",
        b"password",
        b"!will_retain",
        b"will",
        b"clean_session",
    ]
    assert told(found, "protocol_version") == [b"4", b"4"]
    assert told(found, "type") == [b"1", b"2"]
    assert told(found, "connack.session_present") == [b"true"]
    assert told(found, "reason_code") == [b"0"]
    assert {way for way, name, _ in found if name.startswith("connack")} == {"to_client"}


def test_topics_and_what_is_published():
    talk = [
        (CLIENT, connect(4, 2, text(b"me"))),
        (SERVER, CONNACK),
        (CLIENT, message(3, text(b"line/1") + b"hot")),
        (CLIENT, message(3, text(b"line/2") + b"\0\7" + b"cold", flags=0x0B)),
        (CLIENT, message(8, b"\0\1" + text(b"a/#") + b"\0" + text(b"b") + b"\1", flags=2)),
        (CLIENT, message(10, b"\0\2" + text(b"a/#"), flags=2)),
    ]
    found = rows(talk)
    assert told(found, "publish.topic") == [b"line/1", b"line/2"]
    assert told(found, "publish.message") == [b"hot", b"cold"]
    assert told(found, "subscribe.topic") == [b"a/#", b"b"]
    assert told(found, "unsubscribe.topic") == [b"a/#"]
    assert told(found, "qos") == [b"0", b"0", b"0", b"1", b"1", b"1"]
    assert told(found, "flags")[4:8] == [b"!dup", b"!retain", b"dup", b"retain"]


def test_version_five_has_properties_and_reasons():
    talk = [
        (CLIENT, connect(5, 2, text(b"me"))),
        (SERVER, message(2, b"\0\x86\0")),
        (CLIENT, message(3, text(b"t") + b"\x02\x01\x01" + b"said")),
        (SERVER, message(4, b"\0\7\x10")),
        (SERVER, message(4, b"\0\7")),
        (SERVER, message(11, b"\0\7\0\x11\x00")),
        (SERVER, message(14, b"\x8b")),
    ]
    found = rows(talk)
    assert told(found, "publish.message") == [b"said"]
    assert told(found, "reason_code") == [b"134", b"16", b"0", b"17", b"0", b"139"]
    assert set(told(found, "protocol_version")) == {b"5"}


def test_what_is_empty_is_not_there():
    found = rows([(CLIENT, connect(4, 0x02, text(b""))), (CLIENT, message(3, text(b"t")))])
    assert not told(found, "connect.clientid") + told(found, "publish.message")
    assert told(found, "publish.topic") == [b"t"]


def test_a_long_message_in_many_segments_is_whole():
    body = bytes(range(256)) * 2000
    sent = connect() + message(3, text(b"t") + body) + message(3, text(b"u") + b"x")
    found = rows([(CLIENT, sent[at : at + 1400]) for at in range(0, len(sent), 1400)])
    assert told(found, "publish.message") == [body, b"x"]


def test_what_is_cut_short_tells_what_stands_before_it():
    found = rows([(CLIENT, LOGIN), (CLIENT, message(1, text(b"MQTT") + b"\4\2\0\0" + b"\0\x09me"))])
    assert told(found, "connect.clientid") == [b"me"]
    assert told(found, "type") == [b"1", b"1"]
    assert told(found, "connect.protocol_string") == [b"MQTT", b"MQTT"]


def test_a_message_that_is_too_long_is_passed_over(monkeypatch):
    monkeypatch.setattr(mqtt, "MAX_MESSAGE", 200)
    long = message(3, text(b"big") + bytes(5_000))
    talk = [(CLIENT, connect(4, 2, text(b"me"))), (SERVER, CONNACK)]
    pieces = [long[at : at + 700] for at in range(0, len(long), 700)]
    found = rows([*talk, *((CLIENT, piece) for piece in pieces), (CLIENT, message(3, text(b"small") + b"x"))])
    assert told(found, "publish.topic") == [b"small"]


TALK = LOGIN + message(3, text(b"line/1") + b"hot") + message(8, b"\0\1" + text(b"a/#") + b"\0", flags=2)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, len(TALK) - 1), max_size=6))
def test_however_it_is_cut_it_says_the_same(cuts):
    places = [0, *sorted(cuts), len(TALK)]
    pieces = [(CLIENT, TALK[a:b]) for a, b in pairwise(places)]
    assert rows(pieces) == rows([(CLIENT, TALK)])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 80))
def test_any_octets_are_borne(octets, kept):
    for told_octets in (octets, LOGIN[:kept] + octets, LOGIN + octets):
        for _, name, _ in rows([(CLIENT, told_octets), (SERVER, octets)]):
            assert f"mqtt.{name}" in ASKED
