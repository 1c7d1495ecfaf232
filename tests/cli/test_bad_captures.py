from __future__ import annotations

import struct

import pytest
from tests.cli.terminal import DEMO, one_sentence, run

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
FRAME = bytes.fromhex("ffffffffffff0200000000010806") + bytes.fromhex(
    "0001080006040001020000000001c0a80001000000000000c0a80002"
)


def record(octets: bytes, seconds: int = 1) -> bytes:
    return struct.pack("<IIII", seconds, 0, len(octets), len(octets)) + octets


UNREADABLE = {
    "empty": b"",
    "text": b"this is no capture, it is a letter\n" * 20,
    "magic": b"\xde\xad\xbe\xef" + HEADER[4:] + record(FRAME),
    "gzip-of-nothing": b"\x1f\x8b\x08\x00",
    "length": HEADER + struct.pack("<IIII", 1, 0, 0xFFFFFFFF, 0xFFFFFFFF) + FRAME,
    "cut-in-the-first-packet": HEADER + record(FRAME)[:-5],
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("command", ["decode"])
def test_what_cannot_be_read_ends_with_3_and_one_sentence(tmp_path, name, command):
    capture = tmp_path / f"{name}.pcap"
    capture.write_bytes(UNREADABLE[name])
    ended = run(command, capture, cwd=tmp_path)
    assert ended.code == 3
    assert capture.name in one_sentence(ended)


@pytest.mark.parametrize("name", ["missing.pcap", "folder"])
def test_no_file_ends_with_3_and_one_sentence(tmp_path, name):
    (tmp_path / "folder").mkdir()
    ended = run("decode", tmp_path / name)
    assert ended.code == 3
    assert name in one_sentence(ended)
    assert ended.out == b""


@pytest.mark.parametrize(
    "tail", [record(FRAME, 2)[:-5], struct.pack("<IIII", 2, 0, 0xFFFFFFFF, 0xFFFFFFFF)], ids=["cut", "4 GiB"]
)
def test_what_was_read_before_the_damage_is_used_and_ends_with_4(tmp_path, tail):
    capture = tmp_path / "cut.pcap"
    capture.write_bytes(HEADER + record(FRAME) + tail)
    ended = run("decode", "--table", "flows", capture)
    assert ended.code == 4
    assert "the 1 frames before it were used" in one_sentence(ended)
    assert ended.out.count(b"\n") == 1


def test_one_bad_capture_among_good_ones_ends_with_4(tmp_path):
    (tmp_path / "bad.pcap").write_bytes(UNREADABLE["text"])
    ended = run("decode", "--table", "flows", tmp_path / "bad.pcap", DEMO / "engineering.pcap")
    assert ended.code == 4
    assert "bad.pcap" in one_sentence(ended)
    assert ended.out


def test_hostile_file_name_cannot_steer_the_terminal(tmp_path):
    capture = tmp_path / "a\x1b[2J\u202eb.pcap"
    capture.write_bytes(UNREADABLE["text"])
    said = one_sentence(run("decode", capture))
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\\u001b[2J\\u202e" in said
