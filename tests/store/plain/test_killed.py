"""A writer killed at any moment: what was promised is there, everything can be read, nothing is there twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from interlock.store.plain.limits import Limits
from interlock.store.plain.reader import PlainReader
from interlock.store.plain.store import PlainStore

ROUNDS = int(os.environ.get("INTERLOCK_KILLS", "30"))
ROOT = Path(__file__).parents[3]


class Writers:
    """Writers, one after the other, each killed so many lines and so long after it began."""

    def __init__(self, folder, says):
        self.folder, self.says = folder, says
        self._forks = subprocess.Popen(
            [sys.executable, "-m", "tests.store.plain.killed", folder, says],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        )  # fmt: skip

    def kill_one(self, first, after_lines, after_s):
        said = self.says.stat().st_size if self.says.exists() else 0
        self._forks.stdin.write(f"{first}\n")
        self._forks.stdin.flush()
        child = int(self._forks.stdout.readline())
        until = time.monotonic() + 30
        while self._said(said).count(b"\n") < after_lines and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        assert self._forks.stdout.readline() == "gone\n"
        lines = self._said(said).decode().splitlines()
        assert lines[0] == "began"
        return [line.split() for line in lines[1:]]

    def _said(self, since):
        return self.says.read_bytes()[since:] if self.says.exists() else b""

    def end(self):
        self._forks.stdin.close()
        self._forks.stdout.close()
        self._forks.wait(30)


@pytest.fixture
def writers(tmp_path):
    """In memory where there is such a place: killing spares what the kernel has, and forcing takes no time there."""
    place = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=place)) if os.access(place, os.W_OK) else tmp_path
    writers = Writers(place / "store", place / "says")
    yield writers
    writers.end()
    shutil.rmtree(place)


def check(folder, promised, written, wrote):
    """promised: rounds of (first, last number tended). written: finding → its last count. wrote: how many rows."""
    reader = PlainReader(folder)
    counts = {f.id: f.count for _, f in reader.findings()}
    assert {name: counts.get(name, 0) >= count for name, count in written.items()} == dict.fromkeys(
        written, True
    )
    clues = Counter(row["frame"] for rows in reader.rows("clues") for row in rows.to_pylist())
    stops, reads = Counter(), 0
    for rows in reader.rows("operations_folded", columns=["verb", "frame", "repeats"]):
        for row in rows.to_pylist():
            if row["verb"] == "stop":
                stops[row["frame"]] += row["repeats"]
            else:
                reads += row["repeats"]
    values = Counter(
        row["number"][0]
        for rows in reader.rows("values_folded", columns=["number", "repeats"])
        for row in rows.to_pylist()
        for _ in range(row["repeats"])
    )
    for seen in (clues, stops, values):
        assert max(seen.values(), default=1) == 1
        assert not [n for first, last in promised for n in range(first, last + 1) if n not in seen]
    assert sum(last + 1 - first for first, last in promised) <= reads <= wrote


def test_killed_at_any_moment(writers):
    chance = np.random.default_rng(7)
    promised, written, wrote = [], {}, 0
    for number in range(ROUNDS):
        first = number * 1_000_000
        said = writers.kill_one(first, chance.integers(1, 40), chance.uniform(0, 0.03))
        tended = [int(n) for what, n in said if what == "tended"]
        promised.append((first, tended[-1] if tended else first - 1))
        wrote += sum(what == "wrote" for what, _ in said)
        for what, n in said:
            if what == "committed":
                written[f"finding-{int(n) // 9}"] = int(n) % 9 + 1
        if number % 6 == 5:
            check(writers.folder, promised, written, wrote)
    assert sum(last + 1 - first for first, last in promised) > ROUNDS
    store = PlainStore(writers.folder, clock=time.time_ns, limits=Limits())
    check(writers.folder, promised, written, wrote)
    assert any(entry.event == "recovered" for entry in store.diary())
    store.close()
    check(writers.folder, promised, written, wrote)
    left = {
        path.suffix for path in writers.folder.rglob("*") if path.is_file() and path.parent != writers.folder
    }
    assert left == {".parquet"}
