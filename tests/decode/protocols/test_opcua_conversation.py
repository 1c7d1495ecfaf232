"""UA secure conversation: recognition, chunks, joining late, oddities, hostile octets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import tcp
from decode.protocols.opcua_octets import (
    ACKNOWLEDGE,
    BASIC256SHA256,
    CHANNEL,
    CLIENT,
    NULL,
    OPENING,
    SERVER,
    SESSION,
    TOKEN,
    answer,
    array,
    ask,
    chunk,
    extension,
    hello,
    message,
    node,
    objects,
    oddities,
    one,
    opened,
    opening,
    read,
    read_answer,
    read_item,
    request_header,
    response_header,
    talk,
    text,
    u32,
    value,
    variant,
)
from interlock.decode.protocols.opcua.channel import MAX_KEPT
from interlock.decode.protocols.opcua.decoder import SPEC
from interlock.decode.spec import NEED_MORE, Hint

ANY_PORT = Hint("tcp", 50000, 50001, 0, None, 0)
TANK = read_item(node("Tank.Level", 2))
LEVEL = value(variant(3, b"\x2a"))
ASK, ANSWER = read(2, TANK), read_answer(2, LEVEL)


# --- recognition


@pytest.mark.parametrize(
    "octets",
    [hello(), ACKNOWLEDGE, opening(), opened(), ASK, ANSWER, ask(3, 428), chunk(b"ERR", u32(1) + text("no"))],
)
def test_it_is_known_without_its_port(octets: bytes) -> None:
    assert SPEC.probe(octets, ANY_PORT) >= 60
    for cut in range(1, 12):
        assert SPEC.probe(octets[:cut], ANY_PORT) == NEED_MORE


@pytest.mark.parametrize(
    "octets",
    [
        b"HELO mail.example.org\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"MSG 1 N 100\r\nMIME-Version: 1.0\r\n",
        b"MSGFOOD is served, say the textbooks",
        b"ERRF not that either, far too long a size",
        b"OPNF" + u32(64) + bytes(80),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
        b"HELF" + u32(32, 99) + bytes(40),
        b"",
    ],
)
def test_others_are_not_taken_for_it(octets: bytes) -> None:
    assert SPEC.probe(octets, ANY_PORT) == 0


@given(st.binary(min_size=1, max_size=64))
def test_chance_is_not_taken_for_it(octets: bytes) -> None:
    if octets[:1] not in (b"H", b"A", b"E", b"R", b"O", b"C", b"M"):
        assert SPEC.probe(octets, ANY_PORT) == 0


def test_it_is_read_on_another_port() -> None:
    rows = tcp([*OPENING, (CLIENT, ASK), (SERVER, ANSWER)], port=50123)
    assert rows["flows"][0]["protocol"] == "opcua"
    assert [r["outcome"] for r in rows["operations"]] == ["ok", "ok"]


# --- chunks


def _chunks(call: int, service: bytes, pieces: int, *, start: int = 10) -> list[bytes]:
    size = -(-len(service) // pieces)
    parts = [service[k : k + size] for k in range(0, len(service), size)]
    return [
        message(call, part, letter=b"F" if k == len(parts) - 1 else b"C", sequence=start + k)
        for k, part in enumerate(parts)
    ]


@pytest.mark.parametrize("pieces", [1, 2, 3, 17])
def test_a_message_in_chunks_is_one_message(pieces: int) -> None:
    nodes = array(*(read_item(node(f"Tank{k}.Level", 2)) for k in range(40)))
    service = node(631) + request_header() + bytes(12) + nodes
    reply = node(634) + response_header() + array(*[LEVEL] * 40) + NULL
    asked = [(CLIENT, octets) for octets in _chunks(5, service, pieces)]
    answered = [(SERVER, octets) for octets in _chunks(5, reply, pieces)]
    rows = talk(*asked, *answered)
    assert objects(rows) == [f"ns=2;s=Tank{k}.Level" for k in range(40)]
    assert {(r["outcome"], r["frame"], r["response_frame"]) for r in rows["operations"]} == {
        ("ok", 7 + len(asked), 7 + len(asked) + len(answered))
    }
    assert [v["number"] for v in rows["values"]] == [[42.0]] * 40
    assert oddities(rows) == set()


def test_chunks_of_both_sides_and_two_messages_do_not_mix() -> None:
    first = _chunks(5, node(631) + request_header() + bytes(12) + array(TANK), 2, start=10)
    second = _chunks(6, node(631) + request_header() + bytes(12) + array(read_item(node(7))), 2, start=12)
    reply = _chunks(5, node(634) + response_header() + array(LEVEL) + NULL, 2, start=10)
    rows = talk(
        *((CLIENT, first[0]), (CLIENT, second[0]), (CLIENT, first[1]), (CLIENT, second[1])),
        *((SERVER, reply[0]), (SERVER, reply[1])),
    )
    assert sorted((r["object"], r["outcome"]) for r in rows["operations"]) == [
        ("i=7", "unknown"),
        ("ns=2;s=Tank.Level", "ok"),
    ]


def test_an_aborted_message_is_no_message_and_an_aborted_answer_a_refusal() -> None:
    abort = u32(0x80B80000) + text("too large")
    rows = talk(
        (CLIENT, message(4, node(631) + request_header(), letter=b"C")),
        (CLIENT, message(4, abort, letter=b"A", sequence=5)),
        (CLIENT, read(6, TANK)),
        (SERVER, message(6, node(634) + response_header(), letter=b"C")),
        (SERVER, message(6, abort, letter=b"A", sequence=7)),
    )
    assert [(r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        ("ns=2;s=Tank.Level", "refused", 0x80B80000 - (1 << 32))
    ]


def test_a_message_that_never_ends_costs_bounded_memory() -> None:
    piece = bytes(200_000)
    count = MAX_KEPT // len(piece) + 3
    body = [(CLIENT, message(4, piece, letter=b"C", sequence=10 + k)) for k in range(count)]
    rows = talk(*body, (CLIENT, message(4, b"", sequence=10 + count)))
    assert "message-too-large" in oddities(rows)
    assert not any(o.startswith("decoder-error") for o in oddities(rows))


def test_many_unfinished_messages_cost_bounded_memory() -> None:
    begun = [(CLIENT, message(k, node(631) + request_header(), letter=b"C")) for k in range(4, 60)]
    rows = talk(*begun, (CLIENT, message(59, bytes(12) + array(TANK), sequence=60)))
    assert [r["object"] for r in rows["operations"]] == ["ns=2;s=Tank.Level"]


@pytest.mark.parametrize("size", [1, 7, 13, 50])
def test_segments_of_any_size_give_the_same(size: int) -> None:
    exchange = [
        *OPENING,
        (CLIENT, ASK),
        (SERVER, ANSWER),
        (CLIENT, ask(3, 473, b"\1")),
        (SERVER, answer(3, 473)),
    ]
    whole = tcp(exchange, port=4840)
    parts = [(side, octets[k : k + size]) for side, octets in exchange for k in range(0, len(octets), size)]
    split = tcp(parts, port=4840)
    for table, left_out in (
        ("operations", {"frame", "response_frame", "time", "latency", "flow"}),
        ("values", {"frame", "time", "flow"}),
        ("opcua_sessions", {"frame", "time", "flow"}),
    ):
        mine = [{k: v for k, v in row.items() if k not in left_out} for row in split[table]]
        assert mine == [{k: v for k, v in row.items() if k not in left_out} for row in whole[table]]


def test_a_segment_with_several_chunks_gives_each() -> None:
    rows = tcp([*OPENING, (CLIENT, ASK + read(3, TANK) + read(4, TANK))], port=4840)
    assert [r["transaction"] for r in rows["operations"]] == ["1", "2", "3", "4"]


def test_batches_of_any_size_give_the_same() -> None:
    exchange = [
        (CLIENT, ASK),
        (CLIENT, read(3, read_item(node(7)))),
        (SERVER, read_answer(3, LEVEL)),
        (SERVER, ANSWER),
    ]
    whole, cut = talk(*exchange), talk(*exchange, batch=1)
    assert sorted(map(str, cut["operations"])) == sorted(map(str, whole["operations"]))
    assert cut["values"] == whole["values"]


# --- joined late


def test_a_conversation_joined_late_is_read_and_its_sides_are_found() -> None:
    rows = tcp(
        [(SERVER, ANSWER), (CLIENT, read(3, TANK)), (SERVER, read_answer(3, LEVEL))],
        port=50001,
        client_port=40000,  # by its ports alone the client would be the server
        handshake=False,
    )
    assert [(r["frame"], r["response_frame"], r["outcome"], r["client"]) for r in rows["operations"]] == [
        (None, 1, "ok", "10.0.0.1"),
        (2, 3, "ok", "10.0.0.1"),
    ]
    assert rows["operations"][0]["function"] == 631
    (found,) = rows["opcua_sessions"]
    assert (found["policy"], found["mode"], found["event"]) == ("None", "None", "channel")
    assert oddities(rows) == set()


def test_a_signed_conversation_joined_late_is_known_by_what_is_left_over() -> None:
    signed = ASK[:4] + u32(len(ASK) + 32) + ASK[8:] + bytes(range(32))
    rows = tcp([(CLIENT, signed)], port=4840, handshake=False)
    assert one(rows)["object"] == "ns=2;s=Tank.Level"
    assert [(s["policy"], s["mode"]) for s in rows["opcua_sessions"]] == [(None, "Sign")]


def test_an_encrypted_conversation_joined_late_counts_as_such() -> None:
    sealed = chunk(b"MSG", u32(CHANNEL, TOKEN) + bytes((k * 91 + 5) % 253 for k in range(80)))
    rows = tcp([(k & 1, sealed) for k in range(12)], port=4840, handshake=False)
    assert {(r["function"], r["function_name"], r["verb"], r["outcome"]) for r in rows["operations"]} == {
        (None, "encrypted", "unknown", "unknown")
    }
    assert len(rows["operations"]) == 12
    assert [(s["policy"], s["mode"]) for s in rows["opcua_sessions"]] == [(None, "SignAndEncrypt")]


def test_a_server_may_open_the_connection() -> None:
    reverse = chunk(b"RHE", text("urn:plc7") + text("opc.tcp://plc7:4840"))
    exchange = [
        (CLIENT, reverse),
        *((1 - side, octets) for side, octets in [*OPENING, (CLIENT, ASK), (SERVER, ANSWER)]),
    ]
    rows = tcp(exchange, port=48400)
    assert {(r["client"], r["server"], r["outcome"]) for r in rows["operations"]} == {
        ("10.0.0.2", "10.0.0.1", "ok")
    }
    assert rows["opcua_sessions"][0]["endpoint_url"] == "opc.tcp://plc7:4840/ua"


# --- oddities, one by one


def _mutated(octets: bytes, at: int, new: bytes) -> bytes:
    return octets[:at] + new + octets[at + len(new) :]


BODY = 24
"""Octets before the type id."""


@pytest.mark.parametrize(
    ("oddity", "sent"),
    [
        ("truncated", [(CLIENT, message(2, node(631) + request_header()[:10]))]),
        ("not-framed", [(CLIENT, b"no chunk at all")]),
        ("length-impossible", [(CLIENT, ask(2, 631, bytes(12) + u32(0x7FFFFFFF)))]),
        ("length-impossible", [(CLIENT, ask(2, 631, bytes(12) + array(b"\3\2\0" + u32(9999))))]),
        ("node-id-invalid", [(CLIENT, ask(2, 631, bytes(12) + array(b"\x07" + bytes(20))))]),
        ("node-id-invalid", [(CLIENT, message(2, b"\x3f" + bytes(30)))]),
        ("extension-object-invalid", [(CLIENT, message(2, node(631) + request_header()[:-1] + b"\x09"))]),
        ("variant-type-invalid", [(CLIENT, ASK), (SERVER, read_answer(2, b"\x01\x3f"))]),
        (
            "nesting-too-deep",
            [(CLIENT, ASK), (SERVER, read_answer(2, b"\1" + b"\x98\1\0\0\0" * 40 + b"\3\1"))],
        ),
        ("nesting-too-deep", [(CLIENT, ASK), (SERVER, answer(2, 631, b"", 0, b"\x40" * 200))]),
        ("service-unknown", [(CLIENT, ask(2, 9999))]),
        ("service-unknown", [(CLIENT, message(2, node(631, 3) + request_header()))]),
        ("service-unknown", [(CLIENT, message(2, b"\x02\0\0" + u32(0xFFFFFFFF) + request_header()))]),
        ("wrong-direction", [(SERVER, read(2, TANK))]),
        ("wrong-direction", [(CLIENT, ASK), (SERVER, ANSWER), (CLIENT, read_answer(3, LEVEL))]),
        ("answer-of-another-service", [(CLIENT, ASK), (SERVER, answer(2, 673, NULL + NULL))]),
        ("sequence-not-rising", [(CLIENT, ASK), (CLIENT, ASK)]),
        ("channel-unknown", [(CLIENT, message(2, ASK[BODY:], channel=99))]),
        ("token-unknown", [(CLIENT, message(2, ASK[BODY:], token=99))]),
        ("trailing-octets", [(CLIENT, message(2, ASK[BODY:] + b"extra"))]),
        ("too-many-items", [(CLIENT, ask(2, 560, array(*[node(1)] * 20000)))]),
    ],
)
def test_each_oddity_is_told_and_the_flow_goes_on(oddity: str, sent: list[tuple[int, bytes]]) -> None:
    rows = talk(*sent, (CLIENT, message(90, read(90, read_item(node(77)))[BODY:])))
    assert oddities(rows) == {oddity}
    assert "i=77" in objects(rows)


def test_every_oddity_is_in_the_quality_file() -> None:
    import tomllib  # noqa: PLC0415

    place = Path(SPEC.decoder.__module__.replace(".", "/")).parent / "quality.toml"
    text_found = (Path(__file__).parents[3] / "src" / place).read_text("utf-8")
    listed = set(tomllib.loads(text_found)["oddities"])
    source = "".join(
        p.read_text("utf-8") for p in (Path(__file__).parents[3] / "src" / place.parent).glob("*.py")
    )
    import re  # noqa: PLC0415

    told = set(re.findall(r'(?:DecodeError\(|oddity\(m, i, "opcua", )"([a-z-]+)"', source))
    assert told <= listed
    assert listed - told == {"truncated", "not-framed", "over-budget"}  # told by the cursor and the engine


def test_a_renewed_channel_knows_both_tokens() -> None:
    renewal = opened(3)
    renewed = renewal[:-21] + u32(TOKEN + 1) + renewal[-17:]
    rows = talk(
        *((CLIENT, ASK), (CLIENT, opening(3)), (SERVER, renewed)),
        (SERVER, message(2, ANSWER[BODY:], sequence=4)),
        (CLIENT, message(4, read(4, TANK)[BODY:], token=TOKEN + 1)),
    )
    assert oddities(rows) == set()
    assert len(rows["opcua_sessions"]) == 1  # how it is secured did not change


def test_a_sequence_number_may_wrap() -> None:
    rows = talk(
        (CLIENT, message(2, ASK[BODY:], sequence=0xFFFFFFFE)),
        (CLIENT, message(3, read(3, TANK)[BODY:], sequence=5)),
    )
    assert oddities(rows) == set()


# --- hostile octets

_CHANGES = extension(811, array(u32(40) + LEVEL) + NULL)
_CONVERSATION = [
    *OPENING,
    (CLIENT, ask(2, 428, text("opc.tcp://plc7:4840") + NULL + NULL)),
    (SERVER, answer(2, 428, array())),
    (
        CLIENT,
        ask(3, 467, NULL * 4 + extension(324, text("p") + text("anna") + text(b"x") + NULL), session=SESSION),
    ),
    (SERVER, answer(3, 467, NULL * 3)),
    (CLIENT, read(4, TANK, read_item(node(2256)), session=SESSION)),
    (SERVER, read_answer(4, LEVEL, value(variant(22, extension(864, bytes(20) + text("a") * 5))))),
    (CLIENT, ask(5, 673, array(node("T", 2) + u32(13) + NULL + LEVEL))),
    (SERVER, answer(5, 673, array(u32(0x803B0000)) + NULL)),
    (CLIENT, ask(6, 751, u32(5, 2) + array(TANK + u32(2, 40) + bytes(8) + extension(0, None) + bytes(5)))),
    (CLIENT, ask(7, 826, NULL)),
    (SERVER, answer(7, 826, u32(5) + NULL + b"\0" + u32(1) + bytes(8) + array(_CHANGES) + NULL + NULL)),
    (CLIENT, ask(8, 712, array(node(85) + node(7, 1) + array(variant(24, variant(3, b"\1"), many=True))))),
    (
        CLIENT,
        ask(9, 527, node(0) + bytes(12) + u32(1) + array(node(85) + u32(0) + node(33) + b"\1" + u32(0, 63))),
    ),
    (CLIENT, message(10, node(452) + request_header(), kind=b"CLO")),
]
_NO_BUG = "decoder-error"


def test_the_whole_conversation_is_clean() -> None:
    rows = tcp(_CONVERSATION, port=4840)
    assert oddities(rows) == set()
    assert len(rows["operations"]) == 11


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_conversations_never_break_the_decoder(data: st.DataObject) -> None:
    conversation = [(side, bytearray(payload)) for side, payload in _CONVERSATION]
    for _ in range(data.draw(st.integers(1, 12))):
        _, payload = conversation[data.draw(st.integers(0, len(conversation) - 1))]
        at = data.draw(st.integers(8, len(payload) - 1))
        payload[at] = data.draw(
            st.sampled_from((0, 1, 2, 4, 0x0F, 0x16, 0x18, 0x40, 0x7F, 0x80, 0xC0, 0xFF))
            | st.integers(0, 255)
        )
    rows = tcp([(side, bytes(payload)) for side, payload in conversation], port=4840)
    assert [o for o in rows["oddities"] if o["oddity"].startswith(_NO_BUG)] == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.sampled_from((b"MSG", b"OPN", b"CLO", b"HEL", b"ACK", b"ERR", b"RHE")),
            st.sampled_from((b"F", b"C", b"A")),
            st.sampled_from((b"", u32(CHANNEL, TOKEN, 9, 9), u32(CHANNEL, TOKEN, 9, 9) + node(631))),
            st.binary(max_size=120),
        ),
        max_size=8,
    )
)
def test_any_payload_gives_records_or_oddities(
    payloads: list[tuple[int, bytes, bytes, bytes, bytes]],
) -> None:
    sent = [(side, chunk(kind, head + rest, letter)) for side, kind, letter, head, rest in payloads]
    rows = talk((CLIENT, ASK), *sent, (SERVER, ANSWER))
    assert [o for o in rows["oddities"] if o["oddity"].startswith(_NO_BUG)] == []


def _captures() -> list[Path]:
    root = Path(os.environ.get("INTERLOCK_CAPTURES", Path(__file__).parents[4] / "shared" / "captures"))
    return sorted((root / "opcua").glob("*.pcap"))


@pytest.mark.skipif(not _captures(), reason="shared captures are not here (INTERLOCK_CAPTURES)")
def test_real_captures_hold_no_oddity() -> None:
    from interlock.capture import SourceSpec, open_sources  # noqa: PLC0415
    from interlock.decode.engine import Engine  # noqa: PLC0415
    from interlock.decode.registry import load_specs, load_verbs  # noqa: PLC0415

    for place in _captures():
        with open_sources([SourceSpec(path=str(place), realm="default")]) as run:
            engine = Engine(run.sources, load_specs(outside=False), load_verbs())
            made = [engine.feed(frames) for frames in run] + list(engine.finish())
        assert [batch["oddities"].to_pylist() for batch in made if "oddities" in batch] == [], place.name
        assert sum(batch["operations"].num_rows for batch in made if "operations" in batch) > 0


def test_policy_is_told_of_a_sealed_opening_alone() -> None:
    sealed = chunk(b"OPN", u32(0) + text(BASIC256SHA256) + NULL + NULL + bytes(range(64)))
    rows = tcp([(CLIENT, hello()), (SERVER, ACKNOWLEDGE), (CLIENT, sealed)], port=4840)
    assert [(r["function"], r["transaction"], r["outcome"]) for r in rows["operations"]] == [
        (446, None, "unknown")
    ]


def test_who_greets_again_on_one_connection_breaks_a_rule() -> None:
    greeting = [(CLIENT, hello()), (SERVER, ACKNOWLEDGE)]
    assert tcp(greeting, port=4840)["oddities"] == []
    rows = tcp([*greeting, (CLIENT, hello()), (CLIENT, hello())], port=4840)
    assert [row["oddity"] for row in rows["oddities"]] == ["hello-again"] * 2
