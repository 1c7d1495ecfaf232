"""TPKT and COTP, S7comm-plus, MMS by its name, recognition, and hostile octets."""

from __future__ import annotations

import re
import struct
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import Tcp, run, tcp
from decode.protocols.s7_octets import (
    CLIENT,
    CONFIRM,
    CONNECT,
    SERVER,
    ask,
    dt,
    item,
    job,
    one,
    pdu,
    push,
    read,
    read_answer,
    reply,
    s7any,
    talk,
    tpkt,
)
from interlock.decode.protocols.s7comm.decoder import SPEC
from interlock.decode.registry import load_specs
from interlock.decode.spec import NEED_MORE, Hint

ANY_PORT = Hint("tcp", 50000, 40000, 0, None, 0)
ASK, ANSWER = read(1, s7any(2, 4, 0x83, 0)), read_answer(1, item(4, b"\1\2\3\4"))


def _ops(rows: dict) -> list[tuple]:
    hidden = {"frame", "response_frame", "time", "latency", "flow", "operation"}
    return [tuple(v for k, v in r.items() if k not in hidden) for r in rows["operations"]]


# --- the transport


def test_fragments_of_a_data_unit_are_joined() -> None:
    whole = pdu(1, 1, bytes([4, 1]) + s7any(2, 4, 0x83, 0))
    parts = dt(whole[:7], last=False) + dt(whole[7:15], last=False), dt(whole[15:])
    rows = talk((CLIENT, parts[0]), (CLIENT, parts[1]), (SERVER, ANSWER))
    assert _ops(rows) == _ops(talk(ASK, ANSWER))
    assert (rows["operations"][0]["frame"], rows["oddities"]) == (5, [])


def test_empty_data_units_between_messages_are_passed_over() -> None:
    rows = talk(
        (CLIENT, ASK), (SERVER, ANSWER), (CLIENT, dt(b"", last=False)), (CLIENT, ASK), (SERVER, ANSWER)
    )
    assert [r["outcome"] for r in rows["operations"]] == ["ok", "ok"]
    assert rows["oddities"] == []


def test_an_endless_data_unit_is_thrown_away_and_the_next_is_read() -> None:
    chunk = dt(bytes(60000), last=False)
    rows = talk(
        (CLIENT, ASK), (SERVER, ANSWER), (CLIENT, chunk), (CLIENT, chunk), (CLIENT, dt(b"x")), (CLIENT, ASK)
    )
    assert [o["oddity"] for o in rows["oddities"]] == ["data-unit-too-long"]
    assert len(rows["operations"]) == 2


def test_several_messages_in_a_segment_and_one_in_several() -> None:
    together = talk(
        (CLIENT, ASK + read(2, s7any(2, 1, 0x83, 8))), (SERVER, ANSWER + read_answer(2, item(4, b"\7")))
    )
    assert [r["object"] for r in together["operations"]] == ["MB0", "MB1"]
    for cut in range(1, len(ASK)):
        assert _ops(talk((CLIENT, ASK[:cut]), (CLIENT, ASK[cut:]), (SERVER, ANSWER))) == _ops(
            talk(ASK, ANSWER)
        )


def test_a_connection_that_began_before_the_capture_is_joined() -> None:
    rows = talk((SERVER, ANSWER), (CLIENT, ASK), (SERVER, ANSWER), handshake=False)
    assert [(r["client"], r["outcome"]) for r in rows["operations"]] == [("10.0.0.1", "ok")] * 2
    assert one(rows["flows"], "protocol", "basis", "client") == ("s7comm", "parsed", "10.0.0.1")


def test_setup_says_who_asks_where_ports_do_not() -> None:
    setup = job(1, bytes.fromhex("f0000001000101e0"))
    rows = tcp([(SERVER, setup)], port=40000, client_port=30000, handshake=False)
    assert one(rows["operations"], "client") == ("10.0.0.2",)
    assert one(rows["flows"], "client") == ("10.0.0.2",)


def test_refused_connections_stand_in_the_table() -> None:
    rows = talk(CONNECT, tpkt(bytes.fromhex("06800001000003")), (SERVER, tpkt(bytes.fromhex("0470000102"))))
    assert [(c["tpdu"], c["reason"]) for c in rows["cotp"]] == [
        ("connection request", None),
        ("disconnect request", 3),
        ("error", 2),
    ]
    assert rows["operations"] == []


