"""No file that somebody names eats the machine's memory: what never ends is refused, and what is too long."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from interlock.bootstrap.written import MOST_OCTETS, read_written, written_text
from interlock.cli.main import interlock
from interlock.errors import ConfigError

INCIDENT = Path(__file__).resolve().parents[2] / "demo" / "incident.pcap.gz"
ROOM = 2 << 30
"""Octets of address space: libraries take a gigabyte of it before anything is read."""


def test_a_file_is_read_whole_and_one_octet_more_than_any_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf# a plant\r\n")
    assert written_text(path, "name one") == "# a plant\n"
    os.truncate(path, MOST_OCTETS)
    assert len(read_written(path)) == MOST_OCTETS
    os.truncate(path, MOST_OCTETS + 1)
    with pytest.raises(ConfigError, match=r"site\.toml: has more than 64 MiB"):
        written_text(path, "name one")


def test_what_cannot_be_read_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(no such file or directory\); name one$"):
        written_text(tmp_path / "none.toml", "name one")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/zero and a limit of address space")
@pytest.mark.parametrize(
    "words",
    [
        ("site", "check", "/dev/zero"),
        ("zone", "check", "--site", "/dev/zero"),
        ("sensor", "config", "--check", "/dev/zero"),
        ("indicator", "check", "/dev/zero"),
        ("analyze", str(INCIDENT), "--site", "/dev/zero"),
    ],
    ids=" ".join,
)
def test_a_device_that_never_ends_is_one_sentence(words: tuple[str, ...], tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from interlock.cli.start import main; main()", *words],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True,
        timeout=60, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM)),
    )  # fmt: skip
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith("interlock: /dev/zero: has ")


def test_a_rule_file_that_is_too_long_keeps_no_other_out(tmp_path: Path) -> None:
    (tmp_path / "a.yml").touch()
    os.truncate(tmp_path / "a.yml", MOST_OCTETS + 1)
    (tmp_path / "b.yml").write_text(
        "title: A stop\nname: b\nid: 5f0d9a53-1f51-4a3c-9a57-6f4f2c9d1e10\nlogsource: {category: ot_operation}\n"
        "detection:\n  stop: {verb: stop}\n  condition: stop\nlevel: high\n"
    )
    ended = CliRunner().invoke(interlock, ["rule", "check", str(tmp_path)])
    assert ended.exit_code == 1
    assert "a.yml:1:1: has more than 64 MiB" in ended.output
    assert "1 rule of" in ended.output
