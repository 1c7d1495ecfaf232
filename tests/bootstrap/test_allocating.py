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
