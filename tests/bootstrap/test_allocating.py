"""Memory that a process has and does not use goes back to the system, once it holds much."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

GLIBC = platform.libc_ver()[0] == "glibc"
SCRIPT = """
import mmap
from pathlib import Path
from interlock.bootstrap.allocating import give_back_beyond

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

pieces = [bytes(600) for _ in range(100_000)]
last = bytes(600)  # above them all, so that they are no end that goes by itself
del pieces
seen = [held()]
for beyond in (1 << 40, 0):
    give_back_beyond(beyond)
    seen.append(held())
print(*seen)
"""


@pytest.mark.skipif(not GLIBC, reason="of other libraries nothing is asked")
def test_what_is_free_goes_back_beyond_a_bound_and_stays_below_it() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    before, below, beyond = map(int, done.stdout.split())
    assert below > before - (4 << 20)
    assert beyond < before - (30 << 20)


LOADED = """
import re
from pathlib import Path
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from interlock.bootstrap.allocating import let_go_of_files

def of_files():
    return int(re.search(r"^RssFile:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text(), re.M)[1]) << 10

seen = [of_files()]
let_go_of_files()
seen.append(of_files())
assert pc.sum(pa.array([4, 6])).as_py() == 10 and np.linalg.inv([[2.0]])[0][0] == 0.5  # what is needed comes back
let_go_of_files()  # nothing that was written to is lost, whenever it is
print(*seen, of_files())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of other systems nothing is asked")
def test_pages_of_libraries_go_and_come_back() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    before, after, again = map(int, done.stdout.split())
    assert before > 30 << 20
    assert after < 12 << 20
    assert again < 12 << 20


PIECES = """
import mmap, sys
from pathlib import Path
from interlock.bootstrap.allocating import allocate_by_the_system, allocate_sparingly

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

allocate_by_the_system()
if sys.argv[1:]:
    allocate_sparingly()
between = []
pieces = [between.append(b"y" * 30_000) or b"x" * 200_000 for _ in range(300)]
before = held()
del pieces
print(before - held())
"""


@pytest.mark.skipif(not GLIBC, reason="of other libraries nothing is asked")
def test_who_allocates_sparingly_keeps_no_pieces() -> None:
    gone = [
        int(
            subprocess.run(
                [sys.executable, "-c", PIECES, *given], capture_output=True, text=True, check=True
            ).stdout
        )
        for given in ((), ("sparingly",))
    ]
    assert gone[0] < 4 << 20
    assert gone[1] > 50 << 20


COLUMNS = """
import resource, sys
import numpy as np
from interlock.bootstrap.allocating import allocate_for_a_run

if sys.argv[1:]:
    allocate_for_a_run()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):  # steps of a run
    columns = [np.ones(1 << 18) for _ in range(10)]  # 2 MiB each
    del columns
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not GLIBC, reason="of other libraries nothing is asked")
def test_a_run_asks_once_for_the_columns_of_all_its_steps() -> None:
    asked = [
        int(
            subprocess.run(
                [sys.executable, "-c", COLUMNS, *given], capture_output=True, text=True, check=True
            ).stdout
        )
        for given in ((), ("a run",))
    ]
    assert asked[1] < 12_000
    assert asked[1] < asked[0] // 4
