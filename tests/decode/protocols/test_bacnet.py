"""BACnet: services, values, identity facts, segments; octets built from ANSI/ASHRAE 135."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import ethernet, run, udp
from decode.protocols.bacnet_octets import (
    CLIENT,
    SERVER,
    ack,
    app,
    bvlc,
    closing,
    confirmed,
    ctx,
    enumerated,
    error,
    ip,
    npdu,
    object_id,
    one,
    opening,
    real,
    simple,
    string,
    talk,
    unconfirmed,
    unsigned,
)
from interlock.decode.cursor import Cursor
from interlock.decode.logins import MAX_NAMES
from interlock.decode.protocols.bacnet.tags import Parameters
from interlock.decode.protocols.bacnet.values import read_value
from interlock.errors import DecodeError

AI, AO, DEVICE, FILE, PROGRAM = 0, 1, 8, 10, 16


def prop(kind: int, instance: int, number: int, index: int | None = None) -> bytes:
    """[0] object, [1] property, [2] index: how most services begin."""
    return ctx(0, object_id(kind, instance)) + ctx(1, number) + (b"" if index is None else ctx(2, index))


def read(invoke: int, kind: int, instance: int, number: int, index: int | None = None) -> bytes:
    return ip(confirmed(invoke, 12, prop(kind, instance, number, index)))


def read_ack(invoke: int, kind: int, instance: int, number: int, value: bytes) -> bytes:
    return ip(ack(invoke, 12, prop(kind, instance, number) + opening(3) + value + closing(3)))


def write(
    invoke: int, kind: int, instance: int, number: int, value: bytes, priority: int | None = None
) -> bytes:
    parameters = prop(kind, instance, number) + opening(3) + value + closing(3)
    return ip(confirmed(invoke, 15, parameters + (b"" if priority is None else ctx(4, priority))))


def test_a_read_is_paired_with_its_acknowledgement() -> None:
    rows = talk((CLIENT, read(7, AI, 3, 85)), (SERVER, read_ack(7, AI, 3, 85, real(21.5))))
    assert one(
        rows["operations"], "verb", "function", "function_name", "transaction", "object", "count", "outcome"
    ) == ("read", 12, "ReadProperty", "7", "analog-input:3", 1, "ok")
    assert one(rows["values"], "object", "number", "type", "direction", "server") == (
        "analog-input:3",
        [21.5],
        "real",
        "read",
        "10.0.0.2",
    )
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("value", "kind", "numbers", "text"),
    [
        (b"\x11", "boolean", [1.0], None),
        (b"\x10", "boolean", [0.0], None),
        (unsigned(70000), "unsigned", [70000.0], None),
        (app(3, b"\xff\x38"), "integer", [-200.0], None),
        (real(-1.5), "real", [-1.5], None),
        (app(5, struct.pack(">d", 2.25)), "double", [2.25], None),
        (string("Zuluft é"), "character-string", None, "Zuluft é"),
        (app(7, b"\x04" + "Größe".encode("utf-16-be")), "character-string", None, "Größe"),
        (app(7, b"\x05caf\xe9"), "character-string", None, "café"),
        (app(8, b"\x04\xa0"), "bit-string", [1.0, 0.0, 1.0, 0.0], None),
        (enumerated(3), "enumerated", [3.0], None),
        (app(10, bytes((124, 5, 6, 1))), "date", None, "2024-05-06"),
        (app(10, b"\xff\xff\xff\xff"), "date", None, "*-*-*"),
        (app(11, bytes((12, 5, 36, 11))), "time", None, "12:05:36.11"),
        (app(12, object_id(AO, 7)), "object-identifier", None, "analog-output:7"),
        (real(1.0) + b"\x00" + real(3.0), "real", [1.0, math.nan, 3.0], None),
        (string("a") + string("b"), "character-string", None, "a, b"),
    ],
)
def test_every_application_type_keeps_its_form(
    value: bytes, kind: str, numbers: list[float] | None, text: str | None
) -> None:
    (row,) = talk((SERVER, read_ack(1, AO, 7, 87, value)))["values"]
    assert (row["type"], row["text"], row["object"]) == (kind, text, "analog-output:7.priority-array")
    if numbers is None:
        assert row["number"] is None
    else:
        assert row["number"] == pytest.approx(numbers, nan_ok=True)


def test_octets_and_constructed_values_stay_octets() -> None:
    inside = opening(0) + unsigned(1) + ctx(2, b"ab") + closing(0)
    rows = talk(
        (SERVER, read_ack(1, FILE, 1, 4000, app(6, b"\x01\x02\xff"))),
        (SERVER, read_ack(2, 17, 1, 123, inside)),
    )["values"]
    assert [(r["type"], r["raw"], r["object"]) for r in rows] == [
        ("octet-string", b"\x01\x02\xff", "file:1.property-4000"),
        ("constructed", inside, "schedule:1.weekly-schedule"),
    ]


def test_an_element_of_an_array_has_its_index() -> None:
    rows = talk((CLIENT, read(1, DEVICE, 5, 76, 0)))
    assert one(rows["operations"], "object") == ("device:5.object-list[0]",)


@pytest.mark.parametrize(
    ("number", "value", "verb", "spelled"),
    [
        (85, real(20.0), "write", "program:2"),
        (81, b"\x11", "force", "program:2.out-of-service"),
        (81, b"\x10", "write", "program:2.out-of-service"),
        (90, enumerated(2), "start", "program:2.program-change"),
        (90, enumerated(3), "stop", "program:2.program-change"),
        (90, enumerated(1), "program-write", "program:2.program-change"),
        (353, b"\x10", "alarm-suppress", "program:2.event-detection-enable"),
        (354, b"\x11", "alarm-suppress", "program:2.event-algorithm-inhibit"),
        (35, app(8, b"\x05\xc0"), "alarm-suppress", "program:2.event-enable"),
        (35, app(8, b"\x05\xe0"), "configure", "program:2.event-enable"),
    ],
)
def test_what_a_write_does_follows_from_its_property(
    number: int, value: bytes, verb: str, spelled: str
) -> None:
    rows = talk((CLIENT, write(9, PROGRAM, 2, number, value, 8)), (SERVER, ip(simple(9, 15))))
    assert one(rows["operations"], "verb", "object", "outcome") == (verb, spelled, "ok")
    assert one(rows["values"], "direction", "quality", "server") == ("written", "priority-8", "10.0.0.2")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (error(4, 12, 2, 32), 2 << 16 | 32),
        (bytes((0x60, 4, 9)), 0x10000000 + 9),
        (bytes((0x71, 4, 4)), 0x20000000 + 4),
    ],
)
def test_error_reject_and_abort_refuse(answer: bytes, code: int) -> None:
    rows = talk((CLIENT, read(4, AI, 1, 85)), (SERVER, ip(answer)))
    assert one(rows["operations"], "outcome", "code", "function") == ("refused", code, 12)


def multiple(invoke: int) -> bytes:
    wanted = b"".join(ctx(0, n) for n in (85, 111, 103))
    return ip(
        confirmed(
            invoke,
            14,
            ctx(0, object_id(AI, 1)) + opening(1) + wanted + closing(1)
            + ctx(0, object_id(AI, 2)) + opening(1) + ctx(0, 85) + closing(1),
        )
    )  # fmt: skip


def test_each_property_of_a_multiple_read_has_its_row_value_and_outcome() -> None:
    def result(number: int, value: bytes) -> bytes:
        return ctx(2, number) + opening(4) + value + closing(4)

    answer = (
        ctx(0, object_id(AI, 1)) + opening(1)
        + result(85, real(7.0)) + result(111, app(8, b"\x04\xc0")) + result(103, enumerated(1)) + closing(1)
        + ctx(0, object_id(AI, 2)) + opening(1)
        + ctx(2, 85) + opening(5) + enumerated(1) + enumerated(31) + closing(5) + closing(1)
    )  # fmt: skip
    rows = talk((CLIENT, multiple(3)), (SERVER, ip(ack(3, 14, answer))))
    assert [(r["item"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (0, "analog-input:1", "ok", None),
        (1, "analog-input:1.status-flags", "ok", None),
        (2, "analog-input:1.reliability", "ok", None),
        (3, "analog-input:2", "refused", 1 << 16 | 31),
    ]
    assert [(r["object"], r["number"], r["quality"]) for r in rows["values"]] == [
        ("analog-input:1", [7.0], "in-alarm,fault,no-sensor"),
        ("analog-input:1.status-flags", [1.0, 1.0, 0.0, 0.0], None),
        ("analog-input:1.reliability", [1.0], None),
    ]


def test_of_a_multiple_write_what_stands_before_the_failure_was_written() -> None:
    def entry(instance: int) -> bytes:
        value = ctx(0, 85) + opening(2) + real(1.0) + closing(2) + ctx(3, 10)
        return ctx(0, object_id(AO, instance)) + opening(1) + value + closing(1)

    failure = (
        bytes((0x50, 6, 16)) + opening(0) + enumerated(2) + enumerated(40) + closing(0)
        + opening(1) + ctx(0, object_id(AO, 2)) + ctx(1, 85) + closing(1)
    )  # fmt: skip
    rows = talk((CLIENT, ip(confirmed(6, 16, entry(1) + entry(2) + entry(3)))), (SERVER, ip(failure)))
    assert [(r["object"], r["outcome"]) for r in rows["operations"]] == [
        ("analog-output:1", "ok"),
        ("analog-output:2", "refused"),
        ("analog-output:3", "refused"),
    ]
    assert {r["quality"] for r in rows["values"]} == {"priority-10"}


def test_a_notification_comes_from_the_server_with_quality() -> None:
    values = (
        ctx(0, 85)
        + opening(2)
        + real(3.5)
        + closing(2)
        + ctx(0, 111)
        + opening(2)
        + app(8, b"\x04\x00")
        + closing(2)
    )
    parameters = ctx(0, 1) + ctx(1, object_id(DEVICE, 9)) + ctx(2, object_id(AI, 4)) + ctx(3, 60)
    rows = talk((SERVER, ip(unconfirmed(2, parameters + opening(4) + values + closing(4)))))
    assert one(rows["operations"], "verb", "outcome", "function", "object") == (
        "report",
        "unsolicited",
        258,
        "analog-input:4",
    )
    assert one(rows["operations"], "server") == (rows["values"][0]["server"],)
    first = rows["values"][0]
    assert (first["object"], first["quality"], first["direction"]) == (
        "analog-input:4",
        "normal",
        "reported",
    )


def test_a_confirmed_notification_waits_for_its_acknowledgement() -> None:
    parameters = ctx(0, 1) + ctx(1, object_id(DEVICE, 9)) + ctx(2, object_id(AI, 4)) + ctx(3, 60)
    asked = ip(confirmed(1, 1, parameters + opening(4) + closing(4)))
    rows = talk((SERVER, asked), (CLIENT, ip(simple(1, 1))))
    assert one(rows["operations"], "client", "verb", "outcome") == ("10.0.0.2", "report", "ok")


@pytest.mark.parametrize(("answer", "outcome"), [(simple(2, 20), "ok"), (error(2, 20, 4, 26), "refused")])
def test_a_password_in_clear_is_a_credential_with_its_outcome(answer: bytes, outcome: str) -> None:
    asked = ip(confirmed(2, 20, ctx(0, 0) + ctx(1, b"\x00filister")))
    rows = talk((CLIENT, asked), (SERVER, ip(answer)))
    assert one(rows["credentials"], "protocol", "scheme", "outcome") == ("bacnet", "password", outcome)
    assert one(rows["operations"], "verb", "outcome") == ("reset", outcome)
    assert "filister" not in str(rows)


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        (0, "reset"),
        (1, "reset"),
        (2, "program-read"),
        (3, "mode-set"),
        (4, "program-write"),
        (5, "program-write"),
        (6, "mode-set"),
        (7, "configure"),
        (99, "unknown"),
    ],
)
def test_reinitialize_does_what_its_state_says(state: int, verb: str) -> None:
    rows = talk((CLIENT, ip(confirmed(2, 20, ctx(0, state)))))
    assert one(rows["operations"], "verb", "object") == (verb, f"reinitialize:{state}")


def test_communication_control_names_the_silence_it_orders() -> None:
    rows = talk((CLIENT, ip(confirmed(2, 17, ctx(0, 5) + ctx(1, 1) + ctx(2, b"\x00abcd")))))
    assert one(rows["operations"], "verb", "object") == ("mode-set", "communication:disable")
    assert one(rows["credentials"], "outcome") == ("unknown",)


def test_who_is_is_closed_by_the_first_device_within_its_limits() -> None:
    def i_am(instance: int) -> bytes:
        parameters = app(12, object_id(DEVICE, instance)) + unsigned(1476) + enumerated(3) + unsigned(10)
        return bvlc(0x0B, npdu(unconfirmed(0, parameters)))

    asked = bvlc(0x0B, npdu(unconfirmed(8, ctx(0, 100) + ctx(1, 200))))
    rows = talk((CLIENT, asked), (SERVER, i_am(7)), (SERVER, i_am(150)))
    found = {(r["function_name"], r["object"]): r for r in rows["operations"]}
    question = found["Who-Is", "device:100-200"]
    assert (question["verb"], question["outcome"], question["latency"]) == ("discover", "ok", 2_000_000)
    assert found["I-Am", "device:150"]["outcome"] == "unsolicited"
    facts = {(r["who"], r["field"], r["value"]) for r in rows["clues"]}
    assert {("10.0.0.2", "device-id", "bacnet:150"), ("10.0.0.2", "vendor-id", "bacnet:10")} <= facts


def test_the_device_object_tells_who_it_is() -> None:
    said = {
        77: ("name", "AHU-3"),
        70: ("product", "DSC-1212"),
        121: ("vendor", "Delta Controls"),
        44: ("firmware", "3.40"),
        12: ("software", "V2"),
        28: ("description", "roof"),
        58: ("location", "Hall 4"),
        372: ("serial", "123-456"),
    }
    answers = [(SERVER, read_ack(k, DEVICE, 9, k, string(v))) for k, (_, v) in said.items() if k < 256]
    answers.append((SERVER, read_ack(1, DEVICE, 9, 372, string("123-456"))))
    answers.append((SERVER, read_ack(2, DEVICE, 9, 120, unsigned(8))))
    answers.append((SERVER, read_ack(3, AI, 9, 77, string("no device name"))))
    facts = {(r["field"], r["value"]) for r in talk(*answers)["clues"] if r["protocol"] == "bacnet"}
    assert facts == {*said.values(), ("vendor-id", "bacnet:8")}


def test_a_device_behind_a_router_is_a_unit_of_the_router() -> None:
    asked = ip(confirmed(5, 12, prop(DEVICE, 12, 70)), destination=(7, b"\x0c"))
    other = ip(confirmed(5, 12, prop(DEVICE, 13, 70)), destination=(7, b"\x0d"))
    answer = ack(5, 12, prop(DEVICE, 13, 70) + opening(3) + string("RTU-B") + closing(3))
    rows = talk((CLIENT, asked), (CLIENT, other), (SERVER, ip(answer, source=(7, b"\x0d"))))
    assert {(r["unit"], r["object"], r["outcome"]) for r in rows["operations"]} == {
        ("7:12", "device:12.model-name", "unknown"),
        ("7:13", "device:13.model-name", "ok"),
    }
    assert ("10.0.0.2/7:13", "product", "RTU-B") in {
        (r["who"], r["field"], r["value"]) for r in rows["clues"]
    }


def segments(parameters: bytes, size: int) -> list[bytes]:
    pieces = [parameters[k : k + size] for k in range(0, len(parameters), size)]
    return [
        ip(bytes((0x38 | 4 * (k < len(pieces) - 1), 3, k, 2, 14)) + piece) for k, piece in enumerate(pieces)
    ]


LONG = (
    ctx(0, object_id(AI, 1)) + opening(1)
    + b"".join(ctx(2, 87) + ctx(3, k) + opening(4) + real(k) + closing(4) for k in range(1, 17)) + closing(1)
)  # fmt: skip


def test_segments_count_once_and_repeated_ones_change_nothing() -> None:
    pieces = segments(LONG, 37)
    sent = [(SERVER, p) for p in (*pieces[:2], pieces[1], *pieces[2:])]
    rows = talk((CLIENT, multiple(3)), sent[0], (CLIENT, ip(bytes((0x40, 3, 0, 2)))), *sent[1:])
    assert [r["number"] for r in rows["values"]] == [[float(k)] for k in range(1, 17)]
    heads = [r for r in rows["operations"] if r["item"] == 0]
    assert one(heads, "outcome", "response_frame") == ("ok", len(sent) + 2)


def test_a_lost_segment_leaves_the_outcome_and_is_told() -> None:
    pieces = segments(LONG, 37)
    rows = talk((CLIENT, multiple(3)), *[(SERVER, p) for p in (pieces[0], *pieces[2:])])
    assert rows["values"] == []
    assert {r["outcome"] for r in rows["operations"]} == {"ok"}
    assert [r["oddity"] for r in rows["oddities"]] == ["segment-missing"]


def test_registration_and_tables_of_the_link_layer() -> None:
    entry = bytes((10, 0, 0, 9)) + struct.pack(">H", 47808) + b"\xff" * 4
    rows = talk(
        (CLIENT, bvlc(5, b"\x00\x3c")),
        (SERVER, bvlc(0, b"\x00\x00")),
        (CLIENT, bvlc(1, entry)),
        (SERVER, bvlc(0, b"\x00\x10")),
        (CLIENT, bvlc(2)),
        (SERVER, bvlc(3, entry)),
    )
    assert [(r["function"], r["verb"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (517, "subscribe", "ok", None),
        (513, "configure", "refused", 0x10),
        (514, "read", "ok", None),
    ]
    assert [r["text"] for r in rows["values"] if r["text"]] == ["10.0.0.9:47808/255.255.255.255"] * 2
    assert rows["values"][0]["number"] == [60.0]


def test_a_forwarded_message_comes_from_its_origin() -> None:
    parameters = app(12, object_id(DEVICE, 3)) + unsigned(480) + enumerated(0) + unsigned(7)
    forwarded = bytes((192, 168, 9, 9)) + struct.pack(">H", 47808) + npdu(unconfirmed(0, parameters))
    rows = talk((SERVER, bvlc(4, forwarded)))
    assert one(rows["operations"], "server") == ("192.168.9.9",)
    assert ("192.168.9.9", "bacnet:3") in {(r["who"], r["value"]) for r in rows["clues"]}


def test_network_messages_are_named() -> None:
    rows = talk(
        (CLIENT, bvlc(0x0B, npdu(b"", message=0))),
        (SERVER, bvlc(0x0B, npdu(b"\x00\x05\x00\x06", message=1))),
        (CLIENT, ip(b"\x00", message=6)),
        (SERVER, ip(b"\x00", message=7)),
    )
    assert [(r["function_name"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        ("Who-Is-Router-To-Network", "network:*", "unknown"),
        ("I-Am-Router-To-Network", "network:5,6", "unsolicited"),
        ("Initialize-Routing-Table", None, "ok"),
    ]


def test_over_ethernet_and_ipv6_it_is_the_same() -> None:
    frame = b"\x82\x82\x03" + npdu(confirmed(1, 12, prop(AI, 1, 85)))
    rows = run([ethernet(frame, len(frame))])
    assert one(rows["operations"], "protocol", "object") == ("bacnet", "analog-input:1")
    six = bvlc(1, bytes(6) + npdu(confirmed(1, 12, prop(AI, 1, 85))), kind=0x82)
    assert one(talk((CLIENT, six))["operations"], "object") == ("analog-input:1",)


@pytest.mark.parametrize("port", [47808, 50123])
def test_any_port_will_do(port: int) -> None:
    assert one(talk((CLIENT, read(1, AI, 1, 85)), port=port)["operations"], "protocol") == ("bacnet",)


@pytest.mark.parametrize(
    ("octets", "port"),
    [
        (b"\x81\x0a\x00\x10" + bytes(12), 50123),
        (b"\x81\x0a\x00\xff\x01\x04", 50123),
        (b"\x82\x02\x10\x00" * 4, 50123),
        (b"\x81", 47808),
    ],
)
def test_other_octets_are_not_taken(octets: bytes, port: int) -> None:
    assert talk((CLIENT, octets), port=port)["operations"] == []


def test_a_wrong_length_is_told_and_the_datagram_read() -> None:
    asked = bytearray(read(1, AI, 1, 85))
    asked[3] -= 4
    rows = talk((CLIENT, bytes(asked)))
    assert one(rows["operations"], "object") == ("analog-input:1",)
    assert one(rows["oddities"], "oddity") == ("length-mismatch",)


def test_an_acknowledgement_without_its_request_still_tells() -> None:
    rows = talk((SERVER, read_ack(9, AI, 3, 85, real(1.0))))
    assert one(rows["operations"], "frame", "object", "outcome", "server") == (
        None,
        "analog-input:3",
        "ok",
        "10.0.0.2",
    )


SESSION = [
    (CLIENT, multiple(3)),
    *((SERVER, p) for p in segments(LONG, 50)),
    (CLIENT, write(4, AO, 1, 85, real(2.0), 8)),
    (SERVER, ip(error(4, 15, 2, 40))),
    (SERVER, bvlc(0x0B, npdu(unconfirmed(0, app(12, object_id(8, 1)) + unsigned(480))))),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 999), st.integers(0, 255)), max_size=6))
def test_changed_octets_give_records_or_declared_oddities(changes: list[tuple[int, int, int]]) -> None:
    made = [(side, bytearray(octets)) for side, octets in SESSION]
    for message, position, octet in changes:
        target = made[message % len(made)][1]
        target[position % len(target)] = octet
    rows = talk(*[(side, bytes(octets)) for side, octets in made])
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@pytest.mark.parametrize(
    "apdu",
    [
        # SubscribeCOVPropertyMultiple whose list holds an application tag: once read forever.
        "0005011e 0901 4e 0c00000001 1e 2105 1f 4f",
        # ReadProperty of an object identifier of eight octets: no key holds it.
        "0005020c 0d08ffffffffffffffff 1955",
    ],
)
def test_what_mutants_of_captures_broke_once(apdu):
    body = bytes.fromhex("0104") + bytes.fromhex(apdu)
    rows = udp([(CLIENT, b"\x81\x0a" + (4 + len(body)).to_bytes(2, "big") + body)], port=47808)
    assert not [row for row in rows["oddities"] if row["oddity"].startswith("decoder-error")]
    assert len(rows["operations"]) == 1


ELEMENTS = st.sampled_from(
    [
        *(b"\x00", b"\x11", b"\x21\x05", b"\x44\0\0\x80\x3f", b"\x75\x04\0abc", b"\x82\x04\xf0", b"\x91\1"),
        *(
            b"\x29\1",
            b"\x3e",
            b"\x3f",
            b"\x2e",
            b"\x2f",
            b"\x19\1",
            b"\x0d\2\0\0",
            b"\x75\xfe\0\2\0a",
            b"\x26",
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ELEMENTS | st.binary(max_size=3), max_size=12), st.booleans())
def test_a_value_that_nobody_wants_is_passed_as_far_as_it_would_be_read(
    parts: list[bytes], closed: bool
) -> None:
    octets = b"".join(parts) + (b"\x3f" if closed else b"")
    ends = []
    for passes in (lambda p: read_value(p, 3), lambda p: p.pass_value(3)):
        cursor, parameters = Cursor(), Parameters()
        cursor.bind(memoryview(octets))
        cursor.begin(0, len(octets))
        parameters.begin(cursor)
        try:
            passes(parameters)
            ends.append((cursor.offset(), parameters.ahead))
        except DecodeError as error:
            ends.append((error.oddity, error.offset))
    assert ends[0] == ends[1]


def test_machines_behind_routers_keep_their_units_however_many_there_are() -> None:
    """As many have a name as MAX_NAMES says, and keep it when what is at hand is forgotten."""
    asked = confirmed(5, 12, prop(DEVICE, 12, 70))
    ends = [(net, bytes((address,))) for net in range(1, 21) for address in range(250)]
    rows = talk(*((CLIENT, ip(asked, destination=end)) for end in (*ends, *ends[:5])))
    named = [f"{net}:{address[0]}" for net, address in ends[:MAX_NAMES]]
    assert [r["unit"] for r in rows["operations"]] == [
        *named,
        *[None] * (len(ends) - MAX_NAMES),
        *named[:5],
    ]
