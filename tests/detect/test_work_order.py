from __future__ import annotations

from typing import Any

from interlock.detect.interface import Context
from interlock.detect.work_order import WorkOrderBreach
from interlock.records.site_text import load_site

from .rows import START, findings

ORDER = """
[[work_orders]]
id = "WO-7"
start = 2026-03-02T06:10:00Z
end = 2026-03-02T06:20:00Z
title = "new recipe"
stations = ["10.0.0.9"]
machines = ["10.0.0.2"]
verbs = ["program-write"]
objects = ["block:DB*"]
"""
INSIDE, BEFORE, AFTER = 700, 60, 1300


def said(rows: list[dict[str, Any]], site: str = ORDER) -> list[tuple[str, str]]:
    context = Context(site=load_site(site), now=START)
    return [(f.title, f.severity) for f in findings(WorkOrderBreach(), context, operations=rows)]


def deed(at: int, verb: str = "program-write", **more: Any) -> dict[str, Any]:
    return {"at": at, "verb": verb, "object": "block:DB1", **more}


def test_silent_for_what_was_ordered() -> None:
    assert said([{"at": 0}, deed(INSIDE), deed(INSIDE, "read"), deed(INSIDE, "write"), {"at": AFTER}]) == []


def test_another_verb_machine_or_object_exceeds_it() -> None:
    for more in ({"verb": "stop"}, {"server": "10.0.0.3"}, {"object": "block:OB1"}):
        ((title, severity),) = said([{**deed(INSIDE), **more}])
        assert title.startswith("10.0.0.9 does more than WO-7 orders")
        assert severity == "high"


def test_before_and_after_its_time() -> None:
    assert said([deed(BEFORE), deed(INSIDE)]) == [
        ("10.0.0.9 begins before WO-7 does: program-write at 10.0.0.2", "medium")
    ]
    assert said([deed(AFTER)]) == [
        ("10.0.0.9 goes on after the end of WO-7: program-write at 10.0.0.2", "medium")
    ]
    assert said([deed(AFTER + 2 * 86_400)]) == []


def test_another_order_that_covers_it_keeps_it_silent() -> None:
    second = ORDER.replace("WO-7", "WO-8").replace("06:10", "06:21").replace("06:20", "06:40")
    assert said([deed(AFTER)], ORDER + second) == []


def test_nobody_used_it() -> None:
    assert said([{"at": 0, "client": "10.0.0.1"}, {"at": AFTER, "client": "10.0.0.1"}]) == [
        ("Nobody used the work order WO-7", "info")
    ]
    # What was not watched from its start on may have been used.
    assert said([{"at": INSIDE, "client": "10.0.0.1"}, {"at": AFTER, "client": "10.0.0.1"}]) == []


def test_other_stations_are_no_part_of_it() -> None:
    assert said([deed(INSIDE, client="10.0.0.66")]) == []


def test_what_a_controller_fetches_of_a_download_is_its_clients_deed() -> None:
    fetched = {"server": "10.0.0.3", "client_port": 102, "server_port": 50_123}
    assert said([{**deed(INSIDE), **fetched}]) == []
    assert len(said([{**deed(INSIDE), **fetched, "client_port": 50_123, "server_port": 102}])) == 1