def test_tia_portal_calls_by_name() -> None:
    named = b"\xc1\x02\x06\x00\xc2\x0fSIMATIC-ROOT-ES\xc0\x01\x0a"
    rows = talk(tpkt(bytes([6 + len(named), 0xE0, 0, 0, 0, 1, 0]) + named))
    assert one(rows["cotp"], "called_tsap", "unit", "connection_type") == ("SIMATIC-ROOT-ES", None, None)
    assert ("role", "engineering-station") in {(c["field"], c["value"]) for c in rows["clues"]}


@pytest.mark.parametrize(
    ("oddity", "tpdu"),
    [
        ("length-indicator-invalid", b"\x01\xf0\x80"),
        ("tpdu-type-unknown", b"\x02\x30\x80"),
        ("parameters-malformed", bytes.fromhex("09e00000000100c1ff01")),
        ("payload-unknown", b"\x02\xf0\x80hello"),
        ("truncated", b"\x09\xf0\x80"),
    ],
)
def test_what_breaks_the_transport_is_an_oddity(oddity: str, tpdu: bytes) -> None:
    rows = talk((CLIENT, ASK), (SERVER, ANSWER), (CLIENT, tpkt(tpdu)), (CLIENT, ASK), (SERVER, ANSWER))
    assert [o["oddity"] for o in rows["oddities"]] == [oddity]
    assert [r["outcome"] for r in rows["operations"]] == ["ok", "ok"]


# --- S7comm-plus and MMS


def _plus(body: bytes, version: int = 1, *, last: bool = True) -> bytes:
    tail = bytes([0x72, version, 0, 0]) if last else b""
    return dt(struct.pack(">BBH", 0x72, version, len(body)) + body + tail)


def _plus_ask(function: int, sequence: int, session: int, rest: bytes = b"", flags: int = 0x34) -> bytes:
    return struct.pack(">BHHHHIB", 0x31, 0, function, 0, sequence, session, flags) + rest


def _plus_answer(function: int, sequence: int, rest: bytes = b"\0") -> bytes:
    return struct.pack(">BHHHHB", 0x32, 0, function, 0, sequence, 0x34) + rest


def test_a_session_of_s7comm_plus() -> None:
    identity = b"\x11" + bytes(9) + b"\x15\x1a1;6ES7 214-1HE30-0XB0 ;V2.2" + bytes(4)
    rows = talk(
        _plus(_plus_ask(0x04CA, 1, 0x120)),
        _plus(_plus_answer(0x04CA, 1, identity)),
        _plus(_plus_ask(0x054C, 2, 0x3C0)),
        _plus(_plus_answer(0x054C, 2)),
        _plus(_plus_ask(0x04CA, 3, 0x3C0)),
        _plus(_plus_answer(0x04CA, 3, b"\x9f\xff\xff\xff\xff\xff\xff\xff\xfb")),
        _plus(_plus_ask(0x04D4, 4, 0x3C0, struct.pack(">I", 0x3C0))),
        _plus(_plus_answer(0x04D4, 4)),
    )
    assert [
        (r["protocol"], r["function_name"], r["verb"], r["object"], r["outcome"], r["code"])
        for r in rows["operations"]
    ] == [
        ("s7comm-plus", "CreateObject", "open", "session:0x00000120", "ok", None),
        ("s7comm-plus", "GetMultiVariables", "read", "session:0x000003c0", "ok", None),
        ("s7comm-plus", "CreateObject", "unknown", "session:0x000003c0", "refused", -5),
        ("s7comm-plus", "DeleteObject", "close", "session:0x000003c0", "ok", None),
    ]
    assert {(c["field"], c["value"]) for c in rows["clues"] if c["protocol"] == "s7comm-plus"} == {
        ("order-number", "6ES7 214-1HE30-0XB0"),
        ("firmware", "V2.2"),
        ("vendor", "Siemens"),
    }
    assert one(rows["flows"], "protocol", "basis") == ("s7comm-plus", "parsed")


def test_integrity_notifications_and_requests_that_expect_no_answer() -> None:
    digest = b"\x20" + bytes(32)
    rows = talk(
        (CLIENT, _plus(digest + _plus_ask(0x04F2, 9, 0x3C0, flags=0x74), 3)),
        (SERVER, _plus(digest + b"\x33\0\0\x70\0\x04\0", 3)),
        (SERVER, _plus(bytes(8), 0xFE)),
    )
    assert sorted((r["function_name"], r["verb"], r["outcome"]) for r in rows["operations"]) == [
        ("Notification", "report", "unsolicited"),
        ("SetVariable", "write", "unknown"),
        ("SystemEvent", "report", "unsolicited"),
    ]


