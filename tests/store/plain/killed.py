"""A writer that is killed: forked again and again, it writes numbered things and says on a file what it was promised.

python -m tests.store.plain.killed FOLDER SAYS     (one line "FIRST" on standard input for each writer to fork)
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path

import numpy.ma  # noqa: F401 (what is imported on the way elsewhere, before the first fork here)
import pyarrow.compute
import pyarrow.parquet  # noqa: F401

from interlock.store.plain.limits import Limits
from interlock.store.plain.store import PlainStore

from .rows import batch, finding

LIMITS = Limits(
    seal_after_ns=30_000_000, fold_rows=60, sync_ns=20_000_000, age_every_ns=10**15, seal_octets=20_000
)
"""So small that a writer folds and seals many times a second."""


def write(folder: Path, says: int, first: int) -> None:
    """Numbers from `first` on, until death. Says `wrote N` before, `tended N` and `committed N` for what must stay."""
    store = PlainStore(folder, clock=time.time_ns, limits=LIMITS)
    os.write(says, b"began\n")
    for number in itertools.count(first):
        os.write(says, f"wrote {number}\n".encode())
        store.write(numbered(number))
        if number % 3 == 2 and store.commit([finding(f"finding-{number // 9}", count=number % 9 + 1)]):
            os.write(says, f"committed {number}\n".encode())
        if number % 4 == 1:
            store.tend(time.time_ns())
            os.write(says, f"tended {number}\n".encode())


def numbered(number: int):
    """A row a table; the operation and the value are such as are never folded away."""
    return {
        "clues": batch("clues", [{"at": number, "frame": number, "value": str(number)}]),
        "operations": batch(
            "operations",
            [{"at": number, "frame": number, "verb": "stop"}, {"at": number / 100, "frame": number}],
        ),
        "values": batch(
            "values",
            [{"at": number / 100, "frame": number, "direction": "written", "number": [float(number)]}],
        ),
    }


def main() -> None:
    """Fork a writer for each line; its process's number is the answer."""
    says = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            write(Path(sys.argv[1]), says, int(line))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("gone\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
