"""Work in a copy of the process: pieces come out whole, a death is seen, nothing is left behind."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from interlock.pipeline.sensor.aside import Aside, Here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def _all(work: Aside, limit_s: float = 20.0) -> list[Any]:
    found: list[Any] = []
    end = time.monotonic() + limit_s
    while not work.finished:
        assert time.monotonic() < end
        found += work.pieces()
        time.sleep(0.001)
    return found


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_pieces_come_in_order_and_whole_whatever_their_size() -> None:
    sizes = [0, 1, 100_000, 3_000_000, 17]
    work = Aside(lambda: (bytes(size) for size in sizes), time.monotonic)
    assert [len(piece) for piece in _all(work)] == sizes
    assert work.finished
    assert not work.failed
    assert _gone(work.pid)


def test_it_sees_what_was_known_when_it_began() -> None:
    known = {"a": 1}
    work = Aside(lambda: [dict(known)], time.monotonic)
    known["b"] = 2
    assert _all(work) == [{"a": 1}]


def _raising() -> Iterator[int]:
    yield 1
    raise ValueError("no")


def _killed() -> Iterator[int]:
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)
    yield 2


@pytest.mark.parametrize("work", [_raising, _killed])
def test_one_that_dies_has_failed(work: Callable[[], Iterable[int]]) -> None:
    beside = Aside(work, time.monotonic)
    assert _all(beside) == [1]
    assert beside.failed


def test_one_that_is_not_wanted_any_more_ends_at_once() -> None:
    beside = Aside(lambda: iter(lambda: time.sleep(60), 1), time.monotonic)
    beside.end()
    assert beside.finished
    assert _gone(beside.pid)
    beside.end()


def test_one_that_takes_too_long_is_ended() -> None:
    beside = Aside(lambda: iter(lambda: time.sleep(60), 1), time.monotonic, most_s=0.05)
    assert _all(beside) == []
    assert beside.failed


def test_work_done_here_is_the_same() -> None:
    here = Here(lambda: iter([1, 2]))
    assert list(here.pieces()) == [1, 2]
    assert here.finished
