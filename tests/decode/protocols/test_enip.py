"""Encapsulation, wrapping, pairing and recognition; octets written after CIP Volumes 1 and 2."""

from __future__ import annotations

import re
import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, Tcp, run, tcp, udp
from decode.protocols.enip_octets import (
    BACKPLANE_0,
    CONNECTION_MANAGER,
    IDENTITY,
    MESSAGE_ROUTER,
    PORT,
    TO_ORIGINATOR,
    TO_TARGET,
    closed,
    connected,
    enip,
    forward_close,
    forward_open,
    identity,
    implicit,
    items,
    list_identity,
    logical,
    multiple,
    one,
    opened,
    packet,
    reply,
    request,
    routed,
    tag,
    talk,
    unconnected,
)
from interlock.decode.protocols.enip.decoder import SPEC
from interlock.decode.protocols.enip.session import Bounded, Memory
from interlock.decode.registry import load_specs, load_verbs
from interlock.decode.spec import NEED_MORE, Hint

FOLDER = Path(__file__).parents[3] / "src/interlock/decode/protocols/enip"
READ = request(0x4C, tag("Speed"), b"\1\0")
IS_42 = reply(0x4C, b"\xc4\0" + struct.pack("<i", 42))


def ops(rows: Rows, *columns: str) -> list[tuple[Any, ...]]:
    if columns:
        return [tuple(r[c] for c in columns) for r in rows["operations"]]
    hidden = {"frame", "response_frame", "time", "latency", "flow", "operation"}
    return [tuple(v for k, v in r.items() if k not in hidden) for r in rows["operations"]]


# --- the encapsulation layer


@pytest.mark.parametrize(
    ("command", "asked", "answered", "name", "verb"),
    [
        (
            0x04,
            b"",
            items((0x100, b"\1\0\x20\1" + b"Communications".ljust(16, b"\0"))),
            "ListServices",
            "discover",
        ),
        (0x63, b"", list_identity(), "ListIdentity", "identify"),
        (0x64, b"", b"\0\0", "ListInterfaces", "discover"),
        (0x65, b"\1\0\0\0", b"\1\0\0\0", "RegisterSession", "open"),
    ],
)
def test_a_command_is_a_row(command: int, asked: bytes, answered: bytes, name: str, verb: str) -> None:
    rows = talk(enip(command, asked, session=0), enip(command, answered))
    assert one(rows["operations"], "protocol", "function", "function_name", "verb", "outcome", "code") == (
        "enip", command, name, verb, "ok", None,
    )  # fmt: skip
    assert rows["oddities"] == []


def test_a_refused_command_carries_its_status() -> None:
    rows = talk(enip(0x65, b"\2\0\0\0", session=0), enip(0x65, b"\1\0\0\0", session=0, status=0x69))
    assert one(rows["operations"], "outcome", "code") == ("refused", 0x69)


def test_what_expects_no_answer_is_not_unanswered() -> None:
    rows = talk((CLIENT, enip(0x00)), (CLIENT, enip(0x66)), (CLIENT, enip(0x63, session=0)), (SERVER, b""))
    assert ops(rows, "function_name", "outcome")[:2] == [("NOP", "unknown"), ("UnRegisterSession", "unknown")]


def test_a_command_of_the_vendor_is_unknown() -> None:
    rows = talk(enip(0x65, b"\1\0\0\0", session=0), enip(0x65, b"\1\0\0\0"), enip(0x01), enip(0x01, b"\0\0"))
    assert ops(rows, "function", "function_name", "verb")[1] == (1, None, "unknown")


def test_identity_over_udp_is_clues_and_a_row_of_its_own_table() -> None:
    rows = udp([(CLIENT, enip(0x63, session=0)), (SERVER, enip(0x63, list_identity(), session=0))], port=PORT)
    told = {(c["who"], c["field"], c["value"]) for c in rows["clues"] if c["protocol"] == "enip"}
    assert told == {
        ("10.0.0.2", "vendor-id", "cip:1"),
        ("10.0.0.2", "product-code", "cip:1/12/58"),
        ("10.0.0.2", "device-type", "cip:12"),
        ("10.0.0.2", "firmware", "20.11"),
        ("10.0.0.2", "serial", "0x00524d8e"),
        ("10.0.0.2", "product", "1756-ENBT/A"),
    }
    wanted = ("vendor", "revision", "status", "state", "address", "port")
    assert one(rows["cip_identities"], *wanted) == (1, "20.11", 0x3060, 3, "10.0.0.2", PORT)
    assert one(rows["operations"], "outcome", "response_frame") == ("ok", 2)


