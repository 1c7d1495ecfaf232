from __future__ import annotations

import pytest

from interlock.detect.habit import KEPT_MINUTES, Habit
from interlock.detect.interface import Context
from interlock.detect.refusals import Refusals
from interlock.records.site_text import load_site

from .rows import START, concluded, findings


def minutes(*shares: tuple[int, int], outcome: str = "refused", **more: object) -> list[dict]:
    """Per minute (requests, failures)."""
    return [
        {"at": 60 * minute + n / 100, "outcome": outcome if n < failures else "ok", **more}
        for minute, (requests, failures) in enumerate(shares)
        for n in range(requests)
    ]


QUIET = [(60, 0)] * 8


@pytest.mark.parametrize(("outcome", "word"), [("refused", "refuses"), ("no-answer", "unanswered")])
def test_fires_when_failures_leave_the_habit(outcome: str, word: str) -> None:
    (finding,) = findings(Refusals(), operations=minutes(*QUIET, (60, 40), outcome=outcome))
    assert word in finding.title
    assert finding.count == 40
    assert "67%" in finding.explanation
    assert finding.evidence[0].frames[0] == 60 * 8 + 1


@pytest.mark.parametrize(
    "shares",
    [
        [(60, 0)] * 9,
        [(60, 50)] * 9,
        [*[(60, 6)] * 8, (60, 12)],
        [*QUIET, (60, 5)],
        [*QUIET[:4], (60, 40)],
        [*[(4, 0)] * 8, (60, 40)],
    ],
    ids=["never", "always", "a-little-more", "too-few", "too-early", "too-little-known"],
)
def test_silent(shares: list) -> None:
    assert findings(Refusals(), operations=minutes(*shares)) == ()


SLOW = [(12, 0)] * 20
"""Asked every five seconds."""


@pytest.mark.parametrize("after", [0, KEPT_MINUTES + 5])
def test_who_is_asked_seldom_is_judged_by_several_minutes(after: int) -> None:
    rows = minutes(*SLOW, *[(12, 6)] * 3, *[(12, 0)] * after, outcome="no-answer")
    (finding,) = findings(Refusals(), operations=rows)
    assert finding.count == 12  # of the last minute six alone remain, which is too few
    assert "leaves unanswered" in finding.title


@pytest.mark.parametrize(
    "shares",
    [
        [*SLOW, (12, 6), (12, 0)],
        [*SLOW, (12, 4), (12, 2), (12, 1), (12, 0), (12, 1), (12, 1), (12, 3)],
        [*SLOW, (12, 6), *[(12, 0)] * 5, (12, 6)],
        [*[(12, 6)] * 20, (12, 6), (12, 6)],
        [*[(300, 0)] * 8, *[(300, 3)] * 6],
    ],
    ids=["one minute", "a few", "far apart", "always", "a small share"],
)
def test_a_few_failures_of_who_is_asked_seldom_are_none(shares: list) -> None:
    assert findings(Refusals(), operations=minutes(*shares, outcome="no-answer")) == ()


def test_machines_that_fall_silent_together_have_a_switch_in_common() -> None:
    one = minutes(*QUIET, (60, 40), outcome="no-answer")
    other = [{**row, "client": "10.0.0.2", "server": "10.0.0.3"} for row in one]
    later = [
        {**row, "server": "10.0.0.4"}
        for row in minutes(*QUIET, *[(60, 0)] * 6, (60, 40), outcome="no-answer")
    ]
    assert [f.kind for f in findings(Refusals(), operations=one)] == ["alert"]
    together = findings(Refusals(), operations=sorted([*one, *other], key=lambda row: row["at"]))
    assert [f.kind for f in together] == ["change", "change"]
    assert "1 other machine" in together[0].explanation
    apart = findings(Refusals(), operations=sorted([*one, *later], key=lambda row: row["at"]))
    assert [f.kind for f in apart] == ["alert", "alert"]
    refused = [{**row, "outcome": row["outcome"].replace("no-answer", "refused")} for row in [*one, *other]]
    both = findings(Refusals(), operations=sorted(refused, key=lambda row: row["at"]))
    assert [f.kind for f in both] == ["alert", "alert"]


