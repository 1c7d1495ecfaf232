"""What a live sensor keeps and finds is what `analyze` says of the same frames, recorded beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from soaking.books import rows
from soaking.running import until
from tests.cli.terminal import run

from interlock.store.folding import Folding

from .conftest import SCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

SEEDED = ("flow", "operation", "source", "folded")
"""Numbers that differ from run to run, and the name of where frames came from. Times and frame numbers are compared:
the kernel stamps a frame once for all who hear it, and both have heard every frame from the first one on."""


@pytest.fixture(scope="module")
def both(ground):
    """The folder that `analyze` wrote, and a sensor that has ended."""
    sensor = ground.sensor()
    capture = ground.folder / "tap.pcap"
    words = ("--interface", ground.wire.near, "--out", capture)
    tap = ground.wire.start(sys.executable, SCRIPTS / "soaking" / "tap.py", *words, stdout=subprocess.PIPE)
    try:
        assert tap.stdout.readline() == b"ready\n"
        with ground.sending() as sender:
            count = ground.sent(sender)
        assert until(lambda: sensor.packets() == count), sensor.packets()
    finally:
        tap.send_signal(signal.SIGTERM)
        heard = tap.communicate(timeout=20)[0].split()
    assert heard == [b"heard", str(count).encode(), b"dropped", b"0"]
    assert sensor.stop() == 0
    assert not sensor.errors()
    analyzed = run("analyze", capture, "--out", ground.folder / "analyzed")
    assert analyzed.code == 0, analyzed.err
    return ground.folder / "analyzed", sensor


def of_analyze(folder: Path, table: str) -> list:
    return pq.read_table(folder / f"{table}.parquet").to_batches()


@pytest.mark.parametrize("table", ["flows", "clues", "oddities"])
def test_its_records_are_those_of_analyze(both, table: str) -> None:
    folder, sensor = both
    expected = rows(of_analyze(folder, table), SEEDED)
    assert expected
    assert rows(sensor.reader.rows(table), SEEDED) == expected


def test_its_operations_are_those_of_analyze(both) -> None:
    folder, sensor = both
    folding = Folding()
    expected = [row for batch in of_analyze(folder, "operations") for row in folding.add(batch)]
    expected += folding.rest()
    assert rows(sensor.reader.rows("operations_folded"), SEEDED) == rows(expected, SEEDED)


def test_its_findings_are_those_of_analyze_and_all_of_them_were_printed(both) -> None:
    folder, sensor = both
    said = {f["id"]: f for f in json.loads((folder / "findings.json").read_text("utf-8"))["findings"]}
    found = {ident: f for ident, f in sensor.findings().items() if f.detector != "capture-health"}
    assert len(said) > 5
    assert {i: (f.title, f.severity, f.count) for i, f in found.items()} == {
        i: (f["title"], f["severity"], f["count"]) for i, f in said.items()
    }
    last = {ident: count for ident, _, count in sensor.printed}
    assert {ident: f.count for ident, f in found.items()}.items() <= last.items()
