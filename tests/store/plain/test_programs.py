"""Octets of programs in the plain store: kept once, within their budget, never the last version of a program."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.refusing import at_most

from interlock.records.tables import ARTIFACT_CONTENTS
from interlock.store.plain.limits import Retention
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import PlainStore

from .rows import SECOND, START, Clock, batch

NAME = "artifacts"


def mark(octets):
    return hashlib.sha256(octets).hexdigest()


def sent(*programs):
    """programs: (name, octets, seconds), with server and direction where they matter."""
    rows = [
        {
            "name": name, "kind": "s7-block", "size": len(octets), "sha256": mark(octets), "state": "whole", "at": at,
            "direction": "written", "begun": START, "unit": None, "code_sha256": None, **dict(more),
        }
        for name, octets, at, *more in programs
    ]  # fmt: skip
    contents = {mark(p[1]): p[1] for p in programs}
    columns = [
        pa.array(list(contents)).cast(ARTIFACT_CONTENTS.schema.field(0).type),
        pa.array(contents.values(), pa.binary()),
    ]
    octets = pa.RecordBatch.from_arrays(columns, schema=ARTIFACT_CONTENTS.schema)
    return {NAME: batch(NAME, rows), "artifact_contents": octets}


def opened(folder, octets=1000, versions=65_536, clock=None):
    retention = Retention(program_octets=octets, program_versions=versions)
    return PlainStore(folder, clock=clock or Clock(), retention=retention)


def on_disk(folder):
    return {p.name: p.read_bytes() for p in (folder / "programs").glob("*")}


def known(folder):
    return [(v.server, v.name, v.sha256, v.kept, v.latest) for v in PlainReader(folder).programs()]


def test_versions_and_octets_are_there_for_the_owner_alone_and_outlive_a_closing(tmp_path):
    store = opened(tmp_path)
    store.write(sent(("OB1", b"one", 1), ("OB1", b"two", 2), ("OB1", b"two", 3), ("OB1", b"one", 4)))
    store.close()
    opened(tmp_path).close()
    reader = PlainReader(tmp_path)
    assert [(v.sha256, v.first, v.last, v.latest) for v in reader.programs()] == [
        (mark(b"one"), START + SECOND, START + SECOND, False),
        (mark(b"two"), START + 2 * SECOND, START + 3 * SECOND, False),
        (mark(b"one"), START + 4 * SECOND, START + 4 * SECOND, True),
    ]
    assert reader.program(mark(b"two")) == b"two"
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "programs").iterdir()} == {0o600}
    assert (tmp_path / "programs").stat().st_mode & 0o777 == 0o700


def test_what_is_sent_again_after_a_death_is_no_new_version(tmp_path):
    step = sent(("OB1", b"one", 1), ("OB1", b"two", 2), ("DB1", b"one", 2))
    for _ in range(3):
        store = opened(tmp_path)
        store.write(step)
        store.close()
    assert len(known(tmp_path)) == 3


def test_the_oldest_that_is_no_last_version_goes_first_and_the_diary_says_so(tmp_path):
    store = opened(tmp_path, octets=250)
    for at, fill in enumerate(b"abcdef"):
        store.write(sent(("OB1", bytes([fill]) * 100, at)))
        store.write(sent(("boot.ini", b"first of its name", at)))
    store.close()
    assert set(on_disk(tmp_path)) == {mark(b"e" * 100), mark(b"f" * 100), mark(b"first of its name")}
    assert [kept for _, name, _, kept, _ in known(tmp_path) if name == "OB1"] == [False] * 4 + [True] * 2
    said = [e for e in PlainReader(tmp_path).diary() if "versions of programs were removed" in e.says]
    assert sum(e.count for e in said) == 400


def test_a_flood_of_names_drives_no_known_program_out_and_it_can_still_be_updated(tmp_path):
    store = opened(tmp_path, octets=300, versions=20)
    store.write(sent(("OB1", b"A" * 100, 1)))
    for at in range(40):
        store.write(sent((f"junk{at}.bin", str(at).encode() * 60, 2 + at, ("kind", "file"))))
    store.write(sent(("OB1", b"B" * 100, 50)))
    assert mark(b"B" * 100) in on_disk(tmp_path)
    assert ("10.0.0.2", "OB1", mark(b"B" * 100), True, True) in known(tmp_path)
    assert len(known(tmp_path)) <= 20
    assert sum(map(len, on_disk(tmp_path).values())) <= 300
    store.close()
    assert any("were not kept: the last versions" in e.says for e in PlainReader(tmp_path).diary())


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 5), st.integers(1, 90)), max_size=25),
    st.integers(0, 250),
)
def test_within_any_budget_rows_say_what_there_is(tmp_path_factory, puts, budget):
    folder = tmp_path_factory.mktemp("store")
    store = opened(folder, octets=budget, versions=6)
    for at, (name, fill, size) in enumerate(puts):
        store.write(sent((name, bytes([fill]) * size, at)))
    store.close()
    there = on_disk(folder)
    assert sum(map(len, there.values())) <= budget
    assert {sha for _, _, sha, kept, _ in known(folder) if kept} == set(there)
    newest = {name: mark(bytes([fill]) * size) for name, fill, size in puts}
    assert {name: sha for _, name, sha, _, latest in known(folder) if latest} == newest


def test_a_program_of_two_machines_is_there_once_and_as_long_as_one_has_it(tmp_path):
    store = opened(tmp_path, octets=150)
    store.write(sent(("OB1", b"A" * 100, 1), ("OB1", b"A" * 100, 1, ("server", "10.0.0.3"))))
    store.write(sent(("OB1", b"B" * 100, 2)))
    assert set(on_disk(tmp_path)) == {
        mark(b"A" * 100)
    }  # the new one has no room beside the other machine's last
    store.write(sent(("OB1", b"B" * 100, 3, ("server", "10.0.0.3"))))
    assert set(on_disk(tmp_path)) == {mark(b"B" * 100)}
    store.close()


@pytest.mark.parametrize("way", ["read", "written"])
def test_logs_that_are_fetched_are_not_kept(tmp_path, way):
    store = opened(tmp_path)
    rows = [("kind", "file"), ("direction", way)]
    store.write(sent(("/log/today.log", b"it rained", 1, *rows), ("/conf/app.ini", b"x=1", 1, *rows)))
    store.close()
    names = {name for _, name, _, _, _ in known(tmp_path)}
    assert names == {"/conf/app.ini"} | ({"/log/today.log"} if way == "written" else set())


def test_what_a_death_left_half_done_is_put_right(tmp_path):
    store = opened(tmp_path, octets=200)
    store.write(sent(("OB1", b"A" * 100, 1), ("DB1", b"D" * 50, 1)))
    store.close()
    folder = tmp_path / "programs"
    (folder / f".{mark(b'x')}.part").write_bytes(b"ha")
    (folder / mark(b"orphan")).write_bytes(b"orphan")  # written, and its row was not
    (folder / mark(b"D" * 50)).write_bytes(b"")  # the row was, and a power cut took the octets
    store = opened(tmp_path, octets=200)
    assert set(on_disk(tmp_path)) == {mark(b"A" * 100), mark(b"orphan")}
    assert PlainReader(tmp_path).program(mark(b"D" * 50)) is None
    store.write(sent(("DB1", b"D" * 50, 2), ("OB2", b"E" * 50, 2)))
    store.close()
    assert set(on_disk(tmp_path)) == {mark(b"A" * 100), mark(b"D" * 50), mark(b"E" * 50)}
    assert len(known(tmp_path)) == 3


def test_octets_that_were_changed_on_disk_are_not_given(tmp_path):
    store = opened(tmp_path)
    store.write(sent(("OB1", b"A" * 100, 1)))
    store.close()
    (tmp_path / "programs" / mark(b"A" * 100)).write_bytes(b"B" * 100)
    assert PlainReader(tmp_path).program(mark(b"A" * 100)) is None


def test_a_disk_that_is_full_costs_octets_no_findings_and_that_is_said(tmp_path):
    store = opened(tmp_path, octets=1 << 30)
    with at_most(1 << 20):
        store.write(sent(("OB1", bytes(2 << 20), 1)))
        store.tend(START + SECOND)
    store.write(sent(("OB1", b"later", 2)))
    store.close()
    assert set(on_disk(tmp_path)) == {mark(b"later")}
    assert [(sha, kept) for _, _, sha, kept, _ in known(tmp_path)] == [
        (mark(bytes(2 << 20)), False),
        (mark(b"later"), True),
    ]
    assert any("the disk did not take them" in e.says for e in PlainReader(tmp_path).diary())


def test_with_a_budget_of_nothing_hashes_alone_are_kept(tmp_path):
    store = opened(tmp_path, octets=0)
    store.write(sent(("OB1", b"A", 1)))
    store.close()
    assert not (tmp_path / "programs").exists()
    assert [kept for *_, kept, _ in known(tmp_path)] == [False]
