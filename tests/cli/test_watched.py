"""A decoder that never returns costs the run one new beginning; all other conversations are told whole."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.terminal import DEMO, run, start

from interlock.bench.plant_traffic import write_plant_traffic

HANGS = """
import re
from interlock.decode.decoder import Decoder
from interlock.decode.spec import ProtocolSpec

HOPELESS = re.compile(b"(a|a)+b")

class Hangs(Decoder):
    def message(self, m, i, out):
        octets = m.bytes(i)
        row = out.tell(m, i, self.f, octets[4])
        HOPELESS.match(octets[5:])  # with 60 times `a` it is at work, in C, for centuries

SPEC = ProtocolSpec(
    name="hangs", names=("hangs",), decoder=Hangs, udp=frozenset({47002}),
    probe=lambda octets, hint: 90 if octets[:4] == b"HANG" else 0,
)
"""
PACKETS = 70_000
"""More than a batch, so that rows are on standard output before a decoder hangs."""


def record(payload, number, port=47002):
    """A pcap record, at a time after the plant's, of a datagram from 10.9.9.N."""
    datagram = struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload
    head = struct.pack(
        ">BBHHHBBH4B4B", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, 10, 9, 9, number, 10, 9, 9, 99
    )
    frame = bytes.fromhex("0200000000990200000000980800") + head + datagram
    return struct.pack("<IIII", 2_000_000_000, number, len(frame), len(frame)) + frame


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    """A plant, then five conversations of which the second and the fourth hang their decoder."""
    path = tmp_path_factory.mktemp("hangs") / "hangs.pcap"
    with path.open("wb") as file:
        write_plant_traffic(file, PACKETS, 20)
        for number in range(1, 6):
            file.write(record(b"HANG" + bytes([number]) + (b"a" * 60 if number in (2, 4) else b"ab"), number))
    return path


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Where the protocol is installed, outside the package."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "acme_hangs").mkdir()
    (folder / "acme_hangs" / "__init__.py").touch()
    (folder / "acme_hangs" / "decoder.py").write_text(HANGS, "utf-8")
    (folder / "acme_hangs-1.dist-info").mkdir()
    (folder / "acme_hangs-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-hangs\nVersion: 1\n"
    )
    (folder / "acme_hangs-1.dist-info" / "entry_points.txt").write_text(
        "[interlock.protocols]\nhangs = acme_hangs.decoder\n"
    )
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), *sys.path))}


def test_the_rest_is_whole_and_what_was_passed_over_is_said(capture, environment):
    ended = run("decode", capture, env=environment)
    said = ended.err.splitlines()
    assert ended.code == 0
    assert [line.partition(";")[0] for line in said] == [
        f"interlock: a decoder never returned from frame {PACKETS + number} of capture 1" for number in (2, 4)
    ]
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert len({row["operation"] for row in rows}) == len(
        rows
    )  # none twice, although the run began three times
    assert [row["function"] for row in rows if row["protocol"] == "hangs"] == [1, 3, 5]
    plain = run("decode", capture)
    others = [json.loads(line) for line in plain.out.splitlines()]
    assert [row for row in rows if row["protocol"] != "hangs"] == others


def test_tables_and_oddities_tell_it(capture, environment, tmp_path):
    ended = run("decode", capture, "--table", "oddities", "--table", "operations", "--out", tmp_path,
                "--format", "jsonl", env=environment)  # fmt: skip
    assert ended.code == 0
    told = [json.loads(line) for line in (tmp_path / "oddities.jsonl").read_text().splitlines()]
    assert [(row["frame"], row["oddity"], row["client"]) for row in told] == [
        (PACKETS + number, oddity, f"10.9.9.{number}")
        for number in (2, 4)
        for oddity in ("hung", "turned-opaque")
    ]
    assert all(row["octets"] for row in told)
    assert {p.name for p in tmp_path.iterdir()} == {"oddities.jsonl", "operations.jsonl"}


def test_a_stream_cannot_begin_anew(capture, environment, tmp_path):
    out = tmp_path / "out"
    ended = run("analyze", "-", "--out", out, stdin=capture.read_bytes(), env=environment)
    assert ended.code == 3
    assert ended.err.splitlines() == [
        (
            f"interlock: a decoder never returned from frame {PACKETS + 2} of capture 1, and a stream cannot be read"
            " again: save it to a file and give that"
        )
    ]
    assert not [path for path in out.iterdir() if not path.name.startswith(".")]


LEAVES = """
import atexit, sys
from interlock.cli.watched import watched

class Left:
    def __del__(self):
        sys.stderr.write("freed")

def work(watch):
    left = Left()
    atexit.register(lambda: sys.stderr.write("asked at the end "))
    sys.stdout.write("said")
    sys.exit(eval(sys.argv[2]))

sys.exit(watched(work, [], closes=sys.argv[1] == "closes"))
"""


@pytest.mark.parametrize(
    ("how", "code", "ended"),
    [
        ("closes", "4", (4, "said", "asked at the end ")),
        ("holds", "4", (4, "said", "freedasked at the end ")),
        ("closes", "'a sentence'", (1, "said", "a sentence\nfreedasked at the end ")),
    ],
)
def test_what_closes_all_it_writes_to_is_not_freed_thing_by_thing(how, code, ended):
    done = subprocess.run(
        [sys.executable, "-c", LEAVES, how, code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == ended


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_what_cannot_be_said_at_the_end_is_an_error_as_ever():
    codes = []
    for how in ("closes", "holds"):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-c", LEAVES, how, "0"], stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert b"No space left" in done.stderr
        codes.append(done.returncode)
    assert codes[0] == codes[1] != 0


def test_the_work_ends_with_who_watches_it(tmp_path):
    """A parent that is killed leaves no child behind that goes on writing."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with start("decode", fifo, "-o", tmp_path / "rows") as process:
        writer = os.open(fifo, os.O_RDWR)
        os.write(writer, (DEMO / "engineering.pcap").read_bytes()[:4096])
        part = tmp_path / ".rows.part"
        while not part.exists():
            time.sleep(0.02)
        (child,) = children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        for _ in range(500):
            if not Path(f"/proc/{child}").exists() or state(child) == "Z":
                break
            time.sleep(0.02)
        else:
            pytest.fail("the child lives on")
        os.close(writer)


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