def test_an_address_that_is_not_the_senders_is_a_clue() -> None:
    answer = enip(0x63, list_identity(address=bytes([192, 168, 9, 9])), session=0)
    rows = udp([(CLIENT, enip(0x63, session=0)), (SERVER, answer)], port=PORT)
    assert ("10.0.0.2", "ip", "192.168.9.9") in {(c["who"], c["field"], c["value"]) for c in rows["clues"]}


def test_who_asks_is_told_where_both_ports_are_the_servers() -> None:
    asked, answered = enip(0x63, session=0), enip(0x63, list_identity(), session=0)
    rows = udp([(SERVER, answered), (CLIENT, asked), (SERVER, answered)], port=PORT, client_port=PORT)
    assert {r["client"] for r in rows["operations"]} == {"10.0.0.1"}
    assert [(r["frame"], r["response_frame"]) for r in rows["operations"]] == [(None, 1), (2, 3)]


# --- wrapping and pairing


def test_an_unconnected_request_is_its_row_and_its_context_the_transaction() -> None:
    rows = talk(unconnected(READ, context=b"\5"), unconnected(IS_42, context=b"\5"))
    assert one(rows["operations"], "protocol", "function", "object", "count", "outcome", "transaction", "unit") == (
        "cip", 0x4C, "Speed", 1, "ok", "5", None,
    )  # fmt: skip


def test_answers_out_of_order_find_their_requests() -> None:
    other = request(0x4C, tag("Level"), b"\1\0")
    asked = [(CLIENT, unconnected(READ, context=b"a")), (CLIENT, unconnected(other, context=b"b"))]
    answered = [
        (SERVER, unconnected(reply(0x4C, status=5), context=b"b")),
        (SERVER, unconnected(IS_42, context=b"a")),
    ]
    rows = tcp(asked + answered, port=PORT)
    assert ops(rows, "object", "outcome", "code") == [("Speed", "ok", None), ("Level", "refused", 5)]


def test_an_unconnected_send_is_unwrapped_and_its_route_the_unit() -> None:
    rows = talk(unconnected(routed(READ)), unconnected(IS_42))
    assert one(rows["operations"], "function", "object", "unit", "outcome") == (0x4C, "Speed", "1,0", "ok")
    far = bytes.fromhex("0103120d") + b"192.168.20.10" + b"\0" + bytes.fromhex("0102")
    rows = talk(unconnected(routed(READ, far)), unconnected(IS_42))
    assert one(rows["operations"], "unit") == ("1,3,2,192.168.20.10,1,2",)


def test_a_refused_wrapper_refuses_what_it_held() -> None:
    refused = reply(0x52, b"\1", status=1, extended=[0x0204])
    rows = talk(unconnected(routed(READ)), unconnected(refused))
    assert one(rows["operations"], "function", "outcome", "code", "response_frame") == (0x4C, "refused", 1, 5)
    assert one(rows["cip_refusals"], "general_status", "extended_status", "unit") == (1, [0x0204], "1,0")
    rows = talk(connected(multiple(READ, READ)), connected(reply(0x0A, status=2), connection=TO_ORIGINATOR))
    assert ops(rows, "function", "outcome", "code") == [(0x4C, "refused", 2)] * 2


def test_a_carrier_that_is_refused_refuses_what_it_held() -> None:
    rows = talk(unconnected(READ), enip(0x6F, context=b"ctx", status=0x64))
    assert one(rows["operations"], "protocol", "outcome", "code") == ("cip", "refused", 0x10064)


