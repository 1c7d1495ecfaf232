"""Where nothing was compiled: the doctor says so, and an analysis says what a compiled one says."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests.release.tree import ROOT, clone

pytestmark = pytest.mark.slow

ENTRY = "from interlock.cli.main import main; main()"
CAPTURE = ROOT / "demo" / "engineering.pcap"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A source tree as an install without compiler or headers leaves it: no module beside its .py file."""
    tree = clone(tmp_path_factory.mktemp("uncompiled"))
    assert not [*tree.glob("src/**/*.so"), *tree.glob("src/**/*.pyd")]
    return tree


def said(source, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")}
    ended = subprocess.run(
        [sys.executable, "-c", ENTRY, *map(str, arguments)],
        env={**environment, "PYTHONPATH": str(source)}, check=False, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_doctor_says_that_it_is_slow_and_what_to_do(tree):
    checks = json.loads(said(tree / "src", "doctor", "--json"))["checks"]
    (speed,) = (check for check in checks if check["check"] == "speed")
    assert speed["state"] == "partly"
    assert "uncompiled" in speed["says"]
    assert "C compiler" in speed["do"]
    assert "python3-dev" in speed["do"]


def test_an_analysis_finds_what_a_compiled_one_finds(tree, tmp_path):
    for name, source in (("slow", tree / "src"), ("here", ROOT / "src")):
        said(source, "analyze", CAPTURE, "--out", tmp_path / name)
    slow, here = (
        [json.loads((tmp_path / name / f"{file}.json").read_text("utf-8")) for file in ("assets", "findings")]
        for name in ("slow", "here")
    )
    assert slow == here
    assert len(slow[0]["assets"]) > 3
