from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cache import Cache
from conformance.captures import default_root, find
from conformance.message import count
from conformance.oracles.table import ORACLES
from conformance.settings import read_settings
from conformance.tshark import Tshark
from conformance.zeek import read_messages

REPOSITORY = Path(__file__).resolve().parents[2]
ENDS = (b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02")
PORTS = (50000, 502)

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def segment(side: int, sequence: list[int], octets: bytes, flags: int = 0x18) -> bytes:
    head = struct.pack(
        ">HHIIBBHHH", PORTS[side], PORTS[1 - side], sequence[side], sequence[1 - side], 80, flags, 8192, 0, 0
    )
    body = head + octets
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, 6, 0) + ENDS[side] + ENDS[1 - side]
    sequence[side] += len(octets) + bool(flags & 2)
    return bytes(12) + b"\x08\x00" + ip + body


def write_capture(place: Path) -> None:
    """Write a poll of three registers, whose answer comes in two segments, and one that is refused."""
    ask, reply = bytes.fromhex("00010000000601030000 0003"), bytes.fromhex("000100000009010306000a000b000c")
    poor, refusal = bytes.fromhex("000200000006010300ff0001"), bytes.fromhex("000200000003018302")
    at = [1000, 2000]
    frames = [segment(0, at, b"", 2), segment(1, at, b"", 0x12), segment(0, at, b"", 0x10)]
    frames += [segment(0, at, ask), segment(1, at, reply[:9]), segment(1, at, reply[9:])]
    frames += [segment(0, at, poor), segment(1, at, refusal)]
    write_pcap(place, frames)


def write_pcap(place: Path, frames: list[bytes]) -> None:
    records = (struct.pack("<IIII", 1000 + n, 0, len(f), len(f)) + f for n, f in enumerate(frames))
    place.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records))


def compare(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    script = REPOSITORY / "scripts" / "conformance.py"
    places = ["--captures", str(folder), "--cache", str(folder / "cache"), "--engine", "--jobs", "1"]
    return subprocess.run(
        [sys.executable, str(script), *places, *options],
        capture_output=True,
        text=True,
        check=False,
    )


@needs_tshark
def test_a_capture_that_both_sides_read_alike_is_good(tmp_path):
    write_capture(tmp_path / "poll.pcap")
    run = compare(tmp_path, "--protocol", "modbus", "--json")
    report = json.loads(run.stdout)
    assert report["failures"] == []
    (modbus,) = report["protocols"]
    assert (modbus["theirs"], modbus["ours"], modbus["equal"], modbus["shifted"]) == (4, 4, 1, 0)
    assert (report["good"], run.returncode) == (True, 0)


@needs_tshark
def test_explain_names_frames_and_a_second_run_takes_tshark_s_word_from_the_cache(tmp_path):
    write_capture(tmp_path / "poll.pcap")
    first = compare(tmp_path, "--explain", "poll.pcap", "modbus")
    assert first.stdout == "poll.pcap modbus: ours 4, theirs 4, equal 100.0000%\n"
    kept = list((tmp_path / "cache" / "modbus").iterdir())
    written = [path.stat().st_mtime_ns for path in kept]
    assert compare(tmp_path, "--explain", "poll.pcap", "modbus").stdout == first.stdout
    assert [path.stat().st_mtime_ns for path in kept] == written


def test_no_captures_is_a_usage_error(tmp_path):
    run = compare(tmp_path)
    assert run.returncode == 2
    assert "no captures" in run.stderr


def write_bare_mms(place: Path) -> None:
    """Write MMS on COTP without a session: initiate, conclude, and a BER element that is no MMSpdu."""
    at = [1000, 2000]
    initiate = bytes.fromhex(
        "a8268002001f81010382010383020808a416800101810305e800820c03ee1c0000040800000000000000"
    )
    frames = [segment(0, at, b"", 2), segment(1, at, b"", 0x12), segment(0, at, b"", 0x10)]
    for pdu in (initiate, b"\x8b\x00", b"\x8f\x00"):
        cotp = b"\x02\xf0\x80" + pdu
        frames.append(segment(0, at, b"\x03\x00" + (4 + len(cotp)).to_bytes(2, "big") + cotp))
    write_pcap(place, frames)


@needs_tshark
def test_tshark_is_handed_mms_pdus_without_a_session(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PORTS", (50000, 102))
    write_bare_mms(tmp_path / "bare.pcap")
    (oracle,) = (oracle for oracle in ORACLES if oracle.name == "mms")
    (capture,) = find(tmp_path, "bare.pcap")
    said = list(oracle.messages(Tshark(Cache(tmp_path / "cache"), {}).packets(capture, oracle)))
    assert [(m.frame, m.function, m.kind) for m in said] == [(4, "520", "request"), (5, "523", "request")]


def agreeing():
    """Captures with a log of Zeek that tshark agrees with wholly: two oracles that know nothing of each other."""
    return [
        ("opcua/icsnpp-opcua-binary__open62541_client-server_mainloop.pcap", "opcua"),
        ("opcua/icsnpp-opcua-binary__open62541_client-server_mainloop-no-handshake.pcap", "opcua"),
        ("enip_cip/icsnpp-enip__enip_cip_example.pcap", "cip"),
        ("enip_cip/icsnpp-enip__multiple_service_packet_cip.pcapng", "cip"),
        ("profinet/icsnpp-profinet-io-cm__profinet_io_cm_read.pcapng", "pnio-cm"),
        ("s7comm/icsnpp-s7comm__s7comm_plus.pcap", "s7comm"),
        ("modbus/zeek__modbus-and-non-modbus-p502.pcap", "modbus"),
    ]


@needs_tshark
@pytest.mark.parametrize(("name", "protocol"), agreeing())
def test_our_reading_of_tshark_agrees_with_our_reading_of_zeek(tmp_path, name, protocol):
    root = default_root(REPOSITORY)
    if not root.is_dir():
        pytest.skip("shared captures are absent: set INTERLOCK_CAPTURES")
    (capture,) = find(root, name)
    settings = read_settings(REPOSITORY / "tests" / "conformance" / "columns.toml")
    (oracle,) = (oracle for oracle in ORACLES if protocol in oracle.protocols)
    tshark = Tshark(Cache(tmp_path), settings.decode_as)
    theirs = count(m for m in oracle.messages(tshark.packets(capture, oracle)) if m.protocol == protocol)
    assert theirs == count(read_messages(capture.truth(), settings.zeek)[protocol])
    assert theirs.total() > 0
