"""Buffers hold what tshark says of the same conversations."""

from __future__ import annotations

import shutil
import struct
import sys
from pathlib import Path

import pytest

from decode.feed import CLIENT, SERVER, Tcp

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from buffers_against_tshark import compared

TALKS: dict[int, list[tuple[int, bytes]]] = {
    80: [
        (CLIENT, b"GET /a%20b?x=1 HTTP/1.1\r\nHost: one.example\r\nUser-Agent: A/1\r\nCookie: c=d\r\n\r\n"),
        (SERVER, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n2\r\n, \r\n0\r\n\r\n"),
        (CLIENT, b"POST /form HTTP/1.1\r\nHost: two.example\r\nContent-Length: 3\r\n\r\na=b"),
        (SERVER, b"HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone"),
    ],
    22: [(SERVER, b"SSH-2.0-OpenSSH_9.2\r\n"), (CLIENT, b"SSH-2.0-client_1\r\n")],
    21: [
        (SERVER, b"220 FTP\r\n"),
        (CLIENT, b"USER anonymous\r\n"),
        (SERVER, b"331 ok\r\n"),
        (CLIENT, b"PASS x\r\n"),
    ],
    25: [
        (SERVER, b"220 m.example ESMTP\r\n"),
        (CLIENT, b"EHLO x.example\r\n"),
        (SERVER, b"250 ok\r\n"),
        (CLIENT, b"MAIL FROM:<a@x.example>\r\n"),
        (SERVER, b"250 ok\r\n"),
        (CLIENT, b"QUIT\r\n"),
    ],
}
EXPECTED = {"http.method": 2, "http.uri.raw": 2, "http.host.raw": 2, "http.response_body": 2, "ssh.proto": 2}
EXPECTED |= {
    "ftp.command": 2,
    "smtp.mail_from": 1,
    "http.cookie": 1,
    "http.user_agent": 1,
    "http.stat_code": 2,
}


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_says_the_same(tmp_path: Path) -> None:
    frames: list[bytes] = []
    for port, talk in TALKS.items():
        connection = Tcp(port, 40_000 + port)
        connection.open()
        for side, octets in talk:
            connection.segment(side, octets)
        frames += connection.frames
    file = tmp_path / "talks.pcap"
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    file.write_bytes(
        head + b"".join(struct.pack("<IIII", 1 + i, 0, len(f), len(f)) + f for i, f in enumerate(frames))
    )
    found = compared(file)
    assert all(ours == theirs for _, ours, theirs in found), found
    assert {buffer: ours.total() for buffer, ours, _ in found} == EXPECTED
