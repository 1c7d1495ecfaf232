"""DNP3's fragments as buffers: functions, objects, indications; cut anywhere, and hostile."""

from __future__ import annotations

import os
import struct
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from detect.signatures.engine.test_engine import captured, matchers, told
from interlock.detect.signatures.engine.engine import Engine
from interlock.records.buffers import BUFFERS

ASKED = frozenset(name for name in BUFFERS if name.startswith("dnp3."))
CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", "captures"))


def crc(octets):
    value = 0
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ 0xA6BC if value & 1 else value >> 1
    return struct.pack("<H", ~value & 0xFFFF)


def frames(fragment, control=0xC4, most=249):
    made = b""
    for at in range(0, len(fragment), most):
        last = at + most >= len(fragment)
        data = (
            bytes([(0x40 if at == 0 else 0) | (0x80 if last else 0) | at // most & 63])
            + fragment[at : at + most]
        )
        head = struct.pack("<BBBBHH", 5, 0x64, 5 + len(data), control, 10, 1)
        made += head + crc(head)
        for k in range(0, len(data), 16):
            made += data[k : k + 16] + crc(data[k : k + 16])
    return made


READ = b"\xc0\x01" + b"\x3c\x02\x06" + b"\x1e\x02\x00\x00\x07"
ANSWER = bytes.fromhex("c0 81 90 01  01 02 00 00 02 01 01 01  1e 02 17 01 05 01 00 10  14 01 06")
OPERATE = b"\xc1\x05" + b"\x0c\x01\x17\x01\x03" + b"\x41\x01" + bytes(9)


def rows(talk, **more):
    made = tcp(talk, port=20000, buffers=ASKED, **more).get("payloads", [])
    return [(row["direction"], row["buffer"], row["octets"]) for row in made]


def test_functions_objects_and_indications():
    found = rows([(CLIENT, frames(READ)), (SERVER, frames(ANSWER, 0x44)), (CLIENT, frames(OPERATE))])
    said = [(way, octets) for way, name, octets in found if name == "dnp3.any_function"]
    assert said == [("to_server", b"1"), ("to_client", b"129"), ("to_server", b"5")]
    objects = [int(octets) for _, name, octets in found if name == "dnp3.object"]
    assert objects == [60 << 8 | 2, 30 << 8 | 2, 1 << 8 | 2, 30 << 8 | 2, 20 << 8 | 1, 12 << 8 | 1]
    assert [octets for _, name, octets in found if name == "dnp3.indication"] == [
        b"need_time", b"device_restart", b"no_func_code_support",
    ]  # fmt: skip
    assert [octets for _, name, octets in found if name == "dnp3.data"] == [READ, ANSWER, OPERATE]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=700), st.integers(1, 40), st.integers(20, 249))
def test_fragments_are_put_together_however_they_are_cut(tail, piece, most):
    fragment = b"\xc0\x02" + tail
    octets = frames(READ) + frames(fragment, most=most)
    found = rows([(CLIENT, octets[k : k + piece]) for k in range(0, len(octets), piece)])
    assert [octets for _, name, octets in found if name == "dnp3.data"] == [READ, fragment]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=8))
def test_any_octets_are_read_without_harm(pieces):
    rows([(CLIENT, frames(READ)), *((SERVER, b"\x05\x64" + octets) for octets in pieces)])


@pytest.mark.skipif(not (CAPTURES / "dnp3").is_dir(), reason=f"no captures in {CAPTURES}")
def test_rules_on_recorded_dnp3():
    head = "alert dnp3 any any -> any any"
    rules = matchers(
        f"{head} (dnp3_func:select; dnp3_obj:12,1; sid:1;)", f"{head} (dnp3_ind:device_restart,need_time; sid:2;)",
        f'{head} (dnp3_data; content:"|03 0c 01|"; offset:1; depth:3; sid:3;)', f"{head} (dnp3_func:select; sid:4;)",
        f"{head} (dnp3_obj:12,99; sid:5;)",
    )  # fmt: skip
    engine = Engine(rules)
    for rows in captured(CAPTURES / "dnp3" / "icsnpp-dnp3__dnp3_example.pcap", engine.buffers):
        told(engine, rows)
    counts = dict(zip(range(1, 6), engine.hit.tolist(), strict=True))
    assert counts[1] == counts[3] > 0
    assert counts[5] == 0
    assert Counter(engine.traits[0].buffers)["dnp3.any_function"] == 1
