"""OPC UA services: items, outcomes and values, from octets written down after OPC 10000-4 and 10000-6."""

from __future__ import annotations

import struct

import pytest

from decode.feed import ACK, Tcp, run
from decode.protocols.opcua_octets import (
    CLIENT,
    NULL,
    SERVER,
    SESSION,
    TICKS,
    answer,
    array,
    ask,
    clues,
    extension,
    localized,
    node,
    objects,
    oddities,
    one,
    qualified,
    read,
    read_answer,
    read_item,
    talk,
    text,
    u32,
    value,
    variant,
)
from interlock.decode.registry import load_verbs

BAD_UNKNOWN, BAD_WRITE, UNCERTAIN = 0x80340000, 0x803B0000, 0x40900000
TANK = node("Tank.Level", 2)
GUID = bytes.fromhex("0102") + b"\0\0" + bytes(range(12))


def signed(status: int) -> int:
    return status - (1 << 32)


@pytest.mark.parametrize(
    ("item", "spelled"),
    [
        (read_item(node(45)), "i=45"),
        (read_item(node(2258)), "i=2258"),
        (read_item(node(70000)), "i=70000"),
        (read_item(node(9, 300)), "ns=300;i=9"),
        (read_item(TANK), "ns=2;s=Tank.Level"),
        (read_item(node(b"\1\2", 3)), "ns=3;b=AQI="),
        (read_item(b"\x04\x01\x00" + GUID), "ns=1;g=00000201-0100-0302-0405-060708090a0b"),
        (read_item(node(85), 3), "i=85#BrowseName"),
        (read_item(node(85), 99), "i=85#99"),
        (read_item(TANK, 13, "0:3"), "ns=2;s=Tank.Level[0:3]"),
        (read_item(TANK, 4, "1"), "ns=2;s=Tank.Level#DisplayName[1]"),
        (read_item(b"\x83\x00\x00" + text("x") + text("urn:p")), "nsu=urn:p;s=x"),
        (read_item(b"\x40\x07" + u32(2)), "svr=2;i=7"),
    ],
)
def test_a_node_is_spelled_as_the_specification_does(item: bytes, spelled: str) -> None:
    row = one(talk((CLIENT, read(2, item))))
    assert (row["object"], row["verb"], row["function_name"], row["count"]) == (spelled, "read", "Read", 1)


