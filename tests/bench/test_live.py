from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from interlock.bench.live import main
from interlock.bench.paced_sender import Traffic
from interlock.bench.plant_traffic import PlantTraffic

can = sys.platform == "linux" and os.geteuid() == 0 and shutil.which("ip") is not None
needs_namespaces = pytest.mark.skipif(
    not can, reason="making network namespaces needs Linux, root and the program `ip`"
)


def test_the_traffic_is_the_plants_packet_for_packet():
    packets = 3000
    traffic = Traffic(packets)
    lengths = [length for _, _, caplen in traffic.chunks for length in caplen.tolist()]
    plant = PlantTraffic()
    records = b"".join(chunk.tobytes() for chunk in plant.records(packets))
    ours = b"".join(
        records[at : at + length].tobytes()
        for records, offset, caplen in traffic.chunks
        for at, length in zip(offset.tolist(), caplen.tolist(), strict=True)
    )
    assert len(lengths) == packets
    assert sum(lengths) == traffic.octets == len(ours) == len(records) - 16 * packets


@needs_namespaces
def test_a_slow_pace_is_kept_and_nothing_lost():
    done = CliRunner().invoke(main, ["--rate", "4000", "--seconds", "1", "--json"], catch_exceptions=False)
    capture, decode = (json.loads(line) for line in done.output.splitlines())
    for row in (capture, decode):
        assert (row["sent"], row["received"], row["lost"], row["kernel_drops"]) == (4000, 4000, 0, 0)
        assert row["rate_offered"] <= 4100
        assert row["arrived"] == 4000
        assert 0 < row["oldest_ms_p50"] <= row["oldest_ms_p99"]
    assert capture["rows"] == 0
    assert decode["rows"] > 1000  # every poll is a row
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False).stdout
    assert f"ilk-bench-{os.getpid()}-" not in left


@needs_namespaces
def test_workers_may_be_killed_on_the_way():
    words = ["--rate", "4000", "--seconds", "3", "--kill-every", "1", "--json"]
    row = json.loads(CliRunner().invoke(main, words, catch_exceptions=False).output)
    assert (row["sent"], row["received"], row["lost"], row["kernel_drops"]) == (12000, 12000, 0, 0)
    assert row["workers_killed"] >= 1