def test_each_request_of_a_packet_is_a_row_with_its_own_answer() -> None:
    asked = multiple(READ, request(0x0E, logical(0xF5, 1, 6)), request(0x05, IDENTITY))
    answered = reply(0x0A, packet(IS_42, reply(0x0E, b"\4\0plc1"), reply(0x05, status=0x0F)), status=0x1E)
    rows = talk(connected(asked, 9), connected(answered, 9, TO_ORIGINATOR))
    assert ops(rows, "function", "object", "verb", "outcome", "code", "transaction") == [
        (0x4C, "Speed", "read", "ok", None, "9"),
        (0x0E, "class:0xf5/1/6", "read", "ok", None, "9"),
        (0x05, "class:0x01/1", "reset", "refused", 0x0F, "9"),
    ]
    assert ("name", "plc1") in {(c["field"], c["value"]) for c in rows["clues"]}


def test_a_packet_within_a_packet_within_a_route_is_opened() -> None:
    asked = unconnected(routed(multiple(READ, multiple(READ, READ))))
    answered = unconnected(reply(0x0A, packet(IS_42, reply(0x0A, packet(IS_42, IS_42)))))
    rows = talk(asked, answered)
    assert ops(rows, "function", "outcome", "unit") == [(0x4C, "ok", "1,0")] * 3


def test_an_answer_without_its_request_is_a_row_of_its_own() -> None:
    rows = talk((SERVER, connected(IS_42, 3, TO_ORIGINATOR)))
    assert one(rows["operations"], "client", "frame", "function", "function_name", "verb", "outcome") == (
        "10.0.0.1", None, 0x4C, None, "unknown", "ok",
    )  # fmt: skip


def test_connections_give_messages_their_unit_until_they_are_closed() -> None:
    path = BACKPLANE_0 + MESSAGE_ROUTER
    rows = talk(
        unconnected(forward_open(path)), unconnected(opened()),
        connected(READ), connected(IS_42, connection=TO_ORIGINATOR),
        unconnected(forward_close(path)), unconnected(closed()),
        connected(READ), connected(IS_42, connection=TO_ORIGINATOR),
    )  # fmt: skip
    assert ops(rows, "function_name", "verb", "object", "unit", "outcome") == [
        ("Forward_Open", "open", "class:0x02/1", "1,0", "ok"),
        ("Read Tag", "read", "Speed", "1,0", "ok"),
        ("Forward_Close", "close", "class:0x02/1", "1,0", "ok"),
        ("Read Tag", "read", "Speed", None, "ok"),
    ]
    told = (
        "event",
        "unit",
        "serial",
        "vendor",
        "originator",
        "to_target",
        "to_originator",
        "transport_class",
    )
    same = ("1,0", 7, 0x4D, 0x2FD52563, TO_TARGET, TO_ORIGINATOR)
    assert [tuple(r[c] for c in told) for r in rows["cip_connections"]] == [
        ("opened", *same, 3), ("closed", *same, None),
    ]  # fmt: skip
    wanted = ("to_target_interval", "to_originator_interval", "to_target_size", "safety")
    assert tuple(rows["cip_connections"][0][c] for c in wanted) == (8000000, 4000000, 500, False)


@given(
    st.integers(0, 255),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.booleans(),
)
def test_a_forward_open_says_how_long_each_end_waits_for_the_other(
    doublings: int, intervals: tuple[int, int], kinds: tuple[int, int], large: bool
) -> None:
    asked = forward_open(
        MESSAGE_ROUTER, doublings=doublings, intervals=intervals, kinds=kinds, large=large, transport=0x01
    )
    rows = talk(unconnected(asked), unconnected(opened(large=large)))
    times = {0: 4, 1: 8, 2: 16, 3: 32, 4: 64, 5: 128, 6: 256, 7: 512}.get(doublings)
    expected = [
        interval * times * 1000 if times and kind and interval else None
        for interval, kind in zip(intervals, kinds, strict=True)
    ]
    told = one(rows["cip_connections"], "timeout_multiplier", "to_target_watchdog", "to_originator_watchdog")
    assert (told[0], *(silence or None for silence in told[1:])) == (times, *expected)
    assert one(rows["cip_connections"], "event", "to_target_size") == ("opened", 500)


