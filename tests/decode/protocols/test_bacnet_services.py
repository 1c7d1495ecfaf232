"""BACnet's rarer services: alarms, events, files, lists, objects, messages, time; after ASHRAE 135 clauses 13 to 16."""

from __future__ import annotations

import struct

import pytest

from decode.feed import CLIENT, SERVER
from decode.protocols.bacnet_octets import ack as acknowledged
from decode.protocols.bacnet_octets import (
    app,
    closing,
    confirmed,
    ctx,
    enumerated,
    ip,
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

DEVICE, AI, FILE, LOG, SCHEDULE, LIFE = 8, 0, 10, 20, 17, 21
MAY_6 = bytes((124, 5, 6, 1)), bytes((12, 5, 36, 11))  # 2024-05-06 12:05:36.11
STAMP = opening(2) + app(10, MAY_6[0]) + app(11, MAY_6[1]) + closing(2)


def grouped(number: int, *parts: bytes) -> bytes:
    return opening(number) + b"".join(parts) + closing(number)


def oid(kind: int, number: int) -> bytes:
    return app(12, object_id(kind, number))


EVENT = (
    ctx(0, 7)
    + ctx(1, object_id(DEVICE, 9))
    + ctx(2, object_id(AI, 4))
    + grouped(3, STAMP)
    + ctx(4, 1)
    + ctx(5, 100)
    + ctx(6, 0)
    + ctx(7, b"\x00too hot")
    + ctx(8, 0)
    + ctx(9, 1)
    + ctx(10, 0)
    + ctx(11, 3)
)


@pytest.mark.parametrize(
    ("service", "parameters", "verb", "subject", "count"),
    [
        (0, ctx(0, 7) + ctx(1, object_id(AI, 4)) + ctx(2, 3) + grouped(3, STAMP) + ctx(4, b"\0joe") + grouped(5, STAMP),
         "operate", "analog-input:4", 1),
        (5, ctx(0, 7) + ctx(1, object_id(AI, 4)) + ctx(2, 0) + ctx(3, 60), "subscribe", "analog-input:4", 1),
        (6, oid(FILE, 2) + grouped(0, app(3, b"\0"), unsigned(512)), "file-read", "file:2", 512),
        (6, oid(FILE, 2) + grouped(1, app(3, b"\0"), unsigned(3)), "file-read", "file:2", 3),
        (7, oid(FILE, 2) + grouped(0, app(3, b"\0"), app(6, b"abc")), "file-write", "file:2", 3),
        (8, ctx(0, object_id(DEVICE, 9)) + ctx(1, 152) + grouped(3, oid(AI, 1)), "configure",
         "device:9.active-cov-subscriptions", 1),
        (9, ctx(0, object_id(DEVICE, 9)) + ctx(1, 152) + grouped(3, oid(AI, 1)), "configure",
         "device:9.active-cov-subscriptions", 1),
        (10, grouped(0, ctx(0, SCHEDULE)), "configure", "schedule", 1),
        (10, grouped(0, ctx(1, object_id(AI, 77))), "configure", "analog-input:77", 1),
        (11, oid(AI, 77), "configure", "analog-input:77", 1),
        (26, ctx(0, object_id(LOG, 1)) + ctx(1, 131) + grouped(3, unsigned(1), app(3, b"\x0a")), "read",
         "trend-log:1.log-buffer", 10),
        (27, ctx(0, 1) + ctx(1, b"\0joe") + ctx(2, 5) + ctx(3, object_id(LIFE, 3)), "reset", "life-safety-point:3", 1),
        (27, ctx(0, 1) + ctx(1, b"\0joe") + ctx(2, 1) + ctx(3, object_id(LIFE, 3)), "alarm-suppress",
         "life-safety-point:3", 1),
        (28, ctx(0, 7) + ctx(1, object_id(AI, 4)) + grouped(4, ctx(0, 85)), "subscribe", "analog-input:4", 1),
        (18, ctx(0, 15) + ctx(1, 3), "unknown", "vendor:15/3", 1),
        (19, ctx(0, object_id(DEVICE, 9)) + ctx(2, 0) + ctx(3, b"\0leave"), "report", "device:9", 1),
    ],
)  # fmt: skip
def test_a_confirmed_service_names_what_it_is_about(
    service: int, parameters: bytes, verb: str, subject: str, count: int
) -> None:
    rows = talk((CLIENT, ip(confirmed(4, service, parameters))), (SERVER, ip(simple(4, service))))
    assert rows["oddities"] == []
    told = one(rows["operations"], "function", "verb", "object", "count", "outcome")
    assert told == (service, verb, subject, count, "ok")


@pytest.mark.parametrize(
    ("service", "parameters", "verb", "subject"),
    [
        (1, oid(DEVICE, 9) + oid(AI, 4) + string("TI-4"), "report", "analog-input:4"),
        (5, ctx(0, object_id(DEVICE, 9)) + ctx(2, 0) + ctx(3, b"\0leave"), "report", "device:9"),
        (6, app(10, MAY_6[0]) + app(11, MAY_6[1]), "time-set", "local-time"),
        (7, ctx(0, 1) + ctx(1, 9) + ctx(2, object_id(AI, 4)), "discover", "analog-input:4"),
        (7, ctx(3, b"\0TI-4"), "discover", "name:TI-4"),
        (9, app(10, MAY_6[0]) + app(11, MAY_6[1]), "time-set", "utc-time"),
        (10, ctx(0, 12) + ctx(1, 8) + grouped(2, real(0.5)), "write", "group:12"),
    ],
)
def test_an_unconfirmed_service_names_what_it_is_about(
    service: int, parameters: bytes, verb: str, subject: str
) -> None:
    rows = talk((CLIENT, ip(unconfirmed(service, parameters))))
    assert rows["oddities"] == []
    assert one(rows["operations"], "function", "verb", "object") == (256 + service, verb, subject)


@pytest.mark.parametrize("message", [unconfirmed(3, EVENT), confirmed(8, 2, EVENT)])
def test_an_event_tells_its_state_its_message_and_when(message: bytes) -> None:
    rows = talk((SERVER, ip(message)))
    assert rows["oddities"] == []
    assert one(rows["operations"], "verb", "object") == ("report", "analog-input:4")
    told = one(rows["values"], "object", "number", "text", "direction", "device_time")
    assert told == ("analog-input:4.event-state", [3.0], "too hot", "reported", 1_714_997_136_110_000_000)


@pytest.mark.parametrize(
    "stamp",
    [
        ctx(1, 77),  # a sequence number
        ctx(0, MAY_6[1]),  # a time of day
        grouped(2, app(10, bytes((124, 255, 6, 1))), app(11, MAY_6[1])),  # of no month
        grouped(2, app(10, MAY_6[0]), app(11, bytes((24, 0, 0, 0)))),  # of no hour
        grouped(2),
    ],
)
def test_an_event_without_a_moment_has_no_time(stamp: bytes) -> None:
    rows = talk((SERVER, ip(unconfirmed(3, EVENT.replace(grouped(3, STAMP), grouped(3, stamp))))))
    assert rows["oddities"] == []
    assert one(rows["values"], "device_time") == (None,)


def test_who_acknowledges_an_alarm_is_the_user() -> None:
    parameters = ctx(0, 7) + ctx(1, object_id(AI, 4)) + ctx(2, 3) + grouped(3, STAMP) + ctx(4, b"\0joe")
    rows = talk((CLIENT, ip(confirmed(4, 0, parameters))))
    assert one(rows["operations"], "user") == ("joe",)


def test_a_files_octets_are_values() -> None:
    read = oid(FILE, 2) + grouped(0, app(3, b"\0"), unsigned(512))
    answer = app(1, b"")[:0] + bytes((0x11,)) + grouped(0, app(3, b"\0"), app(6, b"content"))
    written = oid(FILE, 3) + grouped(0, app(3, b"\0"), app(6, b"new"))
    rows = talk(
        (CLIENT, ip(confirmed(1, 6, read))),
        (SERVER, ip(acknowledged(1, 6, answer))),
        (CLIENT, ip(confirmed(2, 7, written))),
        (SERVER, ip(acknowledged(2, 7, ctx(0, 0)))),
    )
    assert rows["oddities"] == []
    assert [(v["object"], v["raw"], v["direction"]) for v in rows["values"]] == [
        ("file:2", b"content", "read"),
        ("file:3", b"new", "written"),
    ]


def test_alarm_summaries_are_states_of_their_objects() -> None:
    summary = (
        oid(AI, 4) + enumerated(3) + app(8, b"\x05\xe0") + oid(AI, 5) + enumerated(2) + app(8, b"\x05\xe0")
    )
    information = grouped(0, *(
        ctx(0, object_id(AI, n)) + ctx(1, 1) + ctx(2, b"\x05\xe0") + grouped(3, *[ctx(1, 1)] * 3) + ctx(4, 0)
        + ctx(5, b"\x05\xe0") + grouped(6, unsigned(1), unsigned(2), unsigned(3))
        for n in (6, 7)
    )) + ctx(1, 0)  # fmt: skip
    rows = talk(
        (CLIENT, ip(confirmed(1, 3))),
        (SERVER, ip(acknowledged(1, 3, summary))),
        (CLIENT, ip(confirmed(2, 29))),
        (SERVER, ip(acknowledged(2, 29, information))),
    )
    assert rows["oddities"] == []
    assert [(v["object"], v["number"]) for v in rows["values"]] == [
        ("analog-input:4.event-state", [3.0]),
        ("analog-input:5.event-state", [2.0]),
        ("analog-input:6.event-state", [1.0]),
        ("analog-input:7.event-state", [1.0]),
    ]


def test_a_created_object_has_the_identifier_of_the_answer() -> None:
    rows = talk(
        (CLIENT, ip(confirmed(1, 10, grouped(0, ctx(0, SCHEDULE))))),
        (SERVER, ip(acknowledged(1, 10, oid(SCHEDULE, 5)))),
    )
    assert one(rows["operations"], "object", "outcome") == ("schedule:5", "ok")


def test_the_number_of_seconds_is_of_the_devices_own_clock() -> None:
    from interlock.decode.protocols.bacnet.values import moment  # noqa: PLC0415 (the one test that needs it)

    assert moment(*MAY_6) == 1_714_997_136_110_000_000
    assert moment(bytes(4), bytes(4)) is None
    assert moment(b"", MAY_6[1]) is None
    assert struct.pack(">B", 124) == MAY_6[0][:1]
