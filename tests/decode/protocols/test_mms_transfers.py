"""Domains and files of MMS, put together; vectors built from ISO 9506-2, and libiec61850's recordings where at hand."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.iec61850_octets import tlv
from decode.protocols.mms_octets import CONFIRM, CONNECT, answer, ask, failed, integer, text

if TYPE_CHECKING:
    from decode.feed import Rows

Piece = tuple[int, bytes]
PARTS = [b"first " * 40, bytes(range(256)), b"last"]
SHA = hashlib.sha256(b"".join(PARTS)).hexdigest()
MORE, NO_MORE = b"", tlv(0x81, b"\0")


def rows(talk: list[Piece], **how: int) -> list[tuple[str, ...]]:
    found: Rows = tcp([(CLIENT, CONNECT), (SERVER, CONFIRM), *talk], port=102, **how)
    ends = {"10.0.0.1": "client", "10.0.0.2": "server"}
    return [
        (ends[r["client"]], r["direction"], r["kind"], r["name"], r["state"], r["sha256"])
        for r in found["artifacts"]
    ]


def segment(service: int, invoke: int, k: int) -> bytes:
    return answer(invoke, service, tlv(0x80, PARTS[k]), MORE if k < len(PARTS) - 1 else NO_MORE)


def download(*, discard: bytes = b"", parts: tuple[int, ...] = (0, 1, 2)) -> list[Piece]:
    talk = [
        (CLIENT, ask(1, 26, text("PLC", 0x80) + tlv(0xA1) + tlv(0x82, b"\0"))),
        (SERVER, answer(1, 26, constructed=False)),
    ]
    for k in parts:
        talk += [
            (SERVER, ask(10 + k, 27, b"PLC", constructed=False)),
            (CLIENT, segment(27, 10 + k, k)),
        ]
    end = [(SERVER, ask(20, 28, text("PLC", 0x80), discard)), (CLIENT, answer(20, 28, constructed=False))]
    return talk + end


def upload() -> list[Piece]:
    talk = [
        (CLIENT, ask(1, 29, b"PLC", constructed=False)),
        (SERVER, answer(1, 29, integer(7, 0x80), tlv(0xA1))),
    ]
    for k in range(3):
        talk += [(CLIENT, ask(2 + k, 30, b"\7", constructed=False)), (SERVER, segment(30, 2 + k, k))]
    return [*talk, (CLIENT, ask(9, 31, b"\7", constructed=False)), (SERVER, answer(9, 31, constructed=False))]


def file(asker: int = CLIENT, name: str = "COMTRADE/1.cfg", position: int = 0) -> list[Piece]:
    size = integer(sum(map(len, PARTS)), 0x80)
    talk = [
        (asker, ask(1, 72, tlv(0xA0, text(name, 0x19)), integer(position, 0x81))),
        (1 - asker, answer(1, 72, integer(3, 0x80), tlv(0xA1, size))),
    ]
    for k in range(3):
        talk += [(asker, ask(2 + k, 73, b"\3", constructed=False)), (1 - asker, segment(73, 2 + k, k))]
    close = [(asker, ask(9, 74, b"\3", constructed=False)), (1 - asker, answer(9, 74, constructed=False))]
    return talk + close


@pytest.mark.parametrize("batch", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("talk", "told"),
    [
        (download(), ("client", "written", "mms-domain", "PLC")),
        (upload(), ("client", "read", "mms-domain", "PLC")),
        (file(), ("client", "read", "file", "COMTRADE/1.cfg")),
    ],
)
def test_it_is_put_together(talk: list[Piece], told: tuple[str, ...], batch: int) -> None:
    assert rows(talk, batch=batch) == [(*told, "whole", SHA)]


def test_a_file_that_a_device_was_told_to_fetch_is_written_to_it() -> None:
    obtain = ask(50, 46, tlv(0xA1, text("new.bin", 0x19)), tlv(0xA2, text("firmware.bin", 0x19)))
    talk = [(CLIENT, obtain), *file(SERVER, "new.bin"), (SERVER, answer(50, 46, constructed=False))]
    assert rows(talk) == [("client", "written", "file", "firmware.bin", "whole", SHA)]


@pytest.mark.parametrize(
    "talk",
    [
        download(discard=tlv(0xA1, tlv(0xA0, integer(1, 0x84)))),
        download(parts=(0, 1)),
        upload()[:-4],
        upload()[2:],
        [*file()[:5], (SERVER, failed(3, 11, 1)), *file()[6:]],
        file(position=4),
        file()[:-4],
    ],
)
def test_what_is_missing_of_it_leaves_no_hash(talk: list[Piece]) -> None:
    ((*_, state, sha256),) = rows(talk)
    assert (state, sha256) == ("incomplete", None)


def test_a_transfer_that_was_refused_is_none() -> None:
    assert rows([download()[0], (SERVER, failed(1, 7, 3))]) == []
