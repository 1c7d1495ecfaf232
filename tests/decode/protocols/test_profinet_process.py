"""PROFINET process data by its connect and by GSDML, and who is fail-safe; written after the specifications."""

from __future__ import annotations

import struct
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode import feed
from decode.feed import CLIENT, SERVER, Rows
from decode.protocols.profinet_octets import (
    AR,
    CONNECT,
    ETHERTYPE,
    REQUEST,
    RESPONSE,
    WRITE,
    answers,
    asks,
    block,
    connect_answer,
    datagram,
    link,
    mac,
    record_header,
    rpc,
)
from decode.test_safety import f_parameters
from interlock.decode.engine import Engine
from interlock.decode.protocols.profinet.gsdml import read_gsdml
from interlock.decode.registry import load_specs
from interlock.errors import DecodeError
from interlock.records.frames import Source

PORT, NEW_PORT = 34964, 49155
GOOD, BAD = 0x80, 0x40
RUN = 0x35
GSDML = b"""<?xml version="1.0" encoding="utf-8"?>
<ISO15745Profile xmlns="http://www.profibus.com/GSDML/2003/11/DeviceProfile"><ProfileBody>
<DeviceIdentity VendorID="0x0042" DeviceID="0x0313"/>
<ApplicationProcess><DeviceAccessPointList/><ModuleList><ModuleItem ID="M1" ModuleIdentNumber="0x4D">
<ModuleInfo><Name TextId="T_M"/></ModuleInfo><VirtualSubmoduleList>
<VirtualSubmoduleItem ID="S1" SubmoduleIdentNumber="8"%s><IOData>
<Input><DataItem DataType="Integer16" TextId="T_T"/><DataItem DataType="Unsigned8" TextId="T_S"/>
<DataItem DataType="OctetString" Length="1" TextId="T_R"/></Input>
<Output><DataItem DataType="Unsigned16" TextId="T_O"/></Output></IOData></VirtualSubmoduleItem>
</VirtualSubmoduleList></ModuleItem></ModuleList>
<ExternalTextList><PrimaryLanguage><Text TextId="T_M" Value="Mixed"/><Text TextId="T_T" Value="Temperature"/>
<Text TextId="T_S" Value="State"/><Text TextId="T_R" Value="Rest"/><Text TextId="T_O" Value="Setpoint"/>
</PrimaryLanguage></ExternalTextList></ApplicationProcess></ProfileBody></ISO15745Profile>"""


def iocr(kind: int, reference: int, frame_id: int, data: tuple, consumers: tuple) -> bytes:
    head = struct.pack(
        ">HHHIHHHHHHIHHH", kind, reference, ETHERTYPE, 1, 40, frame_id, 32, 64, 1, 0, 0, 3, 3, 0
    )
    apis = struct.pack(">HI", 1, 0)
    for places in (data, consumers):
        apis += struct.pack(">H", len(places)) + b"".join(struct.pack(">HHH", *place) for place in places)
    return block(0x0102, head + bytes(6) + apis)


def connect(sizes: tuple[int, int] = (4, 2)) -> bytes:
    relation = struct.pack(">H", 1) + AR + struct.pack(">H", 9) + mac(CLIENT)
    relation += (
        bytes.fromhex("dea000006c9711d182710064010e002a")
        + struct.pack(">IHHH", 0x11, 200, ETHERTYPE, 1)
        + b"c"
    )
    submodules = struct.pack(">HIHIHH", 1, 0, 1, 0x4D, 0, 1) + struct.pack(">HIH", 1, 8, 3)
    submodules += struct.pack(">HHBB", 1, sizes[0], 1, 1) + struct.pack(">HHBB", 2, sizes[1], 1, 1)
    channels = iocr(1, 1, 0x8001, ((1, 1, 0),), ((1, 1, 10),)) + iocr(
        2, 2, 0xFFFF, ((1, 1, 2),), ((1, 1, 20),)
    )
    return block(0x0101, relation) + channels + block(0x0104, submodules)


