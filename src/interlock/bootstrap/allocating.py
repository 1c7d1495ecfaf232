"""Whose memory Arrow's columns and Python's objects lie in, and when what is free goes back to the system.

Arrow's own allocators, and glibc's, keep what they had once: for a process that needs much for a moment and little for
hours that is a third of a sensor's memory more. Nothing of it is quicker.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa

__all__ = ["allocate_by_the_system", "give_back", "give_back_beyond"]

_PAGES: Final = Path("/proc/self/statm")
_GLIBC: Final = platform.libc_ver()[0] == "glibc"
"""Of other libraries nothing was measured: with them all stays as it is."""
_M_MMAP_THRESHOLD: Final = -3
_LARGE_OCTETS: Final = 1 << 18
"""Pieces as large as that are given back as soon as they are free."""


def allocate_by_the_system() -> None:
    """Before anything is forked, and before Arrow holds anything."""
    if _GLIBC:
        pa.set_memory_pool(pa.system_memory_pool())
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_OCTETS)


def give_back() -> None:
    """What this process has and does not use: some milliseconds, so now and then."""
    pa.default_memory_pool().release_unused()
    if _GLIBC:
        ctypes.CDLL(None).malloc_trim(0)


def give_back_beyond(octets: int) -> None:
    """The same, where the process holds more than that: below it, what it has and does not use is soon used again."""
    with suppress(OSError, ValueError, IndexError):  # where the system does not tell, nothing is given back
        if int(_PAGES.read_text("ascii").split()[1]) * mmap.PAGESIZE > octets:
            give_back()