def test_a_refused_forward_open_says_why() -> None:
    refused = reply(0x54, bytes(8), status=1, extended=[0x0109])
    rows = talk(unconnected(forward_open(MESSAGE_ROUTER)), unconnected(refused))
    assert one(rows["operations"], "verb", "outcome", "code") == ("open", "refused", 1)
    assert one(rows["cip_connections"], "event", "general_status", "extended_status") == (
        "refused",
        1,
        0x0109,
    )


def test_two_connections_with_equal_sequences_are_kept_apart() -> None:
    second = opened(serial=8).replace(struct.pack("<II", TO_TARGET, TO_ORIGINATOR), struct.pack("<II", 1, 2))
    other = request(0x4C, tag("Level"), b"\1\0")
    rows = talk(
        unconnected(forward_open(MESSAGE_ROUTER)), unconnected(opened()),
        unconnected(forward_open(MESSAGE_ROUTER, serial=8)), unconnected(second),
        (CLIENT, connected(READ, 5)), (CLIENT, connected(other, 5, 1)),
        (SERVER, connected(reply(0x4C, status=4), 5, 2)), (SERVER, connected(IS_42, 5, TO_ORIGINATOR)),
    )  # fmt: skip
    assert ops(rows, "object", "outcome")[2:] == [("Speed", "ok"), ("Level", "refused")]


# --- implicit messages


