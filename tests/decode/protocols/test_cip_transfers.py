"""Files, firmware and logic of CIP, put together; the recordings' hashes are those of tshark's `cip.data` in order."""

from __future__ import annotations

import hashlib
import struct

import pytest

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.enip_octets import PORT, reply, request, unconnected
from decode.protocols.test_program_transfers import recorded

Piece = tuple[int, bytes]
PARTS = [b"[File]\n" * 20, bytes(range(200)), b"end"]
WHOLE = b"".join(PARTS)
SHA = hashlib.sha256(WHOLE).hexdigest()
EDS, NVS = bytes.fromhex("203724c8"), bytes.fromhex("20a12401")
SIZE = struct.pack("<I", len(WHOLE))
NAME = struct.pack("<HH", 1, 1) + b"\1eng\xda\x04\x00" + bytes([8]) + b"line.eds"


def exchange(service: int, path: bytes, asked: bytes, answered: bytes = b"", status: int = 0) -> list[Piece]:
    return [
        (CLIENT, unconnected(request(service, path, asked))),
        (SERVER, unconnected(reply(service, answered, status))),
    ]


def part(k: int) -> bytes:
    last = k == len(PARTS) - 1
    return bytes([k, 2 if last else bool(k)]) + PARTS[k] + (b"\x12\x34" if last else b"")


def upload(*, parts: tuple[int, ...] = (0, 1, 2), status: int = 0) -> list[Piece]:
    talk = exchange(0x4B, EDS, b"\xf0", SIZE + b"\xf0")
    for k in parts:
        talk += exchange(0x4F, EDS, bytes([k]), part(k), status if k == 1 else 0)
    return talk


def download(*, parts: tuple[int, ...] = (0, 1, 2), status: int = 0, begins: int = 0) -> list[Piece]:
    talk = exchange(0x4C, EDS, SIZE + NAME, bytes(7), begins)
    for k in parts:
        talk += exchange(0x50, EDS, part(k), bytes([k]), status if k == 1 else 0)
    return talk


def firmware(*, parts: tuple[int, ...] = (0, 1, 2), begins: bool = True) -> list[Piece]:
    talk = exchange(0x51, NVS, SIZE + bytes(12)) + exchange(0x4B, NVS, SIZE + bytes(4)) if begins else []
    for k in parts:
        at = struct.pack("<I", sum(map(len, PARTS[:k])))
        talk += exchange(0x4D, NVS, at + PARTS[k], at + b"\2\0")
    return talk


@pytest.mark.parametrize("batch", [0, 1, 3])
@pytest.mark.parametrize(
    ("talk", "told"),
    [
        (upload(), ("read", "file", "class:0x37/200")),
        (upload(parts=(0, 0, 1, 2)), ("read", "file", "class:0x37/200")),
        (download(), ("written", "file", "line.eds")),
        (firmware(), ("written", "cip-firmware", "class:0xa1/1")),
        (firmware(parts=(0, 1, 1, 2)), ("written", "cip-firmware", "class:0xa1/1")),
    ],
)
def test_it_is_put_together(talk: list[Piece], told: tuple[str, ...], batch: int) -> None:
    (row,) = tcp(talk, port=PORT, batch=batch)["artifacts"]
    assert (row["direction"], row["kind"], row["name"], row["state"], row["sha256"]) == (*told, "whole", SHA)


@pytest.mark.parametrize(
    "talk",
    [
        upload(parts=(0, 2)),
        upload(parts=(0, 1)),
        upload(status=0x08),
        upload()[2:],
        download(parts=(0, 2)),
        download(status=0x15),
        firmware(parts=(0, 2)),
        firmware(parts=(0, 1)),
        firmware(begins=False),
    ],
)
def test_what_is_missing_of_it_leaves_no_hash(talk: list[Piece]) -> None:
    (row,) = tcp(talk, port=PORT)["artifacts"]
    assert (row["state"], row["sha256"]) == ("incomplete", None)


def test_a_download_that_was_refused_is_none() -> None:
    assert tcp(download(parts=(), begins=0x0C), port=PORT)["artifacts"] == []


@pytest.mark.parametrize(
    ("capture", "told", "sha256"),
    [
        (
            "Firmware_Change",
            ("cip-firmware", "class:0xa1/1", 1834774, "written"),
            "23dedb4c83e1dc07740228dff9e97b02527bf4907677bbb3c485eeb18bd32dba",
        ),
        (
            "Software_Upload",
            ("logix-logic", "class:0x68/9248/class:0x6d/9248", 320, "read"),
            "46a11708bb02e2274e98c5e7efdc8a01a49490b2186173c9b6cb9fd6faad59bc",
        ),
    ],
)
def test_what_others_recorded_is_put_together(capture: str, told: tuple[object, ...], sha256: str) -> None:
    (row,) = recorded(f"enip_cip_attacks/quickdraw-suricata__CL5000EIP-{capture}.pcap")
    assert tuple(row[k] for k in ("kind", "name", "size", "direction")) == told
    assert (row["state"], row["sha256"]) == ("whole", sha256)
