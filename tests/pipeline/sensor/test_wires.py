"""Only the sensor's own account reaches its processes, and what it says waits for who reads it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from interlock.pipeline.sensor.wires import LetterBox, Switchboard
from interlock.store.port import Entry

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_else_may_call_the_judge(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        board = Switchboard(tmp_path)
        assert os.umask(0) == 0, "as it was before"
    finally:
        os.umask(before)
    address = tmp_path / ".judge.sock"
    assert stat.S_IMODE(address.stat().st_mode) == 0o600
    board.close()
    assert not address.exists()


def test_who_calls_before_there_is_a_judge_is_found_waiting(tmp_path: Path) -> None:
    board = Switchboard(tmp_path)
    assert board.accept() is None
    with board.call() as caller:
        caller.sendall(b"frames")
        heard = board.accept()
        assert heard is not None
        with heard:
            assert heard.recv(100) == b"frames"
            assert not heard.getblocking()
    board.close()


def test_what_a_killed_sensor_left_there_is_replaced(tmp_path: Path) -> None:
    left = Switchboard(tmp_path)
    board = Switchboard(tmp_path)
    with board.call() as caller:
        caller.sendall(b"frames")
        assert left.accept() is None
        heard = board.accept()
        assert heard is not None
        heard.close()
    board.close()
    left.close()


def test_a_folder_that_lies_deeper_than_an_address_is_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    board = Switchboard(deep)
    board.call().close()
    board.close()


def test_letters_wait_for_who_reads_and_a_full_box_counts_what_it_lost() -> None:
    box = LetterBox()
    assert list(box.letters()) == []
    entries = [Entry(time=number, event="worker-lost", says=f"line {number}") for number in range(3)]
    for entry in entries:
        box.post(entry)
    assert list(box.letters()) == entries
    for number in range(10_000):
        box.post(Entry(time=number, event="worker-lost", says="x" * 1000))
        if box.lost:
            break
    assert box.lost == 1
    kept = list(box.letters())
    assert [entry.time for entry in kept] == list(range(len(kept)))
    assert len(kept) > 10
    box._in.close()
    box._out.close()