def opened(sizes: tuple[int, int] = (4, 2)) -> list[bytes]:
    ask = rpc(REQUEST, CONNECT, asks(connect(sizes)))
    return [
        datagram(ask, 50000, PORT),
        datagram(rpc(RESPONSE, CONNECT, answers(connect_answer())), NEW_PORT, 50000, SERVER),
    ]


def frame(data: bytes, frame_id: int = 0x8001, status: int = RUN, side: int = SERVER) -> bytes:
    return link(struct.pack(">H", frame_id) + data.ljust(40, b"\0") + struct.pack(">HBB", 1, status, 0), side)


def inward(value: bytes, provider: int = GOOD, consumer: int = GOOD) -> bytes:
    return (value + bytes([provider])).ljust(10, b"\0") + bytes([consumer])


def decode(frames: list[bytes], gsdml: bytes | None = None, *, batch: int = 0, step_ns: int = 0) -> Rows:
    given = None
    if gsdml is not None:
        told = read_gsdml(gsdml)
        given = {"profinet": {(told.vendor, told.device): told}}
    engine = Engine((Source(name="test"),), load_specs(outside=False), feed._verbs(), given=given)
    found: Rows = defaultdict(list)
    size = batch or len(frames)
    for at in range(0, len(frames), size):
        piece = feed._batch(frames[at : at + size], at)
        if step_ns:
            piece.time[:] = feed.START_NS + piece.number * step_ns
        feed._collect(found, engine.feed(piece))
    for rest in engine.finish():
        feed._collect(found, rest)
    return found


def values(rows: Rows) -> list[tuple]:
    return [
        (v["frame"], v["object"], v["direction"], v["number"], v["text"], v["raw"], v["type"], v["quality"])
        for v in rows["values"]
        if v["type"] is not None and v["protocol"] == "profinet-rt"
    ]


@pytest.mark.parametrize("batch", [0, 1])
def test_octets_of_each_submodule_where_the_connect_was_seen(batch: int) -> None:
    frames = [*opened(), frame(inward(b"\1\2\3\4")), frame(b"\0\0\5\6\x80", 0x8002, side=CLIENT)]
    rows = decode(frames, batch=batch)
    assert values(rows) == [
        (3, "input:1/0x0001", "reported", None, None, b"\1\2\3\4", "octets", "good"),
        (3, "output:1/0x0001/IOCS", "reported", None, "good", None, "IOCS", "good"),
        (4, "output:1/0x0001", "written", None, None, b"\5\6", "octets", "good"),
        (4, "input:1/0x0001/IOCS", "written", None, "bad by subslot", None, "IOCS", "bad by subslot"),
    ]
    assert {(v["client"], v["server"]) for v in rows["values"]} == {
        ("02:00:00:00:00:01", "02:00:00:00:00:02")
    }
    assert rows["oddities"] == []


def test_a_change_is_told_at_most_once_a_second() -> None:
    frames = opened() + [frame(inward(struct.pack(">I", n))) for n in range(300)]
    assert [v[0] for v in values(decode(frames)) if v[1] == "input:1/0x0001"] == [3]
    told = [v for v in values(decode(frames, step_ns=20_000_000)) if v[1] == "input:1/0x0001"]
    assert 5 <= len(told) <= 7
    still = opened() + [frame(inward(b"\1\2\3\4")) for _ in range(300)]
    assert len(values(decode(still, step_ns=20_000_000))) == 2


def test_what_changed_and_stands_still_is_told_every_ten_seconds() -> None:
    frames = opened() + [frame(inward(struct.pack(">I", min(n, 9)))) for n in range(420)]
    told = [v for v in values(decode(frames, step_ns=100_000_000)) if v[1] == "input:1/0x0001"]
    assert [v[0] - 3 for v in told] == [0, 10, 110, 210, 310, 410]
    assert len({v[6] for v in told[1:]}) == 1


def test_a_change_of_status_is_told_at_once_with_its_quality() -> None:
    frames = [
        *opened(),
        frame(inward(b"\1\2\3\4")),
        frame(inward(b"\1\2\3\4"), status=0x05),
        frame(inward(b"\1\2\3\4")),
    ]
    told = [(v[0], v[7]) for v in values(decode(frames)) if v[1] == "input:1/0x0001"]
    assert told == [(3, "good"), (4, "good, stop, problem"), (5, "good")]


