"""The supervisor over real processes: deaths, hangs, order, memory, its own end."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from interlock.decode.heartbeat import BUSY, FRAME, PATIENCE, SOURCE, STEPS
from interlock.pipeline.sensor.board import ALIVE, HANDED, Board
from interlock.pipeline.sensor.supervisor import Job, Supervisor

if TYPE_CHECKING:
    from interlock.store.port import Entry


def supervisor(jobs: list[Job], board: Board, entries: list[Entry], **more: object) -> Supervisor:
    return Supervisor(
        jobs,
        board,
        wall=time.time_ns,
        now_s=time.monotonic,
        post=entries.append,
        **more,  # type: ignore[arg-type]
    )


def until_stopped(cells: memoryview, stop) -> None:
    while not stop():
        cells[ALIVE] += 1
        time.sleep(0.01)


def test_a_worker_that_is_killed_is_back_at_once_and_goes_on_where_the_last_one_stopped() -> None:
    board, entries = Board(1), []

    def work(cells, stop, hung) -> None:
        cells[HANDED] += 1
        if cells[HANDED] < 3:
            os.kill(os.getpid(), signal.SIGKILL)

    supervisor([Job(name="w", stage=0, work=work, finite=True)], board, entries).run()
    assert board.row(0)[HANDED] == 3
    blind = [e for e in entries if e.event == "blind"]
    assert [e.event for e in entries] == ["worker-lost", "blind"] * 2
    assert all(e.until - e.time < 2_000_000_000 for e in blind)
    assert "signal 9" in entries[0].says


def test_a_decoder_that_never_returns_is_ended_and_its_frame_is_told_to_the_next_worker() -> None:
    board, entries, told = Board(1), [], []

    def work(cells, stop, hung) -> None:
        if (2, 77) in hung:
            return
        cells[SOURCE], cells[FRAME], cells[STEPS], cells[PATIENCE], cells[BUSY] = 2, 77, 1, 200, 1
        while True:
            pass

    supervisor([Job(name="w", stage=0, work=work, finite=True)], board, entries).run()
    assert not told
    passed = [e for e in entries if e.event == "flow-passed-over"]
    assert len(passed) == 1
    assert "frame 77" in passed[0].says


def test_a_fault_inside_a_decoder_names_its_frame_and_a_kill_from_outside_does_not() -> None:
    board, entries = Board(1), []
    seen = Board(1).row(0)

    def work(cells, stop, hung) -> None:
        cells[SOURCE], cells[FRAME], cells[BUSY] = 0, 5, 1
        seen[0] += 1
        if seen[0] == 1:
            assert not hung
            os.kill(os.getpid(), signal.SIGKILL)
        if seen[0] == 2:
            assert not hung
            os.kill(os.getpid(), signal.SIGSEGV)
        assert (0, 5) in hung

    supervisor([Job(name="w", stage=0, work=work, finite=True)], board, entries).run()
    assert seen[0] == 3


def test_who_stands_still_is_ended() -> None:
    board, entries = Board(1), []

    def work(cells, stop, hung) -> None:
        cells[HANDED] += 1
        if cells[HANDED] == 1:
            time.sleep(60)

    supervisor([Job(name="w", stage=0, work=work, finite=True, still_s=0.5)], board, entries).run()
    assert "stood still for 0.5 s" in entries[0].says


def test_who_turns_in_circles_is_ended_and_said_once() -> None:
    board, entries = Board(1), []

    def work(cells, stop, hung) -> None:
        cells[HANDED] += 1
        while cells[HANDED] == 1:
            pass

    supervisor([Job(name="w", stage=0, work=work, finite=True, still_s=0.5)], board, entries).run()
    assert ["stood still" in entry.says for entry in entries] == [True, False, False]


def test_who_gets_little_of_the_processor_is_waited_for() -> None:
    board, entries = Board(1), []

    def work(cells, stop, hung) -> None:
        end = time.monotonic() + 3
        while time.monotonic() < end:  # no round of its loop, but work is done
            sum(range(200_000))
            time.sleep(0.05)

    supervisor([Job(name="w", stage=0, work=work, finite=True, still_s=2)], board, entries).run()
    assert not entries


def test_who_holds_more_than_it_may_is_ended() -> None:
    board, entries = Board(1), []

    def work(cells, stop, hung) -> None:
        cells[HANDED] += 1
        if cells[HANDED] == 1:
            held = bytearray(os.urandom(1 << 20) * 200)
            until_stopped(cells, lambda: len(held) == 0)

    supervisor([Job(name="w", stage=0, work=work, finite=True, memory=150 << 20)], board, entries).run()
    assert "more than the 150 MiB" in entries[0].says


def test_stages_end_in_order_when_somebody_stops_the_sensor(tmp_path: Path) -> None:
    board, entries = Board(2), []
    ended = tmp_path / "ended"

    def work(name: str):
        def run(cells, stop, hung) -> None:
            until_stopped(cells, stop)
            time.sleep(0.2)
            with ended.open("a") as file:
                file.write(name)

        return run

    jobs = [Job(name="judge", stage=1, work=work("j")), Job(name="worker", stage=0, work=work("w"))]
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    supervisor(jobs, board, entries).run()
    assert ended.read_text() == "wj"
    assert not entries


def test_a_second_signal_ends_it_at_once() -> None:
    board = Board(1)

    def deaf(cells, stop, hung) -> None:
        until_stopped(cells, lambda: False)

    for delay in (0.4, 0.8):
        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
    made = supervisor([Job(name="w", stage=0, work=deaf)], board, [])
    begin = time.monotonic()
    made.run()
    assert time.monotonic() - begin < 5
    assert made.failed == "ended at once"


def test_what_dies_again_and_again_is_started_ever_more_seldom_and_given_up_where_it_may_be() -> None:
    board, entries = Board(1), []

    def work(cells, stop, hung) -> None:
        raise SystemExit(3)

    made = supervisor([Job(name="w", stage=0, work=work, finite=True)], board, entries, most_deaths=4)
    begin = time.monotonic()
    made.run()
    assert "w died 5 times, the last time by exit code" in made.failed
    assert 0.25 + 0.5 + 1 <= time.monotonic() - begin < 10


def test_nobody_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def work(cells, stop, hung) -> None:
        note.write_text(str(os.getpid()))
        until_stopped(cells, lambda: False)

    pid = os.fork()
    if pid == 0:
        supervisor([Job(name="w", stage=0, work=work)], Board(1), []).run()
        os._exit(0)
    for _ in range(200):
        time.sleep(0.05)
        if note.exists() and note.read_text():
            break
    child = int(note.read_text())
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for _ in range(200):
        time.sleep(0.05)
        if not _lives(child):
            return
    pytest.fail("the child lives on")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("number", "times"), [(signal.SIGKILL, 1), (signal.SIGTERM, 1), (signal.SIGSEGV, 0)])
def test_who_is_killed_from_outside_is_pardoned_and_who_crashes_is_not(number, times) -> None:
    board, pardoned = Board(1), []

    def work(cells, stop, hung) -> None:
        cells[HANDED] += 1
        if cells[HANDED] == 1:
            if number == signal.SIGTERM:
                signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    job = Job(name="w", stage=0, work=work, finite=True, pardon=lambda: pardoned.append(1))
    supervisor([job], board, []).run()
    assert len(pardoned) == times
    assert job.deaths == 1


def test_who_held_too_much_is_not_pardoned() -> None:
    board, pardoned = Board(1), []

    def work(cells, stop, hung) -> None:
        cells[HANDED] += 1
        held = bytearray(64 << 20) if cells[HANDED] == 1 else b""
        while held:
            cells[ALIVE] += 1
            time.sleep(0.01)

    job = Job(name="w", stage=0, work=work, finite=True, memory=32 << 20, pardon=lambda: pardoned.append(1))
    supervisor([job], board, []).run()
    assert job.deaths == 1
    assert not pardoned


def test_who_is_killed_from_outside_again_and_again_is_never_away_for_long() -> None:
    """Its own work is not what ends it, and what it does waits for it."""
    board, entries = Board(1), []

    def work(cells, stop, hung) -> None:
        cells[HANDED] += 1
        if cells[HANDED] < 7:
            os.kill(os.getpid(), signal.SIGKILL)

    supervisor([Job(name="w", stage=0, work=work, finite=True)], board, entries).run()
    away = [(e.until - e.time) / 1e9 for e in entries if e.event == "blind"]
    assert len(away) == 6
    assert 0.4 < max(away) < 1.9