def test_implicit_messages_are_a_flow_that_its_opener_leads() -> None:
    session = Tcp(PORT)
    session.open()
    session.segment(CLIENT, unconnected(forward_open(logical(0x04, 100), transport=0x01)))
    session.segment(SERVER, unconnected(opened()))
    datagrams = []
    for side, connection in ((SERVER, TO_ORIGINATOR), (CLIENT, TO_TARGET)):
        payload = implicit(connection)
        head = struct.pack(">HHHH", 2222, 2222, 8 + len(payload), 0)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0x4000, 64, 17, 0)
        ends = (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
        datagrams.append(
            b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + ends[side] + ends[1 - side] + head + payload
        )
    rows = run(session.frames + datagrams)
    flow = [f for f in rows["flows"] if f["transport"] == "udp"]
    assert one(flow, "protocol", "basis", "client", "server", "server_packets") == (
        "enip-io", "parsed", "10.0.0.1", "10.0.0.2", 1,
    )  # fmt: skip
    assert len(rows["operations"]) == 1
    assert rows["oddities"] == []


def test_implicit_messages_need_no_port() -> None:
    rows = udp([(CLIENT, implicit(1)), (SERVER, implicit(2))], port=40001, client_port=40000)
    assert one(rows["flows"], "protocol", "basis") == ("enip-io", "parsed")
    assert rows["operations"] == []


# --- rules that traffic breaks

ODDITIES = [
    ("options-set", enip(0x63, session=0, options=1)),
    ("carrier-empty", enip(0x6F)),
    ("interface-handle-unknown", enip(0x6F, b"\1\0\0\0\0\0" + items((0, b""), (0xB2, READ)))),
    ("item-count-mismatch", enip(0x6F, bytes(6) + b"\3\0" + items((0, b""), (0xB2, READ))[2:])),
    ("item-length-mismatch", enip(0x6F, bytes(6) + b"\2\0" + bytes(4) + b"\xb2\0\xff\0" + READ)),
    ("trailing-octets", enip(0x6F, bytes(6) + items((0, b""), (0xB2, READ)) + b"\0")),
    ("path-length-mismatch", unconnected(b"\x0e\x7f" + IDENTITY)),
    ("path-malformed", unconnected(request(0x0E, b"\xe0\0"))),
    ("answer-among-requests", connected(multiple(READ, IS_42))),
    ("request-among-answers", connected(reply(0x0A, packet(IS_42, READ)))),
    ("extended-status-mismatch", connected(b"\xcc\0\1\x09\0\0")),
    ("service-count-mismatch", connected(request(0x0A, MESSAGE_ROUTER, b"\xff\xff" + bytes(20)))),
    ("service-offset-invalid", connected(request(0x0A, MESSAGE_ROUTER, b"\2\0\6\0\6\0" + READ))),
    ("embedded-length-mismatch", unconnected(request(0x52, CONNECTION_MANAGER, b"\7\xf9\xff\0" + READ))),
    ("nested-too-deep", connected(multiple(multiple(multiple(multiple(multiple(READ))))))),
    ("truncated", unconnected(request(0x4D, tag("Speed"), b"\xc4"))),
]


@pytest.mark.parametrize(("oddity", "payload"), ODDITIES, ids=[o for o, _ in ODDITIES])
def test_what_breaks_a_rule_is_an_oddity_and_the_flow_goes_on(oddity: str, payload: bytes) -> None:
    begin = enip(0x65, b"\1\0\0\0", session=0)
    end = (CLIENT, unconnected(READ, context=b"end")), (SERVER, unconnected(IS_42, context=b"end"))
    rows = talk((CLIENT, begin), (CLIENT, payload), *end)
    assert oddity in {o["oddity"] for o in rows["oddities"]}
    assert ("Speed", "ok") in ops(rows, "object", "outcome")


@pytest.mark.parametrize(
    ("oddity", "payload"),
    [
        ("length-mismatch", enip(0x63, session=0) + b"\0"),
        ("implicit-address-malformed", items((0x8002, bytes(8)), (0xB1, b""), (0, b""))),
        ("implicit-length-mismatch", implicit(1)[:-2]),
    ],
)
def test_what_breaks_a_datagram_is_an_oddity(oddity: str, payload: bytes) -> None:
    good = implicit(1) if oddity.startswith("implicit") else enip(0x63, session=0)
    rows = udp([(CLIENT, good), (CLIENT, payload)], port=2222)
    assert [o["oddity"] for o in rows["oddities"]] == [oddity]


def test_octets_that_are_no_message_are_passed_over_and_the_stream_joined_again() -> None:
    rows = talk(unconnected(READ), unconnected(IS_42), (CLIENT, b"\xff" * 40), (CLIENT, unconnected(READ)))
    assert [o["oddity"] for o in rows["oddities"]] == ["not-framed"]
    assert len(rows["operations"]) == 2


def test_every_oddity_that_is_raised_is_declared_and_tested() -> None:
    text = "".join(p.read_text("utf-8") for p in FOLDER.glob("*.py"))
    call = r'(?:DecodeError|oddity)\(\s*(?:(?:x\.)?m, (?:x\.)?i, "(?:enip|cip)", )?"([a-z-]+)"'
    raised = set(re.findall(call, text))
    declared = set(tomllib.loads((FOLDER / "quality.toml").read_text("utf-8"))["oddities"])
    assert raised <= declared
    assert declared - raised <= {"truncated", "not-framed", "over-budget"}


# --- recognition

ANY_TCP = Hint("tcp", 50000, 40000, 0, None, 0)
ANY_UDP = Hint("udp", 50000, 40000, 0, None, 0)
OWN = [
    (enip(0x65, b"\1\0\0\0", session=0), ANY_TCP), (unconnected(READ), ANY_TCP), (connected(IS_42), ANY_TCP),
    (enip(0x63, session=0), ANY_UDP), (enip(0x63, list_identity()), ANY_UDP), (implicit(1), ANY_UDP),
]  # fmt: skip
OTHERS = [
    b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n", bytes.fromhex("16030100b4010000b00303") + bytes(200), bytes(64), b"\0" * 24,
    bytes.fromhex("000100000006010300000001"), bytes.fromhex("0300001611e00000000100c0010ac1020100c2020102"),
    bytes.fromhex("1234010000010000000000000377777706676f6f676c6503636f6d0000010001"), b"SSH-2.0-OpenSSH_9.2\r\n",
]  # fmt: skip


@pytest.mark.parametrize(("payload", "hint"), OWN)
def test_it_is_recognised_on_any_port_and_by_nobody_else(payload: bytes, hint: Hint) -> None:
    assert SPEC.probe(payload, hint) >= 60
    for spec in load_specs(outside=False):
        if spec.name != "enip":
            assert spec.probe(payload, hint) < 60, spec.name


@pytest.mark.parametrize("payload", OTHERS)
def test_other_protocols_are_not_taken(payload: bytes) -> None:
    assert SPEC.probe(payload, ANY_TCP) in (0, NEED_MORE)
    assert SPEC.probe(payload.ljust(24, b"\0"), ANY_TCP) == 0
    assert SPEC.probe(payload, ANY_UDP) == 0


@given(st.binary(min_size=24, max_size=600))
def test_chance_is_not_taken_for_it(octets: bytes) -> None:
    assert SPEC.probe(octets, ANY_TCP) == 0
    assert SPEC.probe(octets, ANY_UDP) == 0


def test_a_session_that_began_before_the_capture_is_joined() -> None:
    payloads = [(SERVER, connected(IS_42, 3, TO_ORIGINATOR)), (CLIENT, connected(READ, 4))]
    rows = tcp(
        [*payloads, (SERVER, connected(IS_42, 4, TO_ORIGINATOR))],
        port=40000,
        client_port=30000,
        handshake=False,
    )
    assert ops(rows, "client", "outcome") == [("10.0.0.1", "ok")] * 2
    assert one(rows["flows"], "protocol", "client") == ("enip", "10.0.0.1")


# --- any octets

WRITE = request(0x4D, tag("Set[2]"), b"\xca\0\2\0" + bytes(8))
TWO_FACTS = b"\2\0\1\0\0\0\1\0\7\0\0\0\1X"
READ_N7 = bytes.fromhex("074d00785634120f000100a20207890a00")
CONVERSATION: list[tuple[int, bytes]] = [
    (CLIENT, enip(0x65, b"\1\0\0\0", session=0)),
    (SERVER, enip(0x65, b"\1\0\0\0")),
    (CLIENT, enip(0x63, session=0)),
    (SERVER, enip(0x63, list_identity())),
    (CLIENT, unconnected(request(0x01, IDENTITY))),
    (SERVER, unconnected(reply(0x01, identity()))),
    (CLIENT, unconnected(forward_open(BACKPLANE_0 + MESSAGE_ROUTER), context=b"fo")),
    (SERVER, unconnected(opened(), context=b"fo")),
    (CLIENT, connected(multiple(READ, WRITE, request(0x03, IDENTITY, b"\2\0\1\0\7\0")), 2)),
    (SERVER, connected(reply(0x0A, packet(IS_42, reply(0x4D), reply(0x03, TWO_FACTS))), 2, TO_ORIGINATOR)),
    (CLIENT, unconnected(routed(request(0x55, logical(0x6B, 0), b"\2\0\1\0\2\0")), context=b"sy")),
    (SERVER, unconnected(reply(0x55, b"\7\0\0\0\5\0Speed\xc4\0", status=6), context=b"sy")),
    (CLIENT, unconnected(request(0x4B, logical(0x67, 1), READ_N7), context=b"pc")),
    (SERVER, unconnected(reply(0x4B, bytes.fromhex("074d00785634124f0001002a00")), context=b"pc")),
    (CLIENT, unconnected(forward_close(BACKPLANE_0 + MESSAGE_ROUTER), context=b"fc")),
    (SERVER, unconnected(closed(), context=b"fc")),
    (CLIENT, unconnected(request(0x05, IDENTITY), context=b"re")),
    (SERVER, unconnected(reply(0x05, status=0x10, extended=[1, 2]), context=b"re")),
]  # fmt: skip


def test_whole_and_split_streams_give_the_same_operations() -> None:
    whole = [b"".join(p for s, p in CONVERSATION if s == side) for side in (CLIENT, SERVER)]
    expected = sorted(map(repr, ops(tcp([(s, whole[s]) for s in (CLIENT, SERVER)], port=PORT))))
    assert len(expected) == 15
    for side in (CLIENT, SERVER):
        for cut in range(1, len(whole[side]), 2):
            pieces = [(side, whole[side][:cut]), (side, whole[side][cut:])]
            other = (1 - side, whole[1 - side])
            rows = tcp([*pieces, other] if side == CLIENT else [other, *pieces], port=PORT)
            assert sorted(map(repr, ops(rows))) == expected, (side, cut)


def test_batches_make_no_difference() -> None:
    expected = ops(tcp(CONVERSATION, port=PORT))
    for size in (1, 2, 3, 7):
        assert sorted(map(repr, ops(tcp(CONVERSATION, port=PORT, batch=size)))) == sorted(map(repr, expected))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_conversations_never_break_the_decoder(data: st.DataObject) -> None:
    conversation = [(side, bytearray(payload)) for side, payload in CONVERSATION]
    for _ in range(data.draw(st.integers(1, 12))):
        _, payload = conversation[data.draw(st.integers(0, len(conversation) - 1))]
        at = data.draw(st.integers(2, len(payload) - 1))
        payload[at] = data.draw(
            st.sampled_from((0, 1, 2, 4, 0x0A, 0x52, 0x7F, 0x80, 0xFF)) | st.integers(0, 255)
        )
    rows = tcp([(side, bytes(payload)) for side, payload in conversation], port=PORT)
    assert [o for o in rows["oddities"] if o["oddity"].startswith("decoder-error")] == []


PATHS = (
    IDENTITY,
    CONNECTION_MANAGER,
    MESSAGE_ROUTER,
    tag("Speed"),
    *(logical(c, 1, 5) for c in (0x37, 0x67, 0x6B, 0x72, 0xF5, 0xF6)),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 127), st.sampled_from(PATHS), st.binary(max_size=60), st.binary(max_size=60)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_service_gives_records_or_oddities(calls: list[tuple[int, bytes, bytes, bytes]]) -> None:
    payloads = []
    for service, path, data, back in calls:
        payloads += [unconnected(request(service, path, data)), unconnected(reply(service, back))]
    rows = talk(*payloads, unconnected(READ, context=b"z"), unconnected(IS_42, context=b"z"))
    assert [o for o in rows["oddities"] if o["oddity"].startswith("decoder-error")] == []
    assert ("Speed", "ok") in ops(rows, "object", "outcome")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=120)), max_size=6))
