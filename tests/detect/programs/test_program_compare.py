from __future__ import annotations

import pytest
from tests.detect.rows import START, batch, findings

from interlock.detect.interface import Context, Learning
from interlock.detect.programs.approved import Approved
from interlock.detect.programs.program_compare import ProgramCompare
from interlock.errors import SourceError
from interlock.records.site_text import load_site

HEAD = "code octets: 88; version: 0.1"
BLOCK = {
    "kind": "s7-block",
    "name": "OB1",
    "direction": "written",
    "sha256": "aa",
    "code_sha256": "a",
    "detail": HEAD,
}
CHANGED = {
    **BLOCK,
    "sha256": "bb",
    "code_sha256": "b",
    "detail": "code octets: 92; version: 0.1",
    "size": 216,
}
LOADED = [{**BLOCK, "direction": "read", "at": 30}, {**CHANGED, "at": 31}]
PLANNED = """
[[engineering_stations]]
address = "10.0.0.9"
[[work_orders]]
id = "WO-1"
machines = ["10.0.0.2"]
start = 2026-03-02T05:00:00Z
end = 2026-03-02T08:00:00Z
"""


def verdicts(*rows: dict) -> set[tuple[str, str]]:
    return {(f.title.split(" of ")[0], f.severity) for f in findings(ProgramCompare(), artifacts=list(rows))}


def test_the_first_one_is_unknown_and_the_same_again_is_nothing() -> None:
    (finding,) = findings(ProgramCompare(), artifacts=[BLOCK, BLOCK, {**BLOCK, "direction": "read"}])
    assert finding.count == 1
    assert "for the first time" in finding.title


def test_another_one_is_a_change_that_names_what_changed() -> None:
    _, finding = sorted(findings(ProgramCompare(), artifacts=LOADED), key=lambda f: f.time)
    assert (finding.severity, finding.kind) == ("critical", "alert")
    assert "code octets 88 → 92" in finding.explanation
    assert "the code differs" in finding.explanation
    assert "T0843" in finding.techniques


def test_a_program_that_is_read_and_differs_was_changed_out_of_sight() -> None:
    found = findings(ProgramCompare(), artifacts=[BLOCK, {**CHANGED, "direction": "read"}])
    (finding,) = [f for f in found if "since it was last seen" in f.title]
    assert finding.severity == "high"


def test_other_times_on_the_same_code_are_said_so() -> None:
    found = findings(ProgramCompare(), artifacts=[BLOCK, {**CHANGED, "code_sha256": "a"}])
    (finding,) = [f for f in found if "its code is the same" in f.title]
    assert finding.severity == "low"


def test_milder_where_it_was_planned() -> None:
    context = Context(site=load_site(PLANNED), now=START)
    found = findings(ProgramCompare(), context, artifacts=LOADED)
    assert {f.severity for f in found} == {"info"}
    unapproved = ProgramCompare()
    unapproved.approve(Approved(whole={"zz": "x"}))
    assert {f.severity for f in findings(unapproved, context, artifacts=LOADED)} == {"low"}


@pytest.mark.parametrize(
    "row",
    [
        {"state": "incomplete", "sha256": None},
        {"state": "refused"},
        {"kind": "file", "name": "a.log", "direction": "read"},
    ],
)
def test_silent(row: dict) -> None:
    assert findings(ProgramCompare(), artifacts=[{**BLOCK, **row}, {**CHANGED, **row}]) == ()


def test_what_nobody_approved_is_said_at_once() -> None:
    detector = ProgramCompare()
    detector.approve(Approved(whole={"aa": "OB1.mc7"}))
    found = findings(detector, artifacts=LOADED)
    assert ["nobody approved" in f.title for f in found] == [True, False]
    assert found[0].severity == "critical"
    assert "approved (OB1.mc7)" in found[1].explanation


def test_what_was_approved_survives_a_restart_of_its_memory() -> None:
    detector = ProgramCompare()
    detector.approve(Approved(code={"zz": "x"}))
    detector.load(ProgramCompare().dump())
    assert [f.severity for f in findings(detector, artifacts=[BLOCK])] == ["critical"]


def test_it_learns_what_is_there_and_goes_on_from_it() -> None:
    teacher, pupil = ProgramCompare(), ProgramCompare()
    assert isinstance(teacher, Learning)
    from interlock.detect.batch import Batch  # noqa: PLC0415

    teacher.learn(Batch("artifacts", batch("artifacts", [BLOCK])), Context())
    pupil.know(teacher.learned())
    assert pupil.learned() == teacher.learned()
    assert [f.title for f in findings(pupil, artifacts=[BLOCK])] == []
    with pytest.raises(SourceError):
        pupil.know(b"[1]")