def test_a_long_pdu_counts_where_it_ends() -> None:
    head = _plus_ask(0x0542, 5, 0x3C0, bytes(200))
    rows = talk(
        (CLIENT, _plus(head, last=False)), (CLIENT, _plus(bytes(64), last=False)), (CLIENT, _plus(bytes(9)))
    )
    assert one(rows["operations"], "function_name", "frame") == ("SetMultiVariables", 6)


@pytest.mark.parametrize(
    ("oddity", "payload"),
    [
        ("plus-version-unknown", _plus(_plus_ask(1, 1, 1), 9)),
        ("plus-opcode-unknown", _plus(b"\x77" + bytes(12))),
        ("function-mismatch", _plus(_plus_answer(0x04D4, 1))),
        ("length-mismatch", dt(b"\x72\x01\x00\xff\x31")),
    ],
)
def test_what_breaks_s7comm_plus_is_an_oddity(oddity: str, payload: bytes) -> None:
    rows = talk((CLIENT, _plus(_plus_ask(0x054C, 1, 0x3C0))), (SERVER, payload))
    assert [(o["protocol"], o["oddity"]) for o in rows["oddities"]] == [("s7comm-plus", oddity)]


def test_tls_inside_is_no_oddity() -> None:
    rows = talk(
        _plus(_plus_ask(0x05B3, 1, 0x120)), _plus(_plus_answer(0x05B3, 1)), dt(b"\x16\x03\x01\0\x05hello")
    )
    assert rows["oddities"] == []
    assert one(rows["flows"], "protocol") == ("s7comm-plus",)


@pytest.mark.parametrize(
    "payload",
    [
        bytes.fromhex("0d0605041301001601"),
        bytes.fromhex("01000100610302010a"),
        bytes.fromhex("a80580010181010a")[:7],
    ],
)
def test_mms_is_named(payload: bytes) -> None:
    rows = talk(CONNECT, CONFIRM, dt(payload))
    assert one(rows["flows"], "protocol") == ("mms",)
    assert {o["protocol"] for o in rows["oddities"]} <= {"mms"}


# --- recognition


@pytest.mark.parametrize(
    "payload",
    [
        b"\x03\x00\x00\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=user\r\n\1\0\x08\0\3\0\0\0",
        b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0",
        b"\x03\x00\x00\x13\x0e\xd0\0\0\x12\x34\0\2\0\x08\0\2\0\0\0",
        b"\x03\x00\x00\x0c\x08\x02\x01\x02\x05\x04\x03\x80",
        b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        bytes(64),
    ],
)
def test_other_protocols_are_not_taken(payload: bytes) -> None:
    assert SPEC.probe(payload, ANY_PORT) == 0
    assert all(SPEC.probe(payload[:cut], ANY_PORT) in (0, NEED_MORE) for cut in range(1, len(payload)))


@pytest.mark.parametrize(
    "payload", [CONNECT, CONFIRM, ASK, ANSWER, ask(0x0401, b"\0\x11\0\0"), _plus(_plus_ask(1, 1, 1))]
)
def test_it_is_recognised_on_any_port_however_little_is_here(payload: bytes) -> None:
    assert SPEC.probe(payload, ANY_PORT) >= 60
    for cut in range(1, 7):
        assert SPEC.probe(payload[:cut], ANY_PORT) == NEED_MORE
    rows = tcp([(CLIENT, payload)], port=40000)
    assert rows["flows"][0]["protocol"] in SPEC.names


@given(st.binary(min_size=1, max_size=600))
def test_chance_is_not_taken_for_it(octets: bytes) -> None:
    if octets[0] != 3:
        assert SPEC.probe(octets, ANY_PORT) == 0


# --- hostile octets

