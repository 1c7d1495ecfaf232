"""Worker and judge killed at one line of their code after the other: every frame's rows are there, and once."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from interlock.store.plain.reader import PlainReader

from .lives import World, ended, forked, pardoned

POINTS = range(1, 900, 9)
"""Lines after which a life ends: through the beginning and several steps; no loop has a multiple of 9 lines."""


@pytest.fixture
def world(tmp_path):
    """In memory where there is room: what is forced to disk a hundred times need not be waited for."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        made = World(Path(folder) / "store")
        yield made
        made.close()


def whole(world: World) -> None:
    rows = world.rows()
    for name in ("values", "marks", "payloads"):
        assert sorted(rows[name].elements()) == list(range(world.count)), name
    assert max(rows["others"].values()) == 1


def test_a_worker_that_is_killed_anywhere_hands_every_frame_on_once(world) -> None:
    judge = forked(lambda: world.judging(0))
    for point in POINTS:
        assert ended(forked(lambda point=point: world.work(point))) == -signal.SIGKILL
        pardoned(world)
    assert 0 < world.reached() < world.count  # they got further, and left something
    assert ended(forked(lambda: world.work(0))) == 0
    world.stop[0] = 1
    assert ended(judge) == 0
    whole(world)


def test_a_judge_that_is_killed_anywhere_keeps_every_frame_once(world) -> None:
    worker = forked(lambda: world.work(0))
    for point in POINTS:
        assert ended(forked(lambda point=point: world.judging(point))) == -signal.SIGKILL
        pardoned(world)
    judge = forked(lambda: world.judging(0))
    assert ended(worker) == 0
    world.stop[0] = 1
    assert ended(judge) == 0
    whole(world)


@pytest.mark.parametrize("seed", range(2))
def test_where_both_are_killed_at_once_nothing_is_there_twice_and_what_is_lost_is_said(world, seed) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(15):
        ends = int(rng.integers(400, 3000)), int(rng.integers(100, 1500))
        judge = forked(lambda at=ends[0]: world.judging(at))
        worker = forked(lambda at=ends[1]: world.work(at))
        ended(worker)
        os.kill(judge, signal.SIGKILL)
        assert ended(judge) == -signal.SIGKILL
        pardoned(world)
        pardoned(world)
    judge = forked(lambda: world.judging(0))
    assert ended(forked(lambda: world.work(0))) == 0
    world.stop[0] = 1
    assert ended(judge) == 0
    rows = world.rows()
    lost = sum(e.count for e in PlainReader(world.folder).diary() if e.event == "state-lost")
    for name in ("values", "marks", "payloads"):
        assert max(rows[name].values()) == 1
        assert world.count - len(rows[name]) <= lost  # more where a judge who had said it died before he put
    assert lost < world.count
