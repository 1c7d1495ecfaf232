"""A writer and a compactor beside it, forked again and again: what they say goes to files.

python -m tests.store.plain.compactor FOLDER SAYS   (one line on standard input for each process: `write FIRST`,
`compact`, `end`; its process's number is the answer. A writer ends where it gets SIGTERM, and has ended all streams.)
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from pathlib import Path

import numpy.ma  # noqa: F401 (what is imported on the way elsewhere, before the first fork here)
import pyarrow.compute
import pyarrow.parquet  # noqa: F401

from interlock.store.plain.compaction import Compactor
from interlock.store.plain.store import PlainStore

from .killed import LIMITS, numbered


def write(folder: Path, says: int, first: int) -> None:
    """Numbers from `first` on; says `tended N` for what must stay."""
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    store = PlainStore(folder, clock=time.time_ns, limits=LIMITS, compacts=False)
    for number in itertools.count(first):
        store.write(numbered(number))
        if asked or number % 4 == 1:
            store.tend(time.time_ns())
            os.write(says, f"tended {number}\n".encode())
        if asked:
            break
        time.sleep(0.001)
    store.close()


def compact(folder: Path, says: int, *, last: bool) -> None:
    """Until death, or until nothing is left."""
    compactor = Compactor(
        folder, now=time.time_ns(), limits=LIMITS,
        say=lambda event, *_: os.write(says, f"{event}\n".encode()),
    )  # fmt: skip
    os.write(says, b"compacts\n")
    while not last:
        if not compactor.tend(time.time_ns()):
            time.sleep(0.002)
    compactor.close(time.time_ns())
    assert compactor.trouble is None


def main() -> None:
    """Fork a process for each line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    says = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        what, *words = line.split()
        child = os.fork()
        if child == 0:
            if what == "write":
                write(folder, says, int(words[0]))
            else:
                compact(folder, says, last=what == "end")
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
