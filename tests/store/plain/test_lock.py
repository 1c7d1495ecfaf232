"""One writer: the second is refused, and the lock dies with its holder."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from interlock.errors import OutputError
from interlock.store.plain.store import PlainStore

from .rows import Clock

HOLD = """
import sys, time
from pathlib import Path
from interlock.store.plain.store import PlainStore
store = PlainStore(Path(sys.argv[1]), clock=time.time_ns)
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_is_told_the_first_ones_process_and_follows_when_it_is_killed(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "store"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(OutputError, match=f"process {holder.pid} writes here already"):
        PlainStore(tmp_path / "store", clock=Clock())
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    PlainStore(tmp_path / "store", clock=Clock()).close()


def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    store = PlainStore(tmp_path / "store", clock=Clock())
    end, ours = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        os.read(end, 1)
        os._exit(0)
    with pytest.raises(OutputError, match="writes here already"):
        PlainStore(tmp_path / "store", clock=Clock())
    store.close()
    PlainStore(tmp_path / "store", clock=Clock()).close()
    os.close(ours)
    os.waitpid(child, 0)
    os.close(end)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        PlainStore(tmp_path / "file" / "store", clock=Clock())
