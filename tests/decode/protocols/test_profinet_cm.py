"""The context manager's calls; octets written from IEC 61158-6-10 and C706."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, run, udp
from decode.protocols.profinet_octets import (
    AR,
    AR_TEXT,
    CONNECT,
    CONTROL,
    CONTROLLER,
    FAULT,
    MACS,
    MAPPER,
    PING,
    READ,
    READ_IMPLICIT,
    RELEASE,
    REQUEST,
    RESPONSE,
    WRITE,
    answers,
    asks,
    block,
    connect_answer,
    connect_request,
    cyclic,
    datagram,
    im0,
    link,
    record_header,
    rpc,
)
from interlock.decode.protocols.profinet.decoder import SPEC
from interlock.decode.spec import Hint

if TYPE_CHECKING:
    from decode.feed import Rows

PORT = 34964
CLIENT_IP, SERVER_IP = "10.0.0.1", "10.0.0.2"
NEW_PORT = 49155
MS = 1_000_000


def _clues(rows: Rows) -> set[tuple[str, str, str]]:
    return {(r["who"], r["field"], r["value"]) for r in rows["clues"] if r["protocol"] == "pnio-cm"}


def _connected(order: str = "<") -> list[bytes]:
    """A connect that the device answers from another port, as most devices do."""
    request = rpc(REQUEST, CONNECT, asks(connect_request(), order), order=order)
    answer = rpc(RESPONSE, CONNECT, answers(connect_answer(), order=order), order=order)
    return [datagram(request, 50000, PORT), datagram(answer, NEW_PORT, 50000, SERVER)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_connect_is_answered_from_another_port(order: str) -> None:
    rows = run(_connected(order))
    (row,) = rows["operations"]
    assert (row["client"], row["server"], row["verb"], row["outcome"]) == (CLIENT_IP, SERVER_IP, "open", "ok")
    assert (row["frame"], row["response_frame"], row["latency"]) == (1, 2, MS)
    assert row["object"] == f"ar:{AR_TEXT}"
    assert {r["protocol"] for r in rows["flows"]} == {"pnio-cm"}
    assert rows["oddities"] == []


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_packet_of_the_transport_has_a_row(order: str) -> None:
    asked, answered = run(_connected(order))["profinet_rpc"]
    told = ("packet_type", "sequence", "interface_version", "interface_hint", "flags", "little_endian")
    assert [asked[name] for name in told] == [REQUEST, 0, 1, 0xFFFF, 0x20, order == "<"]
    assert asked["interface"].startswith("dea00001-6c97-11d1-8271-")
    assert (asked["sender"], answered["sender"]) == (CLIENT_IP, SERVER_IP)
    assert (answered["packet_type"], answered["activity"]) == (RESPONSE, asked["activity"])


def test_what_was_agreed_is_told() -> None:
    rows = run(_connected())
    assert [
        (r["iocr_type"], r["frame_id"], r["data_length"], r["send_clock"], r["cycle"], r["watchdog"])
        for r in rows["profinet_ars"]
    ] == [("input", 0x8001, 40, MS, 64 * MS, 192 * MS), ("output", 0x8002, 40, MS, 64 * MS, 192 * MS)]
    (first, _) = rows["profinet_ars"]
    assert (first["ar"], first["station_name"], first["event"]) == (AR_TEXT, "filler-controller", "opened")
    assert (first["initiator_mac"], first["responder_mac"]) == MACS
    assert [
        (r["module"], r["submodule"], r["input_length"], r["output_length"]) for r in rows["profinet_modules"]
    ] == [(0x4D, 8, 4, 2)]
    assert _clues(rows) == {
        (CLIENT_IP, "name", "filler-controller"),
        (CLIENT_IP, "mac", MACS[CLIENT]),
        (CLIENT_IP, "device-type", "profinet:io-controller"),
        (CLIENT_IP, "vendor-id", "profinet:0x002a"),
        (CLIENT_IP, "product-code", "profinet:0x002a/0x010e"),
        (SERVER_IP, "mac", MACS[SERVER]),
        (SERVER_IP, "device-type", "profinet:io-device"),
        (SERVER_IP, "vendor-id", "profinet:0x0042"),
        (SERVER_IP, "product-code", "profinet:0x0042/0x0313"),
    }


@pytest.mark.parametrize("batch", [0, 1])
def test_cyclic_data_has_its_relation_before_and_after_the_connect(batch: int) -> None:
    early = link(cyclic(0x8001, 0x35), SERVER)
    frames = [early, early, *_connected(), early, link(cyclic(0x8002, 0x35)), early]
    rows = run(frames, batch=batch)
    assert [(r["frame"], r["ar"], r["iocr_type"]) for r in rows["profinet_cyclic"]] == [
        (1, None, None),
        (5, AR_TEXT, "input"),
        (6, AR_TEXT, "output"),
    ]
    (flow,) = [r for r in rows["flows"] if r["protocol"] == "profinet-rt"]
    assert flow["client"] == MACS[CLIENT], "who connected is the client of the cyclic data, too"


def test_the_status_stands_behind_the_agreed_data() -> None:
    padded = link(cyclic(0x8001, 0x35) + bytes(8), SERVER)
    rows = run([*_connected(), padded])
    assert [r["provider_state"] for r in rows["profinet_cyclic"]] == ["run"]


def test_a_refused_connect_says_why() -> None:
    answer = rpc(RESPONSE, CONNECT, answers(b"", bytes.fromhex("db81013c")))
    rows = udp([(CLIENT, rpc(REQUEST, CONNECT, asks(connect_request()))), (SERVER, answer)], port=PORT)
    (row,) = rows["operations"]
    assert (row["outcome"], row["code"]) == ("refused", 0x81013C)
    assert {(r["event"], r["code"]) for r in rows["profinet_ars"]} == {("refused", 0x81013C)}
    assert "profinet_modules" not in rows


@pytest.mark.parametrize(
    ("operation", "kind", "name", "verb"),
    [
        (CONTROL, 0x0110, "PrmEnd", "open"),
        (CONTROL, 0x0112, "ApplicationReady", "open"),
        (RELEASE, 0x0114, "Release", "close"),
    ],
)
def test_a_control_names_its_relation(operation: int, kind: int, name: str, verb: str) -> None:
    body = block(kind, bytes(2) + AR + struct.pack(">HHHH", 9, 0, 1, 0))
    (row,) = udp([(CLIENT, rpc(REQUEST, operation, asks(body)))], port=PORT)["operations"]
    assert (row["function_name"], row["verb"], row["object"]) == (name, verb, f"ar:{AR_TEXT}")


def test_a_device_that_calls_its_controller_stays_the_server_of_the_flow() -> None:
    rows = udp([(SERVER, rpc(REQUEST, CONTROL, asks(b""), interface=CONTROLLER))], port=PORT)
    assert [(r["client"], r["server"]) for r in rows["operations"]] == [(SERVER_IP, CLIENT_IP)]
    assert [(r["client"], r["server"]) for r in rows["flows"]] == [(CLIENT_IP, SERVER_IP)]


def _read(index: int, data: bytes, slot: int = 0, operation: int = READ) -> Rows:
    ask = record_header(0x0009, slot, 1, index, 4096)
    answer = record_header(0x8009, slot, 1, index, len(data)) + data
    return udp(
        [(CLIENT, rpc(REQUEST, operation, asks(ask))), (SERVER, rpc(RESPONSE, operation, answers(answer)))],
        port=PORT,
    )


@pytest.mark.parametrize(("slot", "who"), [(0, SERVER_IP), (3, f"{SERVER_IP}/3.1")])
def test_identification_records_are_clues(slot: int, who: str) -> None:
    rows = _read(0xAFF0, im0(), slot, READ_IMPLICIT)
    (row,) = rows["operations"]
    assert (row["verb"], row["object"], row["outcome"]) == ("identify", f"0/{slot}/0x0001/0xaff0", "ok")
    assert {clue for clue in _clues(rows) if clue[1] != "unit"} == {
        (who, "vendor-id", "profinet:0x002a"),
        (who, "order-number", "6ES7 155-6AU00-0BN0"),
        (who, "serial", "S C-J5SB12342017"),
        (who, "hardware", "3"),
        (who, "firmware", "V3.3.1"),
    }


def test_another_record_is_kept_as_octets() -> None:
    rows = _read(0x0080, b"\1\2\3")
    assert [(r["object"], r["raw"], r["direction"]) for r in rows["values"]] == [
        ("0/0/0x0001/0x0080", b"\1\2\3", "read")
    ]
    assert [r["verb"] for r in rows["operations"]] == ["read"]


def test_a_write_of_several_records_has_an_outcome_each() -> None:
    inner = (
        record_header(0x0008, 1, 1, 0x80, 3) + b"\1\2\3\0" + record_header(0x0008, 2, 1, 0x81, 2) + b"\4\5"
    )
    ask = record_header(0x0008, 0xFFFF, 0xFFFF, 0xE040, len(inner)) + inner
    wrong = bytes(4) + bytes.fromhex("df80b000")
    answer = (
        record_header(0x8008, 0xFFFF, 0xFFFF, 0xE040, 0)
        + record_header(0x8008, 1, 1, 0x80, 3)
        + record_header(0x8008, 2, 1, 0x81, 2, wrong)
    )
    rows = udp(
        [(CLIENT, rpc(REQUEST, WRITE, asks(ask))), (SERVER, rpc(RESPONSE, WRITE, answers(answer)))], port=PORT
    )
    assert [(r["object"], r["outcome"], r["code"], r["item"]) for r in rows["operations"]] == [
        ("0/1/0x0001/0x0080", "ok", None, 0),
        ("0/2/0x0001/0x0081", "refused", 0x80B000, 1),
    ]
    assert [r["raw"] for r in rows["values"]] == [b"\1\2\3", b"\4\5"]


@pytest.mark.parametrize("size", [64, 100, 1000])
def test_fragments_are_joined(size: int) -> None:
    body = asks(connect_request())
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    last = len(pieces) - 1
    sent = [
        (CLIENT, rpc(REQUEST, CONNECT, piece, flags=0x04 | (0x02 if n == last else 0), fragment=n))
        for n, piece in enumerate(pieces)
    ]
    rows = udp([*sent, (SERVER, rpc(RESPONSE, CONNECT, answers(connect_answer())))], port=PORT)
    (row,) = rows["operations"]
    assert (row["frame"], row["outcome"]) == (len(pieces), "ok")
    assert len(rows["profinet_ars"]) == 2
    assert rows["oddities"] == []


def test_a_fault_is_a_refusal() -> None:
    fault = rpc(FAULT, READ, struct.pack("<I", 0x1C010002))
    rows = udp([(CLIENT, rpc(REQUEST, READ, asks(b""))), (SERVER, fault)], port=PORT)
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 0x1C010002)]


def test_the_transports_own_packets_make_no_row() -> None:
    rows = udp([(CLIENT, rpc(kind, 0, b"")) for kind in (PING, 4, 5, 7, 8, 9, 10)], port=PORT)
    assert rows["operations"] == []
    assert rows["oddities"] == []
    assert [r["protocol"] for r in rows["flows"]] == ["pnio-cm"]


def test_the_endpoint_mapper_tells_what_a_device_is() -> None:
    annotation = b"S7-1500".ljust(25) + b" " + b"6ES7 511-1AK00-0AB0".ljust(20) + b"     2 V  2  6  1\0"
    entry = bytes(16) + struct.pack("<III", 3, 0, 64) + annotation
    body = bytes(20) + struct.pack("<IIII", 1, 1, 0, 1) + entry
    rows = udp(
        [
            (CLIENT, rpc(REQUEST, 2, bytes(76), interface=MAPPER)),
            (SERVER, rpc(RESPONSE, 2, body, interface=MAPPER)),
        ],
        port=PORT,
    )
    assert [(r["function"], r["function_name"], r["outcome"]) for r in rows["operations"]] == [
        (258, "ept_lookup", "ok")
    ]
    assert _clues(rows) == {
        (SERVER_IP, "product", "S7-1500"),
        (SERVER_IP, "order-number", "6ES7 511-1AK00-0AB0"),
        (SERVER_IP, "hardware", "2"),
        (SERVER_IP, "firmware", "V2.6.1"),
    }


@pytest.mark.parametrize(
    ("payload", "oddity"),
    [
        (b"\5" + bytes(90), "not-rpc"),
        (rpc(REQUEST, READ, asks(b""), interface=bytes(16)), "interface-unknown"),
        (rpc(REQUEST, READ, asks(b""), flags=0x06, fragment=3), "fragment-missing"),
        (rpc(REQUEST, READ, asks(b"\0\x09\0\1\1\0")), "block-length-invalid"),
        (rpc(REQUEST, READ, asks(b"\0\x09\0\x3c\1\0")), "truncated"),
        (rpc(REQUEST, WRITE, asks(block(0x0777, bytes(60)))), "block-type-unknown"),
        (rpc(REQUEST, WRITE, asks(block(0x0008, bytes(70)))), "block-length-invalid"),
        (
            rpc(RESPONSE, 2, bytes(20) + struct.pack("<I", 1) + bytes(36) + b"\xff" * 4, interface=MAPPER),
            "annotation-too-long",
        ),
    ],
)
def test_what_breaks_a_rule_is_an_oddity(payload: bytes, oddity: str) -> None:
    rows = udp([(CLIENT, rpc(PING, 0, b"")), (CLIENT, payload)], port=PORT)
    assert [r["oddity"] for r in rows["oddities"]] == [oddity]


def test_an_answer_of_another_operation_is_an_oddity() -> None:
    rows = udp([(CLIENT, _SEEDS[0]), (SERVER, _SEEDS[4])], port=PORT)
    assert [r["oddity"] for r in rows["oddities"]] == ["operation-mismatch"]
    assert [(r["function"], r["response_frame"]) for r in rows["operations"]] == [(CONNECT, 2)]


def test_fragments_are_bounded() -> None:
    pieces = [(CLIENT, rpc(REQUEST, WRITE, bytes(1400), flags=0x04, fragment=n)) for n in range(100)]
    rows = udp(pieces, port=PORT)
    assert {r["oddity"] for r in rows["oddities"]} == {"fragments-too-large"}


_SEEDS = (
    rpc(REQUEST, CONNECT, asks(connect_request())),
    rpc(RESPONSE, CONNECT, answers(connect_answer())),
    rpc(RESPONSE, READ, answers(record_header(0x8009, 0, 1, 0xAFF0, 60) + im0())),
    rpc(REQUEST, WRITE, asks(record_header(0x0008, 1, 1, 0x80, 3) + b"\1\2\3")),
    rpc(RESPONSE, WRITE, answers(record_header(0x8008, 1, 1, 0x80, 3))),
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(_SEEDS), st.integers(0, 300), st.binary(max_size=6)), max_size=8))
def test_no_octets_break_the_decoder(mutations: list[tuple[bytes, int, bytes]]) -> None:
    payloads = [(CLIENT, _SEEDS[0])]
    payloads += [(at & 1, seed[:at] + patch + seed[at + len(patch) :]) for seed, at, patch in mutations]
    rows = udp(payloads, port=PORT)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_what_is_cut_short_is_an_oddity_and_still_a_row() -> None:
    whole = _SEEDS[0]
    cuts = [(CLIENT, whole[:end]) for end in range(80, len(whole), 6)]
    rows = udp([(CLIENT, rpc(PING, 0, b"")), *cuts], port=PORT)
    assert [r["oddity"] for r in rows["oddities"]] == ["truncated"] * len(cuts)
    assert len(rows["operations"]) == len(cuts)


DNS = bytes.fromhex("04002800000100000000000003777777076578616d706c6503636f6d0000010001")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        DNS,
        DNS.ljust(120, b"\0"),
        b"GET / HTTP/1.1\r\n" * 8,
        bytes(range(256)),
        rpc(REQUEST, CONNECT, asks(b""), interface=bytes(16)),
        rpc(REQUEST, 6, asks(b"")),
        rpc(REQUEST, CONNECT, asks(b""))[:90],
        rpc(REQUEST, 2, bytes(20), interface=MAPPER),
        b"\x05\x00\x0b\x03\x10\x00\x00\x00" + bytes(100),
    ],
)
def test_other_traffic_is_not_taken(octets: bytes) -> None:
    assert SPEC.probe(octets, Hint("udp", 40000, 40001, 0, None, 0)) == 0


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_call_is_recognised_on_any_port(order: str) -> None:
    assert SPEC.probe(rpc(REQUEST, READ, asks(b"", order), order=order), Hint("udp", 1, 2, 0, None, 0)) >= 60


@settings(deadline=None, max_examples=50)
@given(st.binary(min_size=80, max_size=200))
def test_random_octets_are_not_taken(octets: bytes) -> None:
    assert SPEC.probe(octets, Hint("udp", PORT, PORT, 0, None, 0)) == 0
