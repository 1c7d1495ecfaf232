"""Sparkplug B over MQTT: births, data, commands; payloads written after the specification (no public capture)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp
from decode.protocols.mqtt_octets import connack, connect, metric, payload, publish, tagged
from interlock.decode.protocols.mqtt.metrics import read_payload
from interlock.decode.protocols.mqtt.sparkplug import parse_topic
from interlock.errors import DecodeError

OPEN = [(CLIENT, connect("node")), (SERVER, connack())]
QUALITY = tagged(9, tagged(1, "Quality") + tagged(2, tagged(1, 3) + tagged(3, 500)))
BIRTH = payload(
    metric(tagged(15, "Sparkplug Ltd"), name="Properties/Hardware Make", kind=12),
    metric(tagged(15, "2.1"), name="Properties/FW", kind=12),
    metric(tagged(13, 21.5), name="Temp", alias=1, kind=10),
    metric(tagged(10, (1 << 32) - 5), name="Level", alias=2, kind=3, more=QUALITY),
    metric(tagged(14, 0), name="Node Control/Reboot", alias=3, kind=11),
)


def talk(*messages: tuple[int, str, bytes]) -> Rows:
    return tcp([*OPEN, *((side, publish(topic, body)) for side, topic, body in messages)], port=1883)


def values(rows: Rows) -> list[tuple]:
    return [(v["unit"], v["object"], v["number"], v["text"], v["type"], v["quality"]) for v in rows["values"]]


def test_a_birth_names_what_later_messages_abbreviate() -> None:
    data = payload(metric(tagged(13, 22.0), alias=1), metric(tagged(10, 7), alias=2), sequence=1)
    rows = talk((CLIENT, "spBv1.0/G/NBIRTH/N", BIRTH), (CLIENT, "spBv1.0/G/NDATA/N", data))
    assert values(rows)[2:] == [
        ("G/N", "Temp", [21.5], None, "Double", None),
        ("G/N", "Level", [-5.0], None, "Int32", "STALE"),
        ("G/N", "Node Control/Reboot", [0.0], None, "Boolean", None),
        ("G/N", "Temp", [22.0], None, "Double", None),
        ("G/N", "Level", [7.0], None, "Int32", None),
    ]
    assert [(r["message_type"], r["metrics"], r["sequence"]) for r in rows["sparkplug"]] == [
        ("NBIRTH", 5, 0),
        ("NDATA", 2, 1),
    ]
    clues = {(c["who"], c["field"], c["value"]) for c in rows["clues"]}
    assert {("10.0.0.1/G/N", "vendor", "Sparkplug Ltd"), ("10.0.0.1/G/N", "firmware", "2.1")} <= clues


def test_a_command_writes_and_names_who_asks() -> None:
    order = payload(metric(tagged(14, 1), alias=3), metric(tagged(12, 1.5, single=True), name="Set", kind=9))
    rows = talk(
        (CLIENT, "spBv1.0/G/NBIRTH/N", BIRTH),
        (CLIENT, "spBv1.0/G/NCMD/N", order),
        (SERVER, "spBv1.0/G/NCMD/N", order),
    )
    orders = [r for r in rows["operations"] if r["object"] in ("Node Control/Reboot", "Set")]
    assert [(r["client"], r["server"], r["verb"], r["item"], r["unit"]) for r in orders] == [
        ("10.0.0.1", "10.0.0.2", "reset", 0, "G/N"),
        ("10.0.0.1", "10.0.0.2", "write", 1, "G/N"),
        ("10.0.0.2", "10.0.0.1", "reset", 0, "G/N"),
        ("10.0.0.2", "10.0.0.1", "write", 1, "G/N"),
    ]
    assert {r["outcome"] for r in orders} == {"unknown"}
    assert [v["direction"] for v in rows["values"]][5:] == ["written"] * 4
    assert rows["values"][6]["number"] == [1.5]


def test_a_metrics_own_time_is_the_values_time() -> None:
    timed = metric(tagged(10, 7), name="x", kind=7, more=tagged(3, 1_600_000_000_123))
    late = metric(tagged(10, 7), name="y", kind=7, more=tagged(3, (1 << 64) - 1))
    rows = talk((CLIENT, "spBv1.0/G/DDATA/N/D", payload(timed, late, time=(1 << 64) - 1)))
    assert [v["device_time"] for v in rows["values"]] == [1_600_000_000_123_000_000, None]
    assert rows["sparkplug"][0]["payload_time"] is None


def test_an_alias_without_its_birth_stays_one() -> None:
    rows = talk((CLIENT, "spBv1.0/G/DDATA/N/D", payload(metric(tagged(10, 7), alias=9))))
    assert values(rows) == [("G/N/D", "alias:9", [7.0], None, "Unknown", None)]


def test_a_forwarded_birth_is_no_fact_about_the_broker() -> None:
    rows = talk((SERVER, "spBv1.0/G/NBIRTH/N", BIRTH))
    assert not [c for c in rows["clues"] if c["field"] in ("vendor", "firmware", "unit")]


@pytest.mark.parametrize(
    ("made", "numbers", "text", "raw"),
    [
        (metric(tagged(16, struct.pack("<3h", 1, -2, 3)), name="m", kind=23), [1, -2, 3], None, None),
        (
            metric(tagged(16, struct.pack("<I", 10) + b"\x80\x40"), name="m", kind=32),
            [1, *[0] * 8, 1],
            None,
            None,
        ),
        (metric(tagged(16, b"ab\0c\0"), name="m", kind=33), [], "ab | c", None),
        (metric(tagged(16, b"\0\1"), name="m", kind=17), [], None, b"\0\1"),
        (metric(tagged(11, (1 << 64) - 2), name="m", kind=4), [-2.0], None, None),
        (metric(tagged(11, 1_700_000_000_000), name="m", kind=13), [1.7e12], None, None),
        (metric(tagged(10, 255), name="m", kind=1), [-1.0], None, None),
        (metric(tagged(10, 1), name="m", kind=1, more=tagged(7, 1)), [], None, None),
    ],
)
def test_types(made: bytes, numbers: list, text: str | None, raw: bytes | None) -> None:
    (found,) = read_payload(payload(made), lambda *_: 0).metrics
    assert (found.numbers, found.text, found.raw) == (numbers, text, raw)


def test_data_sets_and_templates_open_into_their_parts() -> None:
    cells = [
        tagged(4, tagged(1, tagged(4, n)) + tagged(1, tagged(6, t))) for n, t in ((1.0, "a"), (2.0, "b"))
    ]
    rows_of_set = tagged(1, 2) + tagged(2, "n") + tagged(2, "t") + b"".join(cells)
    inner = tagged(2, metric(tagged(14, 1), name="run", kind=11))
    metrics = (
        metric(tagged(17, rows_of_set), name="set", kind=16),
        metric(tagged(18, inner), name="motor", kind=19),
    )
    rows = talk((CLIENT, "spBv1.0/G/DDATA/N/D", payload(*metrics)))
    assert [v[1:4] for v in values(rows)] == [
        ("set/n", [1.0, 2.0], None),
        ("set/t", None, "a | b"),
        ("motor/run", [1.0], None),
    ]


def test_nested_too_deep_and_broken_payloads_are_oddities() -> None:
    deep = metric(tagged(14, 1), name="x", kind=11)
    for _ in range(12):
        deep = metric(tagged(18, tagged(2, deep)), name="t", kind=19)
    for body, oddity in ((payload(deep), "too-many-metrics"), (b"\x0a\x7f", "payload-malformed")):
        rows = talk((CLIENT, "spBv1.0/G/DDATA/N/D", body))
        assert [o["oddity"] for o in rows["oddities"]] == [oddity]


def test_topics() -> None:
    assert parse_topic("spBv1.0/G/NCMD/N").command
    assert parse_topic("spBv1.0/STATE/scada").kind == "STATE"
    assert not parse_topic("spBv1.0/STATE/scada").payload
    for other in ("spBv1.0/G/NCMD/N/D", "spBv1.0/G/DCMD/N", "spBv1.0/G/XX/N", "plant/x", "spBv1.0/G"):
        assert parse_topic(other) is None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_are_a_payload_or_a_declared_error(octets: bytes) -> None:
    found = ""
    try:
        read_payload(octets, lambda *_: 0)
    except DecodeError as error:
        found = error.oddity
    assert found in ("", "payload-malformed", "too-many-metrics")
