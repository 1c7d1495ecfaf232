"""The SQLite file of a store: older, newer, another's, broken."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from interlock.errors import OutputError, SourceError
from interlock.store.plain.limits import Limits
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.schema import VERSION
from interlock.store.plain.store import DATABASE, PlainStore
from store.refusing import at_most

from .rows import SECOND, START, Clock, finding

STORES = Path(__file__).parent / "stores"


def made(folder, script):
    folder.mkdir()
    db = sqlite3.connect(folder / DATABASE)
    db.executescript(script)
    db.close()
    return folder


@pytest.fixture
def first_version(tmp_path):
    """stores/version-1.sql is what the first version wrote; it must be read for ever."""
    return made(tmp_path / "store", (STORES / "version-1.sql").read_text("utf-8"))


def test_a_store_of_version_1_is_read_and_brought_up(first_version):
    reader = PlainReader(first_version)
    assert list(reader.assets()) == []
    for place in (reader, PlainStore(first_version, clock=Clock()), reader):
        assert [(n, f.id, f.count, f.accepted) for n, f in place.findings()] == [
            (2, "b", 3, None),
            (3, "a", 9, "known"),
        ]
        assert [entry.says for entry in place.diary()] == ["It began."]
        assert place.kept("inventory") == b"\x00\x01state"
        if isinstance(place, PlainStore):
            place.keep("inventory", b"newer")
            assert place.kept("inventory") == b"newer"
            place.keep("inventory", b"\x00\x01state")
            place.close()
    db = sqlite3.connect(first_version / DATABASE)
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    db.close()


def test_a_newer_version_is_refused_and_left_alone(first_version):
    db = sqlite3.connect(first_version / DATABASE)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    before = (first_version / DATABASE).read_bytes()
    with pytest.raises(OutputError, match=f"newer version .* {VERSION + 1}, {VERSION} is known"):
        PlainStore(first_version, clock=Clock())
    with pytest.raises(SourceError, match="newer version"):
        list(PlainReader(first_version).findings())
    assert (first_version / DATABASE).read_bytes()[100:] == before[100:]


def test_another_programs_database_is_refused(tmp_path):
    folder = made(tmp_path / "store", "CREATE TABLE cookies (id INTEGER)")
    with pytest.raises(OutputError, match="another program"):
        PlainStore(folder, clock=Clock())


def _no_database(octets):
    return b"x" * 5000


def _from_the_second_page_on(octets):
    return octets[:4096] + b"\xff" * (len(octets) - 4096)


@pytest.mark.parametrize("break_it", [_no_database, _from_the_second_page_on])
def test_a_broken_database_is_set_aside_and_said(tmp_path, break_it):
    store = PlainStore(tmp_path / "store", clock=Clock())
    store.commit([finding(str(n)) for n in range(50)])
    store.close()
    file = store.folder / DATABASE
    broken = break_it(file.read_bytes())
    file.write_bytes(broken)
    store = PlainStore(store.folder, clock=Clock())
    assert store.commit([finding("new")])
    assert [f.id for _, f in store.findings()] == ["new"]
    (entry,) = store.diary()
    assert entry.event == "state-lost"
    aside = store.folder / f"{DATABASE}.broken-{START}"
    assert aside.name in entry.says
    assert aside.read_bytes() == broken
    store.close()


def test_one_that_breaks_while_it_is_used_costs_no_new_finding(tmp_path):
    clock = Clock()
    store = PlainStore(tmp_path / "store", clock=clock)
    store.commit([finding(str(n)) for n in range(200)])
    store._database._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store._database._db.execute("PRAGMA shrink_memory")
    with (store.folder / DATABASE).open("r+b") as file:
        length = file.seek(0, 2)
        file.seek(4096)
        file.write(b"\xff" * (length - 4096))
    assert not store.commit([finding("new")])
    store.tend(clock.on(1))
    assert [f.id for _, f in store.findings()] == ["new"]
    assert next(entry.event for entry in store.diary()) == "state-lost"
    store.close()


def test_a_state_that_changed_on_disk_is_none(tmp_path):
    store = PlainStore(tmp_path / "store", clock=Clock())
    store.keep("inventory", b"right")
    (file,) = (store.folder / "states").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"T")
    assert store.kept("inventory") is None
    store.close()


def test_findings_that_cannot_wait_are_not_taken_and_said(tmp_path):
    store = PlainStore(tmp_path / "store", clock=Clock(), limits=Limits(held_findings=3))
    with at_most(64):
        assert not store.commit([finding("a"), finding("b")])
        assert not store.commit([finding("a", count=2), finding("c")])
        with pytest.raises(OutputError, match="3 findings wait for the disk"):
            store.commit([finding("d")])
    store.tend(START + SECOND)
    assert {f.id: f.count for _, f in store.findings()} == {"a": 2, "b": 1, "c": 1}
    store.close()
