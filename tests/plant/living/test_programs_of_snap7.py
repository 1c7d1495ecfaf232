"""A client and a server that are not ours load a block up and down: what is put together is what they say it is."""

from __future__ import annotations

import hashlib
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from decode.feed import tcp

if TYPE_CHECKING:
    from collections.abc import Iterator

snap7 = pytest.importorskip("snap7")
from snap7.client import Client  # noqa: E402
from snap7.server import Server  # noqa: E402
from snap7.type import Block, SrvArea  # noqa: E402

SIZE = 900
"""Octets of the data block: more than one part."""
Talk = list[tuple[int, bytes]]


@pytest.fixture
def server() -> Iterator[int]:
    """A controller of python-snap7 on loopback, with DB1."""
    one, port = Server(), _free_port()
    one.register_area(SrvArea.DB, 1, bytearray(range(256)) * 3 + bytearray(SIZE - 768))
    one.start(port)
    yield port
    one.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def overheard(server: int) -> Iterator[tuple[int, Talk]]:
    """A port on loopback that passes on to the server, and what was said through it."""
    talk: Talk = []

    def pass_on(source: socket.socket, target: socket.socket, side: int) -> None:
        with suppress(OSError):
            while octets := source.recv(65536):
                talk.append((side, octets))
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)

    def accept(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client, socket.create_connection(("127.0.0.1", server)) as upstream:
            back = threading.Thread(target=pass_on, args=(upstream, client, 1))
            back.start()
            pass_on(client, upstream, 0)
            back.join(5)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        between = threading.Thread(target=accept, args=(listener,))
        between.start()
        yield int(listener.getsockname()[1]), talk
        between.join(10)


def test_what_snap7_loads_up_and_down_is_put_together(server: int) -> None:
    with overheard(server) as (port, talk):
        client = Client()
        client.connect("127.0.0.1", 0, 2, port)
        uploaded, size = client.full_upload(Block.DB, 1)
        sent = bytearray(k * 7 & 0xFF for k in range(SIZE))
        client.download(sent, 1)
        again, _ = client.full_upload(Block.DB, 1)
        client.disconnect()
    rows = tcp(talk, port=102)["artifacts"]
    assert [(r["name"], r["direction"], r["state"]) for r in rows] == [
        ("DB1", "read", "whole"),
        ("DB1", "written", "whole"),
        ("DB1", "read", "whole"),
    ]
    assert rows[0]["size"] == size
    assert rows[0]["sha256"] == hashlib.sha256(bytes(uploaded[:size])).hexdigest()
    assert rows[1]["sha256"] == hashlib.sha256(bytes(sent)).hexdigest()
    assert rows[2]["sha256"] == hashlib.sha256(bytes(again)).hexdigest() != rows[0]["sha256"]


def test_a_download_that_the_controller_refuses_is_no_artifact(server: int) -> None:
    with overheard(server) as (port, talk):
        client = Client()
        client.connect("127.0.0.1", 0, 2, port)
        with pytest.raises(Exception, match="protocol error"):
            client.download(bytearray(SIZE + 100), 1)
        client.disconnect()
    assert tcp(talk, port=102)["artifacts"] == []