@pytest.mark.parametrize(
    ("outcome", "verbs", "said"),
    [("no-answer", "", 0), ("no-answer", 'verbs = ["program-write"]', 0), ("no-answer", 'verbs = ["read"]', 1),
     ("refused", "", 1)],
)  # fmt: skip
def test_who_is_worked_on_need_not_answer(outcome: str, verbs: str, said: int) -> None:
    order = f"""
[[work_orders]]
id = "WO-7"
start = 2026-03-02T05:59:00Z
end = 2026-03-02T07:00:00Z
stations = ["10.0.0.32"]
machines = ["10.0.0.2"]
{verbs}
"""
    rows = minutes(*QUIET, (60, 40), outcome=outcome)
    context = Context(now=START, site=load_site(order))
    assert len(findings(Refusals(), context, operations=rows)) == said
    late = [{**row, "at": row["at"] + 7200} for row in rows]
    assert len(findings(Refusals(), context, operations=late)) == 1


def test_what_the_wire_did_not_show_is_no_failure() -> None:
    assert findings(Refusals(), operations=minutes(*QUIET, (60, 40), outcome="unknown")) == ()


def test_a_break_is_kept_when_its_minute_is_long_past() -> None:
    rows = minutes(*QUIET, (60, 40), *[(60, 0)] * (KEPT_MINUTES + 5))
    (finding,) = findings(Refusals(), operations=rows)
    assert finding.count == 40


def test_each_relation_has_its_own_habit() -> None:
    rows = minutes(*[(60, 50)] * 9, server="10.0.0.3") + minutes(*QUIET, (60, 40))
    (finding,) = findings(Refusals(), operations=rows)
    assert finding.machines == ("10.0.0.9", "10.0.0.2")


@pytest.mark.parametrize("condition", ["one-way", "gaps", "broadcast-only"])
def test_withheld_where_the_direction_is_missing(condition: str) -> None:
    context = Context(now=START, health={"a.pcap": frozenset({condition})})
    conclusion = concluded(Refusals(), {"operations": minutes(*QUIET, (60, 40))}, context)
    assert conclusion.findings == ()
    assert [(w.condition, w.count) for w in conclusion.withheld] == [(condition, 1)]


def test_an_attack_does_not_become_the_habit() -> None:
    habit = Habit()
    for minute in range(30):
        habit.add(minute, 60, 0 if minute < 8 else 40)
    assert len(habit.breaks()) == 22
    folded = habit.fold()
    assert [b.minute for b in folded] == list(range(8, 30 - KEPT_MINUTES))
    assert len(folded) + len(habit.breaks()) == 22


def spread(requests: int, refused: int, minute: int, first: float = 0.0) -> list[dict]:
    """So many of usual requests, evenly over a minute; the last ones refused. first: s by which they are later."""
    step = 60 / requests
    return [
        {"at": 60 * minute + first + n * step, "outcome": "refused" if n >= requests - refused else "ok"}
        for n in range(requests)
    ]


def test_refusing_what_was_always_answered_is_a_loss_of_view_not_a_search() -> None:
    quiet = [row for minute in range(8) for row in spread(60, 0, minute)]
    (lost,) = findings(Refusals(), operations=[*quiet, *spread(60, 25, 8)])
    assert "used to answer" in lost.title
    assert lost.techniques[:2] == ("T0814", "T0815")
    assert "outcome" not in dict(lost.data)
    asked_besides = [{**row, "outcome": "refused"} for row in spread(40, 0, 8, first=0.3)]
    rows = sorted([*quiet, *spread(60, 0, 8), *asked_besides], key=lambda row: row["at"])
    (search,) = findings(Refusals(), operations=rows)
    assert "used to answer" not in search.title
    assert search.techniques[0] == "T0861"
    assert dict(search.data)["outcome"] == "refused", "nothing came of it: no consequence but discovery"


@pytest.mark.parametrize(
    ("verb", "first"),
    [("write", "T0855"), ("select", "T0855"), ("authenticate", "T0859"), ("program-write", "T0843"),
     ("subscribe", "T0802"), ("identify", "T0846"), ("unknown", "T0888")],
)  # fmt: skip
def test_what_was_asked_for_in_vain_names_it(verb: str, first: str) -> None:
    quiet = [row for minute in range(8) for row in spread(60, 0, minute)]
    tried = [{**row, "outcome": "refused", "verb": verb} for row in spread(40, 0, 8, first=0.3)]
    rows = sorted([*quiet, *spread(60, 0, 8), *tried], key=lambda row: row["at"])
    (finding,) = findings(Refusals(), operations=rows)
    assert finding.techniques[0] == first
