"""What `zone replay` says of machines that would wait in vain for the one that commands them."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from tests.cli import terminal

from capture.writers import Packet, pcap
from conformance.captures import default_root
from decode.feed import CLIENT, SERVER, Tcp
from decode.protocols.enip_octets import (
    PORT,
    TO_ORIGINATOR,
    TO_TARGET,
    forward_open,
    implicit,
    logical,
    opened,
    unconnected,
)
from interlock.report.schema import check as check_schema

run = terminal.told
REAL = (
    default_root(Path(__file__).resolve().parents[2])
    / "enip_cip_attacks/quickdraw-suricata__CL5000EIP-Control_Protocol_Change_Attempt.pcap"
)
APART = """
[[zones]]
name = "masters"
members = ["{master}"]
sl_t = 1

[[zones]]
name = "devices"
members = ["{device}"]
sl_t = 1
"""


def datagram(side: int, payload: bytes) -> bytes:
    head = struct.pack(">HHHH", 2222, 2222, 8 + len(payload), 0)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0x4000, 64, 17, 0)
    ends = (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    return b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + ends[side] + ends[1 - side] + head + payload


def lost(folder: Path, capture: Path, master: str, device: str) -> tuple[list[dict[str, object]], str]:
    """Machines without their master where each is in a zone of its own, as JSON and as text."""
    file = folder / "apart.toml"
    file.write_text(APART.format(master=master, device=device), "utf-8")
    document = json.loads(run("zone", "replay", file, "--against", capture, "--json").out)
    check_schema(document, "zone-replay")
    return document["machines_without_master"], run("zone", "replay", file, "--against", capture).out


def test_a_device_of_a_cyclic_cip_connection_trips_after_its_interval_times_the_multiplier(tmp_path):
    session = Tcp(PORT)
    session.open()
    asked = forward_open(logical(0x04, 100), transport=0x01, doublings=2, intervals=(20_000, 10_000))
    session.segment(CLIENT, unconnected(asked))
    session.segment(SERVER, unconnected(opened()))
    cyclic = [datagram(SERVER, implicit(TO_ORIGINATOR)), datagram(CLIENT, implicit(TO_TARGET))]
    capture = tmp_path / "cyclic.pcap"
    capture.write_bytes(
        pcap([Packet(n * 10**7, frame) for n, frame in enumerate(session.frames + 9 * cyclic)])
    )
    rows, text = lost(tmp_path, capture, "10.0.0.1", "10.0.0.2")
    (row,) = [row for row in rows if row["protocols"] == ["enip-io"]]
    assert (row["master"], row["server"]) == ("10.0.0.1", "10.0.0.2")
    assert (row["watchdog_s"], row["session_ends_s"]) == (pytest.approx(0.32), None)
    told = "10.0.0.2 is no more asked by 10.0.0.1 (enip-io); its watchdog trips after 0.32 s"
    assert f"without its master: {told}" in text


@pytest.mark.skipif(not REAL.is_file(), reason="no captures are at hand")
def test_a_real_session_is_closed_by_its_device_and_no_more_is_claimed(tmp_path):
    """Forward Opens of transport class 3: eight seconds, four times; tshark reads the same."""
    rows, text = lost(tmp_path, REAL, "192.168.10.105", "192.168.10.120")
    (row,) = [row for row in rows if row["server"] == "192.168.10.120"]
    assert row["watchdog_s"] is None
    assert row["session_ends_s"] == pytest.approx(32.0)
    assert "it ends their session after 32 s; when it stops by itself is not known" in text
