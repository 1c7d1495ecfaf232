"""What is committed without waiting for the disk is seen at once, and known to be there when it is."""

from __future__ import annotations

import errno
import os
import select
import threading
import time

import pytest

from interlock.errors import OutputError
from interlock.store.plain import forcing
from interlock.store.plain.forcing import Forcing
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import PlainStore

from .rows import Clock, finding


@pytest.fixture
def gate(monkeypatch):
    """A disk that forces nothing until it is opened; how often it was asked; what it answers with."""

    class Gate:
        def __init__(self) -> None:
            self.open, self.asked, self.error = threading.Event(), 0, None

        def force(self, file: int) -> None:
            assert os.fstat(file).st_size > 0
            self.asked += 1
            assert self.open.wait(20)
            if self.error is not None:
                raise self.error

    made = Gate()
    monkeypatch.setattr(forcing, "_force", made.force)
    yield made
    made.open.set()


@pytest.fixture
def store(tmp_path):
    made = PlainStore(tmp_path / "store", clock=Clock())
    yield made
    made.close()


def until(truth, seconds=10.0):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.002)


def seen(store):
    return {one.id: one.count for _, one in PlainReader(store.folder).findings()}


def test_it_is_seen_before_the_disk_has_it_and_told_after(store, gate):
    began = time.monotonic()
    assert store.commit([finding("a"), finding("b")], forced=False)
    assert time.monotonic() - began < 5
    assert set(seen(store)) == {"a", "b"}
    assert (store.forced, store.newest) == (0, 2)
    assert not select.select([store.bell], [], [], 0)[0]
    gate.open.set()
    assert select.select([store.bell], [], [], 10)[0]
    ((upto, at),) = store.landed()
    assert (upto, at > 0, store.forced) == (2, True, 2)
    assert not select.select([store.bell], [], [], 0)[0]
    assert store.landed() == []


def test_what_comes_meanwhile_is_forced_once_more_and_no_oftener(store, gate):
    store.commit([finding("a")], forced=False)
    until(lambda: gate.asked == 1)
    for name in "bcdef":
        store.commit([finding(name)], forced=False)
    gate.open.set()
    until(lambda: store.forced == 6)
    assert gate.asked == 2


def test_what_the_disk_refuses_is_committed_anew_and_forced(store, gate, monkeypatch):
    gate.error = OSError(errno.EIO, "it broke")
    gate.open.set()
    store.commit([finding("a", count=3)], forced=False)
    until(store.landed)
    assert store.forced == store.newest == 2  # a second commit: the first may be gone
    assert seen(store) == {"a": 3}
    gate.error = None
    store.commit([finding("b")], forced=False)
    until(lambda: store.forced == store.newest)


def test_a_disk_that_takes_nothing_is_asked_again_and_nothing_is_told_until_then(store, gate, monkeypatch):
    gate.error = OSError(errno.ENOSPC, "full")
    gate.open.set()
    writing = store._owed.again

    def refused(after):
        raise OutputError("full")

    monkeypatch.setattr(store._owed, "again", refused)
    store.commit([finding("a")], forced=False)
    time.sleep(0.05)
    for _ in range(3):
        assert store.landed() == []
        assert store.forced == 0
        store.tend(10**18)
        assert not store.await_forced()
    monkeypatch.setattr(store._owed, "again", writing)
    gate.error = None
    store.tend(10**18)
    assert store.forced == store.newest
    assert seen(store) == {"a": 1}


def test_more_than_one_piece_is_committed_anew_whole(store, monkeypatch):
    store.commit([finding(f"f{number:04}") for number in range(1203)])
    store._owed.again(0)
    assert len(seen(store)) == 1203
    assert store.newest >= 2406


def test_at_the_end_all_is_on_disk(tmp_path, gate):
    gate.open.set()
    store = PlainStore(tmp_path / "store", clock=Clock())
    store.commit([finding("a")], forced=False)
    assert store.await_forced()
    assert store.forced == 1
    store.close()
    again = PlainStore(tmp_path / "store", clock=Clock())
    assert (again.forced, again.newest) == (0, 1)  # it does not know who wrote it, and how
    assert again.await_forced()
    assert again.forced == 1
    again.close()


def test_a_fork_touches_nothing_of_it(store, gate):
    store.commit([finding("a")], forced=False)
    until(lambda: gate.asked == 1)
    child = os.fork()
    if child == 0:
        os._exit(int(threading.active_count() != 1))
    assert os.waitpid(child, 0)[1] == 0
    gate.open.set()
    until(lambda: store.forced == 1)


def test_nobody_asks_and_nothing_is_begun(tmp_path):
    made = Forcing(tmp_path / "nowhere", Clock())
    made.begin(0)
    assert made.landed() == []
    made.wait()
    made.close()
    assert made.upto == 0


def test_a_file_that_is_not_there_is_said(tmp_path):
    made = Forcing(tmp_path / "nowhere", Clock())
    made.begin(1)
    assert select.select([made], [], [], 10)[0]
    with pytest.raises(FileNotFoundError):
        made.landed()
    made.begin(1)
    made.wait()
    assert made.upto == 0
    made.close()
