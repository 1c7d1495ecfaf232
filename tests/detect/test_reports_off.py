"""Spontaneous reports of an outstation switched off to stay off, and what a master's beginning looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detect.rows import START, batch, concluded
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.reports_off import ReportsOff

if TYPE_CHECKING:
    from interlock.records.finding import Finding

Rows = list[dict[str, Any]]


def dnp3(at: float, function: str, verb: str = "read", **more: Any) -> dict[str, Any]:
    return {"at": at, "protocol": "dnp3", "function_name": function, "verb": verb, **more}


def off(at: float, **more: Any) -> dict[str, Any]:
    return dnp3(at, "DISABLE_UNSOLICITED", "alarm-suppress", **more)


def polls(begin: int, end: int, **more: Any) -> Rows:
    return [dnp3(at, "READ", **more) for at in range(begin, end, 5)]


def found(*rows: dict[str, Any]) -> tuple[Finding, ...]:
    ordered = sorted(rows, key=lambda row: float(row["at"]))
    conclusion = concluded(ReportsOff(), {"operations": ordered})
    assert not conclusion.diagnostics
    return tuple(conclusion.findings)


def test_a_master_that_polls_all_the_time_switches_them_off_in_between() -> None:
    (finding,) = found(*polls(0, 200), off(101))
    assert finding.techniques[:2] == ("T0878", "T0804")
    assert (finding.kind, finding.severity, finding.count) == ("alert", "medium", 1)


def test_a_conversation_of_nothing_else_is_no_beginning() -> None:
    (finding,) = found(*polls(0, 200), off(101, flow=7))
    assert finding.machines == ("10.0.0.9", "10.0.0.2")


def test_what_was_refused_weighs_less() -> None:
    (finding,) = found(*polls(0, 200), off(101, flow=7, outcome="refused"))
    assert finding.severity == "low"
    assert ("outcome", "refused") in finding.data


def test_a_beginning_is_silent() -> None:
    assert not found(off(1), *polls(2, 200))
    assert not found(off(1), *polls(9, 20), dnp3(12, "ENABLE_UNSOLICITED", "subscribe"), *polls(20, 200))
    assert not found(*polls(0, 90), off(101, flow=7), *polls(103, 200, flow=7))


def test_a_restart_that_the_master_has_noticed_is_silent() -> None:
    cleared = dnp3(100, "WRITE", "write", object="internal-indication:7")
    assert not found(*polls(0, 200), cleared, off(101))
    assert not found(*polls(0, 200), {**cleared, "at": 104}, off(101))
    assert found(*polls(0, 200), {**cleared, "at": 60}, off(101))


def test_nothing_is_said_before_its_time() -> None:
    detector, context = ReportsOff(), Context(now=START)
    said = [
        (row["at"], finding)
        for row in (*polls(0, 100), off(101), *polls(102, 180))
        for finding in detector.feed(Batch("operations", batch("operations", [row])), context)
    ]
    assert [at for at, _ in said] == [132]


def test_a_master_that_always_does_so_was_learned() -> None:
    rows = [*polls(0, 100), off(101), *polls(102, 180)]
    lesson, later = ReportsOff(), ReportsOff()
    lesson.learn(Batch("operations", batch("operations", rows)), Context(now=START))
    later.know(lesson.learned())
    assert not list(later.feed(Batch("operations", batch("operations", rows)), Context(now=START)))


def iec104(at: float, function: str, verb: str = "close", **more: Any) -> dict[str, Any]:
    return {"at": at, "protocol": "iec104", "function_name": function, "verb": verb, **more}


def interrogations(begin: int, end: int, **more: Any) -> Rows:
    return [iec104(at, "C_IC_NA_1", "read", **more) for at in range(begin, end, 5)]


def test_a_station_that_is_stopped_and_not_started_again() -> None:
    begun, stopped = iec104(99, "STARTDT", "open", flow=7), iec104(101, "STOPDT", flow=7)
    (finding,) = found(*interrogations(0, 100), begun, stopped, *line_tests(400, 420))
    assert finding.techniques[:2] == ("T0878", "T0804")
    assert "STOPDT" in finding.title


def test_a_change_to_the_redundant_connection_is_silent() -> None:
    started = iec104(103, "STARTDT", "open", flow=7)
    assert not found(
        *interrogations(0, 100), iec104(101, "STOPDT"), started, *interrogations(104, 200, flow=7)
    )
    assert not found(*interrogations(0, 200))
    assert found(
        *interrogations(0, 100), iec104(101, "STOPDT"), {**started, "at": 150}, *interrogations(151, 200)
    )


def line_tests(begin: int, end: int) -> Rows:
    return [iec104(at, "TESTFR", "diagnose", flow=1) for at in range(begin, end, 10)]


def test_a_connection_ended_in_order_ends_no_reports_where_they_go_on_in_another() -> None:
    stop = iec104(101, "STOPDT", "close", flow=2)
    told = iec104(250, "M_ME_TF_1", "report", outcome="unsolicited", flow=1)
    lives_on = [*line_tests(0, 500), stop, told]
    assert not found(*lives_on)
    assert not found(stop, {**told, "at": 110}, *line_tests(120, 500))
    assert found(*line_tests(0, 500), stop)  # nothing is ever reported there
    assert found(*lives_on, {**stop, "at": 103.0})  # whoever means it says it twice
    assert found(*lives_on[:-1], {**told, "flow": 2})
    assert not found(*interrogations(0, 200), stop)
    assert found(*interrogations(0, 100), stop, *interrogations(105, 500, outcome="refused"))
    assert found(*lives_on[:-1], {**told, "client": "10.0.0.77"})


def test_nothing_beside_is_waited_for_in_vain_no_longer_than_before() -> None:
    detector, context = ReportsOff(), Context(now=START)
    rows = [iec104(101, "STOPDT", "close", flow=2), *polls(90, 180, server="10.0.0.7")]
    said = [
        row["at"]
        for row in sorted(rows, key=lambda row: float(row["at"]))
        for _ in detector.feed(Batch("operations", batch("operations", [row])), context)
    ]
    assert said == [135]
