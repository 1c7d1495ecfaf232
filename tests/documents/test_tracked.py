from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = {
    "demo", "docs", "requirements", "scripts", "src", "tests",
    ".ci", ".gitattributes", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "SECURITY.md", "pyproject.toml", "sbom.cdx.json", "setup.py",
}  # fmt: skip
"""What a checkout has at its top."""
CAPTURES = {"demo/engineering.pcap", "demo/incident.pcap.gz", "demo/normal-shift.pcapng"}
"""Made by this project's own programs (demo/PROVENANCE.md)."""


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs a checkout and git"
)
def test_nothing_is_tracked_that_is_made_anew_by_each_build() -> None:
    """A build would leave such a file changed, and a checkout would hold an old one."""
    assert tracked("--ignored", "--exclude-standard") == []


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs a checkout and git"
)
def test_nothing_is_tracked_that_a_run_wrote() -> None:
    """What is written beside a capture holds a plant's addresses, names and values."""
    files = tracked()
    assert {name.split("/")[0] for name in files} == HERE
    captures = {name for name in files if re.search(r"\.(pcap|pcapng|cap|parquet)(\.\w+)?$", name)}
    assert captures == CAPTURES


def tracked(*more: str) -> list[str]:
    """Files that git keeps."""
    asked = ["git", "ls-files", "--cached", *more]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
