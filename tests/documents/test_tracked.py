from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs a checkout and git"
)
def test_nothing_is_tracked_that_is_made_anew_by_each_build() -> None:
    """A build would leave such a file changed, and a checkout would hold an old one."""
    asked = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == ""
