"""The boiler's controller as python-snap7 serves it: values are the library's business, programs and identity ours."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from interlock.plant.actors.boiler import boiler_cpu
from interlock.plant.actors.engineering import download_block, upload_block
from interlock.plant.actors.steps import Ask
from interlock.plant.living.speech import cut, of_port
from interlock.plant.protocols import s7comm

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("snap7")
BLOCK = "_0800001P"


class Line:
    """One connection; every message that is said is kept."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), 5)
        self._rest = b""
        self.heard: list[bytes] = []

    def ask(self, octets: bytes) -> tuple[bytes, ...]:
        """As the living plant's client does: some answers make another message certain."""
        self._sock.sendall(octets)
        found: list[bytes] = []
        if not (speech := of_port(102)).answered(octets):
            return ()
        while not found or speech.more(found[-1]):
            messages, self._rest = cut(speech, self._rest + self._sock.recv(65536))
            found += messages
        self.heard += found
        return tuple(found)

    def close(self) -> None:
        self._sock.close()


class Refusing:
    """A controller that refuses every job."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def ask(self, octets: bytes) -> tuple[bytes, ...]:
        self.heard.append(octets)
        return (s7comm.confirm(2, octets[17:18], error=0x8104),)


@pytest.fixture
def port() -> Iterator[int]:
    from snap7.type import SrvArea  # noqa: PLC0415 (an extra)

    from interlock.plant.living.servers.s7 import _Controller  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    server = _Controller(boiler_cpu())
    server.register_area(SrvArea.DB, 1, bytearray(struct.pack("!f", 7.0)))
    server.port = number
    server.start_to("127.0.0.1", number)
    yield number
    server.stop()


@pytest.fixture
def line(port: int) -> Iterator[Line]:
    made = Line(port)
    yield made
    made.close()


def play(line: Line | Refusing, script) -> list[bytes]:
    """What was heard meanwhile."""
    line.heard.clear()
    answers: tuple[bytes, ...] = ()
    try:
        step = next(script)
        while True:
            answers = line.ask(step.octets) if isinstance(step, Ask) else ()
            step = script.send(answers)
    except StopIteration:
        return list(line.heard)


def uploaded(port: int, block: str = BLOCK) -> bytes:
    """A block's octets, as an engineer fetches it."""
    line = Line(port)
    heard = play(line, upload_block("engineering", block))
    line.close()
    parts = [m[25:] for m in heard if m[8:9] == b"\x03" and m[19:20] == bytes((s7comm.UPLOAD,))]
    return b"".join(parts)


def test_a_program_is_given_and_taken(port: int, line: Line) -> None:
    assert uploaded(port) == boiler_cpu().blocks[BLOCK]
    changed = bytes(range(256)) * 2 + b"end"
    heard = play(line, download_block("engineering", BLOCK, changed))
    assert not [m for m in heard if m[8:9] == b"\x02"], "nothing was refused"
    functions = [m[17] for m in heard if m[8:9] == b"\x01"]
    assert functions == [s7comm.DOWNLOAD_BLOCK] * 4 + [s7comm.DOWNLOAD_ENDED]
    assert uploaded(port) == changed


def test_a_block_that_is_not_there_is_refused_and_no_more_asked_for(line: Line) -> None:
    heard = play(line, upload_block("engineering", "_0800099P"))
    assert len(heard) == 3, "connection, setup, refusal"
    assert heard[-1][17:19] == b"\xd2\x0e"


def test_a_download_that_the_controller_does_not_ask_for_is_not_sent() -> None:
    heard = play(Refusing(), download_block("engineering", BLOCK, bytes(400)))
    assert len(heard) == 3, "connection, setup, request"


def test_who_it_is_and_its_password_are_our_controllers(line: Line) -> None:
    line.ask(s7comm.connect())
    line.ask(s7comm.setup(1))
    (module,) = line.ask(s7comm.szl(2, 0x0011))
    (component,) = line.ask(s7comm.szl(3, 0x001C))
    cpu = boiler_cpu()
    assert cpu.order_number.encode() in module
    assert cpu.serial.encode() in component
    guess = struct.pack("!BBH", 0xFF, 0x09, 8) + bytes(8)
    parameter = b"\x00\x01\x12\x04\x11\x45\x01\x00"
    (refused,) = line.ask(s7comm.job(4, parameter, guess, s7comm.USERDATA))
    assert b"\xd4\x02" in refused


def test_values_are_the_librarys(line: Line) -> None:
    line.ask(s7comm.connect())
    line.ask(s7comm.setup(1))
    real = s7comm.Real("boiler.pressure", 1, 0)
    assert s7comm.reals_of(line.ask(s7comm.read_reals(2, [real]))[0]) == (7.0,)


@pytest.mark.parametrize(
    "pdu",
    [
        b"",
        b"\x32",
        b"\x32\x07",
        b"\x32\x03\0\0\0\1\0\0\0\0",
        b"\x32\x01" + bytes(8) + b"\x1d",
        b"\x32\x07" + bytes(8) + b"\x00\x01\x12\x04\x11\x44",
    ],
)
def test_what_is_no_request_ends_its_connection_alone(port: int, pdu: bytes) -> None:
    line = Line(port)
    line.ask(s7comm.connect())
    line._sock.sendall(s7comm.tpkt(b"\x02\xf0\x80" + pdu))
    line._sock.settimeout(0.5)
    with suppress(TimeoutError):  # not answered
        line._sock.recv(100)
    line.close()
    assert uploaded(port) == boiler_cpu().blocks[BLOCK], "the others go on"