def test_any_datagram_gives_records_or_oddities(payloads: list[tuple[int, bytes]]) -> None:
    rows = udp([(CLIENT, implicit(1)), *((s, b"\2\0\2\x80" + p) for s, p in payloads)], port=2222)
    rows["oddities"] += udp([(CLIENT, enip(0x63)), *((s, enip(0x63, p)) for s, p in payloads)], port=PORT)[
        "oddities"
    ]
    assert [o for o in rows["oddities"] if o["oddity"].startswith("decoder-error")] == []


def test_memory_of_a_session_is_bounded() -> None:
    payloads = [
        (CLIENT, unconnected(routed(READ, bytes([1, k % 250])), context=struct.pack("<I", k)))
        for k in range(1200)
    ]
    rows = tcp(payloads, port=PORT)
    assert len(rows["operations"]) == 1200
    opening = forward_open(MESSAGE_ROUTER)
    payloads = []
    for k in range(600):
        answer = opened().replace(
            struct.pack("<II", TO_TARGET, TO_ORIGINATOR), struct.pack("<II", k, k | 1 << 20)
        )
        payloads += [(CLIENT, unconnected(opening)), (SERVER, unconnected(answer))]
    rows = tcp(payloads, port=PORT)
    assert [r["event"] for r in rows["cip_connections"]] == ["opened"] * 600


