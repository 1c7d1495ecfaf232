"""Findings as lines: of a file that others rotate, of standard output."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading

import pytest
from tests.export.some_findings import committed

from interlock.errors import DeliveryError
from interlock.export.delivery.outlet import Reopened, open_outlet
from interlock.export.delivery.stdout import StdoutOutlet
from interlock.export.finding_message import json_line
from interlock.records.config import FileConfig, StdoutConfig


def commits(path):
    return [json.loads(line)["commit"] for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "findings.jsonl"


@pytest.fixture
def outlet(path):
    outlet = open_outlet(FileConfig(path=path), "hall-3")
    yield outlet
    outlet.close()


def test_lines_are_appended(path, outlet) -> None:
    outlet.deliver([committed(1), committed(2)])
    outlet.deliver([committed(3)])
    assert commits(path) == [1, 2, 3]
    assert path.stat().st_mode & 0o137 == 0


def test_a_file_that_was_moved_away_is_left_and_its_name_written_anew(path, outlet) -> None:
    outlet.deliver([committed(1)])
    old = path.rename(path.with_suffix(".1"))
    outlet.deliver([committed(2)])
    path.unlink()
    outlet.deliver([committed(3)])
    assert (commits(old), commits(path)) == ([1], [3])
    assert isinstance(outlet, Reopened)
    outlet.reopen()
    outlet.deliver([committed(4)])
    assert commits(path) == [3, 4]


def test_a_file_that_was_cut_in_place_goes_on_at_its_new_end(path, outlet) -> None:
    outlet.deliver([committed(1)])
    os.truncate(path, 0)
    outlet.deliver([committed(2)])
    assert commits(path) == [2]


@pytest.mark.parametrize("length", [1, 17, 40, 400])
def test_a_torn_line_goes_and_the_whole_ones_stay(path, outlet, length) -> None:
    outlet.deliver([committed(1)])
    outlet.close()
    path.write_bytes(path.read_bytes() + json_line(committed(2), "hall-3").encode()[:length])
    outlet.deliver([committed(2)])
    assert commits(path) == [1, 2]


@pytest.mark.parametrize("foreign", [b"root:x:0:0", b'{"schema":"other', b"x" * 3_000_000])
def test_what_is_not_ours_is_not_cut(path, outlet, foreign) -> None:
    path.write_bytes(foreign)
    outlet.deliver([committed(2)])
    lines = path.read_bytes().splitlines()
    assert lines[0] == foreign
    assert json.loads(lines[1])["commit"] == 2


def test_a_full_disk_leaves_no_half_line_and_takes_it_when_there_is_room(path, outlet) -> None:
    outlet.deliver([committed(1)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, before[1]))
        with pytest.raises(DeliveryError, match="cannot be written"):
            outlet.deliver([committed(2)])
        assert commits(path) == [1]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    outlet.deliver([committed(2)])
    assert commits(path) == [1, 2]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path) -> None:
    with pytest.raises(DeliveryError, match="cannot be written"):
        open_outlet(FileConfig(path=tmp_path / "no" / "where"), "x").deliver([committed(1)])


def test_standard_output_in_both_forms_and_closed() -> None:
    read, write = os.pipe()
    many = [committed(n) for n in range(300)]  # more than a pipe holds
    with os.fdopen(write, "wb", 0) as stream, os.fdopen(read, "rb") as reader:
        heard: list[bytes] = []
        listener = threading.Thread(target=lambda: heard.extend(reader.read().splitlines()))
        listener.start()
        StdoutOutlet(StdoutConfig(), "hall-3", stream).deliver(many)
        StdoutOutlet(StdoutConfig(format="text"), "hall-3", stream).deliver(many[:1])
        stream.close()
        listener.join(5)
    assert [json.loads(line)["commit"] for line in heard[:-1]] == list(range(300))
    assert b"HIGH  Program of PLC 0 changed" in heard[-1]
    with pytest.raises(DeliveryError, match="standard output"):
        StdoutOutlet(StdoutConfig(), "x", stream).deliver(many)


def test_the_process_own_standard_output() -> None:
    script = (
        "from tests.export.some_findings import committed\n"
        "from interlock.export.delivery.outlet import open_outlet\n"
        "from interlock.records.config import StdoutConfig\n"
        "open_outlet(StdoutConfig(), 'hall-3').deliver([committed(5)])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True)
    assert json.loads(ended.stdout)["commit"] == 5
