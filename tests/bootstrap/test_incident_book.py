"""A sensor's incidents: on disk for people, and there again after it ended."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.detect.incidents.test_threads import CONTEXT, PATH

from interlock.bootstrap.incident_book import GROWTH_NS, STATE, IncidentBook
from interlock.cli.main import interlock
from interlock.pipeline.sensor.incident_file import FILE, IncidentFile, place_incidents
from interlock.report.schema import check
from interlock.store.plain.store import PlainStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PlainStore]:
    made = PlainStore(tmp_path / "store", clock=time.time_ns)
    yield made
    made.close()


def placing(store: PlainStore) -> Callable[[bytes, bytes], None]:
    def put(state: bytes, file: bytes) -> None:
        store.keep(STATE, state)
        place_incidents(store.folder, file)

    return put


def test_an_incident_goes_on_after_a_restart(store: PlainStore) -> None:
    first = IncidentBook(store, placing(store), 0)
    first.feed(PATH[:2], CONTEXT)
    first.write(CONTEXT, time.time_ns())
    before = json.loads((store.folder / FILE).read_text("utf-8"))
    check(before, "incidents")
    again = IncidentBook(store, placing(store), 0)
    again.feed(PATH[2:], CONTEXT)
    again.write(CONTEXT, time.time_ns())
    (after,) = json.loads((store.folder / FILE).read_text("utf-8"))["incidents"]
    assert after["id"] == before["incidents"][0]["id"]
    assert after["findings"] == [finding.id for finding in PATH]


def test_a_damaged_state_is_said_and_begins_anew(store: PlainStore) -> None:
    store.commit(PATH)
    store.keep("incidents", b"{")
    book = IncidentBook(store, placing(store), 5)
    assert [(e.event, e.time) for e in store.diary()] == [("state-lost", 5)]
    book.catch_up(CONTEXT)
    assert book.write(CONTEXT, 6)
    (one,) = IncidentFile(store.folder).incidents()
    assert len(one.findings) == len(PATH)


def test_what_a_judge_had_committed_when_it_died_is_not_missing(store: PlainStore) -> None:
    first = IncidentBook(store, placing(store), 0)
    store.commit(PATH[:2])
    first.feed(PATH[:2], CONTEXT)
    assert first.write(CONTEXT, 1)
    store.commit(PATH[2:])  # and then it is killed: nobody was fed
    again = IncidentBook(store, placing(store), 2)
    again.catch_up(CONTEXT)
    assert again.write(CONTEXT, 2)
    (one,) = IncidentFile(store.folder).incidents()
    assert set(one.findings) == {finding.id for finding in PATH}
    assert [(row.severity, row.count) for row in again.figures] == [(one.severity, 1)]


def test_more_of_the_same_is_written_seldom_and_what_is_new_at_once(store: PlainStore) -> None:
    book = IncidentBook(store, placing(store), 0)
    book.feed(PATH[:1], CONTEXT)
    assert book.write(CONTEXT, 10)
    assert not book.write(CONTEXT, 11)
    book.feed([dataclasses.replace(PATH[0], count=PATH[0].count + 1)], CONTEXT)
    assert not book.write(CONTEXT, 12)
    book.feed(PATH[1:2], CONTEXT)
    assert book.write(CONTEXT, 13)
    book.feed([dataclasses.replace(PATH[0], count=PATH[0].count + 2)], CONTEXT)
    assert book.write(CONTEXT, 13 + GROWTH_NS)
    (one,) = IncidentFile(store.folder).incidents()
    assert one.count == PATH[0].count + 2 + PATH[1].count


def test_what_happens_while_it_is_written_is_not_lost(store: PlainStore) -> None:
    """Two become one after the first was told: neither is missing, also to whom goes on from what was kept."""
    apart = [
        dataclasses.replace(PATH[k], id=f"a{k}", machines=(f"10.0.7.{k}", f"10.0.8.{k}")) for k in range(3)
    ]
    bridge = dataclasses.replace(PATH[0], id="bridge", machines=("10.0.7.0", "10.0.7.2"), time=apart[0].time)
    book = IncidentBook(store, placing(store), 0)
    store.commit(apart)
    book.feed(apart, CONTEXT)
    writing = book.writing(CONTEXT, 1)
    next(writing)
    assert not book.is_due(1 + GROWTH_NS)
    store.commit([bridge])
    book.feed([bridge], CONTEXT)
    assert sum(1 for _ in writing) > len(apart)
    written = IncidentFile(store.folder).incidents()
    assert sorted(len(one.findings) for one in written) == [1, 3]
    again = IncidentBook(store, placing(store), 2)
    again.catch_up(CONTEXT)
    assert again.write(CONTEXT, 2)
    assert IncidentFile(store.folder).incidents() == written
    assert book.write(CONTEXT, 3, last=True)  # what came meanwhile was new


def test_the_last_writing_does_not_wait_for_one_that_was_begun(store: PlainStore) -> None:
    book = IncidentBook(store, placing(store), 0)
    book.feed(PATH[:2], CONTEXT)
    begun = book.writing(CONTEXT, 1)
    next(begun)
    book.feed(PATH[2:], CONTEXT)
    assert book.write(CONTEXT, 2, last=True)
    whole = IncidentFile(store.folder).incidents()
    assert list(begun) == []
    assert IncidentFile(store.folder).incidents() == whole
    assert len(whole[0].findings) == len(PATH)


def test_people_read_it_from_the_store(store: PlainStore) -> None:
    book = IncidentBook(store, placing(store), 0)
    nothing = CliRunner().invoke(interlock, ["sensor", "incidents", "--store", str(store.folder)])
    assert "No incident so far" in nothing.output
    book.feed(PATH, CONTEXT)
    book.write(CONTEXT, time.time_ns())
    told = CliRunner().invoke(interlock, ["sensor", "incidents", "--store", str(store.folder)])
    assert "4 findings along one path" in told.output
    status = CliRunner().invoke(interlock, ["sensor", "status", "--store", str(store.folder)])
    assert "incidents   1, the gravest first" in status.output
    assert "setpoint happened" in status.output
    brief = CliRunner().invoke(interlock, ["sensor", "status", "--json", "--store", str(store.folder)])
    document = json.loads(brief.output)
    check(document, "status")
    assert [one["findings"] for one in document["incidents"]] == [4]
    as_json = CliRunner().invoke(interlock, ["sensor", "incidents", "--json", "--store", str(store.folder)])
    check(json.loads(as_json.output), "incidents")


def test_where_there_is_no_store_that_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(interlock, ["sensor", "incidents", "--store", str(tmp_path / "none")])
    assert done.exit_code == 1 or "no sensor keeps its store there" in str(done.exception)
