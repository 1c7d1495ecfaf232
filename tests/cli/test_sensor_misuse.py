"""The sensor with what it cannot read to the end, and with nowhere to keep what it read."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.cli.terminal import DEMO, one_sentence, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A disk of 150 KiB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small disk of its own needs root and mount")
    folder = tmp_path / "tiny"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=150k", "tmpfs", folder], check=False)
    if made.returncode:
        pytest.skip("nothing may be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_capture_that_is_cut_is_used_and_said(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes((DEMO / "engineering.pcap").read_bytes()[:5000])
    ended = run("sensor", "replay", cut, "--out", tmp_path / "store")
    assert ended.code == 4
    assert "frames before it were used" in one_sentence(ended)


def test_a_disk_without_room_for_a_store_is_said_once_and_at_once(tiny: Path) -> None:
    (tiny / "filler").write_bytes(bytes(os.statvfs(tiny).f_bavail * os.statvfs(tiny).f_frsize - 8192))
    ended = run("sensor", "replay", DEMO / "normal-shift.pcapng", "--out", tiny / "store")
    assert ended.code == 3
    assert "free space or name another place" in one_sentence(ended)


def test_what_a_full_disk_does_not_take_is_said_with_how_much(tiny: Path) -> None:
    ended = run("sensor", "replay", DEMO / "normal-shift.pcapng", "--out", tiny / "store")
    assert ended.code == 3
    said = one_sentence(ended)
    assert "takes nothing more" in said
    assert "0 findings and 0 rows" not in said


def test_an_interface_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    ended = run("sensor", "run", "-i", "lo", "-i", "lo", "--out", tmp_path / "store")
    assert ended.code == 2
    assert "-i lo stands twice" in ended.err


def test_a_folder_that_is_no_store_is_said_with_what_to_name_instead(tmp_path: Path) -> None:
    for words in (("status",), ("top",), ("records", "flows")):
        ended = run("sensor", *words, "--store", tmp_path)
        assert ended.code == 3
        assert "name the folder that the sensor writes" in one_sentence(ended)
