"""A disk that is full: said once, findings wait and come first, rows wait within a bound, and all goes on."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from contextlib import suppress

import pytest

from interlock.store.plain.compaction import Compactor
from interlock.store.plain.limits import Limits
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import PlainStore
from store.refusing import at_most

from .rows import SECOND, Clock, batch, finding

LIMITS = Limits(held_octets=400_000, retry_ns=5 * SECOND)


@pytest.fixture
def tiny(tmp_path):
    """A disk of 3 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root may make a tiny disk")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def noise(number):
    """Rows that cannot be made smaller, 20 KiB of them; and some that matter more."""
    octets = [{"at": number, "frame": number * 100 + n, "octets": os.urandom(200)} for n in range(100)]
    return {
        "oddities": batch("oddities", octets),
        "clues": batch("clues", [{"at": number, "frame": number}]),
    }


def frames(folder, table):
    rows = PlainReader(folder).rows(table, columns=["frame"])
    return Counter(frame for batch in rows for frame in batch.column("frame").to_pylist())


def test_a_full_disk(tiny):
    ballast = tiny / "ballast"
    ballast.write_bytes(bytes(1_200_000))
    clock = Clock()
    store = PlainStore(tiny / "store", clock=clock, limits=LIMITS)
    written, waits = 0, []
    while len(waits) < 60:
        store.write(noise(written))
        written += 1
        store.tend(clock.on(1))
        name = f"finding-{written}"
        if waits or not store.commit([finding(name)]):
            waits.append(name)
            assert not store.commit([finding(name)])
        assert written < 1000
    assert store._tables._holding.octets <= 400_000
    ballast.unlink()
    assert store.commit([finding("the-next")])
    assert set(waits) < {f.id for _, f in store.findings()}
    for _ in range(20):
        store.tend(clock.on(1))
    events = [(entry.event, entry.count) for entry in store.diary()]
    (lost,) = [count for event, count in events if event == "disk-back"]
    assert [event for event, _ in events] == ["disk-full", "disk-back"]
    have = frames(store.folder, "oddities")
    assert max(have.values()) == 1
    assert lost == written * 100 - len(have) > 0
    assert frames(store.folder, "clues") == Counter(range(written))
    store.close()
    assert frames(store.folder, "oddities") == have


def test_a_file_that_may_not_grow(tmp_path):
    clock = Clock()
    store = PlainStore(tmp_path / "store", clock=clock, limits=LIMITS)
    assert store.commit([finding("before")])
    with at_most(64):
        store.write(noise(0))
        store.tend(clock.on(1))
        assert not store.commit([finding("within")])
        assert [f.id for _, f in store.findings()] == ["before"]
        with pytest.raises(OSError):
            (tmp_path / "x").write_bytes(bytes(100))
    assert store.commit([finding("after")])
    store.tend(clock.on(1))
    assert [f.id for _, f in store.findings()] == ["before", "within", "after"]
    assert [entry.event for entry in store.diary()] == ["disk-full", "disk-back"]
    assert frames(store.folder, "oddities") == Counter(range(100))
    store.close()


def test_a_segment_that_reached_its_limit_is_followed_by_another(tmp_path):
    clock = Clock()
    store = PlainStore(tmp_path / "store", clock=clock, limits=LIMITS)
    with at_most(120_000):
        for number in range(12):
            store.write(noise(number))
            store.tend(clock.on(1))
    store.tend(clock.on(1))
    assert frames(store.folder, "oddities") == Counter(range(1200))
    store.close()
    assert frames(store.folder, "oddities") == Counter(range(1200))


def test_a_compactor_on_a_full_disk_leaves_all_as_it_is_and_goes_on_when_there_is_room(tiny):
    clock = Clock()
    limits = Limits(held_octets=4_000_000, retry_ns=5 * SECOND, seal_octets=500_000, room_octets=1 << 19)
    store = PlainStore(tiny / "store", clock=clock, limits=limits, compacts=False)
    for number in range(40):
        store.write(noise(number))
        store.tend(clock.on(1))
    ballast = tiny / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    compactor = Compactor(store.folder, now=clock(), say=lambda *_: None, limits=limits)
    for _ in range(4):
        compactor.tend(clock.on(10))
        assert compactor.trouble is not None
    assert frames(store.folder, "oddities") == Counter(range(4000))
    assert not list(store.folder.glob("tables/oddities/*.parquet"))
    ballast.unlink()
    for number in range(40, 60):
        store.write(noise(number))
        store.tend(clock.on(10))
        compactor.tend(clock())
    assert compactor.trouble is None
    assert list(store.folder.glob("tables/oddities/*.parquet"))
    store.close()
    compactor.close(clock())
    assert frames(store.folder, "oddities") == Counter(range(6000))
    assert not list(store.folder.glob("*/*/*.arrows"))


def test_findings_have_room_on_a_disk_that_is_full(tmp_path):
    """The log of commits was made large before: what else is written has taken all the rest."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root may make a tiny disk")
    try:
        clock = Clock()
        store = PlainStore(place / "store", clock=clock, limits=Limits(room_octets=1 << 20), compacts=False)
        with (place / "ballast").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        for number in range(50):
            assert store.commit([finding(f"within {number}")])
        assert len(list(store.findings())) == 50
        store.close()
    finally:
        subprocess.run(["umount", "-l", place], check=True)