@given(st.lists(st.integers(0, 20)), st.integers(1, 8))
def test_what_is_remembered_is_the_newest(keys: list[int], limit: int) -> None:
    kept: Bounded[int, int] = Bounded(limit)
    for at, key in enumerate(keys):
        kept.put(key, at)
    newest = list(dict.fromkeys(reversed(keys)))[:limit]
    assert list(kept) == newest[::-1]


def test_every_memory_has_a_bound() -> None:
    memories = [value for value in vars(Memory()).values() if not isinstance(value, int)]
    assert len(memories) == 7
    assert all(isinstance(value, Bounded) for value in memories)


def test_thousands_of_open_reads_keep_what_their_answers_are() -> None:
    """More than are marked without a Python object (MARKS): what loses its place is a note."""
    frames: list[bytes] = []
    answers: list[bytes] = []
    for flow in range(20):
        connection = Tcp(PORT, client_port=40000 + flow)
        connection.open()
        for k in range(250):
            connection.segment(CLIENT, unconnected(READ, context=struct.pack("<I", k)))
        frames += connection.frames
        connection.frames.clear()
        for k in range(250):
            answer = reply(0x4C, b"\xc4\0" + struct.pack("<i", 1000 * flow + k))
            connection.segment(SERVER, unconnected(answer, context=struct.pack("<I", k)))
        answers += connection.frames
    for batch in (0, 1500):
        rows = run([*frames, *answers], batch=batch)
        assert {r["outcome"] for r in rows["operations"]} == {"ok"}
        told = [r["number"] for r in rows["values"]]
        assert told == [[1000 * flow + k] for flow in range(20) for k in range(250)]


