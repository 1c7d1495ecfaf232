"""Incidents in every output: the file, the terminal, the page; nothing from the wire unescaped."""

from __future__ import annotations

import dataclasses
import io
import json
import re

import pytest
from rich.console import Console

from interlock.records.incident import Incident, Step
from interlock.report.documents import dump, incidents_document
from interlock.report.html.page import render_page
from interlock.report.html.timeline import LABEL, WIDTH, stories_of
from interlock.report.html.views import views_of
from interlock.report.schema import SchemaError, check
from interlock.report.terminal import print_summary

T0 = 1_714_543_200 * 10**9
EVIL = "<script>alert(1)</script>\x1b[31m\u202e[bold]"


def incident(title: str = "somebody stopped PLC-FILLER", **changes: object) -> Incident:
    steps = tuple(
        Step(
            finding=f"f{k}", detector="some", severity="high", title=title, time=T0 + k * 60 * 10**9,
            last=T0 + (k + 1) * 60 * 10**9, count=1, machines=("10.20.1.99", "10.20.1.10"), techniques=("T0858",),
            tactic=tactic, consequence="discovery",
        )
        for k, tactic in enumerate(("discovery", "execution", ""))
    )  # fmt: skip
    whole = Incident(
        id="i1", rank=4, consequence="loss of control or view", severity="high", title=title,
        could="It may stand still.",
        story=f"06:00: {title}.", news=f"new: {title}", time=T0, last=T0 + 180 * 10**9, count=3, realm="default",
        actor="10.20.1.99", machines=("10.20.1.99", "10.20.1.10"), tactics=("discovery", "execution"),
        techniques=("T0858",), findings=("f0", "f1", "f2"), steps=steps,
    )  # fmt: skip
    return dataclasses.replace(whole, **changes)  # type: ignore[arg-type]


@pytest.fixture
def told(plant_report):
    return dataclasses.replace(plant_report, incidents=(incident(), incident(EVIL, id="i2")))


def test_the_file_is_closed_by_its_schema(told) -> None:
    document = incidents_document(told.incidents)
    check(document, "incidents")
    check(incidents_document([incident(exercise=True)]), "incidents")
    document["incidents"][0]["unknown"] = 1
    with pytest.raises(SchemaError, match="unknown"):
        check(document, "incidents")


def test_the_file_has_nothing_that_steers_a_terminal(told) -> None:
    text = dump(incidents_document(told.incidents))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert json.loads(text)["incidents"][1]["title"] == EVIL


def test_the_terminal_tells_the_story_before_the_findings(told) -> None:
    out = io.StringIO()
    print_summary(told, Console(file=out, width=100))
    text = out.getvalue()
    assert text.index("WHAT HAPPENED") < text.index("WHAT IS WRONG")
    assert "\x1b[31m" not in text


def test_the_page_tells_it_and_draws_it(told) -> None:
    page = render_page(told)
    assert page.index('id="story"') < page.index('id="first"')
    assert page.count('<svg class="tl"') == 2
    assert "<script>alert(1)" not in page
    assert not re.search(r'<svg class="tl"[^>]*style=', page)


def test_a_page_without_incidents_has_no_empty_story(plant_report) -> None:
    assert 'id="story"' not in render_page(plant_report)


def test_marks_stand_where_they_happened(told) -> None:
    (story, _) = stories_of(told.incidents, views_of(told).findings)
    xs = [mark.x for mark in story.marks]
    assert xs == sorted(xs)
    assert all(LABEL <= mark.x <= mark.end <= WIDTH for mark in story.marks)
    assert [lane.name for lane in story.lanes] == ["discovery", "execution", "other"]


def test_one_moment_is_a_picture_too() -> None:
    at_once = dataclasses.replace(incident().steps[0], last=T0)
    (story,) = stories_of([incident(steps=(at_once,), last=T0)], ())
    assert story.marks[0].x == story.marks[0].end
