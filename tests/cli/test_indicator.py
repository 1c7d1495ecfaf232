"""`--indicators` and `interlock indicator check`, as a person meets them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from interlock.cli.main import interlock
from interlock.report.schema import check

if TYPE_CHECKING:
    from pathlib import Path


def test_check_says_what_loads_and_what_does_not(tmp_path: Path) -> None:
    (tmp_path / "feed.txt").write_text("192.0.2.1\nnothing here\nevil.example\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("192.0.2.9\n", encoding="utf-8")
    said = CliRunner().invoke(interlock, ["indicator", "check", str(tmp_path), "--json"])
    document = json.loads(said.stdout)
    check(document, "indicator-check")
    assert said.exit_code == 1
    assert (document["loaded"], document["refused"], document["by_kind"]) == (
        2,
        1,
        {"address": 1, "domain": 1},
    )
    assert document["refusals"][0]["id"] == "line 2"
    plain = CliRunner().invoke(interlock, ["indicator", "check", str(tmp_path / "feed.txt")]).stdout
    assert "2 indicators load" in plain
    assert "line 2: expected" in plain


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = CliRunner().invoke(interlock, ["indicator", "check", str(tmp_path / "gone.txt")])
    assert said.exit_code != 0
    assert "gone.txt" in str(said.exception or said.output)