def test_a_long_packet_that_is_refused_refuses_the_requests_that_are_remembered() -> None:
    asked = connected(multiple(*[request(0x4C, tag(f"T{k}"), b"\1\0") for k in range(300)]))
    rows = talk(asked, connected(reply(0x0A, status=2), connection=TO_ORIGINATOR))
    outcomes = [r["outcome"] for r in rows["operations"]]
    given_up, kept, beyond = (
        128,
        128,
        44,
    )  # a flow has 256 open requests at most; the message's first 256 are kept
    assert outcomes == ["unknown"] * given_up + ["refused"] * kept + ["unknown"] * beyond


def test_a_refusal_is_found_behind_thousands_of_wrapped_requests() -> None:
    payloads = []
    for k in range(5000):
        context = struct.pack("<I", k)
        payloads += [
            (CLIENT, unconnected(routed(READ), context=context)),
            (SERVER, unconnected(IS_42, context=context)),
        ]
    refused = unconnected(reply(0x52, b"\1", status=1, extended=[0x0204]), context=b"last")
    rows = tcp(
        [*payloads, (CLIENT, unconnected(routed(READ), context=b"last")), (SERVER, refused)], port=PORT
    )
    assert [r["outcome"] for r in rows["operations"]] == ["ok"] * 5000 + ["refused"]


def test_the_unit_of_a_connection_id_is_that_of_who_opened_it_last() -> None:
    def call(sequence: int) -> list[tuple[int, bytes]]:
        return [
            (CLIENT, connected(READ, sequence)),
            (SERVER, connected(IS_42, sequence, connection=TO_ORIGINATOR)),
        ]

    there = forward_open(b"\x01\x02" + MESSAGE_ROUTER, serial=8)
    payloads = [
        (CLIENT, unconnected(forward_open(b"\x01\x00" + MESSAGE_ROUTER))),
        (SERVER, unconnected(opened())),
        *call(1),
        *call(2),
        (CLIENT, unconnected(there)),
        (SERVER, unconnected(opened(serial=8))),
        *call(3),
        (CLIENT, unconnected(forward_close(b"\x01\x02" + MESSAGE_ROUTER, serial=8))),
        (SERVER, unconnected(closed(serial=8))),
        *call(4),
    ]
    rows = tcp(payloads, port=PORT)
    assert [r["unit"] for r in rows["operations"] if r["function"] == 0x4C] == ["1,0", "1,0", "1,2", None]
    assert {r["outcome"] for r in rows["operations"]} == {"ok"}


def test_a_packet_that_points_at_one_request_again_and_again_costs_its_length() -> None:
    offsets = struct.pack("<H", 6002) * 3000
    rows = talk(connected(request(0x0A, MESSAGE_ROUTER, struct.pack("<H", 3000) + offsets + READ)))
    assert one(rows["operations"], "function", "verb") == (0x0A, "unknown")
    assert [o["oddity"] for o in rows["oddities"]] == ["service-offset-invalid"]


def test_every_public_function_has_a_verb() -> None:
    verbs = load_verbs(("enip",))
    assert {0x00, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6F, 0x70} <= verbs["enip"].keys()
    common = {*range(0x01, 0x0B), 0x0D, 0x0E, 0x10, 0x11, *range(0x15, 0x1D)}
    assert common <= verbs["cip"].keys()
    assert not {s for s in verbs["cip"] if s >= 0x32}, "codes from 0x32 on mean what their class says"
