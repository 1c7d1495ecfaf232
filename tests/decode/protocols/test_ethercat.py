"""EtherCAT; octets written after IEC 61158-4-12 and -6-12."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, run, udp
from decode.protocols.ethercat_octets import Datagram, device, frame, mail, sdo, station
from interlock.decode.protocols.ethercat.decoder import SPEC
from interlock.decode.protocols.ethercat.mailbox import read_mail
from interlock.decode.spec import Hint

MASTER, BACK, GROUP = (bytes.fromhex(x) for x in ("000105000001", "020105000001", "010105010000"))
MASTER_TEXT, GROUP_TEXT = "00:01:05:00:00:01", "01:01:05:01:00:00"


def link(octets: bytes, source: bytes = MASTER) -> bytes:
    return GROUP + source + b"\x88\xa4" + octets


def out(*datagrams: Datagram) -> bytes:
    return link(frame(*datagrams))


def back(*datagrams: Datagram) -> bytes:
    return link(frame(*datagrams), BACK)


def both(command: int, address: int, sent: bytes, got: bytes, counter: int = 1) -> list[bytes]:
    return [out(Datagram(command, address, sent)), back(Datagram(command, address, got, counter))]


def told(rows: dict, *columns: str) -> list[tuple]:
    return [tuple(r[c] for c in columns) for r in rows["operations"]]


def test_what_comes_back_answers_what_went_out():
    rows = run([
        out(Datagram(10, 0x01000000, bytes(4), 0, 7), Datagram(11, 0x01000800, b"\1\2", 0, 8)),
        back(Datagram(10, 0x01000000, b"\1\0\0\0", 2, 7), Datagram(11, 0x01000800, b"\1\2", 0, 8)),
    ])  # fmt: skip
    assert told(
        rows, "client", "server", "verb", "object", "outcome", "transaction", "frame", "response_frame"
    ) == [
        (MASTER_TEXT, GROUP_TEXT, "read", "logical:0x01000000", "ok", "7", 1, 2),
        (MASTER_TEXT, GROUP_TEXT, "write", "logical:0x01000800", "no-answer", "8", 1, 2),
    ]
    assert rows["oddities"] == []
    assert {f["protocol"] for f in rows["flows"]} == {"ethercat"}


@pytest.mark.parametrize(
    ("command", "address", "verbs", "unit", "name"),
    [
        (0, 0, ["diagnose"], None, None),
        (1, device(2, 0x0000), ["identify"], "position:2", "DL Information"),
        (2, device(0, 0x0010), ["configure"], "position:0", "Configured Station Address"),
        (3, device(1, 0x0130), ["diagnose", "write"], "position:1", "AL Status"),
        (4, station(1001, 0x0800), ["read"], "1001", "Sync Manager"),
        (5, station(1001, 0x0600), ["configure"], "1001", "FMMU"),
        (6, station(1001, 0x0F00), ["read", "write"], "1001", "register:0x0f00"),
        (7, 0x0300 << 16, ["diagnose"], None, "Error Counter"),
        (8, 0x0101 << 16, ["configure"], None, "DL Control:0x0101"),
        (9, 0x0040 << 16, ["read", "reset"], None, "ESC Reset"),
        (10, 0xFFFFFFFF, ["read"], None, "logical:0xffffffff"),
        (11, 0x00010000, ["write"], None, "logical:0x00010000"),
        (12, 0x00010000, ["read", "write"], None, "logical:0x00010000"),
        (13, device(3, 0x0910), ["read", "write"], "position:3", "Distributed Clock:0x0910"),
        (14, station(1, 0x0910), ["read", "write"], "1", "Distributed Clock:0x0910"),
        (5, station(1001, 0x1000), ["write"], "1001", "memory:0x1000"),
    ],
)
def test_commands_registers_and_devices(command, address, verbs, unit, name):
    rows = run([out(Datagram(command, address, bytes(2)))])
    assert [r["verb"] for r in rows["operations"]] == verbs
    assert {(r["function"], r["unit"], r["object"], r["outcome"]) for r in rows["operations"]} == {
        (command, unit, name, "unknown")
    }


@pytest.mark.parametrize(
    ("state", "verb", "name"),
    [
        (1, "stop", "AL Control:Init"),
        (2, "mode-set", "AL Control:PreOp"),
        (3, "mode-set", "AL Control:Bootstrap"),
        (4, "mode-set", "AL Control:SafeOp"),
        (0x18, "start", "AL Control:Op"),
        (7, "mode-set", "AL Control:7"),
    ],
)
def test_a_state_is_asked_for(state, verb, name):
    rows = run(both(5, station(1001, 0x0120), bytes((state, 0)), bytes((state, 0))))
    assert told(rows, "verb", "object", "outcome", "unit") == [(verb, name, "ok", "1001")]
    second = run(both(9, 0x0120 << 16, bytes((state, 0)), bytes((state, 0))))
    assert told(second, "verb", "object")[1] == (verb, name)


@pytest.mark.parametrize(("word", "verb"), [(0x0100, "read"), (0x0201, "configure"), (0x0400, "reset")])
def test_the_eeprom_is_asked(word, verb):
    rows = run(both(2, device(1, 0x0502), struct.pack("<HI", word, 0x40), bytes(6)))
    assert told(rows, "verb", "object") == [(verb, "SII:0x0040")]


def test_what_the_eeprom_says_of_a_device():
    frames = []
    for word, content in ((8, struct.pack("<II", 2, 0x044C2C52)), (12, struct.pack("<II", 0x00110000, 4711))):
        asked = struct.pack("<HI", 0x0100, word)
        frames += both(5, station(1001, 0x0502), asked, asked)
        frames += both(4, station(1001, 0x0508), bytes(8), content)
    found = {(c["who"], c["field"], c["value"]) for c in run(frames)["clues"]}
    who = f"{MASTER_TEXT}/1001"
    assert {
        (who, "vendor-id", "ethercat:0x00000002"),
        (who, "product-code", "ethercat:0x00000002/0x044c2c52"),
        (who, "hardware", "0x00110000"),
        (who, "serial", "4711"),
    } <= found


def test_an_sdo_says_who_a_device_is():
    name = sdo(3, 0x41, 0x1008, 0, struct.pack("<I", 6) + b"EL6900")
    frames = [
        *both(4, station(1001, 0x1400), bytes(64), sdo(3, 0x43, 0x1018, 1, struct.pack("<I", 2))),
        *both(4, station(1001, 0x1400), bytes(64), name),
    ]
    rows = run(frames)
    found = {(c["who"], c["field"], c["value"]) for c in rows["clues"]}
    who = f"{MASTER_TEXT}/1001"
    assert {(who, "vendor-id", "ethercat:0x00000002"), (who, "product", "EL6900")} <= found
    assert told(rows, "function", "function_name", "object") == [
        (4, "FPRD: CoE SDO Upload Response", "sdo:0x1018:01"),
        (4, "FPRD: CoE SDO Upload Response", "sdo:0x1008:00"),
    ]


@pytest.mark.parametrize(
    ("octets", "name", "verb", "object_"),
    [
        (sdo(2, 0x22, 0x8000, 1), "CoE SDO Download Request", "configure", "sdo:0x8000:01"),
        (sdo(2, 0x22, 0x7000, 1), "CoE SDO Download Request", "write", "sdo:0x7000:01"),
        (sdo(2, 0x40, 0x6000, 1), "CoE SDO Upload Request", "read", "sdo:0x6000:01"),
        (mail(3, struct.pack("<HBBH", 8 << 12, 1, 0, 0) + bytes(2)), "CoE SDO Information", "discover", None),
        (mail(4, b"\2\0" + bytes(4) + b"recipe.txt"), "FoE Write Request", "file-write", "file:recipe.txt"),
        (
            mail(4, b"\2\0" + bytes(4) + b"EL6900.EFW"),
            "FoE Write Request",
            "firmware-write",
            "file:EL6900.EFW",
        ),
        (mail(4, b"\1\0" + bytes(4) + b"log"), "FoE Read Request", "file-read", "file:log"),
        (
            mail(5, struct.pack("<BBH", 3, 0x40, 0x8005) + bytes(2)),
            "SoE Write Request",
            "write",
            "idn:P-0-0005",
        ),
        (mail(2, bytes(10)), "EoE Fragment", "unknown", None),
        (mail(1, bytes(16) + struct.pack("<HHI", 5, 4, 0) + bytes(8)), "AoE WriteControl", "mode-set", None),
    ],
)
def test_mailboxes(octets, name, verb, object_):
    rows = run(both(5, station(1001, 0x1000), octets, octets))
    place = object_ or "memory:0x1000"
    assert told(rows, "function_name", "verb", "object", "outcome") == [(f"FPWR: {name}", verb, place, "ok")]


def test_an_abort_is_a_refusal():
    answer = sdo(3, 0x80, 0x6000, 1, struct.pack("<I", 0x06020000))
    rows = run(both(4, station(1001, 0x1400), bytes(64), answer))
    assert told(rows, "outcome", "code") == [("refused", 0x06020000)]


@pytest.mark.parametrize(
    "octets", [bytes(64), b"\xff" * 64, mail(3, bytes(2)), mail(7, bytes(8)), sdo(2, 0, 0, 0)[:12]]
)
def test_other_memory_is_no_mailbox(octets):
    assert read_mail(octets) is None


def test_one_device_that_did_half_of_it():
    rows = run(both(6, station(1001, 0x0F00), bytes(2), bytes(2), 1))
    assert told(rows, "verb", "outcome") == [("read", "ok"), ("write", "no-answer")]


def test_safety_in_process_data_is_told():
    frames = []
    for k in range(24):
        image = bytes(3) + bytes((0x36, 0x01, 17 * k % 251 + 1, 5 * k % 241, 0x07, 0x04)) + bytes(3)
        frames += both(10, 0x01000000, bytes(12), image)
    [clue] = [c for c in run(frames)["clues"] if c["field"] == "safety"]
    assert (clue["who"], clue["value"]) == (MASTER_TEXT, "FSoE (CRC counts over still data)")
    still = both(10, 0x01000000, bytes(12), bytes(12)) * 24
    assert [c for c in run(still)["clues"] if c["field"] == "safety"] == []


def test_a_master_whose_mac_has_the_bit_and_udp_go_by_the_counter():
    asked, answered = (frame(Datagram(7, 0x01300000, bytes(2), k, 9)) for k in (0, 5))
    for rows in (
        run([link(asked, BACK), link(answered, BACK)]),
        udp([(CLIENT, asked), (CLIENT, answered)], port=34980),
    ):
        assert told(rows, "frame", "response_frame", "outcome") == [(1, 2, "ok")]


def test_frames_without_datagrams():
    rows = run([link(b"\x0a\x40" + bytes(60)), link(b"\x0a\x50" + sdo(2, 0x40, 0x1018, 1))])
    assert told(rows, "function", "verb", "outcome") == [
        (260, "report", "unsolicited"),
        (261, "read", "unsolicited"),
    ]


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (frame(Datagram(15, 0, b"")), "command-unknown"),
        (frame(Datagram(7, 0, bytes(4)))[:-3], "length-mismatch"),
        (b"\x08\x10" + bytes(8), "datagram-truncated"),
        (b"\x08\x20" + bytes(8), "frame-type-unknown"),
    ],
)
def test_what_is_wrong_is_said(octets, oddity):
    rows = run([out(Datagram(7, 0, b"\0")), link(octets)])
    assert oddity in [o["oddity"] for o in rows["oddities"]]


def test_the_probe_goes_by_structure():
    octets = frame(Datagram(7, 0, b"\0"), Datagram(4, 0, bytes(9)))
    assert SPEC.probe(octets, Hint("eth", 0, 0, 0x88A4, None, 0)) == 95
    assert SPEC.probe(octets, Hint("udp", 50000, 34980, 0, None, 0)) == 95
    assert SPEC.probe(octets, Hint("udp", 50000, 50001, 0, None, 0)) == 70
    for wrong in (octets + b"\0", octets[:-1], b"\0" * 40, b"", frame(Datagram(15, 0, b""))):
        assert SPEC.probe(wrong, Hint("udp", 50000, 34980, 0, None, 0)) == 0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 14), st.integers(0, 0xFFFFFFFF), st.binary(max_size=40), st.integers(0, 3)),
        max_size=6,
    ),
    st.binary(max_size=60),
)
def test_any_datagrams_are_as_many_rows(datagrams, rest):
    made = [Datagram(c, a, d, w, k) for k, (c, a, d, w) in enumerate(datagrams)] or [Datagram(0, 0, b"")]
    rows = run([link(frame(*made)), link(frame(*made), BACK), link(rest)])
    assert not [o for o in rows["oddities"] if "decoder-error" in o["oddity"]]
    assert len([r for r in rows["operations"] if r["item"] == 0]) >= len(made)


def test_the_marked_mac_is_told_as_the_senders_own():
    rows = run(both(7, 0x01300000, bytes(2), bytes(2)))
    found = {(c["who"], c["field"], c["value"]) for c in rows["clues"]}
    assert (MASTER_TEXT, "mac", "02:01:05:00:00:01") in found


def test_a_logical_address_is_not_taken_for_a_register_of_the_same_number():
    """Both are numbers of one table of names: what tells them apart lies above 32 bits."""
    for at, register in ((0, "DL Information"), (1, "DL Information:0x0001")):
        asked = [Datagram(10, at, bytes(2), 0, 7), Datagram(1, device(2, at), bytes(2), 0, 8)]
        for order in (asked, asked[::-1]):
            rows = run([out(order[0]), out(order[1])])
            assert {row["object"] for row in rows["operations"]} == {f"logical:0x{at:08x}", register}
