from __future__ import annotations

import io
import json
from dataclasses import replace

from rich.console import Console

from interlock.report.diff import compare
from interlock.report.difference_views import difference_document, print_difference
from interlock.report.documents import dump

from .golden_text import assert_golden
from .test_diff import changed, folder, without
from .test_json_files import validator


def _difference(report):
    before = folder(
        report,
        assets=changed(without(report.assets, "10.20.9.77"), "10.20.1.11", firmware="V2.5.2", vendor=None),
        findings=without(report.findings, report.findings[0].id),
        relations=tuple(r for r in report.relations.rows if r.verb != "stop"),
    )
    after = folder(report, assets=without(report.assets, "10.20.3.5"), findings=report.findings[:-2])
    return compare(before, after)


def _printed(difference) -> str:
    console = Console(file=io.StringIO(), width=100)
    print_difference(difference, console)
    return console.file.getvalue()


def test_document_satisfies_its_schema(plant_report) -> None:
    validator("diff").validate(json.loads(dump(difference_document(_difference(plant_report)))))


def test_terminal_text(plant_report) -> None:
    assert_golden("difference.txt", _printed(_difference(plant_report)))


def test_nothing_changed_is_said(plant_report) -> None:
    same = folder(plant_report)
    assert "Nothing changed" in _printed(compare(same, same))


def test_hostile_names_are_shown_not_obeyed(hostile_report) -> None:
    nothing = replace(folder(hostile_report), assets=(), findings=(), relations=(), conversations=())
    text = _printed(compare(nothing, folder(hostile_report)))
    assert not set(text) & set("\x1b\x9b\x07\u202e\u2066\u200b")
    assert "[bold red]markup[/]" in text
