"""A sensor's incidents: on disk for people, and there again after it ended."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.detect.incidents.test_threads import CONTEXT, PATH

from interlock.bootstrap.incident_book import FILE, IncidentBook
from interlock.cli.main import interlock
from interlock.report.schema import check
from interlock.store.plain.store import PlainStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PlainStore]:
    made = PlainStore(tmp_path / "store", clock=time.time_ns)
    yield made
    made.close()


def test_an_incident_goes_on_after_a_restart(store: PlainStore) -> None:
    first = IncidentBook(store, store.folder, 0)
    first.feed(PATH[:2], CONTEXT)
    first.write(CONTEXT)
    before = json.loads((store.folder / FILE).read_text("utf-8"))
    check(before, "incidents")
    again = IncidentBook(store, store.folder, 0)
    again.feed(PATH[2:], CONTEXT)
    again.write(CONTEXT)
    (after,) = json.loads((store.folder / FILE).read_text("utf-8"))["incidents"]
    assert after["id"] == before["incidents"][0]["id"]
    assert after["findings"] == [finding.id for finding in PATH]


def test_a_damaged_state_is_said_and_begins_anew(store: PlainStore) -> None:
    store.keep("incidents", b"{")
    IncidentBook(store, store.folder, 5)
    assert [(e.event, e.time) for e in store.diary()] == [("state-lost", 5)]


def test_people_read_it_from_the_store(store: PlainStore) -> None:
    book = IncidentBook(store, store.folder, 0)
    nothing = CliRunner().invoke(interlock, ["sensor", "incidents", "--store", str(store.folder)])
    assert "No incident so far" in nothing.output
    book.feed(PATH, CONTEXT)
    book.write(CONTEXT)
    told = CliRunner().invoke(interlock, ["sensor", "incidents", "--store", str(store.folder)])
    assert "4 findings along one path" in told.output
    status = CliRunner().invoke(interlock, ["sensor", "status", "--store", str(store.folder)])
    assert "incidents   1, the gravest: setpoint happened" in status.output
    as_json = CliRunner().invoke(interlock, ["sensor", "incidents", "--json", "--store", str(store.folder)])
    check(json.loads(as_json.output), "incidents")


def test_where_there_is_no_store_that_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(interlock, ["sensor", "incidents", "--store", str(tmp_path / "none")])
    assert done.exit_code == 1 or "no sensor keeps its store there" in str(done.exception)
