"""Output that nobody takes: a stream that is closed before the program begins."""

from __future__ import annotations

import os
import subprocess

import pytest
from tests.cli import terminal

from capture.writers import Packet, pcap
from decode.feed import CLIENT, Tcp


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2)])
def test_a_closed_stream_is_nowhere(closed, tmp_path):
    connection = Tcp(502)
    connection.open()
    connection.segment(CLIENT, bytes.fromhex("000100000006010300000001"))
    capture, out = tmp_path / "a.pcap", tmp_path / "out"
    capture.write_bytes(pcap([Packet(10**18 + 1000 * n, frame) for n, frame in enumerate(connection.frames)]))

    def close() -> None:
        for number in closed:
            os.close(number)

    how = {"preexec_fn": close, "stdin": subprocess.DEVNULL}
    with terminal.start("analyze", capture, "--out", out, **how) as process:
        said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    whole = {path.name for path in out.iterdir()}
    assert {"report.html", "findings.json", "summary.json"} <= whole
    assert not any(b"interlock: " in path.read_bytes() for path in out.glob("*.json"))