def test_each_item_of_a_read_has_its_own_outcome() -> None:
    rows = talk(
        (CLIENT, read(2, read_item(TANK), read_item(node(1)), read_item(node(2)))),
        (
            SERVER,
            read_answer(
                2,
                value(variant(11, struct.pack("<d", 4.5)), times=True),
                value(None, BAD_UNKNOWN),
                value(variant(12, text("on")), UNCERTAIN),
            ),
        ),
    )
    assert [(r["item"], r["items"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (0, 3, "ok", None),
        (1, 3, "refused", signed(BAD_UNKNOWN)),
        (2, 3, "ok", None),
    ]
    assert {r["transaction"] for r in rows["operations"]} == {"2"}
    shown = [(v["object"], v["direction"], v["number"], v["text"], v["quality"]) for v in rows["values"]]
    assert shown == [
        ("ns=2;s=Tank.Level", "read", [4.5], None, "Good"),
        ("i=1", "read", None, None, "BadNodeIdUnknown"),
        ("i=2", "read", None, "on", "UncertainLastUsableValue"),
    ]
    assert {v["server"] for v in rows["values"]} == {"10.0.0.2"}
    assert oddities(rows) == set()


SCALARS = [
    (1, b"\1", [1.0], None),
    (2, b"\x80", [-128.0], None),
    (3, b"\xff", [255.0], None),
    (4, b"\x00\x80", [-32768.0], None),
    (5, b"\xff\xff", [65535.0], None),
    (6, b"\x00\x00\x00\x80", [-2147483648.0], None),
    (7, b"\xff\xff\xff\xff", [4294967295.0], None),
    (8, struct.pack("<q", -5), [-5.0], None),
    (9, struct.pack("<Q", 1 << 60), [float(1 << 60)], None),
    (10, struct.pack("<f", 0.5), [0.5], None),
    (11, struct.pack("<d", -2.25), [-2.25], None),
    (12, text("ab"), None, "ab"),
    (12, NULL, None, ""),
    (13, struct.pack("<Q", TICKS), None, "2020-11-16T11:33:20+00:00"),
    (14, GUID, None, "00000201-0100-0302-0405-060708090a0b"),
    (16, text("<a/>"), None, "<a/>"),
    (17, TANK, None, "ns=2;s=Tank.Level"),
    (18, b"\x81\x00\x05\x00" + text("urn:x"), None, "nsu=urn:x;i=5"),
    (19, u32(BAD_UNKNOWN), [float(BAD_UNKNOWN)], None),
    (20, qualified("Level", 2), None, "2:Level"),
    (21, localized("Stand", "de"), None, "Stand"),
]
NAMES = dict(
    enumerate(
        [
            *("Null", "Boolean", "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"),
            *("Float", "Double", "String", "DateTime", "Guid", "ByteString", "XmlElement", "NodeId"),
            *("ExpandedNodeId", "StatusCode", "QualifiedName", "LocalizedText"),
        ]
    )
)


@pytest.mark.parametrize(("kind", "octets", "number", "shown"), SCALARS)
def test_a_scalar_of_each_type(
    kind: int, octets: bytes, number: list[float] | None, shown: str | None
) -> None:
    rows = talk((CLIENT, read(2, read_item(TANK))), (SERVER, read_answer(2, value(variant(kind, octets)))))
    (found,) = rows["values"]
    assert (found["number"], found["text"], found["type"]) == (number, shown, NAMES[kind])
    assert oddities(rows) == set()


@pytest.mark.parametrize(("kind", "octets", "number", "shown"), SCALARS)
def test_an_array_of_each_type(
    kind: int, octets: bytes, number: list[float] | None, shown: str | None
) -> None:
    sent = value(variant(kind, octets, octets, many=True, dimensions=(1, 2)))
    rows = talk((CLIENT, read(2, read_item(TANK))), (SERVER, read_answer(2, sent, value(variant(1, b"\1")))))
    found = rows["values"][0]
    assert found["number"] == (number * 2 if number else None)
    assert found["text"] == (f"{shown}\n{shown}" if shown is not None else None)
    assert found["type"] == NAMES[kind] + "[]"
    assert rows["values"][1]["number"] == [1.0]  # the array was passed over to its end


@pytest.mark.parametrize(
    ("inner", "number", "raw"),
    [
        (variant(15, text(b"\1\2\3")), None, b"\1\2\3"),
        (variant(22, extension(30000, b"\x09\x08")), None, b"\x09\x08"),
        (variant(22, extension(30000, None)), None, None),
        (variant(15, text(b"\1"), text(b"\2"), many=True), None, text(b"\1") + text(b"\2")),
        (variant(25, b"\x41" + u32(1) + b"\x10" + text("x")), None, b"\x41" + u32(1) + b"\x10" + text("x")),
        (variant(23, value(variant(3, b"\5"), 0, times=True)), [5.0], None),
        (
            variant(24, variant(3, b"\1"), variant(5, b"\2\0", b"\3\0", many=True), many=True),
            [1.0, 2.0, 3.0],
            None,
        ),
        (variant(26, text(b"\7")), None, b"\7"),
        (variant(0), None, None),
    ],
)
def test_what_is_no_plain_number_or_text(inner: bytes, number: list[float] | None, raw: bytes | None) -> None:
    sent = read_answer(2, value(inner), value(variant(3, b"\x2a")))
    rows = talk((CLIENT, read(2, read_item(TANK), read_item(node(9)))), (SERVER, sent))
    *found, last = rows["values"]
    assert last["number"] == [42.0]
    if number or raw:
        assert (found[0]["number"], found[0]["raw"]) == (number, raw)
    assert oddities(rows) == set()


def test_a_write_is_seen_at_once_with_its_value() -> None:
    body = array(
        TANK + u32(13) + NULL + value(variant(10, struct.pack("<f", 80.0))),
        node(5, 2) + u32(4) + NULL + value(variant(21, localized("Boiler"))),
    )
    rows = talk((CLIENT, ask(2, 673, body)), (SERVER, answer(2, 673, array(u32(0), u32(BAD_WRITE)) + NULL)))
    assert [(r["verb"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("write", "ns=2;s=Tank.Level", "ok", None),
        ("configure", "ns=2;i=5#DisplayName", "refused", signed(BAD_WRITE)),
    ]
    assert [(v["direction"], v["number"], v["text"], v["server"]) for v in rows["values"]] == [
        ("written", [80.0], None, "10.0.0.2"),
        ("written", None, "Boiler", "10.0.0.2"),
    ]


@pytest.mark.parametrize(
    ("method", "verb"),
    [
        (node(62541, 1), "operate"),
        (node(11588), "file-write"),
        (node(2429), "stop"),
        (node(12886), "mode-set"),
        (node(9028), "alarm-suppress"),
        (node(2429, 4), "operate"),
    ],
)
def test_a_call_is_as_grave_as_its_method(method: bytes, verb: str) -> None:
    body = array(node(85) + method + array(variant(6, u32(7)), variant(12, text("go"))))
    result = u32(0) + array(u32(0)) + NULL + array(variant(1, b"\1"))
    rows = talk((CLIENT, ask(2, 712, body)), (SERVER, answer(2, 712, array(result) + NULL)))
    row = one(rows)
    assert (row["verb"], row["outcome"]) == (verb, "ok")
    assert row["object"].startswith("i=85/")
    assert [(v["direction"], v["number"], v["text"]) for v in rows["values"]] == [
        ("written", [7.0], None),
        ("written", None, "go"),
        ("read", [1.0], None),
    ]
    assert oddities(rows) == set()


def _browse(*nodes: bytes) -> bytes:
    view = node(0) + struct.pack("<QI", 0, 0) + u32(100)
    return view + array(*(n + u32(0) + node(33) + b"\1" + u32(0, 63) for n in nodes))


def test_browsing_counts_what_came_back() -> None:
    reference = node(35) + b"\1" + node("a", 1) + qualified("A", 1) + localized("A", "en") + u32(1) + node(61)
    results = array(
        u32(0) + text(b"next") + array(reference, reference),
        u32(BAD_UNKNOWN) + NULL + NULL,
    )
    rows = talk(
        (CLIENT, ask(2, 527, _browse(node(85), node(4242)))),
        (SERVER, answer(2, 527, results + NULL)),
        (CLIENT, ask(3, 533, b"\0" + array(text(b"next")))),
        (SERVER, answer(3, 533, array(u32(0) + NULL + array(reference)) + NULL)),
    )
    assert [(r["function_name"], r["object"], r["count"], r["outcome"]) for r in rows["operations"]] == [
        ("Browse", "i=85", 2, "ok"),
        ("Browse", "i=4242", 0, "refused"),
        ("BrowseNext", None, 1, "ok"),
    ]
    assert oddities(rows) == set()


def _element(name: str, namespace: int) -> bytes:
    return node(33) + b"\0\1" + qualified(name, namespace)


@pytest.mark.parametrize(
    ("function", "body", "spelled", "verb"),
    [
        (
            554,
            array(node(85) + array(_element("Tank", 2), _element("Level", 2))),
            ["i=85/2:Tank/2:Level"],
            "discover",
        ),
        (560, array(TANK, node(7)), ["ns=2;s=Tank.Level", "i=7"], "discover"),
        (566, array(TANK), ["ns=2;s=Tank.Level"], "discover"),
        (500, array(TANK + b"\1"), ["ns=2;s=Tank.Level"], "configure"),
        (506, array(TANK + node(35) + b"\1" + node(7) + b"\1"), ["ns=2;s=Tank.Level"], "configure"),
        (494, array(TANK + node(35) + b"\1" + NULL + node(7) + u32(1)), ["ns=2;s=Tank.Level"], "configure"),
        (
            488,
            array(
                node(85) + node(35) + node(0) + qualified("New", 2) + u32(1) + extension(354, b"x") + node(61)
            ),
            ["i=85/2:New"],
            "configure",
        ),
        (
            615,
            node(0)
            + bytes(12)
            + array(node(61) + b"\1" + array(array(_element("a", 0)) + u32(13) + NULL))
            + NULL,
            ["i=61"],
            "discover",
        ),
        (621, b"\0" + NULL, [None], "discover"),
        (
            763,
            u32(5, 0) + array(u32(12, 3) + bytes(8) + extension(0, None) + bytes(5)),
            ["subscription:5/item:12"],
            "subscribe",
        ),
        (
            769,
            u32(5, 2) + array(u32(1), u32(2)),
            ["subscription:5/item:1", "subscription:5/item:2"],
            "subscribe",
        ),
        (775, u32(5, 9) + array(u32(1)) + NULL, ["subscription:5/item:9"], "subscribe"),
        (781, u32(5) + array(u32(1)), ["subscription:5/item:1"], "subscribe"),
        (793, u32(5) + bytes(21), ["subscription:5"], "subscribe"),
        (799, b"\1" + array(u32(5), u32(6)), ["subscription:5", "subscription:6"], "subscribe"),
        (832, u32(5, 77), ["subscription:5"], "report"),
        (841, array(u32(5)) + b"\1", ["subscription:5"], "subscribe"),
        (847, array(u32(5), u32(6)), ["subscription:5", "subscription:6"], "subscribe"),
        (479, u32(31), ["request-handle:31"], "close"),
        (410, b"", [None], "diagnose"),
        (700, array(extension(682, TANK + u32(1) + NULL)), ["ns=2;s=Tank.Level"], "write"),
        (
            664,
            extension(649, b"\0") + u32(0) + b"\0" + array(TANK + text("0") + qualified(None) + NULL),
            ["ns=2;s=Tank.Level[0]"],
            "read",
        ),
    ],
)
def test_what_a_request_is_about(function: int, body: bytes, spelled: list[str | None], verb: str) -> None:
    rows = talk((CLIENT, ask(2, function, body)))
    assert objects(rows) == spelled
    assert {(r["function"], r["verb"], r["outcome"]) for r in rows["operations"]} == {
        (function, verb, "unknown")
    }
    assert oddities(rows) == set()


@pytest.mark.parametrize(
    ("function", "asked", "answered"),
    [
        (554, array(node(85) + NULL), array(u32(BAD_UNKNOWN) + array(node(1) + u32(0))) + NULL),
        (500, array(TANK + b"\1"), array(u32(BAD_UNKNOWN)) + NULL),
        (
            488,
            array(node(85) + node(35) + node(7, 2) + qualified("N") + u32(1) + extension(0, None) + node(0)),
            array(u32(BAD_UNKNOWN) + node(0)) + NULL,
        ),
        (
            763,
            u32(5, 0) + array(u32(12, 3) + bytes(8) + extension(0, None) + bytes(5)),
            array(u32(BAD_UNKNOWN) + bytes(12) + extension(0, None)) + NULL,
        ),
        (769, u32(5, 2) + array(u32(1)), array(u32(BAD_UNKNOWN)) + NULL),
        (841, array(u32(5)) + b"\1", array(u32(BAD_UNKNOWN) + array(u32(1))) + NULL),
        (
            700,
            array(extension(682, TANK + u32(1) + NULL)),
            array(u32(BAD_UNKNOWN) + array(u32(0)) + array(b"\0")) + NULL,
        ),
        (
            664,
            extension(649, b"") + u32(0) + b"\0" + array(TANK + NULL + qualified(None) + NULL),
            array(u32(BAD_UNKNOWN) + NULL + extension(0, None)) + NULL,
        ),
    ],
)
def test_an_item_is_refused_by_its_own_status(function: int, asked: bytes, answered: bytes) -> None:
    rows = talk((CLIENT, ask(2, function, asked)), (SERVER, answer(2, function, answered)))
    row = one(rows)
    assert (row["outcome"], row["code"]) == ("refused", signed(BAD_UNKNOWN))
    assert oddities(rows) == set()


def test_a_new_node_gets_the_name_that_the_server_gave_it() -> None:
    asked = array(node(85) + node(35) + node(0) + qualified("N", 1) + u32(1) + extension(0, None) + node(61))
    rows = talk((CLIENT, ask(2, 488, asked)), (SERVER, answer(2, 488, array(u32(0) + node(900, 1)) + NULL)))
    assert one(rows)["object"] == "ns=1;i=900"


def test_history_gives_values() -> None:
    data = array(
        value(variant(11, struct.pack("<d", 1.0))), value(variant(11, struct.pack("<d", 2.0)), UNCERTAIN)
    )
    asked = extension(649, b"") + u32(0) + b"\0" + array(TANK + NULL + qualified(None) + NULL)
    answered = array(u32(0) + NULL + extension(658, data)) + NULL
    rows = talk((CLIENT, ask(2, 664, asked)), (SERVER, answer(2, 664, answered)))
    assert [(v["object"], v["direction"], v["number"], v["quality"]) for v in rows["values"]] == [
        ("ns=2;s=Tank.Level", "read", [1.0], "Good"),
        ("ns=2;s=Tank.Level", "read", [2.0], "UncertainLastUsableValue"),
    ]
    update = array(extension(682, TANK + u32(1) + data))
    written = talk((CLIENT, ask(2, 700, update)))
    assert [(v["direction"], v["number"]) for v in written["values"]] == [
        ("written", [1.0]),
        ("written", [2.0]),
    ]


def _monitor(handle: int, item: bytes) -> bytes:
    return item + u32(2, handle) + struct.pack("<d", 100.0) + extension(0, None) + u32(1) + b"\1"


def _publication(*notifications: bytes) -> bytes:
    return (
        u32(5)
        + array(u32(1))
        + b"\0"
        + u32(1)
        + struct.pack("<Q", TICKS)
        + array(*notifications)
        + NULL
        + NULL
    )


def test_what_a_subscription_reports_bears_the_name_of_its_node() -> None:
    items = array(_monitor(40, read_item(TANK)), _monitor(41, read_item(node(2253), 12)))
    created = array(*(u32(0, 1) + bytes(12) + extension(0, None),) * 2) + NULL
    changes = array(
        u32(40) + value(variant(10, struct.pack("<f", 3.5)), 0, times=True),
        u32(99) + value(variant(1, b"\0")),
    )
    events = array(u32(41) + array(variant(5, b"\x2c\1"), variant(21, localized("high"))))
    rows = talk(
        (CLIENT, ask(2, 787, bytes(21))),
        (SERVER, answer(2, 787, u32(5) + bytes(16))),
        (CLIENT, ask(3, 751, u32(5, 2) + items)),
        (SERVER, answer(3, 751, created)),
        (CLIENT, ask(4, 826, NULL)),
        (SERVER, answer(4, 826, _publication(extension(811, changes + NULL), extension(916, events)))),
    )
    assert [(r["function_name"], r["object"], r["count"], r["outcome"]) for r in rows["operations"]] == [
        ("CreateSubscription", "subscription:5", 1, "ok"),
        ("CreateMonitoredItems", "ns=2;s=Tank.Level", 1, "ok"),
        ("CreateMonitoredItems", "i=2253#EventNotifier", 1, "ok"),
        ("Publish", "subscription:5", 3, "ok"),
    ]
    assert [(v["object"], v["direction"], v["number"], v["text"]) for v in rows["values"]] == [
        ("ns=2;s=Tank.Level", "reported", [3.5], None),
        ("subscription:5/handle:99", "reported", [0.0], None),
        ("i=2253#EventNotifier", "reported", [300.0], None),
        ("i=2253#EventNotifier", "reported", None, "high"),
    ]
    assert oddities(rows) == set()


def test_a_republished_notification_is_reported_too() -> None:
    changes = extension(811, array(u32(4) + value(variant(3, b"\7"))) + NULL)
    body = u32(1) + struct.pack("<Q", TICKS) + array(changes)
    rows = talk((CLIENT, ask(2, 832, u32(5, 1))), (SERVER, answer(2, 832, body)))
    assert [(v["object"], v["number"]) for v in rows["values"]] == [("subscription:5/handle:4", [7.0])]


def test_a_fault_refuses_the_whole_request_with_its_code() -> None:
    rows = talk(
        (CLIENT, read(2, read_item(TANK), read_item(node(1)))), (SERVER, answer(2, 397, b"", 0x80250000))
    )
    assert [(r["function"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (631, "refused", signed(0x80250000))
    ] * 2


def test_an_answer_may_carry_diagnostics_inside_diagnostics() -> None:
    inner = b"\x7f" + u32(1, 2, 3, 4) + text("why") + u32(BAD_UNKNOWN) + b"\x20" + u32(5)
    sent = answer(2, 631, array(value(variant(3, b"\1"))) + array(inner), 0, inner)
    rows = talk((CLIENT, read(2, read_item(TANK))), (SERVER, sent))
    assert rows["values"][0]["number"] == [1.0]
    assert oddities(rows) == set()


def test_build_info_says_who_the_server_is() -> None:
    build = (
        text("urn:acme")
        + text("ACME")
        + text("Boss 7")
        + text("4.2.1")
        + text("99")
        + struct.pack("<Q", TICKS)
    )
    status = struct.pack("<QQI", TICKS, TICKS, 0) + build + u32(0) + localized(None)
    rows = talk(
        (CLIENT, read(2, read_item(node(2256)), read_item(node(1)))),
        (SERVER, read_answer(2, value(variant(22, extension(864, status))), value(variant(3, b"\1")))),
    )
    expected = {
        ("10.0.0.2", "vendor", "ACME"),
        ("10.0.0.2", "product", "Boss 7"),
        ("10.0.0.2", "firmware", "4.2.1"),
        ("10.0.0.2", "software", "Boss 7 4.2.1"),
    }
    assert clues(rows) == expected
    assert rows["values"][1]["number"] == [1.0]  # the cursor came back
    apart = talk(
        (CLIENT, read(2, *(read_item(node(n)) for n in (2261, 2263, 2264)))),
        (SERVER, read_answer(2, *(value(variant(12, text(t))) for t in ("Boss 7", "ACME", "4.2.1")))),
    )
    assert clues(apart) == expected
    direct = talk(
        (CLIENT, read(2, read_item(node(2260)))),
        (SERVER, read_answer(2, value(variant(22, extension(340, build))))),
    )
    assert clues(direct) == expected


def test_a_request_waits_as_long_as_it_says_and_publish_an_hour() -> None:
    def late(request: bytes, wait_frames: int) -> str:
        connection = Tcp(4840)
        connection.open()
        connection.segment(CLIENT, request)
        connection.segment(SERVER, answer(9, 631, NULL + NULL))  # the server is heard, 1 ms passes a frame
        for _ in range(wait_frames):
            connection.segment(CLIENT, flags=ACK)
        rows = run(connection.frames, batch=1000)
        return str(next(r["outcome"] for r in rows["operations"] if r["frame"] is not None))

    assert late(read(2, read_item(TANK)), 11_000) == "no-answer"
    assert late(read(2, read_item(TANK), hint_ms=60_000), 11_000) == "unknown"
    assert late(ask(2, 826, NULL), 11_000) == "unknown"


def test_who_is_logged_in_stands_on_every_request() -> None:
    token = extension(324, text("policy") + text("anna") + text(b"secret") + NULL)
    activate = ask(2, 467, NULL + NULL + NULL + NULL + token + NULL + NULL, session=SESSION)
    rows = talk(
        (CLIENT, activate),
        (SERVER, answer(2, 467, NULL + NULL + NULL)),
        (CLIENT, read(3, read_item(TANK), read_item(node(1)), session=SESSION)),
        (CLIENT, read(4, read_item(TANK), session=node(12))),
        (CLIENT, ask(5, 473, b"\1", session=SESSION)),
        (SERVER, answer(5, 473)),
        (CLIENT, read(6, read_item(TANK), session=SESSION)),
    )
    users = sorted((r["transaction"], r["user"]) for r in rows["operations"])
    assert users == [("2", "anna"), ("3", "anna"), ("3", "anna"), ("4", None), ("5", "anna"), ("6", None)]


def test_every_known_function_is_one_of_the_specification() -> None:
    # A request of each, without a body: its own row, its own name, never an isolated failure of the decoder.
    table = load_verbs(["opcua"])["opcua"]
    for function, (name, verb) in table.items():
        if function == 446:
            continue
        rows = talk((CLIENT, ask(2, function)))
        row = one(rows)
        assert (row["function"], row["function_name"], row["verb"]) == (function, name, verb)
        assert oddities(rows) <= {"truncated"}