def test_a_bad_provider_says_who_found_it_bad() -> None:
    (first, _) = values(decode([*opened(), frame(inward(b"\1\2\3\4", BAD, BAD))]))
    assert first[7] == "bad by device"


def test_items_by_the_makers_description() -> None:
    frames = [*opened(), frame(inward(b"\xff\xfe\x07\x99")), frame(b"\0\0\1\0\x80", 0x8002, side=CLIENT)]
    rows = decode(frames, GSDML % b"")
    assert [v[1:7] for v in values(rows) if "IOCS" not in v[1]] == [
        ("input:1/0x0001/Temperature", "reported", [-2], None, None, "Integer16"),
        ("input:1/0x0001/State", "reported", [7], None, None, "Unsigned8"),
        ("input:1/0x0001/Rest", "reported", None, None, b"\x99", "OctetString"),
        ("output:1/0x0001/Setpoint", "written", [256], None, None, "Unsigned16"),
    ]
    assert not [c for c in rows["clues"] if c["field"] == "safety"]


def test_without_a_connect_nothing_is_guessed() -> None:
    assert values(decode([frame(inward(b"\1\2\3\4"))])) == []


def safety(rows: Rows) -> set[tuple]:
    return {
        (c["who"], c["value"], round(c["confidence"], 2)) for c in rows["clues"] if c["field"] == "safety"
    }


def written(octets: bytes, index: int = 2) -> bytes:
    header = record_header(0x0008, 1, 1, index, len(octets))
    return datagram(rpc(REQUEST, WRITE, asks(header + octets)), 50001, PORT)


@pytest.mark.parametrize(
    ("frames", "sure"),
    [
        ([*opened((6, 6)), written(f_parameters())], 0.95),
        ([written(f_parameters())], 0.85),
        ([*opened((6, 6)), written(f_parameters()[:-1] + b"\0")], 0.7),
        ([*opened((2, 2)), written(f_parameters()[:-1] + b"\0")], None),
        ([*opened((6, 6)), written(f_parameters(), index=0x8030)], None),
        ([*opened((6, 6)), written(bytes(10))], None),
    ],
)
def test_f_parameters_make_both_ends_fail_safe(frames: list[bytes], sure: float | None) -> None:
    text = "PROFIsafe (F-parameters written)"
    ends = ("10.0.0.1", "10.0.0.2")
    assert safety(decode(frames)) == (set() if sure is None else {(who, text, sure) for who in ends})


def test_the_maker_says_that_a_submodule_is_fail_safe() -> None:
    told = safety(decode(opened(), GSDML % b' PROFIsafeSupported="true"'))
    assert {(who, sure) for who, _, sure in told} == {("10.0.0.1", 0.9), ("10.0.0.2", 0.9)}


def test_a_description() -> None:
    told = read_gsdml(GSDML % b"")
    assert (told.vendor, told.device, told.modules) == (0x42, 0x313, {0x4D: "Mixed"})
    found = told.submodule(0x4D, 8)
    assert found is not None
    assert [(i.name, i.type, i.octets) for i in found.inputs][:2] == [
        ("Temperature", "Integer16", 2),
        ("State", "Unsigned8", 1),
    ]
    assert told.submodule(1, 1) is None


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (b"", "gsdml-malformed"),
        (b"<a>", "gsdml-malformed"),
        (b"<a/>", "gsdml-no-device"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "gsdml-refused"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"), "gsdml-refused"),
        (b'<a><DeviceIdentity VendorID="x" DeviceID="1"/></a>', "gsdml-malformed"),
        (b"<a>" + b"<b/>" * 500_001 + b"</a>", "gsdml-too-long"),
    ],
)
def test_descriptions_that_are_refused(octets: bytes, oddity: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read_gsdml(octets)
    assert caught.value.oddity == oddity


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=48), st.integers(0, 255))
def test_any_data_gives_values(data: bytes, status: int) -> None:
    rows = decode([*opened(), frame(data, status=status), frame(data[:3])], GSDML % b"")
    assert not [o for o in rows["oddities"] if o["oddity"].startswith("decoder-error")]
