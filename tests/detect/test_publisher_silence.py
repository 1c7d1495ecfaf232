"""GOOSE that stays away: kept from its subscribers, or a restart, a machine that is off, a capture that paused."""

from __future__ import annotations

from typing import Any

import pytest

from detect.rows import START, batch, concluded
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.publisher_silence import PublisherSilence

BLOCK, SENDER = "IED/LLN0$GO$trip", "00:1b:1b:00:00:02"
PUBLISHED = {
    "protocol": "goose", "client": SENDER, "server": "01:0c:cd:01:00:01", "verb": "report", "outcome": "unsolicited",
    "object": BLOCK,
}  # fmt: skip
Rows = list[dict[str, Any]]


def published(*spans: tuple[int, int], state: int = 4, first: int = 0) -> dict[str, Rows]:
    """A message a second from one second to another, numbered as its publisher counts: by the clock."""
    times = [n for begin, end in spans for n in range(begin, end)]
    return {
        "operations": [{**PUBLISHED, "at": n} for n in times],
        "goose": [
            {"at": n, "gocb_ref": BLOCK, "client": SENDER, "st_num": state, "sq_num": first + n,
             "time_allowed_to_live": 2000} for n in times
        ],
    }  # fmt: skip


def with_others(tables: dict[str, Rows], *, until: int = 400, **more: Any) -> dict[str, Rows]:
    """Beside it somebody reads a controller, all the time."""
    others: Rows = [{"at": n + 0.5, **more} for n in range(until)]
    rows = sorted([*tables["operations"], *others], key=lambda row: float(row["at"]))
    return {"operations": rows, "goose": tables["goose"]}


def found(tables: dict[str, Rows]) -> Any:
    conclusion = concluded(PublisherSilence(), tables)
    assert not conclusion.diagnostics
    return conclusion.findings


def test_messages_that_are_kept_away_are_told_by_their_numbers() -> None:
    (finding,) = found(with_others(published((0, 60), (200, 260)), until=260))
    assert finding.techniques == ("T0804", "T0815", "T0814")
    assert (finding.kind, finding.severity) == ("alert", "high")
    assert "140 messages did not arrive" in finding.explanation
    assert finding.count == 1


def test_a_silence_that_goes_on_is_told_within_seconds_of_its_time() -> None:
    detector, context = PublisherSilence(), Context(now=START)
    tables = with_others(published((0, 60)))
    detector.feed(Batch("goose", batch("goose", tables["goose"])), context)
    said = [
        (row["at"], finding)
        for row in tables["operations"]
        for finding in detector.feed(Batch("operations", batch("operations", [row])), context)
    ]
    assert [round(at) for at, _ in said] == [66]
    assert "whether it lived is not known" in said[0][1].explanation
    assert said[0][1].severity == "medium"


def test_what_is_asked_for_may_come_before_what_was_told_meanwhile() -> None:
    detector, context = PublisherSilence(), Context(now=START)
    tables = published((0, 100))
    detector.feed(Batch("goose", batch("goose", tables["goose"])), context)
    others: Rows = [{"at": n + 0.5} for n in range(100)]
    for ten in range(0, 100, 10):
        for rows in (others, tables["operations"]):
            part = [row for row in rows if ten <= float(row["at"]) < ten + 10]
            assert not list(detector.feed(Batch("operations", batch("operations", part)), context))


def test_a_machine_that_goes_on_to_answer_makes_it_grave() -> None:
    (finding,) = found(with_others(published((0, 60)), server=SENDER, client="00:1b:1b:00:00:09"))
    assert (finding.kind, finding.severity) == ("alert", "high")
    assert "went on to speak" in finding.explanation


def test_a_restart_is_a_change() -> None:
    before, after = published((0, 60)), published((90, 200), state=1, first=-90)
    joined = {table: before[table] + after[table] for table in before}
    (finding,) = found(with_others(joined, until=200))
    assert (finding.kind, finding.severity) == ("change", "low")
    assert "restarted" in finding.explanation


def test_a_machine_that_is_silent_as_a_whole_is_a_change() -> None:
    tables = with_others(published((0, 60)))
    mine = [{"at": n + 0.25, "server": SENDER, "client": "00:1b:1b:00:00:09"} for n in range(60)]
    tables["operations"] = sorted([*tables["operations"], *mine], key=lambda row: float(row["at"]))
    (finding,) = found(tables)
    assert (finding.kind, finding.severity) == ("change", "low")


@pytest.mark.parametrize(
    "tables",
    [
        with_others(published((0, 400))),
        with_others(published((0, 60), (63, 400))),
        published((0, 60), (200, 260)),
        with_others(published((0, 15)), until=300),
        {**with_others(published((0, 60))), "goose": []},
    ],
    ids=["goes on", "two lost", "nothing captured meanwhile", "hardly heard", "no promise"],
)
def test_what_is_no_silence_is_not_said(tables: dict[str, Rows]) -> None:
    assert found(tables) == ()


def test_when_most_fall_silent_it_says_so() -> None:
    tables = with_others(published((0, 60)))
    for number in range(4):
        name, mac = f"IED{number}/LLN0$GO$trip", f"00:1b:1b:00:01:0{number}"
        tables["operations"] += [{**PUBLISHED, "client": mac, "object": name, "at": n} for n in range(60)]
        tables["goose"] += [{**row, "client": mac, "gocb_ref": name} for row in tables["goose"][:60]]
    tables = {table: sorted(rows, key=lambda row: float(row["at"])) for table, rows in tables.items()}
    findings = found(tables)
    assert len(findings) == 5
    assert all("4 other publishers" in finding.explanation for finding in findings)
    assert {finding.severity for finding in findings} == {"medium"}
