from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from interlock.report.record import Report, Run
from interlock.report.terminal import print_summary

from .golden_text import assert_golden

FILES = (Path("out/assets.json"), Path("out/report.html"))


def _printed(report, width=100, *, terminal=False) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
    )
    print_summary(report, console, FILES)
    return console.file.getvalue()


def test_plain_text(plant_report) -> None:
    assert_golden("summary.txt", _printed(plant_report))


def test_health_comes_first_then_what_to_do(plant_report) -> None:
    text = _printed(plant_report)
    places = [
        text.index(words)
        for words in (
            "CAPTURE HEALTH",
            "WHAT IS HERE",
            "WHAT IS WRONG",
            "MACHINES",
            "WHO DOES",
            "NOT BE KNOWN",
            "FILES",
        )
    ]
    assert places == sorted(places)
    assert text.lstrip().startswith("CAPTURE HEALTH")


@pytest.mark.parametrize("width", [40, 80, 100, 132, 200])
def test_no_line_is_wider_than_the_console(plant_report, hostile_report, width) -> None:
    for report in (plant_report, hostile_report):
        assert max(cell_len(line.rstrip()) for line in _printed(report, width).splitlines()) <= width


def test_without_a_terminal_there_is_no_escape(plant_report, hostile_report) -> None:
    for report in (plant_report, hostile_report):
        assert not set(_printed(report)) & set("\x1b\x9b\x07\r\x00\u202e\u2066\u200b\ufeff")


def test_on_a_terminal_only_our_own_escapes_appear(hostile_report) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", _printed(hostile_report, 120, terminal=True))
    assert not set(text) & set("\x1b\x9b\x07\u202e")
    assert "[2J" in text  # shown as \x1b[2J in letters


def test_markup_from_the_wire_is_text(hostile_report) -> None:
    assert "[bold red]markup[/]" in _printed(hostile_report, 200)


def test_an_empty_run_says_so() -> None:
    text = _printed(Report(run=Run(version="0.1.0", sources=())))
    assert "No machine was seen. No finding is open." in text
    assert "not the same as safe" in text


def test_accepted_findings_are_not_urged(plant_report) -> None:
    accepted = replace(
        plant_report, findings=tuple(replace(f, accepted="known") for f in plant_report.findings)
    )
    assert "No finding is open." in _printed(accepted)
