"""The README's five minutes, typed as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from documents.command_lines import REPOSITORY

AT_A_DESK = (". .venv/bin/activate", "xdg-open")
"""What prepares a terminal or opens a browser."""


def steps() -> list[str]:
    """The commands between the headings "Five minutes" and the next one, in order."""
    part = (REPOSITORY / "README.md").read_text("utf-8").partition("## Five minutes")[2].partition("\n## ")[0]
    blocks = re.findall(r"^( *)```\n(.*?)^ *```", part, re.MULTILINE | re.DOTALL)
    return [line.strip() for _, block in blocks for line in block.splitlines()]


@pytest.mark.slow
def test_it_works_in_a_fresh_folder(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "demo", tmp_path / "demo")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = os.environ | {"PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = {}
    for step in steps():
        if step.startswith(AT_A_DESK):
            continue
        typed = step.replace("FINDING-ID", _first_finding(tmp_path / "out")) if "FINDING-ID" in step else step
        ran = subprocess.run(
            ["bash", "-c", typed], cwd=tmp_path, env=environment,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert ran.returncode == 0, (step, ran.stdout[-2000:], ran.stderr[-2000:])
        assert not ran.stderr, step
        said[step] = ran.stdout
    assert (tmp_path / "operations.parquet").stat().st_size > 10_000
    rows = next(said[step] for step in said if "grep" in step).splitlines()
    assert [json.loads(row)["verb"] for row in rows] == ["write"] * 3
    assert "New findings" in next(said[step] for step in said if " diff " in step)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert summary["findings"]["accepted"] == 1


def _first_finding(folder: Path) -> str:
    findings = json.loads((folder / "findings.json").read_text("utf-8"))["findings"]
    identifier: str = findings[0]["id"]
    return identifier


def test_there_are_steps() -> None:
    assert len(steps()) > 6
