"""Programs and files of UMAS, TriStation and DNP3, put together; what other people recorded, where it is at hand."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from decode.feed import CLIENT, SERVER, tcp, udp
from decode.protocols.test_umas import Piece, ask, done, error
from decode.protocols.tristation_octets import answer, command
from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.pipeline.decode_run import decoded

CAPTURES = Path(os.environ.get("INTERLOCK_CAPTURES", "../shared/captures"))
PARTS = [b"APX\0" + bytes(60), bytes(range(200)), b"end"]
SHA = hashlib.sha256(b"".join(PARTS)).hexdigest()


def block(number: int, octets: bytes | None = None) -> bytes:
    head = b"\1\0" + struct.pack("<H", number)
    return head if octets is None else head + struct.pack("<H", len(octets)) + octets


def to_controller(numbers: tuple[int, ...] = (0, 1, 2)) -> list[Piece]:
    talk = [ask(1, 0x30, b"\1\0"), done(1)]
    for k, number in enumerate(numbers):
        talk += [ask(2 + k, 0x31, block(number, PARTS[number])), done(2 + k)]
    return [*talk, ask(9, 0x32), done(9)]


def from_controller() -> list[Piece]:
    talk = [ask(1, 0x33, b"\1\0"), done(1)]
    for k, part in enumerate(PARTS):
        last = k == len(PARTS) - 1
        answered = done(2 + k, struct.pack("<HH", last, len(part)) + part)
        talk += [ask(2 + k, 0x34, block(k)), answered]
    return [*talk, ask(9, 0x35), done(9)]


@pytest.mark.parametrize(
    ("talk", "way"),
    [(to_controller(), "written"), (to_controller((0, 1, 1, 2)), "written"), (from_controller(), "read")],
)
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_a_umas_program_is_put_together(talk: list[Piece], way: str, batch: int) -> None:
    (row,) = tcp(talk, port=502, batch=batch)["artifacts"]
    assert (row["kind"], row["direction"], row["state"], row["sha256"]) == ("umas-program", way, "whole", SHA)
    assert row["unit"] == "0"


@pytest.mark.parametrize(
    "talk",
    [
        to_controller((0, 2)),
        to_controller()[2:],
        [*to_controller()[:3], error(2), *to_controller()[4:]],
        to_controller()[:-2],
    ],
)
def test_what_is_missing_of_it_leaves_no_hash(talk: list[Piece]) -> None:
    (row,) = tcp(talk, port=502)["artifacts"]
    assert (row["state"], row["sha256"]) == ("incomplete", None)


def safety_download(end: int = 10) -> list[tuple[int, bytes]]:
    talk = [(CLIENT, command(0, sequence=1)), (SERVER, answer(101, sequence=1))]
    for sequence, octets in ((2, b"\1\0first"), (2, b"\1\0first"), (3, b"\1\0second")):
        talk += [(CLIENT, command(55, octets, sequence=sequence)), (SERVER, answer(101, sequence=sequence))]
    return [*talk, (CLIENT, command(end, sequence=4)), (SERVER, answer(101, sequence=4))]


def test_a_safety_controllers_download_is_put_together_and_a_cancelled_one_is_not() -> None:
    (row,) = udp(safety_download(), port=1502)["artifacts"]
    assert (row["kind"], row["state"], row["size"]) == ("tristation-program", "whole", 8 + 9)
    (row,) = udp(safety_download(12), port=1502)["artifacts"]
    assert row["state"] == "incomplete"


def recorded(name: str) -> list[dict[str, Any]]:
    path = CAPTURES / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    rows: list[dict[str, Any]] = []
    with open_sources(specify((str(path),), ()), stdin=None) as run:
        engine = build_engine(run.sources, wanted=frozenset({"artifacts"}))
        for batches in decoded(run, engine, progress=lambda *_: None, stop=lambda: False):
            if "artifacts" in batches:
                columns = ["kind", "name", "size", "direction", "state", "sha256", "code_sha256", "detail"]
                rows += batches["artifacts"].select(columns).to_pylist()
    return rows


@pytest.mark.parametrize(
    ("capture", "told"),
    [
        ("s7comm/iti__s7comm_downloading_block_db1.pcap", ("s7-block", "DB1", 500, "written", "whole")),
        ("s7comm/iti__step7_s300_download.pcapng", ("s7-block", "DB1", 216, "written", "whole")),
        (
            "modbus/quickdraw-snort__modicon_test.pcap",
            ("umas-program", "application", 12343, "read", "whole"),
        ),
        ("dnp3/iti__file_write.pcap", ("file", "./helloworld.txt", 9, "written", "whole")),
        ("dnp3/zeek__dnp3_file_read.pcap", ("file", "./test.xml", 830, "read", "whole")),
    ],
)
def test_what_others_recorded_is_put_together(capture: str, told: tuple[Any, ...]) -> None:
    (row,) = recorded(capture)
    assert tuple(row[k] for k in ("kind", "name", "size", "direction", "state")) == told
    assert (row["code_sha256"] is not None) == (row["kind"] == "s7-block")
