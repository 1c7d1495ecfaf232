"""What pending rows add, and how it gives way to the final rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from interlock.detect.asked import MOST_EACH, MOST_OPEN, Asked
from interlock.detect.batch import Batch
from interlock.detect.controller_change import ControllerChange
from interlock.detect.dcp_change import DcpChange
from interlock.detect.interface import Context, Detector, Early
from interlock.detect.registry import all_detectors
from interlock.detect.routed_control import RoutedControl
from interlock.detect.runner import Runner

from .rows import START, batch, findings
from .test_dcp_change import SET
from .test_routed_control import ACROSS, MANY

CONTEXT = Context(now=START)
WAITING: dict[type[Detector], dict[str, Any]] = {
    ControllerChange: {"verb": "stop", "protocol": "s7comm"},
    DcpChange: {**SET, "object": "name-of-station"},
    RoutedControl: {**ACROSS, "verb": "write"},
}
"""Detector → a row that raises a finding before it is answered."""
every = pytest.mark.parametrize("kind", WAITING)


def said(detector: Any, *rows: dict[str, Any]) -> list[Any]:
    """What a detector says of these rows at once."""
    return list(detector.feed(Batch("operations", batch("operations", list(rows))), CONTEXT))


def ready(kind: type[Any]) -> Any:
    """A detector that knows where the routers are."""
    made = kind()
    list(made.feed(Batch("clues", batch("clues", MANY)), CONTEXT))
    return made


def pending(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**row, "outcome": "pending", **more}


@every
def test_a_request_is_judged_before_its_answer(kind: type[Any]) -> None:
    (finding,) = said(ready(kind), pending(WAITING[kind]))
    assert finding.count == 1
    assert finding.evidence[0].frames == (1,)


@every
@pytest.mark.parametrize("outcome", ["ok", "refused", "no-answer", "unknown"])
@pytest.mark.parametrize("together", [False, True])
def test_what_it_raised_stays_and_is_counted_once(kind: type[Any], outcome: str, together: bool) -> None:
    row, alone = WAITING[kind], ready(kind)
    said(alone, {**row, "outcome": outcome})
    rows = [pending(row, frame=1, at=1), {**row, "outcome": outcome, "frame": 1, "at": 1}]
    detector = ready(kind)
    early = [f for part in ([rows] if together else [[r] for r in rows]) for f in said(detector, *part)]
    assert {f.id for f in early} == {f.id for f in alone.conclude(CONTEXT)}
    assert list(detector.conclude(CONTEXT)) == list(alone.conclude(CONTEXT))
    assert len(detector.asked) == 0


@every
def test_everything_is_a_count_of_its_own_and_a_restart_changes_nothing(kind: type[Any]) -> None:
    detector, row = ready(kind), WAITING[kind]
    said(detector, pending(row), pending(row, operation=2), pending(row, flow=2), pending(row, item=1))
    again = kind()
    again.load(detector.dump())
    for one in (detector, again):
        assert next(iter(one.conclude(CONTEXT))).count >= 3
        said(one, *({**row, "flow": flow, "operation": op} for flow, op in ((1, 1), (1, 2), (2, 1))))
        assert len(one.asked) == 0
    assert again.dump() == detector.dump()


def test_what_no_answer_has_said_yet_is_not_said() -> None:
    detector = ControllerChange()
    (early,) = said(detector, pending(WAITING[ControllerChange]))
    assert early.title == "10.0.0.9 asked 10.0.0.2 to stop (S7comm)"
    assert "(outcomes: 1 not answered yet)" in early.explanation.replace("functions without a name; ", "")
    (answered,) = said(detector, {**WAITING[ControllerChange], "outcome": "ok"})
    (last,) = detector.conclude(CONTEXT)
    assert answered == last
    assert last.title == "10.0.0.9 stopped 10.0.0.2 (S7comm)"
    assert "1 ok" in last.explanation
    assert "pending" not in dict(last.data)["outcome"]


def test_a_refusal_leaves_the_finding_and_says_so() -> None:
    detector = ControllerChange()
    (early,) = said(detector, pending(WAITING[ControllerChange]))
    assert said(detector, {**WAITING[ControllerChange], "outcome": "refused"}) == []  # under the same title
    (last,) = detector.conclude(CONTEXT)
    assert last.id == early.id
    assert last.title == "10.0.0.9 asked 10.0.0.2 to stop (S7comm)"
    assert "1 refused" in last.explanation
    assert (early.severity, last.severity) == ("high", "medium")


def test_answers_of_many_requests_are_said_once() -> None:
    detector, row = ControllerChange(), WAITING[ControllerChange]
    told = [
        said(detector, {**row, "operation": n, "outcome": o}) for n in range(8) for o in ("pending", "ok")
    ]
    titles = [finding.title for findings in told for finding in findings]
    assert titles[:2] == ["10.0.0.9 asked 10.0.0.2 to stop (S7comm)", "10.0.0.9 stopped 10.0.0.2 (S7comm)"]
    assert [f.count for findings in told for f in findings] == [1, 1, 2, 4, 8]


def test_a_name_that_a_device_did_not_take_was_not_set() -> None:
    rows = [{**WAITING[DcpChange], "outcome": "refused"}]
    (finding,) = findings(DcpChange(), operations=rows)
    assert "asked 00:1b:1b:00:00:02 to change the name by DCP" in finding.title
    (finding,) = findings(DcpChange(), operations=[WAITING[DcpChange]])
    assert "set the name of 00:1b:1b:00:00:02 by DCP" in finding.title


@pytest.mark.parametrize("detector", all_detectors(), ids=lambda d: d.name)
def test_others_wait_for_the_final_row(detector: Any) -> None:
    early = isinstance(detector, Early) and detector.early
    assert early or type(detector) not in WAITING
    if early or "operations" not in detector.needs:
        pytest.skip("judges pending rows, or no operations")
    before = detector.dump()
    assert said(detector, pending({"verb": "write"}, protocol="snmp"), pending({"verb": "stop"})) == []
    assert detector.dump() == before


def test_a_batch_of_nothing_else_comes_to_who_judges_it_early(monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[tuple[str, int]] = []
    runner = Runner(all_detectors())
    for detector in runner._detectors.values():
        monkeypatch.setattr(
            detector, "feed", lambda b, _, name=detector.name: came.append((name, len(b))) or [], raising=True
        )
    runner.feed("operations", batch("operations", [pending({})] * 2), CONTEXT)
    assert {name for name, _ in came} == {
        *(
            "conduit-violation",
            "controller-change",
            "dcp-change",
            "new-deed",
            "routed-control",
            "safety-system",
        ),
    }
    came.clear()
    runner.feed("operations", batch("operations", [pending({}), {}]), CONTEXT)
    assert {"refusals", "default-community", "controller-change"} < {name for name, _ in came}


def test_an_answer_that_mends_its_request_leaves_nothing_of_what_was_thought() -> None:
    detector = ControllerChange()
    said(detector, pending({"verb": "stop"}))
    said(detector, {"verb": "start"})
    assert [f.title for f in detector.conclude(CONTEXT)] == ["10.0.0.9 started 10.0.0.2 (Modbus)"]


def test_a_flood_is_bounded_for_each_cause_and_in_all() -> None:
    asked = Asked()
    many = [pending({"verb": "stop"}, operation=n) for n in range(MOST_OPEN + 100)]
    rows = Batch("operations", batch("operations", many))
    one = list(asked.open(("a",), rows, np.arange(MOST_OPEN)))
    assert len(one) == len(list(asked.of(("a",)))) == MOST_EACH
    for n in range(MOST_OPEN + 100):
        list(asked.open((f"cause {n}",), rows, np.array([n])))
    assert len(asked) == MOST_OPEN
    assert ("cause 50",) not in asked
    ended = [{**row, "outcome": "ok"} for row in many]
    touched = asked.settle(Batch("operations", batch("operations", ended)))
    assert (f"cause {MOST_OPEN}",) in touched
    assert len(asked) == 0
    assert list(asked) == []


def test_the_words_of_what_has_ended_make_room_again() -> None:
    asked, rows = Asked(), Batch("operations", batch("operations", [{"verb": "stop"}]))
    before = json.dumps(asked.state())
    left = asked._room.left
    for tally, _ in asked.open(("a",), rows, np.array([0])):
        tally.note("user", "eng")
    assert asked._room.left == left - 1
    asked.settle(rows)
    assert asked._room.left == left
    assert json.dumps(asked.state()) == before