_CONVERSATION = [
    (CLIENT, CONNECT),
    (SERVER, CONFIRM),
    (CLIENT, job(1, bytes.fromhex("f0000001000101e0"))),
    (CLIENT, ASK),
    (SERVER, ANSWER),
    (CLIENT, ask(0x0401, b"\0\x1c\0\0")),
    (SERVER, reply(0x0401, bytes.fromhex("001c000000220001") + b"\0\5" + bytes(32))),
    (CLIENT, ask(0x0201, b"\0\1\1\5" + s7any(4, 1, 0x84, 0, 7))),
    (SERVER, reply(0x0201, b"\0\1" + item(4, b"\0\5"), sequence=4)),
    (SERVER, push(0x0201, b"\0\1" + item(4, b"\0\6"), sequence=4)),
    (SERVER, push(0x0412, bytes(8) + b"\0\1\x12\x0a\x16\1" + bytes(8) + item(4, b"\0\1"))),
    (CLIENT, job(8, bytes.fromhex("28000000000000fd000a01003041303030303150055f494e5345"))),
    (CLIENT, job(9, bytes.fromhex("1a00010000000000095f30413030303031500d31303030353030303030303434"))),
    (CLIENT, ask(0x0108, bytes.fromhex("0002000e00000001720100030000ff0400101234"))),
    (CLIENT, ask(0x0501, bytes(8))),
    (SERVER, reply(0x0303, bytes(80))),
    (CLIENT, _plus(_plus_ask(0x04CA, 1, 0x120))),
    (SERVER, _plus(_plus_answer(0x04CA, 1, bytes(40)))),
]
_NO_BUG = "decoder-error"


def _stream(side: int) -> bytes:
    return b"".join(p for s, p in _CONVERSATION if s == side)


def test_whole_and_split_streams_give_the_same_operations() -> None:
    whole = _ops(tcp([(side, _stream(side)) for side in (CLIENT, SERVER)], port=102))
    assert len(whole) >= 11
    for side in (CLIENT, SERVER):
        stream = _stream(side)
        for cut in range(1, len(stream), 3):
            pieces = [(side, stream[:cut]), (side, stream[cut:])]
            other = (1 - side, _stream(1 - side))
            conversation = [*pieces, other] if side == CLIENT else [other, *pieces]
            assert sorted(_ops(tcp(conversation, port=102)), key=repr) == sorted(whole, key=repr), cut


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_conversations_never_break_the_decoder(data: st.DataObject) -> None:
    conversation = [(side, bytearray(payload)) for side, payload in _CONVERSATION]
    for _ in range(data.draw(st.integers(1, 12))):
        _, payload = conversation[data.draw(st.integers(0, len(conversation) - 1))]
        at = data.draw(st.integers(5, len(payload) - 1))
        payload[at] = data.draw(
            st.sampled_from((0, 1, 2, 4, 9, 0x12, 0x7F, 0x80, 0xFE, 0xFF)) | st.integers(0, 255)
        )
    rows = tcp([(side, bytes(payload)) for side, payload in conversation], port=102)
    assert [o for o in rows["oddities"] if o["oddity"].startswith(_NO_BUG)] == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.sampled_from((b"\x32\x01", b"\x32\x03", b"\x32\x07", b"\x72\x01", b"")),
            st.binary(max_size=120),
        ),
        max_size=8,
    )
)
def test_any_payload_gives_records_or_oddities(payloads: list[tuple[int, bytes, bytes]]) -> None:
    rows = talk((CLIENT, ASK), (SERVER, ANSWER), *((side, dt(head + rest)) for side, head, rest in payloads))
    assert [o for o in rows["oddities"] if o["oddity"].startswith(_NO_BUG)] == []
    assert rows["operations"][0]["outcome"] == "ok"


def test_memory_of_a_connection_is_bounded() -> None:
    connection = Tcp(102)
    connection.open()
    for k in range(300):
        connection.segment(CLIENT, ask(0x0401, b"\0\x11\0\0", reference=k))
        connection.segment(
            SERVER, reply(0x0401, bytes(200), reference=k, sequence=k % 256, part=k % 255 + 1, last=1)
        )
    rows = run(connection.frames)
    assert len(rows["operations"]) == 300
    assert rows["oddities"] == []


def test_every_oddity_that_is_raised_is_declared() -> None:
    folder = Path(__file__).parents[3] / "src/interlock/decode/protocols/s7comm"
    text = "".join(p.read_text("utf-8") for p in folder.glob("*.py"))
    raised = set(
        re.findall(
            r'(?:DecodeError|oddity)\((?:m, i, )?(?:"(?:cotp|s7comm|s7comm-plus)", )?"([a-z-]+)"', text
        )
    )
    declared = set(tomllib.loads((folder / "quality.toml").read_text("utf-8"))["oddities"])
    assert raised <= declared
    assert declared - raised <= {"truncated", "not-framed", "over-budget"}


def test_no_other_protocol_takes_it() -> None:
    for spec in load_specs(outside=False):
        if spec.name != "cotp":
            assert max(spec.probe(p, ANY_PORT) for p in (CONNECT, CONFIRM, ASK, ANSWER)) < 60, spec.name
